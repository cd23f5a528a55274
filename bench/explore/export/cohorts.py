"""Export of a study's explained subjects, trained models and stored maps, one folder per simulator."""

from collections.abc import Iterator
from pathlib import Path

from bench.explore.export.layout import About
from bench.explore.export.maps import stored
from bench.explore.export.models import stored_models
from bench.explore.export.writer import sentence_if_refused, write
from bench.launch.spoken import SpokenBeat
from bench.launch.unit import UnitRun
from bench.stages.calibrate import CALIBRATE
from bench.stages.cohort import COHORT
from bench.stages.context import simulator
from bench.study import Study, Unit

#: the stream whose subjects are explained
STREAM = "evaluation"


def export(study: Study) -> Iterator[Path]:
    """Write `results/<study>/export/<simulator>/` for every simulator, and name each folder once it is whole.

    Explained subjects that are not stored yet are made (and the simulator calibrated); models and maps are exported
    where they are stored, and never computed.

    Raises:
        BadInput: where the folder cannot be written.
    """
    for unit in {u.simulator: u for u in reversed(study.units)}.values():
        yield _export(study, unit)


def _export(study: Study, unit: Unit) -> Path:
    folder = study.folder / "export" / unit.simulator
    with sentence_if_refused(folder):
        run = UnitRun(study, unit, SpokenBeat())
        calibrated = simulator(study, unit, run.value(CALIBRATE))
        cohort = run.value(COHORT)
        subjects = cohort.subjects.tolist()
        drawn = tuple(dict(row) for subject in subjects if (row := calibrated.record(subject, STREAM)))
        descriptions = {k: text for s in subjects for k, text in calibrated.describe_record(s, STREAM).items()}
        sources = tuple(source for subject in subjects if (source := calibrated.source(subject, STREAM)))
        visits = tuple(visit for subject in subjects if (visit := calibrated.visit(subject, STREAM)))
        about = About(
            unit.simulator,
            STREAM,
            unit.data_seed,
            calibrated.modality,
            drawn,
            descriptions,
            calibrated.heads,
            sources,
            visits,
        )
        return write(folder, cohort, about, stored(study, unit.simulator), stored_models(study, unit.simulator))
