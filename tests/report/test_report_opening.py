"""What the page opens with, also where there is little to show."""

import dataclasses
import itertools
import json
import re

import numpy as np
import pytest
import synthetic

from bench.report.page import answers, opening, page, pictures, plane
from bench.report.page.trace import Trace
from bench.report.rankings.ranked_results import RankedResults


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> RankedResults:
    folder = tmp_path_factory.mktemp("opening") / "synthetic"
    return RankedResults.of(synthetic.study(folder, data_seeds=2, model_seeds=1, subjects=8))


@pytest.fixture(scope="module")
def whole(study_folder) -> RankedResults:
    return RankedResults.of(study_folder)


def changed(source, change) -> RankedResults:
    """The study with another leaderboard, and the pictures of one simulator."""
    board = change(source.tables["leaderboard"].copy()).reset_index(drop=True)
    first = dict([next(iter(source.pictures.items()))])
    return dataclasses.replace(source, tables=source.tables | {"leaderboard": board}, pictures=first)


def opened(source) -> opening.Opening:
    return opening.opening(source, pictures.sheets(source)[1])


def shown(source) -> str:
    """The words of the opening, as the page has them."""
    drawn = pictures.sheets(source)[1]
    tables = source.tables | {"methods": source.results.methods, "pictures": drawn}
    trace = Trace(tables, source.results.about)
    section = page._environment(trace).get_template("sections/opening.html.j2")
    html = section.render(results=source.results, trace=trace, tables=tables, opening=opening.opening(source, drawn))
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_ranks_are_explained_where_there_are_any(whole, small):
    assert "Methods of one rank" in shown(whole)
    assert "Methods of one rank" not in shown(small) and "where it has one] ." in shown(small)


def without_rank(board, status):
    return board.assign(rank="", tied=False, status=board["status"].where(board["role"] != "method", status))


def test_it_shows_the_best_the_median_and_the_worst_mean_beside_the_truth(whole):
    source, found = whole, opened(whole)
    assert [tile.place for tile in found.tiles] == ["truth", "best mean", "median", "worst mean"]
    board = source.board("anatomy", found.network, found.scope)
    ranked = list(board[board["rank"] != ""]["method"])
    assert found.tiles[1].method == ranked[0] == "occlusion" and found.tiles[3].method == ranked[-1]
    assert ranked.index(found.tiles[2].method) == (len(ranked) - 1) // 2
    assert all(tile.image.startswith("data:image/webp") for tile in found.tiles)
    assert found.network == source.results.main_network and not found.lacking


def test_it_stands_before_the_wall_of_text(study_folder):
    html = (study_folder / "index.html").read_text(encoding="utf-8")
    assert html.index('class="opening"') < html.index('id="answer"') < html.index('id="rankings"')
    header = html[html.index("<header>") : html.index('class="opening"')]
    assert header.count("<p ") == 3


def test_marks_of_the_plane_lie_in_its_frame_and_hold_every_method_with_both_scores(whole):
    source, found = whole, opened(whole)
    marks = {mark.method: mark for mark in found.plane.marks}
    both = [source.board(r, found.network, found.scope) for r in ("anatomy", "faithfulness")]
    expected = set.intersection(*(set(board["method"][board["mean"].notna()]) for board in both))
    assert set(marks) == expected and {"control", "oracle", "method"} == {mark.kind for mark in marks.values()}
    for mark in marks.values():
        assert plane.LEFT <= mark.x_low <= mark.x <= mark.x_high <= plane.RIGHT
        assert plane.TOP <= mark.y_high <= mark.y <= mark.y_low <= plane.BOTTOM
    best = both[0].set_index("method").loc["occlusion", "mean"]
    assert marks["occlusion"].x == found.plane.x.at(best)
    assert {mark.method for mark in marks.values() if mark.named} >= {tile.method for tile in found.tiles[1:]}


