"""What the page says beyond means: claims, rank intervals, skill, agreement, components, and what is behind them."""

import itertools
import json
import re
import shutil
from html import unescape

import numpy as np
import pandas as pd
import pytest
import synthetic

from bench.report import readme
from bench.report.figures.style import display_name
from bench.report.page import answers, boards, page, spread
from bench.report.page.trace import Trace
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
    assert "on gap_cnn: which method shows best where the pathology is cannot be told, as all" in answers.sentence(
        level
    )
    assert re.search(r"are tied; \w+ has the highest mean: calibrated_ap", answers.sentence(level))
    assert "may show best" not in answers.sentence(level)
    text = page.write(level, [], {}).read_text(encoding="utf-8")
    assert "cannot be told, as all" in text and "may show best" not in text


def test_the_terminal_names_every_ranking_and_counts_what_is_too_much(source, monkeypatch):
    said = answers.sentence(source)
    assert (
        "anatomy, fixed atrophy on gap_cnn" in said
        and "faithfulness, fixed atrophy on gap_cnn" in said
        and "more" not in said
    )
    monkeypatch.setattr(answers, "SPOKEN", 1)
    assert answers.sentence(source).splitlines()[1:] == ["and 1 more, on the page"]


class InWords(answers.Terminal):
    """The terminal with names as words, as the page has them."""

    def name(self, method):
        return display_name(method)

    label = name


def test_page_and_terminal_say_the_same(source, html):
    board, tables = source.tables["leaderboard"], source.tables | {"methods": source.results.methods}
    page_teller, found = Trace(tables, {}), 0
    for clause in answers.clauses(source, synthetic.GROUP):
        shown = str(answers.told(clause, board, page_teller))
        plain = unescape(re.sub(r"<[^>]*>", "", shown))
        assert plain == re.sub(r"\[(preview[^]]*)\]", r"\1", answers.told(clause, board, InWords(tables)))
        found += shown in html
    assert found == 2


def small(tmp_path, edit=None, **sizes):
    """The sentences of a small study, by ranking; edit: what is made of the score rows of each file."""
    folder = synthetic.study(tmp_path / "small", **{"data_seeds": 3, "model_seeds": 1, "subjects": 8, **sizes})
    for file in folder.glob("scores/*/*/*.parquet") if edit else ():
        edit(pd.read_parquet(file, partitioning=None)).to_parquet(file, index=False)
    source = RankedResults.of(folder)
    told = dict(line.split(", fixed atrophy on gap_cnn: ") for line in answers.sentence(source).splitlines())
    return source, told


def only(*names):
    """An edit after which no other method has a value."""
    refusal = {"status": "unsupported", "reason": "it says no", "value": np.nan}
    return lambda rows: rows if rows["method"].iloc[0] in names else rows.assign(**refusal)


def test_with_one_data_seed_nothing_is_ranked_tied_or_best(tmp_path):
    source, told = small(tmp_path, data_seeds=1)
    board = source.tables["leaderboard"]
    assert set(board["rank"]) == {""} and not board["tied"].any()
    assert set(board["status"]) <= {"no interval", "not rankable", "failed"}
    for sentence in told.values():
        assert "without intervals (1 data seed" in sentence and "no method is called best or tied" in sentence
        assert " best:" not in sentence and "highest mean" not in sentence and " to " in sentence
    # the most that is said of one seed's order of methods is nothing
    assert source.tables["concordance"]["concordance"].isna().all()
    assert "not ranked" in (html := page.write(source, [], {}).read_text()) or "no interval" in html


