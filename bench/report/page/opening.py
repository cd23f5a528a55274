"""Opening of the page: one contest in a sentence a ranking, maps of three of its methods, and its plane."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from bench.report.figures.compose import overlay
from bench.report.figures.style import display_name
from bench.report.load.panels import PictureSet, cropped_pictures
from bench.report.page.answers import Clause, clause
from bench.report.page.pictures import as_strip
from bench.report.page.plane import RankingPlane, ranking_plane
from bench.report.rankings.ranked_results import RankedResults
from bench.report.rankings.statuses import UNSURE

#: patients' label
_PATIENT = 1


@dataclass(frozen=True)
class OpeningMap:
    """A map of the opening: its place among the means, its method ("" the truth) and the method's leaderboard row.

    image: "" where the map was not kept.
    """

    place: str
    method: str
    row: int
    image: str
    alt: str


@dataclass(frozen=True)
class Opening:
    """The contest that the page opens with.

    clauses: its answer in each ranking. simulator: whose subject is shown. picture: row of pictures.csv of the truth of
    the subject shown, -1 without maps. lacking: sentences on what cannot be shown.
    """

    scope: str = ""
    network: str = ""
    clauses: list[Clause] = field(default_factory=list)
    simulator: str = ""
    picture: int = -1
    tiles: list[OpeningMap] = field(default_factory=list)
    plane: RankingPlane | None = None
    lacking: list[str] = field(default_factory=list)


def opening(source: RankedResults, pictures: pd.DataFrame) -> Opening:
    """The first contest, by network and group, that ranks anything, or else shows means; or else the first.

    pictures: what pictures.csv holds.
    """
    contests = list(_contests(source))
    if not contests:
        return Opening(lacking=["No metric of a ranking was chosen or none has a row, so that no picture stands here."])
    clauses = min(contests, key=lambda contest: (bool(contest[0].why), contest[0].why not in UNSURE))
    scope, network = clauses[0].scope, clauses[0].network
    placed = standings(source.board(clauses[0].headline.ranking, network, scope))
    simulator, images = _pictured(source, scope, network)
    tiles, row = _shown(images, simulator, network, placed, pictures) if images else ([], -1)
    drawn = ranking_plane(source, scope, network, [method for method, _ in placed.values()])
    lacking = {
        "No method has a score, so that no map of one is shown.": not placed,
        "This study kept no maps of this contest, so that none is shown.": images is None,
        "No method has scores of two rankings here, so that they are not drawn against each other.": drawn is None,
    }
    sentences = [sentence for sentence, holds in lacking.items() if holds]
    return Opening(scope, network, clauses, simulator, row, tiles, drawn, sentences)


def standings(board: pd.DataFrame) -> dict[str, tuple[str, int]]:
    """Best, median and worst mean -> method and row, of those ranked, or of all with means where none is ranked.

    board: the rows of a contest, best first.
    """
    methods = board[(board["role"] == "method") & board["mean"].notna()]
    ranked = methods[methods["rank"] != ""]
    compared = methods if ranked.empty else ranked
    last = len(compared) - 1
    if last < 1:
        named = {"the only method": 0} if last == 0 else {}
    else:
        named = {"best mean": 0, "median": last // 2, "worst mean": last}
    rows = list(zip(compared["method"], compared.index.astype(int), strict=True))
    return {name: rows[k] for name, k in named.items() if not (name == "median" and k == 0)}


def _contests(source: RankedResults) -> Iterator[list[Clause]]:
    """The answers of each network and group that has scores, the main network first: one a ranking."""
    for network in source.results.networks_by_strength:
        for scope in source.results.groups:
            held = [h for h in source.results.headlines if not source.board(h.ranking, network, scope).empty]
            if held:
                yield [clause(source, headline, network, scope) for headline in held]


def _pictured(source: RankedResults, scope: str, network: str) -> tuple[str, PictureSet | None]:
    """The first simulator of a scope of which maps of the network were kept."""
    for simulator in source.results.simulators_of(scope):
        images = source.pictures.get(simulator)
        if images is not None and network in images.maps and len(images.subjects):
            return simulator, cropped_pictures(images)
    return "", None


def _shown(
    images: PictureSet, simulator: str, network: str, placed: dict[str, tuple[str, int]], pictures: pd.DataFrame
) -> tuple[list[OpeningMap], int]:
    """The maps of the first patient, and the row of pictures.csv of the truth there."""
    p = next((p for p, label in enumerate(images.labels) if label == _PATIENT), 0)
    drawn = pictures[(pictures["simulator"] == simulator) & (pictures["network"] == network)]
    rows = drawn[(drawn["method"] == "truth") & (drawn["subject"] == int(images.subjects[p]))]
    return _tiles(images, network, p, placed), int(rows.index[0])


def _tiles(images: PictureSet, network: str, p: int, placed: dict[str, tuple[str, int]]) -> list[OpeningMap]:
    def picture(values: Any, scale: float) -> str:
        return as_strip([overlay(images.brain[p], values, scale, images.truth[p])], images.plane)

    where = f"{images.who(p)}, {images.where(p)}"
    truth = picture(images.truth[p], float(images.truth_scale[p]))
    tiles = [OpeningMap("truth", "", -1, truth, f"What was planted in {where}, on the brain")]
    for place, (method, row) in placed.items():
        kept = images.maps[network].get(method)
        image = "" if kept is None else picture(kept[p], float(images.scales[network][method][p]))
        alt = f"Map of {display_name(method)} of {display_name(network)} in {where}, truth outlined"
        tiles.append(OpeningMap(place, method, row, image, alt))
    return tiles
