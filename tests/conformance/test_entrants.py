"""Every check that an entrant fails is one it is known to fail, by the number that is published; no other fails."""

import re
import sys

import pandas as pd
import pytest
import torch
from omegaconf import OmegaConf

from bench.config.build import build
from bench.contracts import BadInput
from bench.verify import catalogue, entrants, markdown

torch.set_num_threads(1)
SLOW = {"captum_integrated_gradients", "captum_occlusion", "monai_occlusion", "monai_grad_cam", "gradcam_grad_cam"}
NAMES = [
    pytest.param(path.stem, marks=pytest.mark.full if path.stem in SLOW else ())
    for path in sorted(entrants.CONF.glob("*.yaml"))
]
PUBLISHED = pd.read_csv(entrants.PATH, keep_default_na=False)


def number(sentence):
    """The relative difference a sentence ends with, or nothing."""
    found = re.search(r"relative difference ([\d.e+-]+)\)", sentence)
    return float(found[1]) if found else 0.0


@pytest.mark.parametrize("name", NAMES)
def test_the_known_flaws_are_the_flaws(name):
    table = entrants.measured([entrants.CONF / f"{name}.yaml"])
    if (table["verdict"] == "absent").any():
        pytest.skip(table["found"].iloc[0])
    made = build(OmegaConf.to_container(OmegaConf.load(entrants.CONF / f"{name}.yaml")))
    assert set(table[table["verdict"] == "failed"]["check"]) == set(made.flaws)

    published = PUBLISHED[PUBLISHED["entrant"] == name]
    if set(published["version"]) != set(table["version"]):
        pytest.skip(f"published with version {published['version'].iloc[0]}")
    keys = ["check", "network", "verdict"]
    assert table[keys].to_numpy().tolist() == published[keys].to_numpy().tolist()
    found, before = (t["found"].map(number).tolist() for t in (table, published))
    assert found == pytest.approx(before, rel=0.05)


def test_an_absent_library_is_named_with_the_way_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    (row,) = entrants.measured([entrants.CONF / "captum_lrp.yaml"]).itertuples()
    assert row.verdict == "absent" and "install captum with" in row.found
    with pytest.raises(BadInput, match="entrants"):
        build(OmegaConf.to_container(OmegaConf.load(entrants.CONF / "captum_lrp.yaml")))


def test_the_readme_and_the_page_show_the_published_table():
    readme = catalogue.METHODS
    assert readme.read_text() == markdown.replaced(readme, "entrants", entrants.overview(PUBLISHED))
    assert entrants.PAGE.read_text() == entrants.page(PUBLISHED)
