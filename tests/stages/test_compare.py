"""Rows of metrics that compare models."""

from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch

from bench.checks.metric_probe import probe
from bench.contracts import MetricTags, Undefined
from bench.stages.comparison import ComparedModels, compare

MODELS, SUBJECTS = 3, 6


@dataclass
class Columns:
    """A metric that gives the columns it was made with."""

    columns: dict
    version: ClassVar[str] = "1"
    tags: ClassVar[MetricTags] = MetricTags("compare", True, (0.0, 1.0), "share")
    subjects: int | None = None

    def compare(self, models, context):
        if not self.columns:
            raise Undefined("nothing to compare")
        return self.columns


def rows(**columns):
    world = probe()
    maps, none = torch.zeros(MODELS, *world.maps.shape), torch.empty(0, 0)
    seeds = (0, 0, 1), (0, 1, 0), (0, 1, 0), (0, 1, 0)
    models = ComparedModels(maps, none, (), none, (), *seeds, untrained_seeds=())
    return compare("likeness", Columns(columns), models, world.cohort, world.context)


def test_a_value_of_each_model_carries_its_seeds_and_one_of_all_carries_none():
    each, all_together = torch.arange(18.0).reshape(MODELS, SUBJECTS), torch.ones(SUBJECTS)
    found = rows(each=each, together=all_together)
    own = found[found["metric"] == "likeness.each"]
    table = own.pivot(index=["data_seed", "model_seed"], columns="subject", values="value")
    assert table.index.tolist() == [(0, 0), (0, 1), (1, 0)]
    torch.testing.assert_close(torch.tensor(table.to_numpy()).float(), each)
    assert found[found["metric"] == "likeness.together"]["data_seed"].isna().all()
    assert len(found) == 18 + 6


def test_what_is_undefined_belongs_to_all_models():
    found = rows()
    assert (found["reason"] == "nothing to compare").all() and len(found) == SUBJECTS
    assert "data_seed" not in found


@pytest.mark.parametrize("model", range(MODELS))
def test_a_value_that_one_model_lacks_is_missing_from_it_alone(model):
    values = torch.ones(MODELS, SUBJECTS)
    values[model] = torch.nan
    missing = rows(each=values).query("status == 'undefined'")
    assert len(missing) == SUBJECTS and missing[["data_seed", "model_seed"]].drop_duplicates().shape[0] == 1
