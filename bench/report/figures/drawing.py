"""All figures of a study: those that its tables have the data for, in files of their names."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from bench.report.figures import gallery, mechanisms, overlap, randomisation, separability
from bench.report.figures.style import save
from bench.report.rankings.ranked_results import RankedResults

_FIGURES: dict[str, Callable[[RankedResults], list[Figure]]] = {
    "gallery": gallery.draw,
    "overlap": overlap.draw,
    "separability": separability.draw,
    "randomisation": randomisation.draw,
    "mechanisms": mechanisms.draw,
}


def draw_all(source: RankedResults, folder: Path) -> dict[str, list[Path]]:
    """Draw every figure the tables have the data for into `folder`: `overlap`, and `overlap_2` for a second page.

    Returns name -> the PNG of each page; pages of an earlier drawing are removed.
    """
    folder.mkdir(exist_ok=True)
    drawn: dict[str, list[Path]] = {}
    for name, draw in _FIGURES.items():
        for old in (*folder.glob(f"{name}.*"), *folder.glob(f"{name}_*.*")):
            old.unlink()
        pages = [save(page, folder / (name if k == 1 else f"{name}_{k}")) for k, page in enumerate(draw(source), 1)]
        if pages:
            drawn[name] = pages
    return drawn
