"""Published rows of another version than the code's are marked in results/README.md, and are made anew later."""

import json

import pandas as pd
import pytest

from bench.published import places
from bench.verify import published
from bench.verify.catalogue import RESULTS, TABLES
from bench.verify.markdown import with_lines
from bench.verify.published import Component, outdated

STUDIES = places.studies()
NODE = {"_target_": "metrics.overlap.CalibratedAP"}


def test_rows_behind_the_code_are_marked():
    """`python -m bench readme` writes the table after a version was raised or a study was published."""
    assert with_lines(RESULTS, "behind", TABLES[RESULTS]["behind"]()) == RESULTS.read_text(), (
        "run: python -m bench readme"
    )


@pytest.mark.parametrize("folder", STUDIES, ids=places.study_name)
def test_every_part_of_a_study_is_compared(folder):
    found = published.components_of(folder)
    assert {c.kind for c in found} == {"method", "metric", "network", "simulator", "stage"}
    for kind in published.PLUGINS:
        assert {c.name for c in found if c.kind == kind} == set(pd.read_csv(folder / f"{kind}s.csv")[kind])
    assert all(c.version if c.kind == "method" else c.key for c in found)


def test_a_component_is_behind_by_its_version_or_by_a_part_of_it():
    one = Component("metric", "m", json.dumps(NODE))
    has, now = published._present(one)
    assert outdated(one._replace(key=now, version=has)) == ""
    assert outdated(one._replace(key=now, version="0")) == f"made with version 0, the code has {has}"
    assert outdated(one._replace(key="0" * 16, version=has)) == "it or a part of it has another version"
    assert outdated(Component("method", "m", '{"_target_": "methods.gone.Gone"}')) == "no longer in the code"


def test_a_stage_whose_version_was_raised_is_behind(monkeypatch):
    (one,) = (c for c in published.components_of(STUDIES[0]) if (c.kind, c.name) == ("stage", "measure"))
    assert outdated(one) == ""
    monkeypatch.setattr(type(published.stages()["measure"]), "version", "raised")
    assert outdated(one) == "it or a part of it has another version"


def test_many_of_a_kind_are_counted():
    assert published._counted("metric", ["`a`", "`b`"]) == "metric `a`, `b`"
    assert published._counted("simulator", [f"`{n}`" for n in range(5)]) == "5 simulators"


def test_what_holds_the_key_of_a_simulator_is_a_key_and_no_count():
    """A bank of healthy subjects counts them by stream, one of which is called calibration."""
    held = {c.key for folder in STUDIES for c in published.components_of(folder) if c.kind == "simulator"}
    assert held and all(len(key) == 16 for key in held)
