"""The same study gives the same scores, whatever folder, number of workers or order of work."""

import numpy as np
import pandas as pd
import pytest
import torch
from fakes import CONF

from bench.launch.unit import UnitRun
from bench.plan import plan
from bench.verbs import computing

LINES = ["study=fake", "trusted=[fakes]", "seed.model=0", "method=[random,gradient,oracle_use]"]
LINES += ["metric=[calibrated_ap,infidelity_redraw,max_sensitivity]"]
#: largest difference of a score that a second thread may make; bench/README.md says what was measured
THREADS_MOVE = 1e-3


def planned(results, *more):
    return plan.study([*LINES, f"paths.results={results}", *more], [CONF])


def scores(study):
    computing.write_tables(study)
    return [path.read_bytes() for path in sorted(study.folder.glob("scores/*/*/*.parquet"))]


@pytest.mark.full
def test_one_and_two_workers_give_identical_scores_in_any_folder(tmp_path):
    made = []
    for folder, lines in (("one", []), ("two", ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"])):
        study, launch = planned(tmp_path / folder, "seed.data=0,1", *lines)
        computing.compute(study, launch)
        made.append(scores(study))
    assert made[0] == made[1]


def values(results, threads):
    """Scores of the study computed here with so many threads."""
    study = planned(results, "seed.data=0")[0]
    work, before = plan.with_work(study), torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for unit in study.units:
            UnitRun(work, unit).run(work.pending[unit.id])
    finally:
        torch.set_num_threads(before)
    computing.write_tables(study)
    return pd.concat(map(pd.read_parquet, sorted(study.folder.glob("scores/*/*/*.parquet"))), ignore_index=True)


@pytest.mark.full
def test_a_second_thread_moves_no_score_by_more_than_is_stated(tmp_path, capsys):
    one, two = (values(tmp_path / str(n), n) for n in (1, 2))
    pd.testing.assert_frame_equal(one.drop(columns="value"), two.drop(columns="value"))
    moved = np.abs(one["value"] - two["value"])
    with capsys.disabled():
        print(f"\nlargest move of {moved.notna().sum()} scores by a second thread: {moved.max():.2g}")
    assert moved.max() <= THREADS_MOVE
