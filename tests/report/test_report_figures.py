import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import font_manager, get_data_path
from matplotlib.figure import Figure

from bench.report.figures import drawing, gallery, overlap, randomisation, scale, separability, style
from bench.report.figures.compose import ZOOM, anatomy, fewer_colours, outlined, overlay
from bench.report.figures.drawing import draw_all
from bench.report.figures.style import display_name, save
from bench.report.load import whole
from bench.report.rankings.ranked_results import RankedResults


@pytest.fixture(scope="module")
def source(study_folder) -> RankedResults:
    return RankedResults.of(study_folder)


def test_every_figure_is_written_twice(study_folder):
    names = {"design", "gallery", "overlap", "plane", "ranks", "separability", "randomisation", "proxies", "costs"}
    files = {f"{n}.{k}" for n in names for k in ("pdf", "png")}
    tables = {f"table_{n}.{k}" for n in ("ranking", "design", "proxies") for k in ("md", "tex")}
    assert {p.name for p in (study_folder / "figures").iterdir()} == files | tables


@pytest.mark.parametrize(
    "figure", [overlap, *(pytest.param(f, marks=pytest.mark.full) for f in (separability, randomisation))]
)
def test_equal_tables_give_equal_files(source, tmp_path: Path, figure):
    for name in ("a", "b"):
        save(figure.draw(source)[0], tmp_path / name)
    for kind in ("pdf", "png"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_a_figure_without_data_is_left_out(source, tmp_path):
    cells = source.tables["cells"]
    bare = source.tables | {"cells": cells[~cells["metric"].map(randomisation.is_curve)]}
    drawn = draw_all(dataclasses.replace(source, pictures={}, tables=bare), tmp_path / "figures")
    assert set(drawn) == {"overlap", "plane", "ranks", "separability", "proxies", "costs"}


def test_zero_shows_the_bare_brain_and_the_ends_show_the_colours():
    brain, values = np.full((3, 4), 128, np.uint8), np.zeros((3, 4))
    np.testing.assert_allclose(overlay(brain, values, 2.0), anatomy(brain))
    np.testing.assert_allclose(overlay(brain, values, 0.0), anatomy(brain))
    values[0, 0], values[2, 3] = -2, 5
    picture = overlay(brain, values, 2.0)
    negative, positive = picture[0, 0], picture[-1, -1]
    assert negative[2] > negative[0] and positive[0] > positive[2]


def test_the_outline_runs_inside_the_truth():
    truth = np.zeros((5, 5))
    truth[1:4, 1:4] = -1
    picture = outlined(np.full((5 * ZOOM, 5 * ZOOM, 3), 0.5), truth)
    black = (picture == 0).all(-1)
    assert black[ZOOM, ZOOM : 4 * ZOOM].all() and not black[2 * ZOOM, 2 * ZOOM]
    assert (outlined(np.full((40, 40, 3), 0.5), np.zeros((5, 5))) == 0.5).all()


def test_labels_are_words():
    assert display_name("grad_cam") == "grad CAM"
    assert display_name("lrp_0") == "LRP 0"
    assert display_name("ladder_vae") == "ladder VAE"


def test_panels_are_split_into_pages():
    pages = list(style.pages([str(k) for k in range(20)], columns=3, height=100, foot=10))
    assert [len(page) for page in pages] == [6, 6, 6, 2]
    assert [len(page) for page in style.pages(["a", "b"], columns=1, height=500, foot=0)] == [1, 1]


def test_a_gallery_of_many_simulators_has_pages_on_which_no_pictures_overlap(source):
    scene = next(iter(source.pictures.values()))
    scenes = {f"simulator_{k:02d}": scene for k in range(9)}
    found = gallery.draw(dataclasses.replace(source, pictures=scenes))
    named = [text.get_text().replace("\n", " ") for figure in found for text in figure.texts]
    assert len(found) > 1 and {f"simulator {k:02d}" for k in range(9)} <= set(named)
    for figure in found:
        boxes = [axis.get_position() for axis in figure.axes]
        assert all(0 <= b.x0 < b.x1 <= 1 and 0 <= b.y0 < b.y1 <= 1 for b in boxes)
        assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


def test_a_gallery_of_many_methods_has_pages_on_which_pictures_stay_large(source, monkeypatch):
    monkeypatch.setattr(gallery, "MOST_ROWS", 3)
    pages = gallery.draw(source)
    assert len(pages) > 1
    for page in pages:
        across = [axis.get_position().width * page.get_size_inches()[0] / style.MM for axis in page.axes[:-1]]
        assert min(across) >= 10


def test_fewer_colours_look_the_same_and_keep_white():
    picture = np.random.default_rng(0).random((40, 40, 3)) * np.linspace(0, 1, 40)[:, None, None]
    picture[:5] = 1.0
    reduced = fewer_colours(picture)
    assert (reduced[:5] == 255).all() and len(np.unique(reduced.reshape(-1, 3), axis=0)) <= 97
    assert np.abs(reduced / 255 - picture).mean() < 0.06


@pytest.mark.full
def test_pages_of_an_earlier_drawing_are_removed(source, tmp_path):
    (tmp_path / "overlap_2.png").write_bytes(b"")
    (tmp_path / "mine.png").write_bytes(b"")
    draw_all(dataclasses.replace(source, pictures={}), tmp_path)
    assert not (tmp_path / "overlap_2.png").exists() and (tmp_path / "mine.png").exists()


def test_many_methods_have_pages_of_their_own(source, monkeypatch):
    whole = [label.get_text() for label in overlap.draw(source)[0].axes[0].get_yticklabels()]
    monkeypatch.setattr(style, "TALLEST", 64 * style.MM)
    pages = overlap.draw(source)
    # a page holds one row of panels: of the group and its two simulators
    shown = [label.get_text() for page in pages for label in page.axes[0].get_yticklabels()]
    assert shown == whole and len(pages) == 2 and len(whole) > 7


def texts(figure):
    return " ".join(" ".join(text.get_text().split()) for text in figure.findobj(match=type(figure.text(0, 0, ""))))


def test_the_font_is_the_one_that_matplotlib_ships(source):
    """A font of the machine would change the bytes of figures from machine to machine."""
    with style.journal():
        font = font_manager.findfont(font_manager.FontProperties())
    assert Path(font).is_relative_to(get_data_path()) and "DejaVuSans" in font


def test_networks_are_told_apart_in_separability(source):
    (page,) = separability.draw(source)
    titles = [axis.get_title(loc="left") for axis in page.axes]
    assert titles == [f"{s} on {n}" for s in ("MTL atrophy", "focal") for n in ("GAP CNN", "linear")]
    assert all(axis.get_xlim()[0] >= 0.5 and axis.get_xlim()[1] <= 1.01 for axis in page.axes)
    hollow = [
        any(line.get_markerfacecolor() == "none" and len(line.get_xdata()) for line in a.lines) for a in page.axes
    ]
    assert hollow == [False, False, False, True]


def test_how_far_marks_stand_beside_their_auc_is_told(source):
    (page,) = separability.draw(source)
    label = page.axes[-1].get_xlabel()
    most = 1.2 / 72 * 25.4 * (len(page.legends[0].get_texts()) - 4) / 2
    assert f"up to {most:.1f} mm" in label and "past 1" in label


def test_the_band_and_the_floor_of_randomisation_are_explained(source):
    (page,) = randomisation.draw(source)
    shown = texts(page)
    assert "band: 95 % interval" in shown and "floor: maps of different subjects" in shown


def test_an_axis_of_scores_is_no_enlargement_of_nothing():
    skill = pd.Series({"low": -np.inf, "high": 1.0})
    low, high = scale.score_ends(skill, np.array([-0.004, np.nan, 0.0]))
    assert low < -0.004 < 1 < high < 1.2
    low, high = scale.score_ends(skill, np.array([-3.0]))
    assert low < -3
    low, high = scale.with_room([0.98, 0.99], 0.1)
    assert high - low == pytest.approx(0.11)


def test_more_networks_than_colours_have_pages_of_their_own(source, monkeypatch):
    monkeypatch.setattr(style, "COLOURS", style.COLOURS[:1])
    for figure in (overlap, randomisation):
        pages = figure.draw(source)
        assert len(pages) == 2
        for page, own, other in zip(pages, ("GAP CNN", "linear"), ("linear", "GAP CNN"), strict=True):
            legend = [text.get_text() for text in page.legends[0].get_texts()]
            assert own in legend and other not in legend


def test_truths_are_drawn_on_the_scale_of_their_oracles(source):
    """The oracle of a truth is that truth: pictures on other scales would tell otherwise."""
    name, images = next(iter(source.pictures.items()))
    network = source.results.main_network
    images.maps[network]["oracle_counterfactual"] = images.truth
    images.scales[network]["oracle_counterfactual"] = images.truth_scale
    (page,) = gallery.draw(dataclasses.replace(source, pictures={name: images}))
    order = [m for m in source.order(network) if m in images.maps[network]]
    rows = 1 + order.index("oracle_counterfactual")
    drawn = [axis.get_images()[0].get_array() for axis in page.axes if axis.get_images()]
    assert rows == 1 and len(drawn) > 6
    # a column is its truths, a block each, then its maps
    blocks = -(-len(order) // gallery.MOST_ROWS)
    assert (drawn[0] == drawn[blocks]).all()


def test_a_gallery_of_one_simulator_fills_its_page_and_tells_side_and_place(source):
    name, images = next(iter(source.pictures.items()))
    (page,) = gallery.draw(dataclasses.replace(source, pictures={name: images}))
    covered = max(axis.get_position().x1 for axis in page.axes)
    assert covered > 0.97
    shown = texts(page)
    assert all(images.where(p) in shown for p in range(len(images.subjects)))
    assert " L " in shown or " P " in shown
    assert "Maps of GAP CNN." in " ".join(shown.split())


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("moving white-matter lesions", ["moving", "white-matter", "lesions"]),
        ("shortcut-task.correlation-0.8", ["shortcut-", "task.", "correlation-", "0.8"]),
        ("mtl_atrophy", ["MTL atrophy"]),
    ],
)
def test_long_names_break_between_words_and_at_signs(name, lines):
    assert style.wrapped(name, 12).split("\n") == lines


