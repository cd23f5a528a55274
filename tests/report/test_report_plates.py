"""Plates for a paper: at column widths, no text cut or on top of another, and left out in a sentence."""

import dataclasses
import itertools
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import synthetic
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from bench import report
from bench.report.figures import cells, costs, design, drawing, frames, plane, proxies, rank_sets, resolution, style
from bench.report.rankings.ranked_results import RankedResults

PAPER = (design, plane, rank_sets, resolution, proxies, costs)
LONG = "integrated_gradients-" + "x" * 40 + "$a_b^c$-%_1"


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> RankedResults:
    """The synthetic study with the layer that a method reads, and a name that only a brave method has."""
    folder = synthetic.study(tmp_path_factory.mktemp("plates") / "synthetic", data_seeds=5, model_seeds=1, subjects=26)
    notes = [
        {"simulator": name, "network": "gap_cnn", "data_seed": 0, "model_seed": 0, "method": method, "gap": "",
         "layer": layer}
        for name in synthetic.SIMULATORS
        for method, layer in (("grad_cam", "features.7: 8 x 6 x 8 x 6"), ("gradient", ""))
    ]  # fmt: skip
    pd.DataFrame(notes).to_csv(folder / "maps.csv", index=False)
    return RankedResults.of(folder)


@pytest.fixture(scope="module")
def renamed(source) -> RankedResults:
    """The same with a long name of a method, in the tables that are drawn."""
    tables = {name: table.replace({"method": {"occlusion": LONG}}) for name, table in source.tables.items()}
    return dataclasses.replace(source, tables=tables)


@pytest.fixture(scope="module", params=PAPER, ids=lambda figure: figure.__name__.rpartition(".")[2])
def pages(request, renamed):
    return request.param.draw(renamed)


def test_pages_are_as_wide_as_a_column_or_two(pages):
    assert pages
    for page in pages:
        wide, high = page.get_size_inches() / style.MM
        assert 85 <= wide <= 90 or 174 <= wide <= 180
        assert high <= 230


class Drawn(NamedTuple):
    """A line of text on paper, without its tails."""

    text: str
    box: Bbox
    points: float
    mathematics: bool


def drawn(page):
    """The lines of text that the paper shows: ticks outside of the view have a place, and are not drawn."""
    lines, renderer = [], page.canvas.get_renderer()

    def draw_text(gc, x, y, text, font, angle, ismath=False, mtext=None):
        wide, high, deep = renderer.get_text_width_height_descent(text, font, False)
        left, size = (x - high, (high, wide)) if angle else (x, (wide, high - deep))
        box = Bbox.from_bounds(left, page.bbox.height - y, *size)
        lines.append(Drawn(text, box, font.get_size_in_points(), bool(ismath)))

    with style.journal(), pytest.MonkeyPatch.context() as patched:
        patched.setattr(renderer, "draw_text", draw_text)
        page.draw(renderer)
    return lines


def test_no_text_is_cut_and_none_covers_another(pages):
    for page in pages:
        lines, paper = drawn(page), page.bbox.padded(1)
        assert len(lines) > 10
        assert not [line for line in lines for x, y in line.box.corners() if not paper.contains(x, y)]
        pairs = itertools.combinations(lines, 2)
        assert not [(a.text, b.text) for a, b in pairs if a.box.padded(-1).overlaps(b.box)]


def test_letters_are_between_6_and_8_points_and_none_is_mathematics(pages):
    lines = [line for page in pages for line in drawn(page)]
    assert all(6 <= line.points <= 8 and not line.mathematics for line in lines)


@pytest.mark.parametrize("figure", [plane, *(pytest.param(f, marks=pytest.mark.full) for f in PAPER if f != plane)])
def test_equal_tables_give_equal_plates(source, figure, tmp_path):
    for folder in (tmp_path / "a", tmp_path / "elsewhere" / "b"):
        folder.mkdir(parents=True)
        style.save(figure.draw(source)[0], folder / "plate")
    for kind in ("pdf", "png"):
        one, other = ((tmp_path / at / f"plate.{kind}").read_bytes() for at in ("a", "elsewhere/b"))
        assert one == other


def texts(figures):
    return " ".join(text.get_text() for figure in figures for text in figure.findobj(Text))