def test_labels_of_the_plane_do_not_cover_each_other():
    def mark(name, y):
        return plane.Mark(name, "method", 100.0, y, np.nan, np.nan, np.nan, np.nan, True)

    for heights in ([50] * 9, [280] * 9, [12, 12, 280, 281]):
        names = [f"a_method_with_a_long_name_{k}" for k in range(len(heights))]
        labels = plane._labels([mark(*pair) for pair in zip(names, heights, strict=True)])
        for above, below in itertools.pairwise(labels):
            assert below.y >= above.y + plane.LINE * len(above.lines)
        assert labels[-1].y + plane.LINE * len(labels[-1].lines) <= plane.HEIGHT


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda b: without_rank(b, "below gate"), "no model reached the competence gate"),
        (lambda b: b[(b["role"] != "method") | (b["method"] == "occlusion")], "the only method"),
        (lambda b: b[b["role"] != "method"], "No method has a score, so that no map of one is shown."),
        (lambda b: b[b["role"] != "control"].assign(control=""), "best mean"),
        (lambda b: b[b["ranking"] != "faithfulness"], "No method has scores of two rankings here"),
        (lambda b: b.assign(mean=np.nan, rank="", status="undefined", reason="no truth"), "no method has a value"),
        (lambda b: b[:0], "No metric of a ranking was chosen or none has a row"),
    ],
    ids=["below gate", "one method", "no method", "no control", "no use", "no value", "no row"],
)
def test_what_is_missing_is_said_in_words(small, change, words):
    assert words in shown(changed(small, change))


def test_the_network_of_the_maps_is_named(small):
    text, found = shown(small), opened(small)
    assert f"{small.results.simulators[0].replace('mtl_', 'MTL ')}, maps of GAP CNN, patient" in text
    assert all(" of GAP CNN in " in tile.alt for tile in found.tiles[1:])


@pytest.mark.parametrize(("few", "badge"), [("occlusion", "in part a preview: few"), ("", "preview: few")])
def test_the_badge_tells_a_study_that_is_a_preview_from_one_that_has_some(small, few, badge):
    def change(board):
        seen = board["method"].str.contains(few) & (board["n_data_seeds"] > 0)
        return board.assign(preview=np.where(seen, "preview: few", ""))

    assert f"what the network uses. {badge} " in shown(changed(small, change))


def test_methods_that_are_not_ranked_are_said_to_be_so(small):
    text = shown(changed(small, lambda board: without_rank(board, "below gate")))
    assert text.count("not ranked") == 6  # three maps, two sentences, and what a hollow dot is


def test_a_study_that_kept_no_maps_says_so(small):
    found = opened(dataclasses.replace(small, pictures={}))
    assert found.tiles == [] and found.plane and "kept no maps" in found.lacking[0]
    assert "kept no maps" in shown(dataclasses.replace(small, pictures={}))


def test_a_map_that_was_not_kept_leaves_its_place(small):
    best = opened(small).tiles[1].method
    (name, images), *_ = small.pictures.items()
    own = {network: {m: v for m, v in maps.items() if m != best} for network, maps in images.maps.items()}
    without = dataclasses.replace(small, pictures={name: dataclasses.replace(images, maps=own)})
    assert [bool(tile.image) for tile in opened(without).tiles] == [True, False, True, True]
    assert "its map was not kept" in shown(without)


def test_one_data_seed_has_no_best_method_and_no_intervals(tmp_path):
    source = RankedResults.of(synthetic.study(tmp_path / "study", data_seeds=1, model_seeds=1, subjects=4))
    text = shown(source)
    assert "no method is called best or tied" in text
    assert all(np.isnan(mark.x_low) for mark in opened(source).plane.marks if mark.kind == "unranked")


@pytest.mark.parametrize(("heads", "says"), [("scans", "in scans of people"), ("template", "in synthetic brains")])
def test_the_first_sentence_says_whose_heads_these_are(small, heads, says):
    about = {**small.results.about, "heads": dict.fromkeys(small.results.simulators, heads)}
    results = dataclasses.replace(small.results, about=about)
    assert f"Pathology is planted {says}, networks" in shown(dataclasses.replace(small, results=results))


def test_a_study_without_rankings_opens_with_words(tmp_path):
    folder = synthetic.study(tmp_path / "study", data_seeds=2, model_seeds=1, subjects=4)
    about = json.loads((folder / "study.json").read_text())
    (folder / "study.json").write_text(json.dumps({**about, "headline": {}}))
    assert "no picture stands here" in shown(RankedResults.of(folder))


def test_how_many_are_tied_is_told_with_its_source(whole):
    """The number stands in concordance.csv, as every number of the page stands in a table."""
    contest = opened(whole).clauses[0]
    board = whole.board("anatomy", contest.network, contest.scope)
    tied = dataclasses.replace(contest, leaders=list(board["method"][board["rank"] != ""]))
    trace = Trace(whole.tables | {"methods": whole.results.methods}, whole.results.about)
    text = answers.found(tied, whole.tables["leaderboard"], trace)
    row = f'<span data-at="concordance {contest.concordance} n_ranked">{contest.ranked}</span>'
    assert f"all {row} that are ranked are tied" in text
