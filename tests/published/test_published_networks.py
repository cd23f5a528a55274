"""Every shipped network that learns has competent models on two tasks, and the README says so from published rows."""

from pathlib import Path

import pandas as pd
import pytest
from composed import node

from bench import report
from bench.config.build import ALLOWED, resolve
from bench.networks.known import KnownNetwork
from bench.report import readme

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "results" / "published" / "networks"
NAMES = sorted(path.stem for path in (ROOT / "conf" / "network").glob("*.yaml"))
#: what learns nothing is right or wrong by its formula, which tests/networks/test_known.py asks
SET_BY_HAND = [name for name in NAMES if resolve(node(f"network/{name}"), ALLOWED) is KnownNetwork]
#: those that learn from persons who come again, of whom `study=networks` has none
FOLLOWING = [name for name in NAMES if getattr(resolve(node(f"network/{name}"), ALLOWED), "follows", False)]
#: shipped, and not yet in rows that are published
AWAITED = ["group_norm_cnn", "hybrid", "ladder_vae", "se_cnn", "slice_attention", "vit"]


def test_the_readme_shows_the_published_table():
    assert readme.networks_past_gate(FOLDER) in (ROOT / "bench" / "networks" / "README.md").read_text()


def test_no_network_is_awaited_that_has_rows():
    assert not set(AWAITED) & set(pd.read_csv(FOLDER / "models.csv")["network"])


@pytest.mark.parametrize("name", [name for name in NAMES if name not in SET_BY_HAND + FOLLOWING + AWAITED])
def test_a_shipped_network_has_five_models_past_the_gate_on_each_of_two_simulators(name):
    models = pd.read_csv(FOLDER / "models.csv").query("network == @name and passed")
    assert (models.groupby("simulator").size() >= 5).sum() >= 2


def test_what_models_have_learnt_to_look_at_is_published_with_its_reasons():
    views = list((FOLDER / "views").glob("*/views.csv"))
    assert views
    for path in views:
        told = pd.read_csv(path, keep_default_na=False)
        assert (told["status"] == "ok").any() and (told.query("status != 'ok'")["reason"] != "").all()


@pytest.mark.full
def test_no_rule_is_broken():
    assert report.violations(FOLDER) == []