def test_the_corners_of_the_plane_are_named_and_hold_no_mark(source):
    pages = plane.draw(source)
    assert all(
        name in texts(pages) for name in ("the pathology alone", "what the network uses alone", "both", "neither")
    )
    axis = pages[0].axes[0]
    low, high = axis.get_ylim()
    heights = np.concatenate(
        [np.asarray(line.get_ydata(), float) for line in axis.lines if line.get_marker() != "None"]
    )
    room = 0.05 * (high - low)
    assert low + room < heights.min() and heights.max() < high - room


def test_ranks_have_their_sets_and_ties_share_a_shade(source):
    (page,) = rank_sets.draw(source)
    axis, rows = page.axes[0], source.board("anatomy", "gap_cnn", synthetic.GROUP)
    ranked = rows[rows["rank"] != ""]
    bars = [line.get_xdata() for line in axis.lines if line.get_marker() == "None"]
    assert [list(bar) for bar in bars] == ranked[["rank_low", "rank_high"]].to_numpy().tolist()
    ties = ranked["rank"].value_counts()
    assert len(axis.patches) == (ties > 1).sum() > 0


def test_contests_without_ranks_are_named_with_the_reason():
    board = pd.DataFrame({
        "ranking": "anatomy", "simulator": "fixed atrophy", "network": ["linear"] * 2 + ["gap_cnn"] * 2,
        "role": "method", "rank": ["", "", 1, 1],
        "status": ["not rankable", "not rankable", "ok", "ok"],
    })  # fmt: skip
    written = rank_sets.note(board)
    assert "anatomy of fixed atrophy on linear (not rankable)" in written and "GAP" not in written


def test_a_lesion_is_counted_in_cells_of_the_layer(source):
    place = next(place for place in cells.lesions_in_cells(source) if place.simulator == "focal")
    # 24 voxels of 6 mm on 6 cells: 24 mm a side
    assert place.cells == pytest.approx(100 / 13.824) and place.methods == ("grad_cam",)
    assert np.isnan(cells.cell_ml(source.pictures["focal"], "fc: 8"))


def test_a_method_is_on_the_front_where_no_cheaper_one_scores_as_well():
    rows = pd.DataFrame({
        "method": ["dear", "cheap", "worse", "control"], "role": ["method"] * 3 + ["control"],
        "seconds": [9.0, 1.0, 5.0, 0.1], "mean": [0.8, 0.5, 0.4, 0.9],
    })  # fmt: skip
    assert list(costs.unsurpassed(rows, True)["method"]) == ["cheap", "dear"]
    assert list(costs.unsurpassed(rows, False)["method"]) == ["cheap", "worse"]


def test_the_design_shows_both_truths_and_what_the_map_scores(source):
    shown = texts(design.draw(source))
    assert "truth: anatomy" in shown and "truth: faithfulness" in shown and "calibrated AP" in shown
    assert design.draw(dataclasses.replace(source, pictures={})) == []
    assert design.interval(-0.126, float("nan"), float("nan")) == "−0.13"


def test_names_are_moved_apart_and_keep_their_order():
    places = frames.apart([0.2, 0.5, 0.51, 0.99], 0.1)
    assert places == sorted(places) and min(np.diff(places)) > 0.0999 and places[-1] <= 0.95


def test_long_names_lose_their_middle_until_they_fit():
    assert style.shortened("grad_cam", 20) == "grad CAM"
    for name in ("W" * 80, "i" * 80, LONG):
        cut = style.shortened(name, 20)
        assert 17 < style.text_width(cut, 6) <= 20 and cut[0] == name[0] and cut[-1] == name[-1] and "…" in cut


def test_what_has_no_rows_is_said(tmp_path, monkeypatch):
    kept = {name: drawing.Plate(lambda source: [], plate.lacking) for name, plate in drawing.PLATES.items()}
    kept["proxies"] = drawing.PLATES["proxies"]
    monkeypatch.setattr(drawing, "PLATES", kept)
    folder = synthetic.study(tmp_path / "synthetic", subjects=2, data_seeds=1, model_seeds=1)
    written, sentences = report.draw_figures(folder)
    assert len(sentences) == len(kept) - 1 and "no figure plane: no method has scores in two rankings" in sentences[3]
    tables = {f"table_{name}.{kind}" for name in ("ranking", "design", "proxies") for kind in ("md", "tex")}
    assert {path.name for path in written if path.suffix != ".png"} == tables
    assert (
        "| `focal` | fixed atrophy | 7 | 100.0 [30.0, 170.0] |" in (folder / "figures" / "table_design.md").read_text()
    )
