"""The device of a study: what its name means, what is refused before anything is computed, and memory that ends."""

import math
import subprocess
import sys
from pathlib import Path

import on_gpu
import pytest
import torch
from fakes import CONF

from bench.contracts import BadInput
from bench.devices import choice
from bench.devices.choice import chosen_device
from bench.devices.memory import BUDGET, GPU_BUDGET, OutOfMemory, budget, shortage
from bench.devices.moving import HOME, moved
from bench.launch.unit import UnitRun
from bench.passes.forward import in_chunks
from bench.plan import plan
from bench.stages.attribute import ATTRIBUTE
from bench.store import failures

ASKED = (
    "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 10.00 GiB of which 1.00 GiB is free."
)


@pytest.fixture
def gpus(monkeypatch):
    """A machine with so many GPUs."""

    def there(count, free=64 * 2**30):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, 80 * 2**30))
        monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 3 * 2**30)
        monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 2**30)

    return there


def test_auto_takes_a_gpu_where_there_is_one_and_units_take_them_in_turn(gpus):
    gpus(0)
    assert chosen_device("auto") == chosen_device("cpu") == HOME
    gpus(2)
    assert [str(chosen_device("cuda", place)) for place in range(3)] == ["cuda:0", "cuda:1", "cuda:0"]
    assert str(chosen_device("auto", 1)) == "cuda:1" and str(chosen_device("cuda:0", 1)) == "cuda:0"


@pytest.mark.parametrize(("count", "name", "there"), [(0, "cuda", "cpu"), (2, "cuda:2", "cuda:0, cuda:1, cpu")])
def test_a_device_that_is_not_there_is_refused_with_those_that_are(gpus, count, name, there):
    gpus(count)
    with pytest.raises(BadInput, match=rf"^device={name} is not possible: give one that torch .* finds here, {there}$"):
        chosen_device(name)


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:-1", "CUDA", "meta", ""])
def test_what_names_no_device_is_refused(name):
    with pytest.raises(BadInput, match="give auto, cpu, cuda, cuda:N or mps"):
        choice.check(name)


def test_the_plan_refuses_before_anything_is_written_and_leaves_it_to_the_nodes_of_a_cluster(tmp_path, gpus):
    gpus(0)
    lines = ["study=fake", "trusted=[fakes]", f"paths.results={tmp_path}", "device=cuda"]
    with pytest.raises(BadInput, match="device=cuda is not possible"):
        plan.study(lines, [CONF])
    assert not list(tmp_path.iterdir())
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    assert plan.study([*lines, "hydra/launcher=submitit_slurm"], [CONF])[0].settings["device"] == "cuda"


@pytest.mark.full
def test_the_command_ends_with_one_sentence():
    call = [sys.executable, "-m", "bench", "study=tiny", "device=cuda:99"]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert len(done.stderr.splitlines()) == 1 and "device=cuda:99 is not possible" in done.stderr


@pytest.mark.full
def test_the_script_for_a_gpu_runs_on_the_cpu_and_says_where_there_is_none():
    script = [sys.executable, str(Path(__file__).parent / "on_gpu.py")]
    few = subprocess.run([*script, "--device", "cpu"], capture_output=True, text=True, check=False)
    assert few.returncode == 0 and "models at once" in few.stdout, few.stderr
    for absent in ("cuda:99", "nonsense"):
        none = subprocess.run([*script, "--device", absent], capture_output=True, text=True, check=False)
        assert none.returncode == 2 and len(none.stderr.splitlines()) == 1, none.stderr
        assert none.stderr.startswith("nothing is compared: device=")


def test_a_plug_in_that_fails_on_a_gpu_costs_no_other_row(capsys):
    def fails():
        raise RuntimeError("not implemented for CUDA")

    kind, name, apart, *seconds = on_gpu.attempted("method", "mine", lambda: ([torch.ones(1)], 1.0), fails)
    assert (kind, name, apart) == ("method", "mine", float("inf")) and all(map(math.isnan, seconds))
    assert "method mine failed: not implemented for CUDA" in capsys.readouterr().err


def test_a_device_changes_neither_the_name_of_a_study_nor_a_key(tmp_path, gpus):
    gpus(1)
    lines = ["study=fake", "trusted=[fakes]", f"paths.results={tmp_path}"]
    here, there = (plan.study([*lines, f"device={name}"], [CONF])[0] for name in ("cpu", "cuda"))
    assert here.name == there.name and plan.with_work(here).pending == plan.with_work(there).pending


def test_chunks_on_a_gpu_are_of_one_size_until_memory_is_short(gpus):
    device = torch.device("cuda", 0)
    sizes = []
    for free in (64 * 2**30, 2**31, 2**20):
        gpus(1, free)
        sizes.append(budget(device))
    assert sizes == [GPU_BUDGET, GPU_BUDGET, GPU_BUDGET // 2]
    assert budget(HOME) == BUDGET


def test_a_chunk_without_memory_is_halved_and_the_rows_are_the_same():
    asked = []

    def work(rows):
        asked.append(len(rows))
        if len(rows) > 3:
            raise OutOfMemory(ASKED)
        return rows.double()

    assert in_chunks(torch.zeros(11, 1), work, 11).tolist() == list(range(11))
    assert asked[:2] == [11, 4] and max(asked[2:]) <= 3


def test_two_images_that_do_not_fit_are_an_error():
    def work(rows):
        raise OutOfMemory(ASKED)

    with pytest.raises(OutOfMemory):
        in_chunks(torch.zeros(5, 1), work)


def test_the_cell_that_does_not_fit_fails_with_the_amount_and_the_keys(tmp_path, monkeypatch):
    monkeypatch.setattr(type(ATTRIBUTE), "make", lambda self, given: (_ for _ in ()).throw(OutOfMemory(ASKED)))
    lines = ["study=fake", "trusted=[fakes]", f"paths.results={tmp_path}", "seed.data=0", "seed.model=0"]
    study = plan.study([*lines, "method=[random]", "metric=[calibrated_ap]", "train.epochs=1"], [CONF])[0]
    run, unit = UnitRun(plan.with_work(study), study.units[0]), study.units[0]
    cell = run.cells.cell(ATTRIBUTE, unit, "random")
    run.run([cell.key])
    reason = failures.read(study.artefacts(), cell.key)["reason"]
    words = "(2.50 GiB more were asked for); lower hydra.launcher.n_jobs, or give device=cpu"
    assert reason == f"the memory of cpu does not suffice {words}"
    assert "train.batch" in shortage(OutOfMemory(ASKED), HOME, "train.batch")


def test_what_lies_there_already_is_not_copied():
    model, value = torch.nn.Linear(2, 1), {"a": (torch.zeros(2), [1, None]), "b": "text"}
    assert moved(value, HOME) is value and moved(model, HOME) is model