def test_names_of_simulators_with_labels_do_not_run_into_each_other(source):
    images = next(iter(source.pictures.values()))
    names = [f"shortcut_contour-task.correlation-0.{k}" for k in range(4)]
    (page,) = gallery.draw(dataclasses.replace(source, pictures=dict.fromkeys(names, images)))
    renderer = page.canvas.get_renderer()
    headings = [text for text in page.texts if "correlation" in text.get_text()]
    boxes = [text.get_window_extent(renderer) for text in headings]
    assert len(boxes) >= 4 and not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert all(box.y1 <= page.bbox.y1 for box in boxes)


def test_a_picture_is_there_while_it_is_drawn_anew_and_pages_of_an_earlier_drawing_are_not_afterwards(
    tmp_path, monkeypatch
):
    """Two calls may draw the same study: one that took pictures away first took those of the other."""
    for name in ("plane.png", "plane.pdf", "plane_2.png"):
        (tmp_path / name).write_bytes(b"earlier")
    seen = []

    def draw(source):
        seen.extend(sorted(path.name for path in tmp_path.iterdir()))
        return [Figure(figsize=(1, 1))]

    monkeypatch.setattr(drawing, "PLATES", {"plane": drawing.Plate(draw, "")})
    assert drawing.draw_all(None, tmp_path) == {"plane": [tmp_path / "plane.png"]}
    assert seen == ["plane.pdf", "plane.png", "plane_2.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plane.pdf", "plane.png"]
    assert (tmp_path / "plane.png").read_bytes().startswith(b"\x89PNG")


def test_a_file_of_a_report_is_the_old_or_the_new_one_whole(tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    whole.write(path, b"old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("no room")))
    with pytest.raises(OSError, match="no room"):
        whole.write(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
