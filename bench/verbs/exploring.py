"""Verbs that show simulators and models beside a study's tables."""

from bench.explore import portraits
from bench.explore import realism as beside_norms
from bench.explore.export.cohorts import export as folders
from bench.explore.views.write import write
from bench.launch import caches
from bench.verbs.command import Command


def export(command: Command) -> int:
    """Write the explained subjects of every simulator named as NIfTI files in BIDS-like folders."""
    study = command.study()[0]
    for folder in folders(study):
        print(folder)
    caches.drop(study)
    return 0


def portrait(command: Command) -> int:
    """Draw what each simulator named makes, into results/<study>/portraits."""
    study = command.study()[0]
    for path in portraits.write(study):
        print(path)
    caches.drop(study)
    return 0


def realism(command: Command) -> int:
    """Measure healthy subjects of each anatomy named beside norms, into results/<study>/realism."""
    for path in beside_norms.write(command.study()[0]):
        print(path)
    return 0


def views(command: Command) -> int:
    """Draw what else can be seen of a model than maps, into results/<study>/views."""
    study = command.study()[0]
    for folder in write(study):
        print(folder)
    caches.drop(study)
    return 0
