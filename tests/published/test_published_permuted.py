"""Maps of the image alone outlive permuted labels, maps of the model do not: on the committed rows."""

from pathlib import Path

import pandas as pd

from bench import report

FOLDER = Path(__file__).parents[2] / "results" / "published" / "permuted"
CELLS = pd.read_csv(FOLDER / "cells.csv").query("simulator == 'all'")
ROLES = pd.read_csv(FOLDER / "methods.csv").set_index("method")["role"]


def margins(role):
    rows = CELLS[(CELLS["metric"] == "label_permutation") & (CELLS["method"].map(ROLES) == role)]
    return rows.set_index(["network", "method"])["mean"]


def test_every_method_that_reads_the_model_falls_below_the_floor():
    found = margins("method")
    assert (found < 0).all() and len(found) >= 13


def test_maps_of_the_image_alone_stay_above_it():
    found = margins("control")
    assert (found.drop("random", level="method") > 0.1).all()
    assert (found.xs("random", level="method").abs() < 0.05).all()


def test_the_labels_were_learnt_by_heart():
    assert (CELLS[CELLS["metric"] == "label_permutation.memorised"]["mean"] > 0.9).all()


def test_no_rule_is_broken():
    assert report.violations(FOLDER) == []
