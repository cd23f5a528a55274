"""Pieces beside a study's tables that `publish` carries to results/published: of simulators as shipped, and no others.

A simulator of the user's, with other settings or with heads of the user's scans, stays in results/<study>.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from bench.config import compose
from bench.config.overrides import options
from bench.contracts import BadInput
from bench.published.places import PUBLISHED
from bench.study import PORTRAITS, REALISM, Study
from bench.tables import simulator_audits
from bench.verify import entrants


def carry(study: Study, target: Path = PUBLISHED) -> Iterator[Path]:
    """Copy portraits, audits, realism and entrants of a study's folder to `target`, naming each file."""
    pictures = sorted((study.folder / PORTRAITS).glob("*.png"))
    measured = sorted((study.folder / REALISM).glob("*"))
    audits = simulator_audits.read(simulator_audits.place_of(study))
    shipped = as_shipped(study) if pictures or measured or len(audits) else set()
    yield from (_copy(path, target / PORTRAITS) for path in pictures if path.stem in shipped)
    if len(mine := audits[audits["simulator"].isin(shipped)]):
        simulator_audits.write(mine, path := target / PORTRAITS / simulator_audits.NAME)
        yield path
    # an anatomy is measured once for all simulators that have it
    yield from (_copy(path, target / REALISM) for path in measured if chosen_alone(study))
    if (table := study.folder / entrants.NAME).exists():
        yield _copy(table, target)
        yield from entrants.write_pages(table)


def as_shipped(study: Study) -> set[str]:
    """The simulators of a study that are what a file of conf/simulator says, word for word."""
    names = [name for name in options("simulator", [compose.CONF]) if name in study.simulators]
    nodes = compose.study([f"simulator={','.join(names)}"]).simulators if names else {}
    return {name for name, node in nodes.items() if node == study.simulators[name]}


def chosen_alone(study: Study) -> bool:
    """Whether a study's simulators are files of conf/simulator with an anatomy of conf/simulator/anatomy, unchanged."""
    groups = ("study", "simulator", "simulator/anatomy")
    try:
        chosen = compose.study([word for word in study.command if word.partition("=")[0] in groups])
    except BadInput:  # a file of the user's
        return False
    return chosen.simulators == study.simulators


def _copy(path: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(path, folder / path.name))
