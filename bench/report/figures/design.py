"""Figure: what the benchmark does, drawn with a patient of the study: brain, disease, network, map and the truths."""

import itertools
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bench.report.figures import style
from bench.report.figures.compose import anatomy, fewer_colours, outlined, overlay
from bench.report.load.panels import Array, PictureSet, cropped_pictures
from bench.report.load.results import Ranking
from bench.report.rankings.ranked_results import RankedResults

#: mm: a picture, the space for an arrow, the margin, the lines of text above and below a picture
_EDGE, _ARROW, _MARGIN, _ABOVE, _BELOW = 28.0, 7.5, 3.0, 8.0, 8.0
_STEPS = 5
#: mm of text at a step
_TEXT = _EDGE + _ARROW - 1
#: widths and heights of the layers in the drawing of a network, as shares of a picture
_LAYERS = ((0.06, 0.9), (0.06, 0.9), (0.09, 0.6), (0.09, 0.6), (0.12, 0.35), (0.03, 0.12))
_PATIENT = 1


class Exhibit(NamedTuple):
    """The patient that is shown: row p of the pictures of a simulator of the group, with the map of a method."""

    group: str
    network: str
    method: str
    images: PictureSet
    p: int


def draw(source: RankedResults) -> list[Figure]:
    """One page; none where no map of a method was kept."""
    scene = _scene(source)
    if scene is None:
        return []
    rankings = source.results.headlines[:2]
    high = _EDGE * scene.images.brain.shape[1] / scene.images.brain.shape[2]
    step, wide = _ABOVE + high + _BELOW, style.DOUBLE / style.MM
    with style.journal():
        total = step * len(rankings)
        figure = style.figure(style.DOUBLE, total * style.MM)
        figure.set_layout_engine("none")

        def place(column: int, up: float) -> Axes:
            left = _MARGIN + column * (_EDGE + _ARROW)
            axis = figure.add_axes((left / wide, up / total, _EDGE / wide, high / total))
            axis.axis("off")
            return axis

        middle = (total - step) / 2 + _BELOW
        steps = [place(column, middle) for column in range(_STEPS - 1)]
        truths = [place(_STEPS - 1, total - (k + 1) * step + _BELOW) for k in range(len(rankings))]
        _story(source, scene, steps)
        for axis, headline in zip(truths, rankings, strict=True):
            _truth(source, scene, axis, headline)
        for start, end in [*itertools.pairwise(steps), *((steps[-1], truth) for truth in truths)]:
            _arrow(figure, start, end)
    return [figure]


def _scene(source: RankedResults) -> Exhibit | None:
    """The best method with a kept map, of the first group of the main network that ranks anything, or else of any."""
    headline, network = source.headline, source.results.main_network
    if headline is None:
        return None
    boards = {group: source.board(headline.ranking, network, group) for group in source.results.groups}
    for group in sorted(boards, key=lambda name: not (boards[name]["rank"] != "").any()):
        for simulator in source.results.simulators_of(group):
            images = source.pictures.get(simulator)
            kept = images.maps.get(network, {}) if images else {}
            candidates = [
                name for name in boards[group]["method"] if name in kept and source.results.role(name) == "method"
            ]
            if images and candidates:
                p = next((k for k, label in enumerate(images.labels) if label == _PATIENT), 0)
                # the margin is that of the brain shown
                alone = np.where((np.arange(len(images.brain)) == p)[:, None, None], images.brain, 0)
                return Exhibit(group, network, candidates[0], cropped_pictures(replace(images, brain=alone)), p)
    return None


def _story(source: RankedResults, scene: Exhibit, steps: list[Axes]) -> None:
    """The brain, the disease, the network and the map."""
    images, p = scene.images, scene.p
    values, scale = images.maps[scene.network][scene.method][p], float(images.scales[scene.network][scene.method][p])
    _show(steps[0], anatomy(images.twin[p]))
    _show(steps[1], outlined(anatomy(images.brain[p]), images.truth[p]))
    _network(steps[2])
    _show(steps[3], overlay(images.brain[p], values, scale, images.truth[p]))
    models = source.results.models
    seeds = models["data_seed"].nunique()
    _text(steps[0], "a healthy brain", f"{images.who(p)}, {images.where(p)}", "without the disease")
    _text(
        steps[1],
        "disease is planted",
        scene.group,
        f"{_count(len(source.results.simulators), 'simulator')} in the study",
    )
    trained = f"{_count(len(source.results.networks), 'network')}, {_count(seeds, 'data seed')}"
    _text(steps[2], "networks are trained", trained, f"{int(models['passed'].sum())} of {len(models)} pass the gate")
    _text(steps[3], "a method explains", style.display_name(scene.method), f"on {style.display_name(scene.network)}")


