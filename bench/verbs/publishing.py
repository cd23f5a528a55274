"""Verbs about published studies: publish one, and what has moved since."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from bench import report as pages
from bench.contracts import BadInput
from bench.plan import published_prices
from bench.provenance import ROOT
from bench.published import citation, edition, places
from bench.report.load import files as load
from bench.store import files, ledger
from bench.study import PAGE, Study
from bench.verbs.command import Command
from bench.verbs.editions import EDITION, check_next, edition_numbers, edition_of, taken_already
from bench.verbs.reading import readable, tables_of
from bench.verify import changes
from bench.verify.carry import carry
from bench.verify.commits import commit_of
from bench.verify.whole import check_whole

#: what of a study is published: everything but the plan, heartbeats and logs of the run
TABLES = (*edition.TABLES, "*.html", "figures/*", "views/*/*")


def publish(command: Command) -> int:
    """Copy a study's tables, figures and page to results/published/<study>, and its tables into the READMEs.

    edition=N: as an edition, into a folder that nothing changes afterwards. Portraits, audits and realism of
    simulators as shipped go to results/published, with or without tables.
    """
    values, others = command.taken(EDITION)
    study = others.study()[0]
    target = next((_publish_edition(study, number) for number in edition_numbers(values, most=1)), None)
    carried = list(carry(study))
    print("\n".join(map(str, carried)), end="\n" * bool(carried))
    if target is None and carried and not (study.folder / "study.json").exists():
        return 0
    return _published(study, target or _publish_tables(study))


def _publish_tables(study: Study) -> Path:
    folder = tables_of(study)
    _check_publishable(folder)
    target = places.PUBLISHED / folder.name
    if known := places.editions(target):
        raise BadInput(
            f"{target} has editions, which do not change; publish the next one with edition={max(known) + 1}"
        )
    with files.scratch(target) as copy:
        _copy_tables(folder, copy)
        files.publish(copy, target, replace=True)
    return target


def _publish_edition(study: Study, number: int) -> Path:
    home = places.PUBLISHED / study.folder.name
    check_next(home, number)
    folder = tables_of(study)
    _check_publishable(folder)
    target, last = places.edition_folder(home, number), places.edition_folder(home, number - 1)
    commit, machines = _checked(study, folder)
    files.sweep(home)
    with files.scratch(target) as copy, readable():
        _copy_tables(folder, copy)
        if number > 1:
            files.write_bytes(copy / changes.DRIFTED, as_csv(pages.drift(last, copy)))
        record = edition.record(copy, folder.name, number, commit, machines)
        citation.cite(copy / PAGE, record["citation"])
        edition.write(copy, record)
        if not files.publish(copy, target):
            raise taken_already(home, number)
    list(changes.write_changes())
    print(record["citation"])
    return target


def _checked(study: Study, folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """Commit and machines of tables that are an edition; raises BadInput where they are none."""
    wrong = ledger.disagreeing(folder)
    if wrong or not (folder / PAGE).is_file():
        what = f"{folder / wrong[0]} is not what was written" if wrong else f"{folder} has no page"
        raise BadInput(f"{what}; write it anew with 'python -m bench tables', then 'python -m bench report'")
    with readable():
        rows = load.parquet_as_texts(folder / "provenance.parquet")
    origin = commit_of(folder, rows)
    check_whole(study, folder, rows)
    return origin


def _published(study: Study, target: Path) -> int:
    """Write what READMEs and estimates take from tables that were published."""
    write_readmes(study.folder.name, target)
    date = pd.read_parquet(target / "provenance.parquet", columns=["date"])["date"].max()
    published_prices.write(study, pd.read_parquet(target / "costs.parquet"), str(date))
    print(target)
    return 0


def write_readmes(name: str, tables: Path) -> None:
    """Write the tables of a published study into the READMEs that have markers for them."""
    with readable():
        for readme in (ROOT / part / "README.md" for part in ("results", "simulators", "bench/networks")):
            pages.write_readme(readme, name, tables)


def _copy_tables(folder: Path, copy: Path) -> None:
    for path in [path for name in TABLES for path in sorted(folder.glob(name))]:
        kept = copy / path.relative_to(folder)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, kept)


def _check_publishable(folder: Path) -> None:
    """Refuse tables of the user's own scans: pictures of heads and names of files would lie where git looks."""
    heads: dict[str, str] = files.json_object(folder / "study.json").get("heads", {})
    if scanned := [name for name, of in heads.items() if of == "scans"]:
        raise BadInput(
            f"{folder} shows heads of scans ({scanned[0]}), and results/published is committed; nothing was published, "
            "copy the folder yourself where it may be seen"
        )


def as_csv(table: pd.DataFrame) -> bytes:
    """A table as the bytes of its file."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def drift(command: Command) -> int:
    """Say what moved from the published study to a fresh run, or from one edition to another; 1 where a mean did.

    edition=N: from that edition; edition=N,M: from the first to the second. The table goes to results/<study>/drift.
    """
    values, others = command.taken(EDITION)
    numbers, study = edition_numbers(values, most=2), others.study()[0]
    home = places.PUBLISHED / study.folder.name
    earlier, *later = [edition_of(home, number) for number in numbers] or [places.tables_in(home)]
    if not (earlier / places.ABOUT).is_file():
        raise BadInput(f"nothing is published in {home}; do so with 'python -m bench publish'")
    fresh = later[0] if later else tables_of(study)
    with readable():
        moved = pages.drift(earlier, fresh)
    for sentence in pages.drift_sentences(moved):
        print(f"drift: {sentence}")
    path = study.folder / "drift" / changes.DRIFTED
    files.write_bytes(path, as_csv(moved))
    print(f"{earlier} to {fresh}: {pages.drift_summary(moved)}; {path}")
    return 1 if pages.has_drifted(moved) else 0
