"""One flipped bit in a file of every kind: noticed, said, made again, and no table moves."""

import random
import shutil
from dataclasses import replace

import pytest
from sweeps import FAKES

from bench.launch.unit import UnitRun
from bench.stages.images import IMAGES
from bench.study import Study

pytestmark = pytest.mark.fault("store")

#: stages in the order of work, with the file of each that holds most
KINDS = {
    "calibrate": "calibration.json",
    "simulate": "cohort.safetensors",
    "bank": "train.npy",
    "images": "train.npy",
    "train": "model.safetensors",
    "redraw": "redraws.safetensors",
    "truths": "use.safetensors",
    "effects": "effects.safetensors",
    "attribute": "maps.safetensors.zst",
    "untrained": "maps.safetensors.zst",
    "scores": "*.parquet",
}
#: what is made from a stage and may stand in the way of its being read
BELOW = {
    "bank": ["images", "train", "truths", "effects", "attribute", "untrained", "scores"],
    "images": ["train", "truths", "effects", "attribute", "untrained", "scores"],
}
ALL_BELOW = ["truths", "effects", "scores"]


@pytest.fixture
def copied(copied, monkeypatch):
    """A finished sweep with its caches, as one that is still at work has them."""
    monkeypatch.syspath_prepend(FAKES)
    study = replace(Study.load(copied.results / "faults" / "plan.json"), results=str(copied.results))
    UnitRun(study, study.units[0]).value(IMAGES)
    return copied


def flip(path, place):
    """Change one bit of a file; place: from 0 to 1."""
    data = bytearray(path.read_bytes())
    bit = int(place * 8 * len(data))
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def harm(sweep, stage, name, place):
    """Flip a bit in the first file of a kind."""
    flip(min(sweep.store.glob(f"{stage}/[!.]*/{name}")), place)


def test_verify_names_every_damaged_file_and_the_run_makes_it_again(copied, outcome):
    places = random.Random(0)
    for stage, name in KINDS.items():
        harm(copied, stage, name, places.random())
    code, said = copied.run("verify", verb="store")
    named = [stage for stage in KINDS if f"/{stage}" in said]
    outcome(
        "flipped bit",
        "in a file of every kind, store verify",
        {"exit": 1, "found": " ".join(KINDS)},
        {"exit": code, "found": " ".join(named)},
    )
    code, _ = copied.run()
    outcome("flipped bit", "in a file of every kind, then a run", {"exit": 0}, {"exit": code}, copied)


@pytest.mark.full
@pytest.mark.parametrize(
    ("stage", "name"), [*KINDS.items(), *((s, "record.json") for s in ("simulate", "train", "attribute"))]
)
def test_a_damaged_file_met_at_work_is_made_again(copied, outcome, stage, name):
    for below in BELOW.get(stage, [s for s in ALL_BELOW if s != stage]):
        shutil.rmtree(copied.store / below)
    harm(copied, stage, name, 0.5)
    code, said = copied.run()
    outcome(
        "flipped bit",
        f"in {name} of {stage}, met at work",
        {"exit": 0, "said": True},
        {"exit": code, "said": "damaged file" in said},
        copied,
    )


@pytest.mark.full
def test_many_damaged_files_met_while_tables_are_written(copied, outcome):
    for kind in ("train/*/model.json", "effects/*/effects.safetensors", "attribute/*/maps.safetensors.zst"):
        for path in copied.store.glob(kind):
            flip(path, 0.5)
    code, said = copied.run()
    outcome(
        "flipped bit",
        "in every model, effect and map, met by the tables",
        {"exit": 0, "said": True},
        {"exit": code, "said": "damaged file" in said},
        copied,
    )


@pytest.mark.full
def test_a_damaged_failure_is_tried_again(sweep, outcome):
    sweep.lines = ("method=[raises]", "metric=[calibrated_ap]", "seed.model=0")
    sweep.run()
    flip(next(sweep.store.glob("failures/*/record.json")), 0.5)
    code, said = sweep.run()
    failures = len(list(sweep.store.glob("failures/*/record.json")))
    outcome(
        "flipped bit",
        "in the record of a failure",
        {"exit": 1, "said": True, "failures": 1},
        {"exit": code, "said": "damaged file" in said, "failures": failures},
    )
