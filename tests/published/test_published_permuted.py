"""Maps of the image alone outlive permuted labels, maps of the model do not: on the committed rows."""

from pathlib import Path

import pandas as pd
import pytest

from bench import report

FOLDER = Path(__file__).parents[2] / "results" / "published" / "permuted"
CELLS = pd.read_csv(FOLDER / "cells.csv").query("simulator == 'all'")
SANITY = pd.read_csv(FOLDER / "sanity.csv").query("simulator == 'all'")
ROLES = pd.read_csv(FOLDER / "methods.csv").set_index("method")["role"]


def margins(role):
    rows = CELLS[(CELLS["metric"] == "label_permutation") & (CELLS["method"].map(ROLES) == role)]
    return rows.set_index(["network", "method"])["mean"]


def verdicts(role, metric):
    rows = SANITY[(SANITY["metric"] == metric) & (SANITY["method"].map(ROLES) == role)]
    return rows.set_index(["network", "method"])["verdict"]


@pytest.mark.parametrize("metric", ["label_permutation", "cascading_randomisation"])
def test_every_method_that_reads_the_model_passes_by_its_whole_interval(metric):
    found = verdicts("method", metric)
    assert (found == "passed").all() and len(found) >= 13


@pytest.mark.parametrize("metric", ["label_permutation", "cascading_randomisation"])
def test_maps_of_the_image_alone_fail(metric):
    assert (verdicts("control", metric).drop("random", level="method") == "failed").all()


def test_noise_of_its_own_is_as_unlike_between_models_as_between_subjects():
    assert (margins("control").xs("random", level="method").abs() < 0.05).all()


def test_the_labels_were_learnt_by_heart():
    assert (CELLS[CELLS["metric"] == "label_permutation.memorised"]["mean"] > 0.9).all()


@pytest.mark.full
def test_no_rule_is_broken():
    assert report.violations(FOLDER) == []
