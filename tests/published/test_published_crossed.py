"""What models owe to data, initialisation and order, apart: on the committed rows of the crossed study."""

from pathlib import Path

import pandas as pd
import pytest

from bench import report

FOLDER = Path(__file__).parents[2] / "results" / "published" / "crossed"
CELLS = pd.read_csv(FOLDER / "cells.csv").query("simulator == 'all'")


def column(name):
    return CELLS[CELLS["metric"] == f"retraining_stability.{name}"].set_index(["network", "method"])["mean"]


def test_five_data_seeds_two_initialisations_and_two_orders_are_crossed():
    models = pd.read_csv(FOLDER / "models.csv")
    assert len(models[["data_seed", "init_seed", "order_seed"]].drop_duplicates()) == 5 * 2 * 2


@pytest.mark.parametrize("change", ["data", "initialisation", "order"])
def test_each_change_has_its_own_likeness(change):
    found = column(change)
    assert found.notna().all() and found.between(-1, 1).all()
    # edges and intensities are those of the image, whatever the model
    assert (found.xs("input_magnitude", level="method") > 0.999).all()


def test_the_untrained_floor_compares_initialisations_and_never_one_with_itself():
    assert (column("floor_untrained").xs("gradient", level="method") < 0.9).all()


@pytest.mark.full
def test_no_rule_is_broken():
    assert report.violations(FOLDER) == []
