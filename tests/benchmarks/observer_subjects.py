"""How well the reference observer tells by the number of subjects it learns from; into results/benchmarks/observer.csv.

python tests/benchmarks/observer_subjects.py
Calibration fits the observer on 2,000 subjects, whatever a network learns from. Here it learns from other numbers and
is judged by the same subjects, at the committed amplitude: `observer` reads all, `template` the response of the pattern
alone, `statistics` all but that.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from label_rules import calibrated

from bench.passes.discrimination import auc
from simulators.draw.drawn import DrawnSubjects
from simulators.observe.readout import fit
from simulators.observe.seen import SeenSubjects, with_pattern
from simulators.separability import FIT, STREAM, VERIFY, as_seen, observer

TABLE = Path(__file__).parents[2] / "results" / "benchmarks" / "observer.csv"
NAME, COUNTS = "hypometabolism", (500, 1000, 2000, 4000, 8000)


def row(seen: SeenSubjects, other: SeenSubjects) -> dict[str, Any]:
    """The AUC of each reading, learnt from all subjects seen."""
    known, met = with_pattern(seen, other, seen.sides)
    readings = {"observer": slice(None), "template": slice(-1, None), "statistics": slice(-1)}
    scores = {
        name: auc(fit(known[:, read], seen.sides, False)(met[:, read]), other.sides) for name, read in readings.items()
    }
    return {"subjects": len(seen.sides), **{name: round(score.value, 4) for name, score in scores.items()}}


def main() -> None:
    """Measure, print, write."""
    torch.set_num_threads(1)
    brain, amplitude = calibrated(NAME)
    watcher = observer(brain.parts, amplitude, DrawnSubjects(brain.parts, STREAM, range(FIT)))
    seen, other = (
        as_seen(brain.parts, amplitude, watcher, DrawnSubjects(brain.parts, stream, range(count)))
        for stream, count in ((STREAM, max(COUNTS)), ("verification", VERIFY))
    )
    table = pd.DataFrame([{"simulator": NAME, **row(seen.only(np.arange(count)), other)} for count in COUNTS])
    table.to_csv(TABLE, index=False, lineterminator="\n")
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
