"""What the page opens with: one contest in a sentence a ranking, maps of three of its methods, and its plane."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from bench.report.figures.compose import overlay
from bench.report.figures.style import display_name
from bench.report.load.panels import PictureSet, cropped_pictures
from bench.report.page.answers import Clause, clause
from bench.report.page.pictures import joined
from bench.report.page.plane import Plane, plane
from bench.report.rankings.ranked_results import RankedResults

#: patients' label
_PATIENT = 1


@dataclass(frozen=True)
class Tile:
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
    tiles: list[Tile] = field(default_factory=list)
    plane: Plane | None = None
    lacking: list[str] = field(default_factory=list)


def opening(source: RankedResults, pictures: pd.DataFrame) -> Opening:
    """The first contest, by network and group, that ranks anything; the first with scores where none does.

    pictures: what pictures.csv holds.
    """
    contests = list(_contests(source))
    if not contests:
        return Opening(lacking=["No metric of a ranking was chosen or none has a row, so that no picture stands here."])
    first = next((found for found in contests if not found[0].why), contests[0])
    scope, network = first[0].scope, first[0].network
    board = source.board(first[0].headline.ranking, network, scope)
    placed = places(board)
    lacking = [] if placed else ["No method has a score, so that no map of one is shown."]
    simulator, images = _pictured(source, scope, network)
    tiles, row = [], -1
    if images is None:
        lacking.append("This study kept no maps of this contest, so that none is shown.")
    else:
        subject = next((p for p, label in enumerate(images.labels) if label == _PATIENT), 0)
        tiles = _tiles(images, network, subject, placed)
        row = _row(pictures, simulator, network, int(images.subjects[subject]))
    drawn = plane(source, scope, network, [method for method, _ in placed.values()])
    if drawn is None:
        lacking.append("No method has scores of two rankings here, so that they are not drawn against each other.")
    return Opening(scope, network, first, simulator, row, tiles, drawn, lacking)


def places(board: pd.DataFrame) -> dict[str, tuple[str, int]]:
    """Best, median and worst mean -> method and row, of those ranked, or of all with means where none is ranked.

    board: the rows of a contest, best first.
    """
    methods = board[(board["role"] == "method") & board["mean"].notna()]
    ranked = methods[methods["rank"] != ""]
    shown = methods if ranked.empty else ranked
    last = len(shown) - 1
    if last < 1:
        named = {"the only method": 0} if last == 0 else {}
    else:
        named = {"best mean": 0, "median": last // 2, "worst mean": last}
    rows = list(zip(shown["method"], shown.index.astype(int), strict=True))
    return {name: rows[k] for name, k in named.items() if not (name == "median" and k == 0)}


def _contests(source: RankedResults) -> Any:
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


def _tiles(images: PictureSet, network: str, p: int, placed: dict[str, tuple[str, int]]) -> list[Tile]:
    def shown(values: Any, scale: float) -> str:
        return joined([overlay(images.brain[p], values, scale, images.truth[p])], images.plane)

    truth = shown(images.truth[p], float(images.truth_scale[p]))
    where = f"{images.who(p)}, {images.where(p)}"
    tiles = [Tile("truth", "", -1, truth, f"What was planted in {where}, on the brain")]
    for place, (method, row) in placed.items():
        kept = images.maps[network].get(method)
        image = "" if kept is None else shown(kept[p], float(images.scales[network][method][p]))
        tiles.append(Tile(place, method, row, image, f"Map of {display_name(method)} of {where}, truth outlined"))
    return tiles


def _row(pictures: pd.DataFrame, simulator: str, network: str, subject: int) -> int:
    wanted: Sequence[tuple[str, Any]] = (
        ("simulator", simulator), ("network", network), ("method", "truth"), ("subject", subject)
    )  # fmt: skip
    rows = pictures
    for column, value in wanted:
        rows = rows[rows[column] == value]
    return int(rows.index[0])
