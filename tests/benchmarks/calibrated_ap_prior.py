"""The range that calibrated AP leaves at several priors, written to results/benchmarks/calibrated_ap_prior.csv.

For every shipped simulator, without any network: `ceiling`, the score of the truth averaged over cells of so many
voxels, which is what a method that sees no finer can reach; `blind`, the best of the maps that know no model (the
image, the mean truth of other patients); and `range`, their mean difference over patients in units of the half-width
of its 95 % interval. A prior is good where the smallest of the ranges is large: there methods can be told apart. The
last lines printed are the 10 % quantile over moving-place simulators by prior and cell.

python tests/benchmarks/calibrated_ap_prior.py
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy import stats
from torch import Tensor

from bench.config.build import build
from bench.config.compose import study
from bench.contracts import Context
from methods.oracle_coarse import CoarseOracle
from metrics.overlap import CalibratedAP

ROOT = Path(__file__).parents[2]
PRIORS, CELLS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2), (1, 2, 4, 8)
#: explained subjects drawn, about half of them patients
SUBJECTS = 48
#: of every simulator: how strong a lesion is moves hardly any voxel in or out of the truth
AMPLITUDE = 0.5


def rows(name: str) -> Iterator[dict[str, object]]:
    """The lines of a simulator; none where no voxel says where its disease is."""
    (node,) = study(["study=quick", f"simulator={name}"]).simulators.values()
    simulator = build(node).with_amplitude(AMPLITUDE)
    cohort = simulator.cohort(range(SUBJECTS), "evaluation")
    truth = cohort.truths.get("counterfactual")
    if truth is None or truth.volume is None:
        return
    sick = (simulator.sides(cohort.targets) == 1) & (truth.volume != 0).flatten(1).any(1)
    images, volume, domain = cohort.images[sick], truth.volume[sick].abs(), cohort.domain[sick]
    others = (volume.sum(0) - volume) / (len(volume) - 1)
    context = Context(domain=domain, truths={"counterfactual": type(truth)("counterfactual", volume)})
    known = {"simulator": name, "place": simulator.place, "family": simulator.family, "n_patients": len(volume)}
    for prior in PRIORS:
        blind = {kind: scores(prior, maps, context) for kind, maps in {"image": images, "others": others}.items()}
        best = max(blind, key=lambda kind: np.nanmean(blind[kind]))
        for cell in CELLS:
            top = scores(prior, CoarseOracle(edge=cell)(None, images, 1, context), context)
            yield known | {"prior": prior, "cell": cell, "best_blind": best, **compared(top, blind[best])}


def scores(prior: float, maps: Tensor, context: Context) -> np.ndarray:
    """(N,) calibrated AP on the counterfactual."""
    return CalibratedAP(prior=prior).map(maps.abs(), context.truths["counterfactual"], context).numpy()


def compared(top: np.ndarray, blind: np.ndarray) -> dict[str, float]:
    """The two means, and the range."""
    lead = (top - blind)[~np.isnan(top + blind)]
    half_width = stats.t.ppf(0.975, len(lead) - 1) * lead.std(ddof=1) / len(lead) ** 0.5
    means = {"ceiling": float(np.nanmean(top)), "blind": float(np.nanmean(blind))}
    return {**means, "range": float(lead.mean() / half_width) if half_width else np.nan}


def main() -> None:
    torch.set_num_threads(1)
    shipped = sorted(path.stem for path in (ROOT / "conf" / "simulator").glob("*.yaml"))
    found = pd.DataFrame([row for name in shipped for row in rows(name)]).round(4)
    found.to_csv(ROOT / "results" / "benchmarks" / "calibrated_ap_prior.csv", index=False)
    moving = found[found["place"] == "moving"].groupby(["cell", "prior"])
    for cell, prior in product(CELLS, PRIORS):
        mine = moving.get_group((cell, prior))
        print(f"cell {cell}, prior {prior}: ceiling {mine['ceiling'].quantile(0.1):.2f}, "
              f"range {mine['range'].quantile(0.1):.1f} in one of ten simulators or fewer")  # fmt: skip


if __name__ == "__main__":
    main()
