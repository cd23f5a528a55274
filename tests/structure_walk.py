"""One training image, or the planning of a study, followed through the source: calls, files, calls across files.

Run in the checkout that is followed: python structure_walk.py image | plan [module of the planning].
"""

import importlib
import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path.cwd()
PACKAGES = ("bench", "simulators", "methods", "metrics")


def followed(work: Callable[[], Any]) -> dict[str, int]:
    """Calls of functions of ours while `work` runs, the files they lie in, and the calls from one file to another."""
    calls, across, files = 0, 0, set[str]()

    def note(frame: FrameType, event: str, _: Any) -> None:
        nonlocal calls, across
        file = _ours(frame)
        if event == "call" and file:
            calls += 1
            files.add(file)
            across += _caller(frame) not in (None, file)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return {"calls": calls, "files": len(files), "across": across}


def _ours(frame: FrameType) -> str | None:
    """The file of a frame, if it is a function of ours and no module being imported."""
    return _source(frame.f_code.co_filename) if frame.f_code.co_name != "<module>" else None


@cache
def _source(file: str) -> str | None:
    path = Path(file)
    return file if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in PACKAGES else None


def _caller(frame: FrameType) -> str | None:
    """The file of the nearest caller of ours, over libraries in between."""
    above = frame.f_back
    while above is not None:
        if found := _ours(above):
            return found
        above = above.f_back
    return None


def image() -> dict[str, int]:
    """A patient of `mtl_atrophy` for training, after one that loaded the templates."""
    from bench.config import compose
    from bench.config.build import build

    node = compose.study(["study=tiny"]).simulators["mtl_atrophy"]
    simulator = build(node).with_amplitude(0.3).with_data_seed(0)
    patient = int(simulator.sample(range(8), "train").targets.argmax())
    simulator.sample([patient + 2], "train")
    return followed(lambda: simulator.sample([patient + 4], "train"))


def plan(planning: str = "bench.plan.plan") -> dict[str, int]:
    """The plan of `tiny`, its cells and what is to compute."""
    module = importlib.import_module(planning)
    module.with_work(module.study(["study=tiny"])[0])
    return followed(lambda: module.with_work(module.study(["study=tiny"])[0]))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    walk, *start = sys.argv[1:]
    print(json.dumps({"image": image, "plan": plan}[walk](*start)))
