"""Places below results/published: the folder of a study holds its tables, or its editions, each of which holds them.

The newest edition of a study is the published one: whoever looks for the tables of a study finds those.
"""

import re
from pathlib import Path

from bench.provenance import ROOT

PUBLISHED = ROOT / "results" / "published"
ABOUT = "study.json"
_EDITION = re.compile(r"edition-([1-9]\d*)")


def edition_folder(study: Path, number: int) -> Path:
    """The folder of an edition in the folder of its study."""
    return study / f"edition-{number}"


def editions(study: Path) -> dict[int, Path]:
    """{number: folder} of the editions in the folder of a study, the newest last."""
    named = ((_EDITION.fullmatch(path.name), path) for path in study.glob("edition-*") if path.is_dir())
    return dict(sorted((int(match[1]), path) for match, path in named if match))


def tables_in(study: Path) -> Path:
    """The tables in the folder of a study: its newest edition, or the folder itself where it has none."""
    return next(reversed(editions(study).values()), study)


def studies(published: Path | None = None) -> list[Path]:
    """The tables of every published study, by name."""
    tables = [tables_in(path) for path in _named(published)]
    return [folder for folder in tables if (folder / ABOUT).is_file()]


def every_edition(published: Path | None = None) -> list[Path]:
    """The folders of all editions of all studies."""
    return [folder for path in _named(published) for folder in editions(path).values()]


def _named(published: Path | None) -> list[Path]:
    """What lies below results/published, or another folder, but for what a publish in the middle hides."""
    return sorted(path for path in (published or PUBLISHED).glob("*") if not path.name.startswith("."))


def study_name(tables: Path) -> str:
    """The name of the study whose tables a folder of results/published holds."""
    return tables.parent.name if _EDITION.fullmatch(tables.name) else tables.name
