import dataclasses
from pathlib import Path

import numpy as np
import pytest

from bench.report.drawn import Drawn
from bench.report.figures import draw_all, overlap, randomisation, separability
from bench.report.figures.compose import ZOOM, anatomy, outlined, overlay
from bench.report.figures.style import label, save


@pytest.fixture(scope="module")
def source(study_folder) -> Drawn:
    return Drawn.of(study_folder)


def test_every_figure_is_written_twice(study_folder):
    names = {"gallery", "overlap", "separability", "randomisation"}
    assert {p.name for p in (study_folder / "figures").iterdir()} == {f"{n}.{k}" for n in names for k in ("pdf", "png")}


@pytest.mark.parametrize("figure", [overlap, separability, randomisation])
def test_equal_tables_give_equal_files(source, tmp_path: Path, figure):
    for name in ("a", "b"):
        save(figure.draw(source), tmp_path / name)
    for kind in ("pdf", "png"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_a_figure_without_data_is_left_out(source, tmp_path):
    cells = source.tables["cells"]
    bare = source.tables | {"cells": cells[~cells["metric"].map(randomisation.is_curve)]}
    drawn = draw_all(dataclasses.replace(source, scenes={}, tables=bare), tmp_path / "figures")
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
    assert label("grad_cam") == "grad CAM"
    assert label("lrp_0") == "LRP 0"
