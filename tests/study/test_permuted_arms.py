"""Models trained again on permuted labels: made for the metric that asks, in no table but its own."""

import pandas as pd
import pytest

from bench.contracts import BadInput
from bench.plan import plan
from bench.plan.cells import Cells
from bench.plan.states import survey
from bench.stages.train import TRAIN
from bench.study import Study
from bench.verbs import computing

FEW = ("method=[random,gradient,oracle_use]", "metric=[calibrated_ap,retraining_stability,label_permutation]")
ARMED = [f"box-linear-d{d}-m{m}-permuted" for m in (0, 1) for d in (0, 1)]


def test_every_model_has_an_arm_only_where_a_metric_asks(planned):
    study = planned(*FEW)
    assert [unit.id for unit in study.arms] == ARMED
    assert all(study.training(unit)["permuted"] for unit in study.arms)
    assert planned("metric=[retraining_stability]").arms == []
    assert Study.load(study.save()).unit(ARMED[0]) == study.arms[0]


def test_an_arm_differs_from_its_model_in_its_labels_alone(planned):
    study = planned(*FEW)
    cells = Cells(study)
    model, arm = (cells.cell(TRAIN, unit).content for unit in (study.units[0], study.arms[0]))
    assert arm == {**model, "train": {**model["train"], "permuted": True}}


def test_an_arm_may_be_given_longer_than_its_model(planned):
    study = planned(*FEW, "+budgets.permuted.epochs=9")
    assert [study.training(unit)["epochs"] for unit in (study.units[0], study.arms[0])] == [6, 9]


def test_what_an_arm_cannot_be_given_is_refused_before_anything_is_computed(planned):
    with pytest.raises(BadInput, match=r"train\.epochs=-1"):
        planned(*FEW, "+budgets.permuted.epochs=-1")


def test_the_keys_of_other_comparisons_stay(planned):
    kept = [
        {key for key, (cell, _) in survey(study)["box-linear-compare"].items() if cell.metric == "retraining_stability"}
        for study in (planned(*FEW), planned(FEW[0], "metric=[calibrated_ap,retraining_stability]"))
    ]
    assert kept[0] == kept[1] and len(kept[0]) == 3


def test_the_tables_hold_the_comparison_and_only_the_models_that_were_asked_for(planned):
    study = planned(*FEW)
    computing.compute(study, [])
    computing.write_tables(study)
    assert len(pd.read_csv(study.folder / "models.csv")) == len(study.units)
    scores = pd.read_parquet(study.folder / "scores")
    own = scores[scores["metric"].str.startswith("label_permutation")]
    assert set(own["status"]) == {"ok"} and set(own["data_seed"]) == set(own["model_seed"]) == {0, 1}
    shared = scores[scores["metric"] == "retraining_stability"]
    assert set(shared["data_seed"]) == {-1}
    # under each model a subject has the stratum that it has in the scores of that model
    seed = ["data_seed", "model_seed", "subject"]
    strata = scores[scores["metric"] == "calibrated_ap"].drop_duplicates(seed).set_index(seed)["stratum"]
    assert (own["stratum"].to_numpy() == strata.loc[pd.MultiIndex.from_frame(own[seed])].to_numpy()).all()
    assert set(own["stratum"]) >= {"TP", "TN"} and set(shared["stratum"]) == {""}
    means = own.groupby(["metric", "method"])["value"].mean()
    # noise of its own is as unlike between models as between subjects
    assert abs(means["label_permutation", "random"]) < 0.1
    assert set(own["metric"]) >= {"label_permutation.floor", "label_permutation.memorised", "label_permutation.ssim"}
    costs = pd.read_parquet(study.folder / "costs.parquet")
    assert all((costs["stage"] == stage).sum() == len(study.units) for stage in ("train", "train-permuted"))
    assert not plan.with_work(study).pending


def test_models_that_are_permuted_already_have_nothing_to_be_compared_with(planned):
    with pytest.raises(BadInput, match=r"train\.permuted: it leaves a metric"):
        planned(*FEW, "train.permuted=true")
