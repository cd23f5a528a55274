"""Courses of an export: the means of a truth by region, visit by visit, of persons who came more than once."""

import numpy as np
import pandas as pd
from torch import Tensor

from bench.contracts import Cohort, courses
from bench.explore.export.layout import Layout, bids_label, write_table


def write(layout: Layout, cohort: Cohort) -> None:
    """Write a table per person and truth with a volume: a row per region, a column per session; none without visits."""
    names, table = layout.names(len(cohort)), cohort.region_names
    volumes = {name: truth.volume for name, truth in cohort.truths.items() if truth.volume is not None}
    for rows in courses(dict(enumerate(layout.visits))).values():
        person = names[rows[0]].split("_")[0]
        for truth, volume in volumes.items():
            means = {names[row].split("_")[1]: _means(volume[row], cohort.regions[row], len(table)) for row in rows}
            path = layout.derivatives() / person / f"{person}_desc-{bids_label(truth)}_course.tsv"
            write_table(path, pd.DataFrame({"name": table, **means}))


def _means(volume: Tensor, regions: Tensor, count: int) -> np.ndarray:
    """(R,) means of a volume (1, D, H, W) in each region, NaN where it has no voxel."""
    labels, values = regions.flatten().numpy().astype(np.int64), volume.flatten().double().numpy()
    voxels, total = (np.bincount(labels, weights, minlength=count + 1)[1:] for weights in (None, values))
    return total / np.where(voxels > 0, voxels, np.nan)
