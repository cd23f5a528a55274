"""Changes of a study from edition to edition, CHANGES.md: made from what drift.csv of each says, never by hand."""

from collections.abc import Iterator
from pathlib import Path

from bench import report
from bench.columns.between import DRIFT
from bench.published.edition import Edition
from bench.published.places import editions, every_edition
from bench.report.load import files as load
from bench.store import files

CHANGES, DRIFTED = "CHANGES.md", "drift.csv"


def write_changes() -> Iterator[Path]:
    """Write the changes of every study that has editions; yields the files."""
    for study in sorted({folder.parent for folder in every_edition()}):
        files.write_bytes(study / CHANGES, changes_of(study).encode())
        yield study / CHANGES


def changes_of(study: Path) -> str:
    """The changes in the folder of a study, the newest edition first."""
    head = f"# Changes of `{study.name}`\n\nWritten by `python -m bench publish` from drift.csv of each edition. "
    parts = [_edition(number, folder) for number, folder in reversed(editions(study).items())]
    return "\n".join([head + report.DRIFT_RULE, *parts]) + "\n"


def _edition(number: int, folder: Path) -> str:
    record = Edition.of(folder).record
    title = f"\n## Edition {number}, {record['date'][:10]}\n\nCommit {record['commit']}, sha256 {record['digest']}.\n"
    if number == 1:
        return f"{title}\nThe first edition."
    table = load.csv(folder / DRIFTED, DRIFT)
    lines = [f"- {sentence}" for sentence in report.drift_sentences(table)]
    return "\n".join([title, f"Against edition {number - 1}: {report.drift_summary(table)}.", *lines])
