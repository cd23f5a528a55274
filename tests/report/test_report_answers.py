"""What the page says beyond means: claims, rank intervals, skill, agreement, components, and what is behind them."""

import itertools
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import synthetic

from bench.report.page import answers, boards, page, spread
from bench.report.rankings.block import subjects_behind
from bench.report.rankings.ranked_results import RankedResults


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> RankedResults:
    """Five data seeds with two models each: enough for intervals of ranks and for claims."""
    folder = tmp_path_factory.mktemp("answers") / "synthetic"
    return RankedResults.of(synthetic.study(folder, data_seeds=5, model_seeds=2, subjects=28))


@pytest.fixture(scope="module")
def html(source):
    return page.write(source, [], {}).read_text(encoding="utf-8")


def test_the_answer_repeats_the_adjusted_comparisons(source, html):
    table = pd.read_csv(source.results.folder / "comparisons.csv")
    headline = source.results.headlines[0]
    mine = table[
        (table["ranking"] == "anatomy") & (table["network"] == "gap_cnn") & (table["simulator"] == synthetic.GROUP)
    ]
    verdicts = mine.set_index(["against", "method"])["verdict"]
    clause = answers.clause(source, headline, "gap_cnn", synthetic.GROUP)
    ranked = [m for m in source.order("gap_cnn") if source.results.role(m) == "method" and m != "broken"]
    assert clause.short == [m for m in ranked if verdicts["every control", m] != "better"]
    better = [m for m in ranked if m != "gradient" and verdicts["gradient", m] == "better"]
    assert clause.above == {"gradient": better}
    assert clause.short and better and clause.ranked == len(ranked)


def test_where_no_method_is_shown_better_than_another_nobody_is_called_best(source):
    board = source.tables["leaderboard"]
    tied = board.assign(rank=board["rank"].where(board["rank"] == "", "1"))
    level = RankedResults(source.results, source.tables | {"leaderboard": tied}, source.per_model, {})
    assert "no method shown better than another" in answers.sentence(level) and "best" not in answers.sentence(level)
    text = page.write(level, [], {}).read_text(encoding="utf-8")
    assert "cannot be told: all" in text and "(tied)" not in text


def test_a_line_names_a_few_contests_and_counts_the_rest(source, monkeypatch):
    assert "best" in answers.sentence(source) and "more" not in answers.sentence(source)
    monkeypatch.setattr(answers, "SPOKEN", 0)
    assert "best" not in answers.sentence(source) and "; and 1 more, on the page" in answers.sentence(source)


def test_without_a_baseline_nothing_is_said_of_it(source):
    table = source.tables["comparisons"]
    bare = RankedResults(
        source.results, source.tables | {"comparisons": table[table["against"] != "gradient"]}, source.per_model, {}
    )
    assert answers.clause(bare, source.results.headlines[0], "gap_cnn", synthetic.GROUP).above == {}


def test_a_method_without_values_makes_no_preview(source, html):
    board = source.tables["leaderboard"]
    assert (board["n_data_seeds"] == 0).any()
    assert (board["preview"] == "").all() and 'id="preview"' not in html


def test_every_interval_skill_comparison_and_share_of_the_rankings_is_shown(source, html):
    for board in itertools.chain(*boards.boards(source).values()):
        assert f'data-at="concordance {board.concordance} concordance"' in html
        for claim in board.claims:
            assert f'data-at="comparisons {claim} verdict"' in html
        for row in (row[synthetic.GROUP] for row in board.rows):
            shown = source.tables["leaderboard"].loc[row]
            for column in ("rank_low", "rank_high", "skill", "skill_low"):
                assert (f'data-at="leaderboard {row} {column}"' in html) == pd.notna(shown[column])
    found = spread.rows(source.results, source.tables["components"])
    # rankings and simulators
    assert len(found) == 2 * 2
    for row in found:
        shares = source.tables["components"].loc[list(row.row_of.values())]
        assert shares["share"].sum() == pytest.approx(1, abs=1e-4)
        assert all(f'data-at="components {k} share"' in html for k in shares.index)
    assert spread.component_names(found)[-1] == "residual"


def test_the_leaderboard_is_rounded(source):
    text = (source.results.folder / "leaderboard.csv").read_text()
    assert max(len(digits) for digits in re.findall(r"\d\.(\d+)", text)) <= 4


def test_a_value_of_a_whole_model_rests_on_no_subject():
    values = np.array([[[0.5, np.nan, np.nan]], [[np.nan, 0.1, 0.2]]])
    assert subjects_behind(values, np.array([-1, 0, 1])).tolist() == [0, 2]


def test_what_is_known_of_convergence_is_shown_and_older_tables_do_without(source, tmp_path):
    folder = shutil.copytree(source.results.folder, tmp_path / "study")
    methods = pd.read_csv(folder / "methods.csv", keep_default_na=False)
    old = page.write(source, [], {}).read_text()
    noisy = methods["method"] == "smoothgrad"
    methods["convergence"] = np.where(noisy, "0.62", "")
    methods["converged"] = np.where(noisy, "False", "")
    methods.to_csv(folder / "methods.csv", index=False)
    new = page.write(RankedResults.of(folder), [], {}).read_text()
    row = int(np.flatnonzero(noisy)[0])
    assert f'<span data-at="methods {row} convergence">0.62</span>' in new
    assert ">unconverged<" in new and ">unconverged<" not in old
