"""How well the reference observer tells by the number of subjects it learns from; into results/benchmarks/observer.csv.

python tests/benchmarks/observer_subjects.py [SIMULATOR...]

Calibration fits the observer on 2,000 subjects, whatever a network learns from, and on the sides of a value, not on the
value itself. Here it learns from other numbers and is judged by the same subjects, at the committed amplitude:
`observer` reads all, `template` the response of the pattern alone, `statistics` all but that. `values` reads all,
learnt from the values; it is empty where there are classes. The simulators are those that a network told better than
the observer though no rule of a label explains it.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from label_rules import calibrated

from bench.passes.discrimination import auc
from simulators.draw.drawn import DrawnSubjects
from simulators.observe.readout import fit, regression
from simulators.observe.seen import SeenSubjects, with_pattern
from simulators.separability import FIT, STREAM, VERIFY, as_seen, observer

TABLE = Path(__file__).parents[2] / "results" / "benchmarks" / "observer.csv"
NAMES = ("hypometabolism", "brain_age", "mtl_deformation", "ventricular_enlargement")
COUNTS = (500, 1000, 2000, 4000, 8000)


def row(seen: SeenSubjects, other: SeenSubjects, graded: bool) -> dict[str, Any]:
    """The AUC of each reading, learnt from all subjects seen."""
    known, met = with_pattern(seen, other, seen.sides)
    readings = {"observer": slice(None), "template": slice(-1, None), "statistics": slice(-1)}
    scores = {name: fit(known[:, read], seen.sides, False)(met[:, read]) for name, read in readings.items()}
    if graded:
        known, met = with_pattern(seen, other, seen.labels)
        scores["values"] = met @ regression(known, seen.labels)
    judged = {name: round(auc(score, other.sides).value, 4) for name, score in scores.items()}
    return {"subjects": len(seen.sides), **judged}


def rows(name: str) -> list[dict[str, Any]]:
    """The rows of a simulator."""
    brain, amplitude = calibrated(name)
    watcher = observer(brain.parts, amplitude, DrawnSubjects(brain.parts, STREAM, range(FIT)))
    seen, other = (
        as_seen(brain.parts, amplitude, watcher, DrawnSubjects(brain.parts, stream, range(count)))
        for stream, count in ((STREAM, max(COUNTS)), ("verification", VERIFY))
    )
    graded = brain.parts.labels.kind == "regression"
    return [{"simulator": name, **row(seen.only(np.arange(count)), other, graded)} for count in COUNTS]


def main() -> None:
    """Measure the simulators that are named, or all; print, and write in place of their rows."""
    torch.set_num_threads(1)
    names = sys.argv[1:] or NAMES
    table = pd.DataFrame([one for name in names for one in rows(name)])
    if TABLE.is_file():
        kept = pd.read_csv(TABLE)
        table = pd.concat([kept[~kept["simulator"].isin(names)], table])
    table.to_csv(TABLE, index=False, lineterminator="\n")
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
