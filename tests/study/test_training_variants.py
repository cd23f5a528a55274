"""Pre-training, checkpoints and crossed seeds, from the command to the tables."""

import pandas as pd
import pytest

from bench.contracts import BadInput
from bench.launch.unit import UnitRun
from bench.plan.cells import Cells
from bench.seeds import crossed
from bench.stages.cohort import COHORT
from bench.stages.train import TRAIN
from bench.study import Study
from bench.verbs import computing

FEW = ("method=[gradient]", "metric=[calibrated_ap]", "seed.data=0", "seed.model=0")


def model(study, unit):
    """The cell of a unit's model."""
    return Cells(study).cell(TRAIN, unit)


def trained(study):
    """The record of every model, trained here."""
    return [UnitRun(study, unit).value(TRAIN).record for unit in study.units]


def test_pretraining_goes_on_from_the_other_units_model(planned):
    study = planned(*FEW, "simulator.side=2,3", "+budgets.box-side-3.pretrain=box-side-2")
    cells = {u.simulator: model(study, u) for u in study.units}
    there, here = cells["box-side-2"], cells["box-side-3"]
    assert here.content["start"] == there.key in [need.key for need in here.needs]
    assert "pretrain" not in here.content["train"]
    assert there.key == model(planned(*FEW, "simulator.side=2,3"), study.units[0]).key
    first, second = trained(study)
    assert second["start"] == first["weights"] != second["weights"] and second["new"] == []
    assert "start" not in first


def test_the_simulator_that_is_named_starts_from_scratch(planned):
    study = planned(*FEW, "simulator.side=2,3", "train.pretrain=box-side-2")
    assert ["start" not in model(study, u).content for u in study.units] == [True, False]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["train.pretrain=boks"], r"train\.pretrain of box: there is no simulator 'boks' in this study"),
        (
            [
                "simulator.side=2,3",
                "+budgets.box-side-2.pretrain=box-side-3",
                "+budgets.box-side-3.pretrain=box-side-2",
            ],
            "circle: box-side-2 -> box-side-3 -> box-side-2",
        ),
        (["train.checkpoint=auc-2"], r"train\.checkpoint='auc-2'"),
        (
            ["seed.init=[0,1000]"],
            r"seed\.init=\[0, 1000\] is not possible: give a whole number of at least 0 and at most 999 or ",
        ),
        (["seed.order=-1"], r"seed\.order=-1 is not possible"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_is_computed(planned, lines, told):
    with pytest.raises(BadInput, match=told):
        planned(*FEW, *lines)


def test_every_rung_of_a_ladder_is_a_model_of_its_own(planned):
    study = planned(*FEW, "train.checkpoint=epoch-0.5,null")
    assert [u.network for u in study.units] == ["linear-checkpoint-epoch-0.5", "linear-checkpoint-null"]
    part, whole = trained(study)
    assert (part["epochs"], whole["epochs"]) == (1, 6) and part["weights"] != whole["weights"]


def test_crossed_seeds_are_pairs_and_equal_seeds_are_the_models_there_were(planned):
    study = planned(*FEW, "seed.init=[0,1]", "seed.order=[0,1]")
    assert [(u.model_seed, u.init_seed, u.order_seed) for u in study.units] == [
        (0, 0, 0), (1001, 0, 1), (2000, 1, 0), (1, 1, 1)
    ]  # fmt: skip
    both = planned(*FEW[:3], "seed.model=[0,1]")
    keys = {u.model_seed: model(study, u).key for u in study.units}
    assert [keys[u.model_seed] for u in both.units] == [model(both, u).key for u in both.units]
    assert len(set(keys.values())) == 4
    assert Study.load(study.save()).units == study.units


def test_crossed_seeds_stand_beside_each_model(planned):
    study = planned(*FEW, "seed.init=[0,1]")
    records = trained(study)
    for unit in study.units:
        UnitRun(study, unit).value(COHORT)
    computing.write_tables(study)
    found = pd.read_csv(study.folder / "models.csv")
    assert found[["model_seed", "init_seed", "order_seed"]].to_numpy().tolist() == [[0, 0, 0], [2000, 1, 0]]
    assert found["weights"].tolist() == [record["weights"] for record in records]
    assert found["cohort"].nunique() == 1 and found["cohort"].str.len().eq(16).all()


def test_one_axis_alone_leaves_the_other_at_0(planned):
    assert [u.order_seed for u in planned(*FEW, "seed.order=range(3)").units] == [0, 1, 2]
    assert {u.init_seed for u in planned(*FEW, "seed.order=range(3)").units} == {0}


def test_pairs_of_seeds_have_names_of_their_own():
    names = crossed(range(40), range(40))
    assert len(names) == 1600
    assert {name: pair for name, pair in names.items() if pair is None} == dict.fromkeys(range(40))
