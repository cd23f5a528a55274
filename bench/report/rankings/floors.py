"""What a score owes to something other than this model and this subject: floors and ceilings beside every ranking.

Each is the mean, on the same simulators and network, of a metric that the study ran; NaN where it did not.
"""

import json

import pandas as pd

from bench.report.load import optional
from bench.report.load.study import Study
from bench.report.statistics.intervals import Array

#: gains in the score of a truth and the metrics that give them: over the untrained model, and over another subject's
#: map of the same class
GAINS = {"learned_gain": ["learned_gain", "learned_gain_use"], "individual_gain": ["individual_gain"]}
#: likeness of a subject's maps over models trained anew; of different subjects' maps; of untrained models' maps
LIKENESS = {
    "stability": "retraining_stability",
    "floor_subjects": "retraining_stability.floor_subjects",
    "floor_untrained": "retraining_stability.floor_untrained",
}
NUMBERS = [*GAINS, *LIKENESS, "convergence"]
COLUMNS = [*NUMBERS, "unconverged"]


def columns(study: Study, board: pd.DataFrame, cells: pd.DataFrame, gains: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """COLUMNS of the rows of a leaderboard. cells: what `cells.table` gives; gains: the same of each ranking's strata.

    A gain stands beside the rankings by its truth, over the subjects that they count. convergence: how far a method's
    map comes out the same with other noise, a ceiling of every other likeness; below 0.9 it is `unconverged`, whatever
    its rank.
    """
    cells = cells[cells["view"].isin(("", "abs"))]
    found = pd.DataFrame(index=board.index)
    named = [rows.assign(ranking=ranking) for ranking, rows in gains.items()]
    held = pd.concat(named) if named else cells[:0].assign(ranking="")
    truth = held["metric"].map({metric: _truth(study, metric) for metric in held["metric"].unique()})
    held = held.assign(truth=held["truth"].where(held["truth"] != "", truth))
    for name, metrics in GAINS.items():
        own = held[held["metric"].isin(metrics)]
        found[name] = _looked_up(own, board, ["ranking", "simulator", "network", "method", "truth"])
    for name, metric in LIKENESS.items():
        found[name] = _looked_up(cells[cells["metric"] == metric], board, ["simulator", "network", "method"])
    noisy = optional.methods(study.folder).set_index(study.methods["method"]).reindex(board["method"])
    found["convergence"] = noisy["convergence"].to_numpy()
    found["unconverged"] = (noisy["converged"] == "False").to_numpy()
    return found


def _truth(study: Study, metric: str) -> str:
    """The truth that a metric names among its parameters, as one that compares models does."""
    given = study.metrics[study.metrics["metric"] == metric]["parameters"]
    return str(json.loads(given.iloc[0]).get("truth", "")) if len(given) else ""


def _looked_up(cells: pd.DataFrame, board: pd.DataFrame, keys: list[str]) -> Array:
    """The mean of the cell of each row of the board."""
    means = cells.drop_duplicates(keys).set_index(keys)["mean"]
    return means.reindex(pd.MultiIndex.from_frame(board[keys])).to_numpy()
