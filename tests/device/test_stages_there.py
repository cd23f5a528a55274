"""A study whose models run on a device that is not the CPU stores the bytes of the CPU, and says where it ran."""

import json

import pandas as pd
import pytest
from fakes import CONF
from standin import DEVICE, Device

from bench.launch.unit import UnitRun
from bench.plan import plan
from bench.verbs import computing

LINES = ["study=fake", "trusted=[fakes]", "seed.data=0", "seed.model=0", "train.test=100", "train.epochs=2"]
LINES += ["method=[random,gradient_x_input,oracle_use]", "explain.subjects=8", "use.players=2"]


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """The study computed here and there."""
    studies = []
    for options in ({}, {"device": DEVICE}):
        study = plan.study([*LINES, f"paths.results={tmp_path_factory.mktemp('results')}"], [CONF])[0]
        for units in (study.units, study.groups):
            work = plan.with_work(study)
            with Device():
                for unit in units:
                    UnitRun(work, unit, **options).run(work.pending[unit.id])
        assert not study.artefacts().keys("failures")
        studies.append(study)
    return studies


def test_every_stage_stores_the_bytes_of_the_cpu(stores):
    files = [sorted(path.relative_to(s.store) for path in s.store.rglob("*.safetensors*")) for s in stores]
    assert files[0] == files[1] and {path.parts[0] for path in files[0]} >= {"train", "truths", "attribute", "redraw"}
    for path in files[0]:
        assert (stores[0].store / path).read_bytes() == (stores[1].store / path).read_bytes(), path


def test_every_score_is_that_of_the_cpu(stores):
    tables = []
    for study in stores:
        computing.write_tables(study)
        tables.append(pd.read_parquet(study.folder / "scores").sort_index(axis=1))
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    assert (tables[0]["status"] == "ok").any()


def test_records_and_the_study_say_which_device_it_was(stores):
    stated = []
    for study in stores:
        computing.write_tables(study)
        machines = pd.read_parquet(study.folder / "provenance.parquet")["machine"]
        devices = {json.loads(text)["device"].split()[1] for text in machines}
        stated.append((devices, json.loads((study.folder / "study.json").read_text())["device"].split("; ")))
    assert [devices for devices, _ in stated] == [{"cpu,"}, {"cpu,", "meta,"}]
    assert [len(named) for _, named in stated] == [1, 2]
