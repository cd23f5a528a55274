"""All figures of a study: those that its tables have the data for, in files of their names."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure

from bench.report.figures import (
    costs,
    design,
    gallery,
    mechanisms,
    overlap,
    plane,
    proxies,
    randomisation,
    rank_sets,
    resolution,
    separability,
)
from bench.report.figures.style import save
from bench.report.rankings.ranked_results import RankedResults


class Plate(NamedTuple):
    """A figure, and what a study without it lacks."""

    draw: Callable[[RankedResults], list[Figure]]
    lacking: str


PLATES: dict[str, Plate] = {
    "design": Plate(design.draw, "no map of a method was kept"),
    "gallery": Plate(gallery.draw, "no map was kept"),
    "overlap": Plate(overlap.draw, "nothing was scored in a ranking"),
    "plane": Plate(plane.draw, "no method has scores in two rankings of models past the gate"),
    "ranks": Plate(rank_sets.draw, "no group ranks two methods"),
    "separability": Plate(separability.draw, "no model has a score in a ranking"),
    "randomisation": Plate(randomisation.draw, "no metric resets layers"),
    "resolution": Plate(resolution.draw, "no method reads a layer whose grid, and lesions whose size, are known"),
    "proxies": Plate(proxies.draw, "no metric without a truth orders the methods"),
    "costs": Plate(costs.draw, "no method has both a cost and a score of models past the gate"),
    "mechanisms": Plate(mechanisms.draw, "no network has a known mechanism"),
}


def draw_all(source: RankedResults, folder: Path) -> dict[str, list[Path]]:
    """Draw every figure the tables have the data for into `folder`: `overlap`, and `overlap_2` for a second page.

    Returns name -> the PNG of each page; pages of an earlier drawing are removed.
    """
    folder.mkdir(exist_ok=True)
    drawn: dict[str, list[Path]] = {}
    for name, plate in PLATES.items():
        pages = [
            save(page, folder / (name if k == 1 else f"{name}_{k}")) for k, page in enumerate(plate.draw(source), 1)
        ]
        drawn_now = {page.stem for page in pages}
        for old in (*folder.glob(f"{name}.*"), *folder.glob(f"{name}_*.*")):
            if old.stem not in drawn_now:
                # another call may draw the same study
                old.unlink(missing_ok=True)
        if pages:
            drawn[name] = pages
    return drawn


def not_drawn(drawn: Iterable[str]) -> list[str]:
    """A sentence on each figure that is not drawn."""
    return [f"no figure {name}: {plate.lacking}" for name, plate in PLATES.items() if name not in set(drawn)]
