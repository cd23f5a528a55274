"""Scores that parameters are chosen by: one row a setting, simulator, ranking and patient."""

import inspect
from collections.abc import Iterable, Mapping

import pandas as pd

from bench.columns.written import TUNING
from bench.config.build import ALLOWED, TARGET, resolve
from bench.contracts import BadInput
from bench.names import variant_of
from bench.store.keys import canonical
from bench.study import Node, Study

AT = ["method", "parameters", "fwhm"]
PASSES = ["forward", "backward"]


def of_study(study: Study, names: Iterable[str]) -> pd.DataFrame:
    """The rows of a study from its tables, the mean over the models that passed the gate.

    names: of the files of conf/method/, which tell the variants of one method from those of another.
    Raises BadInput where a simulator has no competent model: what its maps score says nothing of a method.
    """
    scores = pd.read_parquet(study.folder / "scores")
    models = pd.read_csv(study.folder / "models.csv")
    unit = ["simulator", "network", "data_seed", "model_seed"]
    passed = models.loc[models["passed"], unit]
    if lacking := sorted({*study.simulators} - {*passed["simulator"]}):
        raise BadInput(f"tune: no model of {', '.join(lacking)} passed its gate; train longer, or name others")
    scores = scores[scores["status"].astype(str) == "ok"].astype(dict.fromkeys(("simulator", "network"), str))
    ranked = pd.concat([_ranked(scores, name, headline) for name, headline in study.headline.items()])
    rows = ranked.merge(passed, on=unit).merge(_settings(study, names), on=["label", "view"])
    # two variants may be one setting, as a grid may hold the default, and its maps were made once
    rows["passes"] = rows.assign(own=rows["label"].map(_passes(study))).groupby(AT[:2])["own"].transform("max")
    by = [name for name in TUNING.names if name != "value"]
    return rows.groupby(by, sort=True)["value"].mean().reset_index()[TUNING.names]


def default(node: Node) -> Node:
    """Values of a node's parameters that its class has without being told: those of its paper or vendor."""
    parameters = inspect.signature(resolve(node, ALLOWED)).parameters
    return {name: p.default for name, p in parameters.items() if p.default is not p.empty and name in node}


def _ranked(scores: pd.DataFrame, name: str, headline: Node) -> pd.DataFrame:
    strata = headline["strata"] or scores["stratum"].unique()
    asked = (scores["metric"] == headline["metric"]) & (scores["truth"] == headline["truth"])
    return scores[asked & scores["stratum"].isin(strata)].assign(ranking=name).rename(columns={"method": "label"})


def _settings(study: Study, names: Iterable[str]) -> pd.DataFrame:
    """Method, parameters and smoothing of every label and view."""
    widths = {view.name: view.fwhm_voxels for view in study.views}
    known = list(names)
    rows = []
    for label, node in study.methods.items():
        method = variant_of(label, known) or label
        parameters = canonical({k: v for k, v in node.items() if k != TARGET})
        plain = parameters == canonical({k: v for k, v in node.items() if k != TARGET} | default(node))
        rows += [(label, v, method, parameters, float(w), plain and not w) for v, w in widths.items()]
    return pd.DataFrame(rows, columns=["label", "view", *AT, "default"])


def _passes(study: Study) -> Mapping[str, float]:
    """Passes per subject of each label's maps; 0 where they ask nothing of the network, or were made for another."""
    costs = pd.read_parquet(study.folder / "costs.parquet")
    passes = costs[costs["stage"] == "attribute"].groupby("method")[PASSES].mean().sum(axis=1)
    subjects = study.settings["explain"]["subjects"]
    return {label: float(passes.get(label, 0.0)) / subjects for label in study.methods}
