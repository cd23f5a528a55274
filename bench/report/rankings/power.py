"""Leads that a study of a given size would show, from the variance components of one that was run."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.report.load.files import untyped
from bench.report.load.results import Ranking
from bench.report.rankings.comparisons import SUBJECTS_A_DEGREE
from bench.report.statistics.intervals import ENOUGH_DATA_SEEDS, ENOUGH_SUBJECTS
from bench.report.statistics.power import least_lead


def sentences(
    source: Path, headlines: list[Ranking], data_seeds: int, model_seeds: int, subjects: dict[str, int], claims: int,
    simulators: int = 1,
) -> Iterator[str]:  # fmt: skip
    """One sentence a ranking: the least lead that is shown in 8 of 10 studies of so many seeds and subjects.

    source: results folder of the study that was run. subjects: of each ranking, on one simulator. claims: comparisons
    that the study declares. simulators: of its largest group, whose subjects count together. A ranking without
    components there has none, and one that can only be a preview is told that it claims nothing.
    """
    components = untyped(source / "components.csv")
    passed = untyped(source / "gates.csv").query("n_passed > 0")[["simulator", "network"]]
    for headline in headlines:
        case = ["metric", "truth", "view"]
        mine = components[components[case].fillna("").eq([headline.metric, headline.truth, headline.view]).all(axis=1)]
        size = data_seeds, model_seeds, subjects[headline.ranking]
        places = {
            place: dict(zip(rows["component"], rows["variance"], strict=True))
            for place, rows in mine.merge(passed).groupby(["simulator", "network"])
        }
        alone = [least_lead(variance, *size) for variance in places.values()]
        most = subjects[headline.ranking] / SUBJECTS_A_DEGREE
        claimed = [least_lead(variance, *size, claims, most) for variance in places.values()]
        few = _too_few(data_seeds, subjects[headline.ranking] * simulators)
        if places and not np.isnan(alone).any():
            among = f"claimed among {claims} comparisons if it is {_span(claimed)}"
            yield (
                f"{headline.ranking}: a lead of {_span(alone)} of one method over another is shown by itself in 8 of "
                f"10 studies, and {f'none is ranked or claimed ({few})' if few else among}, by the variances of "
                f"{source.name}, {', '.join(f'{network} on {simulator}' for simulator, network in places)}"
            )


def _too_few(data_seeds: int, subjects: int) -> str:
    """All that a study lacks for a claim; "" where it lacks nothing."""
    lacks = [
        f"{count} {what}, of {enough} at least"
        for count, what, enough in (
            (data_seeds, "data seeds", ENOUGH_DATA_SEEDS),
            (subjects, "subjects in a group", ENOUGH_SUBJECTS),
        )
        if count < enough
    ]
    return f"a preview: {' and '.join(lacks)}" if lacks else ""


def _span(leads: list[float]) -> str:
    return f"{min(leads):.2f} to {max(leads):.2f}"
