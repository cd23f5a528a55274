"""Variance components: unbiased on simulated layouts, complete, and honest about what is not balanced."""

import numpy as np
import pandas as pd
import pytest

from bench.columns.aggregated import COMPONENTS
from bench.report.statistics.arrays import ByModel
from bench.report.statistics.components import components, largest_balanced, table

#: component -> (spread, axes that vary: method, data seed, model seed, subject)
SPREADS = {
    "method": (1.0, "m"),
    "data seed": (0.5, "d"),
    "model seed": (0.7, "ds"),
    "subject": (0.8, "i"),
    "method x data seed": (0.3, "md"),
    "method x subject": (0.4, "mi"),
    "data seed x subject": (0.35, "di"),
    "residual": (0.6, "mdsi"),
}


def layout(rng, methods=6, data=8, model=3, subjects=10):
    sizes = dict(zip("mdsi", (methods, data, model, subjects), strict=True))
    shapes = {name: [n if axis in axes else 1 for axis, n in sizes.items()] for name, (_, axes) in SPREADS.items()}
    return sum(spread * rng.normal(size=shapes[name]) for name, (spread, _) in SPREADS.items())


def shares(x):
    return {row["component"]: row for row in components(x)}


def test_estimates_are_those_of_the_simulation():
    rng = np.random.default_rng(0)
    found = pd.DataFrame([{k: r["variance"] for k, r in shares(layout(rng)).items()} for _ in range(200)])
    for name, (spread, _) in SPREADS.items():
        error = found[name].std() / np.sqrt(len(found))
        assert abs(found[name].mean() - spread**2) < 4 * error, name
    for name in found.columns.difference(list(SPREADS)):
        assert found[name].mean() < 0.02, name


def test_two_factors_are_the_textbook_estimates():
    """One model seed and one data seed apart from methods: (MS_m - MS_e) / D and so on, of the two-way layout."""
    x = np.random.default_rng(1).normal(size=(4, 5, 1, 1)) + np.arange(4)[:, None, None, None]
    mean, rows, columns = x.mean(), x.mean((1, 2, 3)), x.mean((0, 2, 3))
    rest = ((x[:, :, 0, 0] - rows[:, None] - columns + mean) ** 2).sum() / 12
    of_rows, of_columns = 5 * ((rows - mean) ** 2).sum() / 3, 4 * ((columns - mean) ** 2).sum() / 4
    found = shares(x)
    assert set(found) == {"method", "data seed", "residual"}
    assert found["residual"]["variance"] == pytest.approx(rest)
    assert found["method"]["variance"] == pytest.approx((of_rows - rest) / 5)
    assert found["data seed"]["variance"] == pytest.approx(max(0, (of_columns - rest) / 4))
    assert found["data seed"]["negative"] == (of_columns < rest)
    assert sum(row["share"] for row in found.values()) == pytest.approx(1)


def test_negative_estimates_are_zero_and_marked():
    """Methods whose means agree better than the noise allows."""
    x = np.random.default_rng(2).normal(size=(3, 4, 2, 5))
    found = shares(x - x.mean((1, 2, 3), keepdims=True))
    assert found["method"] | {"component": ""} == {"component": "", "variance": 0.0, "share": 0.0, "negative": True}


def test_the_largest_balanced_part_is_taken():
    values = np.arange(3 * 7 * 4, dtype=float).reshape(3, 7, 4)
    seeds = np.array([0, 0, 0, 1, 1, 2, 2])
    whole = largest_balanced(values, seeds)
    assert whole.shape == (3, 3, 2, 4)
    np.testing.assert_array_equal(whole[:, 0], values[:, :2])
    values[2, 4, 1] = np.nan
    assert largest_balanced(values, seeds).shape == (2, 3, 2, 4)
    values[:, 4, 1] = np.nan
    assert largest_balanced(values, seeds).shape == (3, 3, 2, 3)
    assert largest_balanced(values[:0], seeds).size == 0


def test_the_table_names_what_it_rests_on():
    rng = np.random.default_rng(3)
    rows = [
        {"method": f"m{m}", "metric": "ap", "truth": "use", "view": "abs", "data_seed": d, "model_seed": s,
         "subject": i, "value": rng.normal()}
        for m in range(3) for d in range(-1, 4) for s in range(2) for i in range(5)
    ]  # fmt: skip
    lone = [{**rows[-1], "metric": "lone", "subject": i} for i in range(5)]
    found = table("sim", "net", ByModel.of(pd.DataFrame(rows + lone)))
    assert list(found.columns) == COMPONENTS.names
    assert set(found["metric"]) == {"ap"}
    assert (found[["n_methods", "n_data_seeds", "n_model_seeds", "n_subjects"]] == [3, 4, 2, 5]).all().all()
    assert found["share"].sum() == pytest.approx(1)
