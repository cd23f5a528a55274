"""The native ceiling of CAM methods: what the truth itself scores on the grid of the layer that they read."""

import json

import numpy as np
import pandas as pd

from bench.report.statistics.intervals import Array

#: a ceiling that lies less than this above chance leaves no room in which to tell methods apart
LEAST = 0.3


def ceilings(methods: pd.DataFrame, truth: str, names: list[str], mean: Array) -> Array:
    """(M,): for a method of the family `cam` the mean score of the truth on the grid of its layer, else NaN.

    methods: methods.csv. mean: (M,) scores of the methods in `names`. A layer whose oracle the study does not run has
    no ceiling.
    """
    layer = methods["parameters"].map(json.loads).map(lambda given: given.get("layer"))
    table = methods.assign(layer=layer)[layer.notna().to_numpy()]
    score = dict(zip(names, mean, strict=True))
    oracles = table[(table["role"] == "oracle") & (table["truth"] == truth)]
    ceilings = {layer: score.get(name, np.nan) for layer, name in oracles[["layer", "method"]].itertuples(index=False)}
    reads = table[table["family"] == "cam"].set_index("method")["layer"]
    return np.array([ceilings.get(reads[name], np.nan) if name in reads else np.nan for name in names], dtype=float)
