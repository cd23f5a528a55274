"""The figures of a study, each as PDF and PNG, drawn from its tables and panels alone."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from bench.report.drawn import Drawn
from bench.report.figures import gallery, overlap, randomisation, separability
from bench.report.figures.style import save

_FIGURES: dict[str, Callable[[Drawn], Figure | None]] = {
    "gallery": gallery.draw,
    "overlap": overlap.draw,
    "separability": separability.draw,
    "randomisation": randomisation.draw,
}


def draw_all(source: Drawn, folder: Path) -> dict[str, Path]:
    """Draw every figure the tables have the data for into `folder`; returns name -> PNG."""
    folder.mkdir(exist_ok=True)
    drawn: dict[str, Path] = {}
    for name, draw in _FIGURES.items():
        figure = draw(source)
        if figure is not None:
            drawn[name] = save(figure, folder / name)
    return drawn
