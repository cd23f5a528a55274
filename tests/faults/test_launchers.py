"""A launcher that cannot begin is told in one sentence, before any table is written."""

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
