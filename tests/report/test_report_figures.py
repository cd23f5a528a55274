import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest

from bench.report.figures import gallery, overlap, randomisation, separability, style
from bench.report.figures.compose import ZOOM, anatomy, fewer_colours, outlined, overlay
from bench.report.figures.drawing import draw_all
from bench.report.figures.style import display_name, save
from bench.report.rankings.ranked_results import RankedResults


@pytest.fixture(scope="module")
def source(study_folder) -> RankedResults:
    return RankedResults.of(study_folder)


def test_every_figure_is_written_twice(study_folder):
    names = {"gallery", "overlap", "separability", "randomisation"}
    assert {p.name for p in (study_folder / "figures").iterdir()} == {f"{n}.{k}" for n in names for k in ("pdf", "png")}


@pytest.mark.parametrize("figure", [overlap, separability, randomisation])
def test_equal_tables_give_equal_files(source, tmp_path: Path, figure):
    for name in ("a", "b"):
        save(figure.draw(source)[0], tmp_path / name)
    for kind in ("pdf", "png"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_a_figure_without_data_is_left_out(source, tmp_path):
    cells = source.tables["cells"]
    bare = source.tables | {"cells": cells[~cells["metric"].map(randomisation.is_curve)]}
    drawn = draw_all(dataclasses.replace(source, pictures={}, tables=bare), tmp_path / "figures")
    assert set(drawn) == {"overlap", "separability"}


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


def test_pages_of_an_earlier_drawing_are_removed(source, tmp_path):
    (tmp_path / "overlap_2.png").write_bytes(b"")
    (tmp_path / "mine.png").write_bytes(b"")
    draw_all(dataclasses.replace(source, pictures={}), tmp_path)
    assert not (tmp_path / "overlap_2.png").exists() and (tmp_path / "mine.png").exists()


def test_many_methods_have_pages_of_their_own(source, monkeypatch):
    whole = [label.get_text() for label in overlap.draw(source)[0].axes[0].get_yticklabels()]
    monkeypatch.setattr(style, "TALLEST", 60 * style.MM)
    pages = overlap.draw(source)
    # a page holds one row of panels: of the group and its two simulators
    shown = [label.get_text() for page in pages for label in page.axes[0].get_yticklabels()]
    assert shown == whole and len(pages) == 2 and len(whole) > 7
