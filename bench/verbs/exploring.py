"""Verbs that show simulators and models beside a study's tables."""

from bench.explore import portraits
from bench.explore import realism as beside_norms
from bench.explore.export.cohorts import export as folders
from bench.explore.views.write import write
from bench.launch.call import reading_caches
from bench.verbs.command import Command


def export(command: Command) -> int:
    """Write the explained subjects of every simulator named as NIfTI files in BIDS-like folders."""
    with reading_caches(command.study()[0]) as study:
        for folder in folders(study):
            print(folder)
    return 0


def portrait(command: Command) -> int:
    """Draw what each simulator named makes, into results/<study>/portraits."""
    with reading_caches(command.study()[0]) as study:
        for path in portraits.write(study):
            print(path)
    return 0


def realism(command: Command) -> int:
    """Measure healthy subjects of each anatomy named beside norms, into results/<study>/realism."""
    for path in beside_norms.write(command.study()[0]):
        print(path)
    return 0


def views(command: Command) -> int:
    """Draw what else can be seen of a model than maps, into results/<study>/views."""
    with reading_caches(command.study()[0]) as study:
        for folder in write(study):
            print(folder)
    return 0