@pytest.mark.parametrize(("sizes", "few"), [({}, "5 data seeds"), ({"data_seeds": 5}, "24 subjects")])
def test_a_preview_ranks_nobody_and_shows_its_means(tmp_path, sizes, few):
    """Far apart or not: the spread of three data seeds says little of how far apart."""
    source, told = small(tmp_path, **sizes)
    board = source.tables["leaderboard"]
    assert set(board["rank"]) == {""} and "preview" in set(board["status"]) and "ok" not in set(board["status"])
    assert board.loc[board["status"] == "preview", ["mean", "low", "high"]].notna().all(axis=None)
    assert told["anatomy"].startswith(f"no method is ranked [preview: fewer than {few}]: mean calibrated_ap ")
    assert not source.tables["comparisons"]["verdict"].isin(["better"]).any()
    text = page.write(source, [], {}).read_text()
    assert "no method is ranked" in text and "may show best" not in text
    assert "No method is ranked (" in text and 'class="pill">preview<' not in text


def test_one_method_is_the_only_one_and_not_the_best(tmp_path):
    alone = only("occlusion", "random", "oracle_counterfactual", "oracle_use")
    _, told = small(tmp_path, alone, data_seeds=5, subjects=26)
    assert told["anatomy"].startswith("occlusion is the only method that is ranked, so none is called best: ")


def test_without_controls_or_oracles_it_is_said_that_they_lack(tmp_path):
    _, told = small(tmp_path, only("occlusion", "gradient"))
    assert "No control was run" in told["anatomy"] and "No oracle was run" in told["anatomy"]
    assert "above the best control" not in told["anatomy"]


def test_controls_alone_rank_nothing(tmp_path):
    _, told = small(tmp_path, only("random", "oracle_use"))
    assert told["faithfulness"].startswith("no method has a value (")


def test_where_no_model_passes_the_gate_that_is_the_reason(tmp_path):
    folder = synthetic.study(tmp_path / "small", data_seeds=1, model_seeds=1, subjects=4)
    models = pd.read_csv(folder / "models.csv")
    models.assign(passed=False).to_csv(folder / "models.csv", index=False)
    assert "no model reached the competence gate" in answers.sentence(RankedResults.of(folder))


def test_an_empty_stratum_is_named(tmp_path):
    folder = synthetic.study(tmp_path / "small", data_seeds=3, model_seeds=1, subjects=8)
    about = json.loads((folder / "study.json").read_text())
    about["headline"]["anatomy"]["strata"] = ["FP", "FN"]
    (folder / "study.json").write_text(json.dumps(about))
    said = answers.sentence(RankedResults.of(folder))
    assert (
        "no method has a value (undefined: no model that counts gave it a value, in subjects that are FP or FN)" in said
    )


def test_chance_stands_beside_every_ranking(source, html):
    captions = re.findall(r"<caption>(.*?)</caption>", html, re.DOTALL)
    unknown = "Chance is not known, as the constant map was not run."
    assert {unknown in caption for caption in captions if "Chance is" in caption} == {True, False}
    assert "Chance is –" not in re.sub(r"<[^>]*>", "", html)
    said = answers.sentence(source)
    assert said.count("Chance is ") == said.count("on gap_cnn: ") == 2
    assert "chance 0.00" in readme.leaderboard(source.results.folder).splitlines()[0]


def test_where_no_chance_is_declared_the_score_is_that_of_the_constant_map(source):
    board = source.tables["leaderboard"]
    known = board.assign(chance=board["chance"].fillna(0.31))
    level = RankedResults(source.results, source.tables | {"leaderboard": known}, source.per_model, {})
    anatomy, faithfulness = answers.sentence(level).splitlines()
    assert "Chance is 0.00." in anatomy and "The constant map" not in anatomy
    assert "The constant map has 0.31." in faithfulness and "Chance" not in faithfulness
    html = " ".join(re.sub(r"<[^>]*>", "", page.write(level, [], {}).read_text(encoding="utf-8")).split())
    captions = re.findall(r"(?:Chance is|The constant map has) [0-9.]+\.", html)
    assert captions.count("The constant map has 0.31.") == captions.count("Chance is 0.00.") > 1
    assert "Chance is 0.31" not in html and "map without information" not in html


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


@pytest.mark.full
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
