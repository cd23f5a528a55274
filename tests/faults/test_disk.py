"""A disk that is full, or fills up, or may not be written."""

import shutil

import pytest
from sweeps import Sweep

from bench.store.artefacts import Artefacts

pytestmark = pytest.mark.fault("store")

SENTENCE = {"exit": 2, "tracebacks": 0, "said": "one sentence", "partial artefacts": 0}


def seen(sweep, code, reason):
    """What an unwritable disk led to."""
    errors = [line for line in sweep.said.splitlines() if line.startswith("error: ")]
    good = len(errors) == 1 and reason in errors[0] and "same command" in errors[0]
    partial = len(list(Artefacts(sweep.store).verify())) + len(list(sweep.store.rglob(".tmp-*")))
    return {
        "exit": code,
        "tracebacks": sweep.said.count("Traceback"),
        "said": "one sentence" if good else errors or sweep.said,
        "partial artefacts": partial,
    }


def on(disk, tmp_path):
    """A sweep whose results, and nothing else, are on the small disk."""
    found = Sweep(tmp_path / "sweep")
    found.folder.mkdir()
    found.results.symlink_to(disk)
    return found


#: what there is no room for: redraws, images (mapped: the kernel answers with SIGBUS), maps, scores
SIZES = ["300k", *(pytest.param(size, marks=pytest.mark.full) for size in ("1600k", "2000k", "2200k"))]


@pytest.mark.parametrize("size", SIZES)
def test_a_full_disk_is_said_and_the_sweep_goes_on_when_there_is_room(mounted, tmp_path, outcome, size):
    sweep = on(mounted(f"size={size}"), tmp_path)
    code, _ = sweep.run()
    outcome("disk full", f"disk of {size}", SENTENCE, seen(sweep, code, "disk is full"))
    mounted("remount,size=64m")
    code, _ = sweep.run()
    outcome("disk full", f"disk of {size}, then more room", {"exit": 0}, {"exit": code}, sweep)


@pytest.mark.full
def test_a_disk_that_somebody_else_fills(mounted, tmp_path, outcome):
    disk = mounted("size=16m")
    sweep = on(disk, tmp_path)
    process = sweep.start()
    sweep.wait_for(process, lambda: len(sweep.records()) >= 2)
    with (disk / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            pass
    code = process.wait(300)
    outcome("disk full", "filled by somebody else during a sweep", SENTENCE, seen(sweep, code, "disk is full"))
    (disk / "filler").unlink()
    code, _ = sweep.run()
    outcome("disk full", "filled by somebody else, then freed", {"exit": 0}, {"exit": code}, sweep)


@pytest.mark.full
def test_a_read_only_disk_is_said(mounted, whole, tmp_path, outcome):
    disk = mounted("size=64m")
    shutil.copytree(whole.results, disk, dirs_exist_ok=True)
    shutil.rmtree(disk / "store" / "scores")
    sweep = on(mounted("remount,ro"), tmp_path)
    code, _ = sweep.run()
    outcome("disk read-only", "before a sweep", SENTENCE, seen(sweep, code, "disk is read-only"))
    mounted("remount,rw")
    code, _ = sweep.run()
    outcome("disk read-only", "before a sweep, then writable", {"exit": 0}, {"exit": code}, sweep)
