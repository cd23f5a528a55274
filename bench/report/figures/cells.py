"""Lesions counted in cells of the layer whose feature maps a method reads: from maps.csv, simulators.csv and panels."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from bench.columns.written import MAPS
from bench.report.load import files
from bench.report.load.panels import PLANES, PictureSet
from bench.report.rankings.ranked_results import RankedResults

#: what a layer's name ends in: channels, then the grid
_GRID = re.compile(r": \d+ x (\d+) x (\d+) x (\d+)$")
_MM3 = 1000.0


class LesionCells(NamedTuple):
    """A simulator, network and layer, the methods that read it, and the lesions in its cells.

    cells: by volume, of the median patient; low, high: of the 5th and the 95th percentile.
    """

    simulator: str
    network: str
    layer: str
    methods: tuple[str, ...]
    cells: float
    low: float
    high: float


def lesions_in_cells(source: RankedResults) -> list[LesionCells]:
    """Those whose lesions and layers have known sizes, the coarsest layers for their lesions first."""
    path = source.results.folder / "maps.csv"
    if not path.is_file():
        return []
    notes = files.csv(path, MAPS)
    roles = notes["method"].map(source.results.role)
    read = notes[(notes["layer"] != "") & (roles == "method")]
    sizes = source.results.sizes.drop_duplicates("simulator").set_index("simulator")[["ml", "ml_low", "ml_high"]]
    counted = []
    for (simulator, network, layer), rows in read.groupby(["simulator", "network", "layer"]):
        images = source.pictures.get(str(simulator))
        volume = np.nan if images is None else cell_ml(images, str(layer))
        cells = (sizes.loc[str(simulator)].to_numpy(dtype=float) / volume).tolist()
        if np.isfinite(cells).all():
            counted.append(
                LesionCells(str(simulator), str(network), str(layer), tuple(rows["method"].unique()), *cells)
            )
    return sorted(counted, key=lambda place: (place.cells, place))


def cell_ml(images: PictureSet, layer: str) -> float:
    """Volume in ml of a cell of a layer such as `features.10: 32 x 6 x 8 x 6`; NaN where it names no grid.

    Pictures have two of the three sides of a volume; the stride is the mean of theirs, as layers halve all sides alike.
    """
    grid = _GRID.search(layer)
    if grid is None:
        return np.nan
    across = [int(cells) for axis, cells in enumerate(grid.groups()) if axis != PLANES[images.plane]]
    strides = [side / cells for side, cells in zip(images.brain.shape[:0:-1], across, strict=True)]
    return float((np.mean(strides) * images.spacing) ** 3 / _MM3)


def scores_of_readers(source: RankedResults, ranking: str, place: LesionCells) -> pd.DataFrame:
    """The leaderboard rows with a score of the methods of a place."""
    board = source.board(ranking, place.network, place.simulator)
    return board[board["method"].isin(place.methods) & board["mean"].notna()]
