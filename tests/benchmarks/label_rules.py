"""What the reference observer does not see of a label that several parts decide; into results/benchmarks/rules.csv.

python tests/benchmarks/label_rules.py
Its discriminant adds statistics up. Here the same statistics are read by the rule of the label as well: one
discriminant a part says how likely that part is there, and the likelihood ratio of the patterns of both classes
follows. Both readings learn from the subjects that the amplitude was searched on, and are judged by those that it was
verified on.
"""

import json
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.special import logsumexp

from bench.config import compose
from bench.config.build import build
from bench.passes.discrimination import AUC, auc
from bench.stages.calibrate import CALIBRATE, CALIBRATIONS
from bench.store.keys import describe, key
from simulators.brain import Brain
from simulators.draw.bank import fill
from simulators.draw.subject import healthy
from simulators.observe.readout import discriminant
from simulators.observe.seen import SeenSubjects, separated, with_pattern
from simulators.separability import FIT, STREAM, VERIFY, Search, as_seen

TABLE = Path(__file__).parents[2] / "results" / "benchmarks" / "rules.csv"
NAMES = ("and_hemispheres", "or_redundant", "or_pairs", "xor_hemispheres")


def calibrated(name: str) -> tuple[Brain, float]:
    """A simulator of conf/simulator and its committed amplitude."""
    node = compose.study(["study=tiny", f"simulator={name}"]).simulators[name]
    told = {"stage": "calibrate", "version": CALIBRATE.version, "simulator": key(describe(node))}
    return build(node), json.loads((CALIBRATIONS / f"{key(told)}.json").read_text())["amplitude"]


def both_seen(brain: Brain, amplitude: float) -> tuple[SeenSubjects, SeenSubjects]:
    """What the observer sees of the subjects of the search and of those of the verification."""
    with tempfile.TemporaryDirectory() as place:
        fill(Path(place), partial(healthy, brain.parts), {STREAM: FIT})
        search = Search(brain.parts, Path(place), range(FIT), {}, lambda _: None)
        watcher, seen = search.seen(amplitude, tuple(range(FIT)))
        return seen, as_seen(brain.parts, amplitude, watcher, search.fresh(VERIFY))


def evidence(known: np.ndarray, present: np.ndarray, met: np.ndarray) -> np.ndarray:
    """Log-likelihood ratio (n,) of a part being there, by statistics (n, F), learnt from (m, F) and (m,) in {0, 1}.

    Normal with one variance, the scores of a discriminant have a ratio that is linear in them.
    """
    weights = discriminant(known, present)
    sick, well = ((known @ weights)[present == state] for state in (1, 0))
    slope = (sick.mean() - well.mean()) / ((sick.var() + well.var()) / 2)
    return slope * (met @ weights - (sick.mean() + well.mean()) / 2)


def by_rule(brain: Brain, seen: SeenSubjects, other: SeenSubjects) -> AUC:
    """AUC of the likelihood ratio of the patterns of both classes, each as frequent as the next."""
    task: Any = brain.task
    known, met = with_pattern(seen, other, seen.sides)
    present = np.array([task.pattern(subject) for subject in range(len(known))])
    parts = np.stack([evidence(known, part, met) for part in present.T], axis=1)
    sick, well = (logsumexp(parts @ np.array(task.classes[c], np.float64).T, axis=1) for c in task.target)
    return auc(sick - well, other.sides)


def row(name: str) -> dict[str, Any]:
    """One simulator, with both readings."""
    brain, amplitude = calibrated(name)
    seen, other = both_seen(brain, amplitude)
    readings = {
        "observer": separated(seen, other, brain.parts.labels.products),
        "rule": by_rule(brain, seen, other),
    }
    columns = [f"{reading}{end}" for reading in readings for end in ("", "_low", "_high")]
    values = [round(value, 4) for reading in readings.values() for value in reading]
    return {"simulator": name, **dict(zip(columns, values, strict=True))}


def main() -> None:
    """Measure, print, write."""
    torch.set_num_threads(1)
    table = pd.DataFrame([row(name) for name in NAMES])
    table.to_csv(TABLE, index=False, lineterminator="\n")
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
