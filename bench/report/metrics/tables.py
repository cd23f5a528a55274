"""Tables about metrics and models rather than methods: reliability, proxies, distances, shortcut detection."""

import pandas as pd

from bench.report.load import partitions
from bench.report.load.study import Study
from bench.report.metrics import detection, models, profiles, proxies, reliability

WHERE = ["simulator", "network"]
COLUMNS = {
    "reliability": [*WHERE, *reliability.RELIABILITY],
    "consistency": [*WHERE, *reliability.CONSISTENCY],
    "proxies": [*WHERE, *proxies.PROXIES],
    "distances": [*WHERE, *profiles.DISTANCES],
    "detection": detection.DETECTION,
}
DECIMALS = 4


def write(study: Study) -> dict[str, pd.DataFrame]:
    """Write the tables (.csv) into the study's folder and return them by name.

    Pairs of a cued and a clean simulator stand in study.json under `detect`; only models that passed the gate are told
    apart.
    """
    parts = partitions.each(study, _of)
    tables = {name: _joined([part[name] for part in parts], COLUMNS[name]) for name in COLUMNS if name != "detection"}
    pairs = study.about.get("detect", {})
    shares = [part["profiles"] for part in parts] if pairs else []
    found = [detection.detection(pd.concat(shares, ignore_index=True), pairs)] if shares else []
    tables["detection"] = _joined(found, COLUMNS["detection"])
    for name, table in tables.items():
        table.to_csv(study.folder / f"{name}.csv", index=False, lineterminator="\n")
    return tables


def _of(study: Study, simulator: str, network: str, scores: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables of one partition, and the profiles of its models that passed the gate."""
    shares = profiles.profiles(scores)
    every = list(models.tables(study, scores))
    criteria = {h.ranking: list(models.ranking(study, scores, h)) for h in study.headlines}
    # one value a model says nothing over images
    images = [table for table in every if table.by_subject]
    found = {
        "reliability": reliability.reliability(images),
        "consistency": reliability.consistency(images),
        "proxies": proxies.proxies(every, criteria, proxies.candidates(study)),
        "distances": profiles.distances(shares),
    }
    named = {name: table.assign(simulator=simulator, network=network) for name, table in found.items()}
    return {**named, "profiles": models.passed(study, shares)}


def _joined(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    held = [part for part in parts if len(part)]
    return pd.concat(held, ignore_index=True)[columns].round(DECIMALS) if held else pd.DataFrame(columns=columns)
