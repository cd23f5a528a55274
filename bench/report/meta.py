"""Tables about metrics and models rather than methods: reliability, proxies, distances, shortcut detection."""

import pandas as pd

from bench.report import detection, models, profiles, proxies, reliability
from bench.report.study import Study

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
    """Write the tables (.csv) into the study's folder and return them by name; one partition in memory at a time.

    Pairs of a cued and a clean simulator stand in study.json under `detect`; only models that passed the gate are told
    apart.
    """
    found: dict[str, list[pd.DataFrame]] = {name: [] for name in COLUMNS}
    shares = []
    for simulator, network, scores in study.partitions():
        mine = profiles.profiles(scores)
        shares.append(models.passed(study, mine))
        for name, table in _of(study, scores, mine).items():
            found[name].append(table.assign(simulator=simulator, network=network))
    pairs = study.about.get("detect", {})
    if shares and pairs:
        found["detection"].append(detection.detection(pd.concat(shares, ignore_index=True), pairs))
    tables = {name: _joined(parts, COLUMNS[name]) for name, parts in found.items()}
    for name, table in tables.items():
        table.to_csv(study.folder / f"{name}.csv", index=False, lineterminator="\n")
    return tables


def _of(study: Study, scores: pd.DataFrame, shares: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables of one partition."""
    every = list(models.tables(study, scores))
    criteria = {h.ranking: list(models.ranking(study, scores, h)) for h in study.headlines}
    return {
        "reliability": reliability.reliability(every),
        "consistency": reliability.consistency(every),
        "proxies": proxies.proxies(every, criteria, proxies.candidates(study)),
        "distances": profiles.distances(shares),
    }


def _joined(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    held = [part for part in parts if len(part)]
    return pd.concat(held, ignore_index=True)[columns].round(DECIMALS) if held else pd.DataFrame(columns=columns)
