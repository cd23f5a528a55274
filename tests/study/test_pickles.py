"""Computing, writing and reading a unit runs no pickle: what it loads is tensors, arrays, JSON and Parquet."""

import pickle
import sys

from bench.launch.unit import UnitRun
from bench.plan.plan import with_work
from bench.stages.train import TRAIN
from bench.verbs import computing

watched: list[str] | None = None


def _hook(event, arguments):
    if event == "pickle.find_class" and watched is not None:
        watched.append(".".join(map(str, arguments)))


def test_a_unit_from_training_to_tables_unpickles_nothing(planned):
    global watched
    study = planned("seed.data=0", "seed.model=0", "method=[gradient,oracle_use]", "metric=[calibrated_ap]")
    work = with_work(study)
    sys.addaudithook(_hook)
    watched = []
    try:
        pickle.loads(pickle.dumps(study.units[0]))
        assert watched.pop() == "bench.study.Unit", "the hook sees what it is for"
        for unit in study.units:
            UnitRun(work, unit).run(work.pending[unit.id])
        UnitRun(study, study.units[0]).value(TRAIN)
        computing.write_tables(study)
        assert not watched
    finally:
        watched = None
    assert not [p for p in study.store.rglob("*") if p.suffix in (".pkl", ".pickle", ".pt", ".pth", ".joblib")]
