"""Floors and ceilings beside every ranking: the part of a score that another model or another subject gives as well.

Each is the mean, on the same simulators and network, of a metric that the study ran; NaN where it did not.
"""

import pandas as pd

from bench.columns.metric_names import MetricName, label_of
from bench.report.load.results import Results
from bench.report.statistics.intervals import Array

#: gains in the score of a truth and the metrics that give them: over the untrained model, and over another subject's
#: map of the same class
GAINS = {"learned_gain": ["learned_gain", "learned_gain_use"], "individual_gain": ["individual_gain"]}
#: likeness of a subject's maps over models trained anew; of different subjects' maps; of untrained models' maps
STABILITY = "retraining_stability"
LIKENESS = {"stability": "", "floor_subjects": "floor_subjects", "floor_untrained": "floor_untrained"}
NUMBERS = [*GAINS, *LIKENESS, "convergence"]


def columns(results: Results, board: pd.DataFrame, cells: pd.DataFrame, gains: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The columns FLOORS of the rows of a leaderboard.

    cells: what `means.table` gives; gains: the same in the strata of each ranking. A gain stands beside the rankings
    by its truth, over the subjects that they count. convergence: likeness of a method's maps to those made with other
    noise, a ceiling of every other likeness; below 0.9 it is `unconverged`, whatever its rank.
    """
    cells = cells[cells["view"].isin(("", "abs"))]
    beside = pd.DataFrame(index=board.index)
    named = [rows.assign(ranking=ranking) for ranking, rows in gains.items()]
    held = pd.concat(named) if named else cells[:0].assign(ranking="")
    compared_on = held["metric"].map(results.metrics.set_index("metric")["compared_on"])
    held = held.assign(truth=held["truth"].where(held["truth"] != "", compared_on))
    labels = results.metrics["metric"]
    for name, metrics in GAINS.items():
        rows = held[held["metric"].isin([label_of(metric, labels) for metric in metrics])]
        beside[name] = _looked_up(rows, board, ["ranking", "simulator", "network", "method", "truth"])
    for name, column in LIKENESS.items():
        metric = str(MetricName(label_of(STABILITY, labels), column))
        beside[name] = _looked_up(cells[cells["metric"] == metric], board, ["simulator", "network", "method"])
    noisy = results.methods.set_index("method").reindex(board["method"])
    beside["convergence"] = noisy["convergence"].to_numpy()
    beside["unconverged"] = (noisy["converged"] == "False").to_numpy()
    return beside


def _looked_up(cells: pd.DataFrame, board: pd.DataFrame, keys: list[str]) -> Array:
    """The mean of the cell of each row of the board."""
    means = cells.drop_duplicates(keys).set_index(keys)["mean"]
    return means.reindex(pd.MultiIndex.from_frame(board[keys])).to_numpy()
