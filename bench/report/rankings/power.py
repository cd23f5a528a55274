"""Leads that a study of a given size would show, from the variance components of one that was run."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.report.load.files import untyped
from bench.report.load.results import Ranking
from bench.report.statistics.power import least_lead


def sentences(
    source: Path, headlines: list[Ranking], data_seeds: int, model_seeds: int, subjects: dict[str, int]
) -> Iterator[str]:
    """One sentence a ranking: the least lead that is shown in 8 of 10 studies of so many seeds and subjects.

    source: results folder of the study that was run. subjects: of each ranking. A ranking without components there
    has none.
    """
    components = untyped(source / "components.csv")
    passed = untyped(source / "gates.csv").query("n_passed > 0")[["simulator", "network"]]
    for headline in headlines:
        case = ["metric", "truth", "view"]
        mine = components[components[case].fillna("").eq([headline.metric, headline.truth, headline.view]).all(axis=1)]
        size = data_seeds, model_seeds, subjects[headline.ranking]
        leads = {
            place: least_lead(dict(zip(rows["component"], rows["variance"], strict=True)), *size)
            for place, rows in mine.merge(passed).groupby(["simulator", "network"])
        }
        if leads and not np.isnan(list(leads.values())).any():
            yield (
                f"{headline.ranking}: a lead of {min(leads.values()):.2f} to {max(leads.values()):.2f} of one method "
                f"over another is shown by itself in 8 of 10 studies, by the variances of {source.name}, "
                f"{', '.join(f'{network} on {simulator}' for simulator, network in leads)}"
            )
