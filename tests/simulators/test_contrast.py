"""Contrasts show what a reader of such images expects, and every choice in conf/ can be built."""

import numpy as np
import pytest
import yaml
from renders import loss, render

from bench.config.build import build
from bench.config.compose import CONF
from simulators.brain import Brain
from simulators.local import Variation
from simulators.nuisance import Scanner
from simulators.pathology.focal import Focal

SILENT = Scanner(bias=0.0, gain=0.0, noise=0.0)
ORDER = {"t1": "wm gm csf", "flair": "gm wm csf", "pet": "gm wm csf", "gm_probability": "gm wm"}
FOLDER = CONF / "simulator"


def _made(part, name):
    return build(yaml.safe_load((FOLDER / part / f"{name}.yaml").read_text()))


@pytest.mark.parametrize("name", [path.stem for path in sorted((FOLDER / "contrast").glob("*.yaml"))])
def test_tissues_are_in_the_order_a_reader_expects(name):
    brain = Brain(Focal(), amplitude=0.3, nuisance=SILENT, contrast=_made("contrast", name))
    scene = brain.scene(0, "train")
    gm, wm, head, _ = scene.warped.maps
    inside = head > 0.9
    shares = {"gm": gm[inside], "wm": wm[inside], "csf": (head - gm - wm)[inside]}
    levels = np.linalg.lstsq(np.stack([*shares.values()], 1), render(brain, scene, 0.0)[inside], rcond=None)[0]
    order = [dict(zip(shares, levels, strict=True))[tissue] for tissue in ORDER[name].split()]
    assert (np.diff(order) < -0.05).all()


@pytest.mark.parametrize(("name", "brighter"), [("t1", False), ("flair", True)])
def test_lesions_of_white_matter_are_dark_in_t1_and_bright_in_flair(name, brighter):
    brain = Brain(Focal(), amplitude=0.8, nuisance=SILENT, contrast=_made("contrast", name))
    scene = brain.scene(1, "train")
    change = render(brain, scene, 1.0) - render(brain, scene, 0.0)
    core = (loss(brain, scene, 1.0) > 0.5) & (scene.warped.maps[1] > 0.5)
    assert core.any() and (np.sign(change[core]) == (1 if brighter else -1)).all()


def test_grey_matter_probability_is_the_share_of_grey_matter():
    still = Variation(volume=0.0, signal=0.0, folding=0.0)
    contrast = _made("contrast", "gm_probability")
    brain = Brain(Focal(), amplitude=0.3, nuisance=SILENT, contrast=contrast, local=still)
    scene = brain.scene(0, "train")
    gm, _, head, _ = scene.warped.maps
    np.testing.assert_allclose(render(brain, scene, 0.0), np.where(head > 0.5, gm, 0), atol=1e-6)


@pytest.mark.parametrize(
    "path", sorted([*FOLDER.glob("nuisance/*.yaml"), *FOLDER.glob("local/*.yaml")]), ids=lambda p: p.stem
)
def test_every_choice_draws_an_image(path):
    part = _made(path.parent.name, path.stem)
    image = Brain(Focal(), amplitude=0.3, **{path.parent.name: part}).sample([1], "train").images
    assert image.isfinite().all() and image.max() > 0.5
