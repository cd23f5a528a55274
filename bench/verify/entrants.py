"""Other libraries' versions of methods through the checks that ours pass: results/published/entrants.csv.

python -m bench.verify.entrants
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
from bench.store import files

CONF = ROOT / "conf" / "entrants" / "method"
PATH = ROOT / "results" / "published" / "entrants.csv"
README = ROOT / "methods" / "README.md"
MARKERS = ("<!-- entrants -->", "<!-- /entrants -->")


class Finding(NamedTuple):
    """What one check found on one network.

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
        made: Any = build(node)  # type: ignore[arg-type]
    except BadInput as error:
        yield Finding(name, "", "", "", "", "absent", str(error), "")
        return
    version = importlib.metadata.version(made.package)
    for probe in (method_probe.favourable(), *method_probe.probes()):
        checks = [check_twin, *methods.applicable(made)] if not wrong(check_runs, made, probe) else [check_runs]
        for check in checks:
            title, found = check.__name__.removeprefix("check_"), wrong(check, made, probe)
            verdict, why = ("failed", made.flaws.get(title, "")) if found else ("passed", "")
            yield Finding(name, made.package, version, title, probe.name, verdict, found, why)


def check_runs(entrant: Any, probe: method_probe.Probe) -> None:
    """It gives a map at all."""
    method_run.result_of(entrant, probe)


def check_twin(entrant: Any, probe: method_probe.Probe) -> None:
    """For one class, its map is that of our method, to a thousandth."""
    one, model = replace(probe, target=1), probe.model()
    ours = method_run.map_of(entrant.ours(model), one, model)
    method_run.same(method_run.map_of(entrant, one, model), ours, 1e-3, "the map is not that of our method")


def wrong(check: Check, entrant: Any, probe: method_probe.Probe) -> str:
    """The sentence a check fails with, or the error it meets; empty where it passes."""
    with warnings.catch_warnings(action="ignore"), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        try:
            check(entrant, probe)
        except Exception as error:
            said = " ".join(str(error).split())[:120]
            return said if isinstance(error, AssertionError) else f"{type(error).__name__}: {said}"
    return ""


def measured(paths: Iterable[Path]) -> pd.DataFrame:
    """One row a finding."""
    return pd.DataFrame([found for path in paths for found in findings(path)], columns=Finding._fields)


def shown(table: pd.DataFrame) -> str:
    """Markdown, one row an entrant: checks passed, and what failed, with its number on the network named first."""
    lines = ["| entrant | library | passed | what fails |", "| --- | --- | --- | --- |"]
    for name, own in table.groupby("entrant", sort=False):
        failed, known = own[own["verdict"] == "failed"], own[own["verdict"] != "absent"]
        first = failed.drop_duplicates("check")
        said = [f"*{row.check}* ({row.network}): {row.found} — {row.why}" for row in first.itertuples()]
        of = f"{own['library'].iloc[0]} {own['version'].iloc[0]}" if len(known) else "not here"
        lines.append(f"| `{name}` | {of} | {len(known) - len(failed)} of {len(known)} | {'; '.join(said)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, write the table and its copy in the README of the methods."""
    torch.set_num_threads(1)
    table = measured(sorted(CONF.glob("*.yaml")))
    files.write_bytes(PATH, table.to_csv(index=False, lineterminator="\n").encode())
    head, rest = README.read_text().split(MARKERS[0], 1)
    text = f"{head}{MARKERS[0]}\n{shown(table)}\n{MARKERS[1]}{rest.split(MARKERS[1], 1)[1]}"
    files.write_bytes(README, text.encode())
    print(shown(table))


if __name__ == "__main__":
    main()
