"""Tables about metrics and models rather than methods: reliability, proxies, distances, shortcut detection."""

import pandas as pd

from bench.columns.aggregated import CONSISTENCY, DETECTION, DISTANCES, PROXIES, RELIABILITY
from bench.columns.declaration import Columns
from bench.report.load import partitions
from bench.report.load import tables as files
from bench.report.load.results import Results
from bench.report.metrics import detection, models, profiles, proxies, reliability

#: tables of one partition, joined
_JOINED = {"reliability": RELIABILITY, "consistency": CONSISTENCY, "proxies": PROXIES, "distances": DISTANCES}
DECIMALS = 4


def write(results: Results) -> dict[str, pd.DataFrame]:
    """Write the tables (.csv) into the study's folder and return them by name.

    Pairs of a cued and a clean simulator stand in study.json under `detect`; only models that passed the gate are told
    apart.
    """
    parts = partitions.each(results, _of)
    tables = {name: _joined([part[name] for part in parts], table) for name, table in _JOINED.items()}
    pairs = results.about["detect"]
    shares = [part["profiles"] for part in parts] if pairs else []
    detected = [detection.detection(pd.concat(shares, ignore_index=True), pairs)] if shares else []
    tables["detection"] = _joined(detected, DETECTION)
    files.write(results.folder, tables)
    return tables


def _of(results: Results, simulator: str, network: str, scores: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables of one partition, and the profiles of its models that passed the gate."""
    shares = profiles.profiles(scores)
    every = list(models.tables(results, scores))
    criteria = {h.ranking: list(models.ranking(results, scores, h)) for h in results.headlines}
    # one value per model says nothing over images
    images = [table for table in every if table.by_subject]
    frames = {
        "reliability": reliability.reliability(images),
        "consistency": reliability.consistency(images),
        "proxies": proxies.proxies(every, criteria, proxies.candidates(results)),
        "distances": profiles.distances(shares),
    }
    named = {name: table.assign(simulator=simulator, network=network) for name, table in frames.items()}
    return {**named, "profiles": models.rows_that_passed(results, shares)}


def _joined(parts: list[pd.DataFrame], table: Columns) -> pd.DataFrame:
    held = [part for part in parts if len(part)]
    whole = pd.concat(held, ignore_index=True) if held else pd.DataFrame(columns=table.names)
    return whole[table.names].round(DECIMALS)
