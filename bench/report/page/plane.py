"""The plane of two rankings on the page: a mark a method, control or oracle, with its intervals, in drawing units."""

import textwrap
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd
from matplotlib.ticker import MaxNLocator

from bench.report.figures import scale
from bench.report.figures.style import display_name
from bench.report.load.results import Ranking
from bench.report.rankings.ranked_results import RankedResults
from bench.report.rankings.two_rankings import TwoRankings, two_rankings

#: of the drawing: its size, and the frame that the marks lie in
WIDTH, HEIGHT = 430, 330
LEFT, RIGHT, TOP, BOTTOM = 46, 290, 10, 284
#: letters and height of a line of a label, and the space between labels
_LETTERS, LINE, _SPACE = 18, 13, 5
_TICKS = 4


class Mark(NamedTuple):
    """A method at (x, y), its intervals from low to high (NaN without), and whether it has a label."""

    method: str
    kind: str
    x: float
    y: float
    x_low: float
    x_high: float
    y_low: float
    y_high: float
    named: bool


class Label(NamedTuple):
    """The lines of a name beside the frame, the height of the first, and the mark that it belongs to."""

    lines: list[str]
    y: float
    mark: Mark


@dataclass(frozen=True)
class Axis:
    """A ranking along one side: its ends in scores, and where these lie in the drawing."""

    headline: Ranking
    ends: tuple[float, float]
    span: tuple[float, float]
    chance: float

    def at(self, value: float) -> float:
        """Place of a score."""
        (low, high), (start, stop) = self.ends, self.span
        return round(start + (stop - start) * (float(value) - low) / (high - low), 1)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Places and texts of a few round scores."""
        values = [
            v
            for v in MaxNLocator(_TICKS, steps=[1, 2, 5, 10]).tick_values(*self.ends)
            if self.ends[0] <= v <= self.ends[1]
        ]
        return [(self.at(v), f"{v:g}".replace("-", "−")) for v in values]


@dataclass(frozen=True)
class RankingPlane:
    """Two rankings of one contest: the axes, the marks (controls and oracles first) and the labels."""

    x: Axis
    y: Axis
    marks: list[Mark]
    labels: list[Label]


def ranking_plane(source: RankedResults, scope: str, network: str, named: list[str]) -> RankingPlane | None:
    """The first two rankings on a network in a scope; None where no method has scores of both.

    named: methods with a label, beside the best control of each ranking.
    """
    both = two_rankings(source, scope, network)
    if both is None:
        return None
    spans = ((LEFT, RIGHT), (BOTTOM, TOP))
    sides = ((both.x, both.across), (both.y, both.up))
    x, y = (_axis(source, *side, span) for side, span in zip(sides, spans, strict=True))
    labelled = {*named, *both.best_controls}
    marks = [_mark(x, y, both, name, name in labelled) for name in both.methods]
    return RankingPlane(x, y, sorted(marks, key=lambda mark: (mark.kind == "method", mark.named)), _labels(marks))


def _axis(source: RankedResults, headline: Ranking, rows: pd.DataFrame, span: tuple[float, float]) -> Axis:
    drawn = rows[["mean", "low", "high", "chance"]].to_numpy(dtype=float)
    return Axis(
        headline, scale.score_ends(source.results.metric(headline.metric), drawn), span, float(rows["chance"].iloc[0])
    )


def _mark(x: Axis, y: Axis, both: TwoRankings, method: str, named: bool) -> Mark:
    across, up = both.rows(method)
    places = [axis.at(row[end]) for end in ("low", "high") for axis, row in ((x, across), (y, up))]
    return Mark(method, both.kind(method), x.at(across["mean"]), y.at(up["mean"]), *_ends(places), named)


def _ends(places: list[float]) -> tuple[float, float, float, float]:
    x_low, y_low, x_high, y_high = places
    return x_low, x_high, y_low, y_high


def _labels(marks: list[Mark]) -> list[Label]:
    """Names beside the frame in the order of their marks' heights, moved apart until none covers another."""
    named = sorted((mark for mark in marks if mark.named), key=lambda mark: (mark.y, mark.x))
    texts = [textwrap.wrap(display_name(mark.method), _LETTERS) for mark in named]
    heights = [LINE * len(lines) + _SPACE for lines in texts]
    tops: list[float] = []
    for mark, height in zip(named, heights, strict=True):
        least = tops[-1] + heights[len(tops) - 1] if tops else float(TOP)
        tops.append(max(least, mark.y - height / 2))
    below = max(0.0, tops[-1] + heights[-1] - HEIGHT + LINE) if tops else 0.0
    # what would end below the drawing pushes up those above
    for k in range(len(tops) - 1, -1, -1):
        highest = tops[k + 1] - heights[k] if k + 1 < len(tops) else tops[k] - below
        tops[k] = min(tops[k], highest)
    return [Label(lines, round(top, 1), mark) for lines, top, mark in zip(texts, tops, named, strict=True)]
