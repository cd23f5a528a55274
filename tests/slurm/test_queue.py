"""Slurm's queue as a script that answers in its place: who is waited for, and what is said where there is none."""

import sys
from types import SimpleNamespace

import pytest

from bench.contracts import BadInput
from bench.launch import slurm
from bench.launch.slurm import SlurmQueue, SlurmWatcher, is_slurm


@pytest.fixture
def answers(tmp_path, monkeypatch):
    """answers(text, code): what `squeue` says; the other commands of Slurm are there."""

    def answer(text, code=0):
        for name in slurm.COMMANDS:
            script = tmp_path / name
            script.write_text(f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/asked\nprintf "{text}"\nexit {code}\n')
            script.chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(slurm, "ASKED_S", 0.0)
    answer.asked = lambda: (tmp_path / "asked").read_text()
    return answer


@pytest.fixture
def job(monkeypatch):
    """submitit's class of jobs, without submitit."""
    usual = SimpleNamespace(watcher="its own")
    monkeypatch.setitem(sys.modules, "submitit", SimpleNamespace(SlurmJob=usual))
    return usual


def test_a_job_is_over_when_it_has_left_the_queue(answers):
    watcher = SlurmWatcher(SlurmQueue("abc"))
    watcher.register_job("12_0")
    answers("12_0\\n12_1\\n")
    assert not watcher.is_done("12_0") and watcher.get_state("12_0") == "in the queue"
    answers("12_1\\n")
    assert watcher.is_done("12_0") and not watcher.is_done("12_1")
    assert "squeue --noheader --array --name plumbline-abc" in answers.asked()


def test_while_the_controller_does_not_answer_nobody_is_over(answers):
    watcher = SlurmWatcher(SlurmQueue("abc"))
    answers("", code=1)
    assert not watcher.is_done("12_0")
    answers("")
    assert watcher.is_done("12_0")


def test_what_was_known_of_the_queue_says_nothing_of_a_new_job(answers, monkeypatch):
    watcher = SlurmWatcher(SlurmQueue("abc"))
    answers("12_0\\n")
    assert watcher.is_done("13_0")
    monkeypatch.setattr(slurm, "ASKED_S", 3600.0)
    answers("13_0\\n")
    watcher.register_job("13_0")
    assert not watcher.is_done("13_0")


def test_what_is_left_of_an_array_is_waited_for_before_anything_follows(answers, job):
    queue, seen = SlurmQueue("abc"), []
    queue.active = lambda: seen.append(1) or ({"12_1"} if len(seen) < 3 else set())
    answers("")
    with pytest.raises(RuntimeError, match="killed"), queue.at_work():
        job.watcher.register_job("12_0")
        raise RuntimeError("killed")
    assert len(seen) == 3 and job.watcher == "its own"


def test_an_interrupted_call_takes_its_jobs_from_the_queue(answers, job):
    answers("")
    with pytest.raises(KeyboardInterrupt), SlurmQueue("abc").at_work():
        raise KeyboardInterrupt
    assert "scancel --name plumbline-abc" in answers.asked()


def test_jobs_that_slurm_does_not_take_are_one_sentence(answers, job):
    answers("")
    said = r"Slurm took no job \(sbatch: error: invalid partition specified: nope\); mend hydra\.launcher\.\*"
    with pytest.raises(BadInput, match=said), SlurmQueue("abc").at_work():
        raise RuntimeError("sbatch: error: invalid partition specified: nope\nsbatch: error: more")


def test_a_machine_without_slurm_is_one_sentence(job, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(BadInput, match=r"there is no sbatch on this machine; .*login node"),
        SlurmQueue("abc").at_work(),
    ):
        pass


def test_the_launcher_of_slurm_is_known_by_its_class():
    assert is_slurm({"_target_": "hydra_plugins.hydra_submitit_launcher.submitit_launcher.SlurmLauncher"})
    assert not is_slurm({"_target_": "hydra_plugins.hydra_submitit_launcher.submitit_launcher.LocalLauncher"})