def _truth(source: RankedResults, scene: Exhibit, axis: Axes, headline: Ranking) -> None:
    """A truth, and what the map of the method scores against it."""
    picture = _truth_picture(source, scene, headline)
    if picture is None:
        axis.add_patch(Rectangle((0, 0), 1, 1, transform=axis.transAxes, fill=False, edgecolor=style.FAINT))
        axis.text(0.5, 0.5, "no picture\nwas kept", transform=axis.transAxes, ha="center", va="center", fontsize=6)
    else:
        _show(axis, picture)
    board = source.board(headline.ranking, scene.network, scene.group).set_index("method")
    score = "without a value"
    if scene.method in board.index:
        score = interval(*board.loc[scene.method, ["mean", "low", "high"]])
    _text(axis, f"truth: {headline.ranking}", style.display_name(headline.metric), score)


def _truth_picture(source: RankedResults, scene: Exhibit, headline: Ranking) -> Array | None:
    """The map of the first oracle of a truth that was kept; None without one."""
    methods, kept = source.results.methods, scene.images.maps[scene.network]
    oracles = methods["method"][(methods["role"] == "oracle") & (methods["truth"] == headline.truth)]
    # those on the grid of a layer have longer names
    name = min((name for name in oracles if name in kept), key=len, default=None)
    if name is None:
        return None
    scale = float(scene.images.scales[scene.network][name][scene.p])
    return overlay(scene.images.brain[scene.p], kept[name][scene.p], scale, scene.images.truth[scene.p])


def interval(mean: float, low: float, high: float) -> str:
    """A mean with its interval, where it has one, with true minus signs."""
    if np.isnan(mean):
        return "without a value"
    ends = "" if np.isnan(low) else f" [{low:.2f}, {high:.2f}]"
    return f"{mean:.2f}{ends}".replace("-", "−")


def _count(number: int, of: str) -> str:
    return f"{number} {of}{'s' * (number != 1)}"


def _show(axis: Axes, picture: Array) -> None:
    axis.imshow(fewer_colours(picture), interpolation="nearest", aspect="auto")


def _text(axis: Axes, title: str, first: str, second: str) -> None:
    """A title above a step, two lines below it."""
    below = "\n".join(style.shortened(text, _TEXT) for text in (first, second))
    axis.text(0.5, 1.03, style.shortened(title, _TEXT, 7), transform=axis.transAxes, ha="center", va="bottom",
              fontsize=7)  # fmt: skip
    axis.text(0.5, -0.03, below, transform=axis.transAxes, ha="center", va="top", fontsize=6, color=style.GREY)


def _network(axis: Axes) -> None:
    """A network as the layers that its feature maps shrink through."""
    axis.set(xlim=(0, 1), ylim=(0, 1))
    left = 0.14
    for wide, high in _LAYERS:
        box = Rectangle((left, 0.5 - high / 2), wide, high, facecolor="#e3e6ea", edgecolor=style.GREY, linewidth=0.6)
        axis.add_patch(box)
        left += wide + 0.06


def _arrow(figure: Figure, start: Axes, end: Axes) -> None:
    """An arrow from the right of a step to the left of another."""
    a, b = start.get_position(), end.get_position()
    gap = (b.x0 - a.x1) / 6
    one, other = (a.x1 + gap, (a.y0 + a.y1) / 2), (b.x0 - gap, (b.y0 + b.y1) / 2)
    start.annotate("", other, one, xycoords="figure fraction", textcoords="figure fraction",
                   arrowprops={"arrowstyle": "-|>", "linewidth": 0.8, "color": "black", "mutation_scale": 7,
                               "shrinkA": 0, "shrinkB": 0})  # fmt: skip
