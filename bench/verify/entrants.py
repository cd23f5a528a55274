"""Other libraries' versions of methods through the checks that ours pass: results/entrants/entrants.csv.

`python -m bench publish name=entrants` carries the table to results/published, and what it says into the READMEs.
"""

import importlib.metadata
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch
from omegaconf import OmegaConf

from bench.checks import method_probe, method_run, methods
from bench.checks.methods import Check
from bench.config.build import build
from bench.contracts import BadInput
from bench.provenance import ROOT
from bench.published.places import PUBLISHED
from bench.store import files
from bench.verify import catalogue, markdown

CONF = ROOT / "conf" / "entrants" / "method"
NAME = "entrants.csv"
FOUND = ROOT / "results" / "entrants" / NAME
PATH = PUBLISHED / NAME
PAGE = ROOT / "methods" / "entrants" / "README.md"


class Finding(NamedTuple):
    """The finding of one check on one network.

    verdict: `passed`, `failed`, or `absent` where the library is not here. found: what is wrong, with its number; why:
    what the entrant's author knows of it.
    """

    entrant: str
    library: str
    version: str
    check: str
    network: str
    verdict: str
    found: str
    why: str


def findings(path: Path) -> Iterator[Finding]:
    """Every check that an entrant's YAML calls for, on every network; `runs` alone where it gives no map there."""
    name, node = path.stem, OmegaConf.to_container(OmegaConf.load(path))
    try:
        entrant: Any = build(node)  # type: ignore[arg-type]
    except BadInput as error:
        yield Finding(name, "", "", "", "", "absent", str(error), "")
        return
    version = importlib.metadata.version(entrant.package)
    for probe in (method_probe.favourable(), *method_probe.probes()):
        checks = [check_twin, *methods.applicable(entrant)] if not wrong(check_runs, entrant, probe) else [check_runs]
        for check in checks:
            title, complaint = check.__name__.removeprefix("check_"), wrong(check, entrant, probe)
            verdict, why = ("failed", entrant.flaws.get(title, "")) if complaint else ("passed", "")
            yield Finding(name, entrant.package, version, title, probe.name, verdict, complaint, why)


def check_runs(entrant: Any, probe: method_probe.MethodProbe) -> None:
    """It gives a map at all."""
    method_run.result_of(entrant, probe)


def check_twin(entrant: Any, probe: method_probe.MethodProbe) -> None:
    """For one class, its map is that of our method, to a thousandth."""
    one, model = replace(probe, target=1), probe.model()
    ours = method_run.map_of(entrant.ours(model), one, model)
    method_run.must_agree(method_run.map_of(entrant, one, model), ours, 1e-3, "the map is not that of our method")


def wrong(check: Check, entrant: Any, probe: method_probe.MethodProbe) -> str:
    """The sentence a check fails with, or the error it meets; empty where it passes."""
    with warnings.catch_warnings(action="ignore"), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        try:
            check(entrant, probe)
        except Exception as error:
            text = " ".join(str(error).split())[:120]
            return text if isinstance(error, AssertionError) else f"{type(error).__name__}: {text}"
    return ""


def findings_table(paths: Iterable[Path]) -> pd.DataFrame:
    """One row per finding."""
    return pd.DataFrame([finding for path in paths for finding in findings(path)], columns=Finding._fields)


def overview(table: pd.DataFrame) -> str:
    """Markdown, one row per entrant: checks passed, and which failed."""
    rows = []
    for name, mine in table.groupby("entrant", sort=False):
        failed, known = mine[mine["verdict"] == "failed"], mine[mine["verdict"] != "absent"]
        titles = ", ".join(f"*{check}*" for check in dict.fromkeys(failed["check"]))
        rows.append([f"`{name}`", _release(mine), f"{len(known) - len(failed)} of {len(known)}", titles])
    return markdown.table(["entrant", "library", "passed", "what fails"], rows)


def page(table: pd.DataFrame) -> str:
    """Markdown, one section an entrant that fails: what, with its number on the network named first, and why."""
    lines = ["# What other libraries' versions fail, and why", "", "Written by `python -m bench entrants`; by no hand."]
    failed = table[table["verdict"] == "failed"].drop_duplicates(["entrant", "check"])
    for name, mine in failed.groupby("entrant", sort=False):
        lines += ["", f"## `{name}`, {_release(mine)}", ""]
        for row in mine.itertuples():
            lines += [f"- *{row.check}*, on `{row.network}`: {row.found}", f"  ({row.why})"]
    return "\n".join(lines) + "\n"


def _release(rows: pd.DataFrame) -> str:
    return f"{rows['library'].iloc[0]} {rows['version'].iloc[0]}" if (rows["verdict"] != "absent").any() else "not here"


def write_findings() -> Path:
    """Measure, print, and write the table."""
    torch.set_num_threads(1)
    table = findings_table(sorted(CONF.glob("*.yaml")))
    files.write_bytes(FOUND, table.to_csv(index=False, lineterminator="\n").encode())
    print(overview(table))
    return FOUND


def write_pages(path: Path) -> Iterator[Path]:
    """Write the page of failures, and the overview in the README of the methods, from a table."""
    table = pd.read_csv(path, keep_default_na=False)
    overviewed = markdown.with_lines(catalogue.METHODS, "entrants", overview(table))
    for place, text in ((PAGE, page(table)), (catalogue.METHODS, overviewed)):
        files.write_bytes(place, text.encode())
        yield place
