"""A launcher that cannot begin is one sentence, before any table is written; one that can gives the same tables."""

import pytest

from bench.contracts import BadInput
from bench.launch import launch as launching
from bench.plan import plan
from bench.verbs.computing import compute

pytestmark = pytest.mark.fault("configuration")


def test_a_launcher_that_cannot_begin_is_one_sentence(tmp_path, monkeypatch, caplog):
    study, lines = plan.study(["study=tiny", f"paths.results={tmp_path}"])
    calls = []

    def no_cluster():
        calls.append(1)
        raise RuntimeError('Could not detect "srun", are you indeed on a slurm cluster?')

    monkeypatch.setattr(launching, "_multirun", no_cluster)
    with pytest.raises(BadInput, match=r"the launcher could not begin \(RuntimeError: Could not detect"):
        compute(study, lines)
    # once more, as a worker may have been killed while it began
    assert len(calls) == launching.ATTEMPTS and not caplog.records
    assert not (study.folder / "leaderboard.csv").exists()


@pytest.mark.full
def test_jobs_of_submitit_give_the_tables_of_a_run_without_it(sweep, outcome):
    pytest.importorskip("submitit")
    code, said = sweep.run("hydra/launcher=submitit_local")
    outcome("another launcher", "submitit_local", {"exit": 0}, {"exit": code}, sweep)
    assert "Traceback" not in said
