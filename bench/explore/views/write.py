"""The views of a study's models, into results/<study>/views."""

import io
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import torch
from matplotlib.figure import Figure

from bench.contracts import BadInput, Unsupported
from bench.explore.views.pages import VIEWS
from bench.explore.views.seen import Seen
from bench.launch.spoken import SpokenBeat
from bench.launch.unit import UnitRun
from bench.report.figures import style
from bench.stages.calibrate import CALIBRATE
from bench.stages.context import simulator
from bench.stages.images import IMAGES
from bench.stages.train import TRAIN
from bench.store import files
from bench.study import Study, Unit

#: test subjects that are looked at
SUBJECTS = 200


def write(study: Study, subjects: int = SUBJECTS) -> Iterator[Path]:
    """The views of the first model of each simulator and network: a folder each, with PNG, CSV, and `views.csv`.

    The model is trained if it is not stored. `views.csv` says what each view became, with the reason where a model or
    simulator has no such view.
    """
    for unit in {(u.simulator, u.network): u for u in reversed(study.units)}.values():
        folder = study.folder / "views" / unit.id
        seen, rows = load_seen(study, unit, subjects), []
        for name in VIEWS:
            rows.append((name, *_attempt(name, seen, folder)))
        _table(folder / "views.csv", pd.DataFrame(rows, columns=["view", "status", "reason"]))
        yield folder


def load_seen(study: Study, unit: Unit, subjects: int = SUBJECTS) -> Seen:
    """A unit's trained model and what its views look at."""
    run = UnitRun(study, unit, SpokenBeat())
    model, images = run.value(TRAIN).model, run.value(IMAGES)
    world = simulator(study, unit, run.value(CALIBRATE))
    test = images.test.take(torch.arange(min(subjects, len(images.test))))
    name = f"{style.display_name(unit.network)} on {style.display_name(unit.simulator)}"
    return Seen(name, model, world, images.train, test, world.cohort(range(1), "test").affine)


def _attempt(name: str, seen: Seen, folder: Path) -> tuple[str, str]:
    try:
        for stem, content in VIEWS[name](seen):
            if isinstance(content, Figure):
                files.write_bytes(folder / f"{stem}.png", _png(content))
            else:
                _table(folder / f"{stem}.csv", content)
    except (Unsupported, BadInput) as error:
        return "unsupported", str(error)
    return "ok", ""


def _table(path: Path, table: pd.DataFrame) -> None:
    files.write_bytes(path, table.round(6).to_csv(index=False, lineterminator="\n").encode())


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    with style.journal():
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()
