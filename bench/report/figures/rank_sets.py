"""Figure: the rank of each method with the ranks that it may have, and the methods that are not told apart."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from bench.report.figures import frames, style
from bench.report.rankings.ranked_results import RankedResults

COLUMNS = 3
#: mm of a method's row
_LINE, _ROOM = 2.9, frames.Room(30, 2, 10, 9)
#: mm of a method's name
_NAMES = 28.0
#: methods that a rank needs to say anything
_FEWEST = 2
_SHADE = "#e3e6ea"


def draw(source: RankedResults) -> list[Figure]:
    """One panel per contest of a group that ranks two methods or more, the others named below; else no page."""
    groups = set(source.results.groups)
    ranked = [
        (headline.ranking, network, group, rows)
        for headline in source.results.headlines
        for network in source.results.networks_by_strength
        for group in source.results.groups
        for board in [source.board(headline.ranking, network, group)]
        if len(rows := board[board["rank"] != ""]) >= _FEWEST
    ]
    if not ranked:
        return []
    most = max(len(rows) for *_, rows in ranked)
    board = source.tables["leaderboard"]
    columns = frames.square(len(ranked), COLUMNS)
    notes = frames.lines(note(board[board["simulator"].isin(groups)]), len(ranked))
    foot = frames.legend_foot(_legend(True), len(ranked)) + frames.foot(notes)
    return [_page(part, columns, notes) for part in frames.paged(ranked, columns, _LINE * most, _ROOM, foot)]


def note(board: pd.DataFrame) -> str:
    """Where nothing is ranked and why. board: leaderboard rows of groups."""
    contests = board.groupby(["ranking", "simulator", "network"], sort=False)
    silent: dict[tuple[str, str, str], list[str]] = {}
    for (ranking, group, network), rows in contests:
        if (rows["rank"] != "").sum() < _FEWEST:
            silent.setdefault((_why(rows), str(ranking), str(group)), []).append(str(network))
    texts = [
        f"{ranking} of {style.display_name(group)} on {', '.join(map(style.display_name, networks))} ({why})"
        for (why, ranking, group), networks in silent.items()
    ]
    return f"Not ranked: {'; '.join(texts)}." if texts else ""


def _why(rows: pd.DataFrame) -> str:
    """What keeps the methods of a contest from ranks."""
    methods = rows[rows["role"] == "method"]
    if methods.empty or (methods["rank"] != "").any():
        return "fewer than two methods"
    return str(methods["status"].mode().iloc[0])


def _page(ranked: list[tuple[str, str, str, pd.DataFrame]], columns: int, notes: list[str]) -> Figure:
    most = max(len(rows) for *_, rows in ranked)
    legend = _legend(any(rows["rank_low"].notna().any() for *_, rows in ranked))
    with style.journal():
        below = frames.foot(notes)
        foot = below + frames.legend_foot(legend, len(ranked))
        paper = frames.Frames(len(ranked), columns, _LINE * most, _ROOM, foot)
        figure, axes = paper.draw()
        for axis, (ranking, network, group, rows) in zip(axes, ranked, strict=True):
            _panel(axis, rows, most)
            indent = _ROOM.left - 2
            frames.head(axis, group, f"{ranking}, {style.display_name(network)}", paper.width + indent, indent)
        frames.write_legend(figure, legend, len(ranked), below)
        frames.write_foot(figure, notes)
    return figure


def _panel(axis: Axes, rows: pd.DataFrame, most: int) -> None:
    ranks = rows["rank"].astype(int).to_list()
    for y, (rank, (_, row)) in enumerate(zip(ranks, rows.iterrows(), strict=True)):
        axis.plot([row["rank_low"], row["rank_high"]], [y, y], color=style.COLOURS[0], linewidth=1.6,
                  solid_capstyle="butt", zorder=2)  # fmt: skip
        axis.plot(rank, y, "o", color=style.COLOURS[0], markersize=3, zorder=3)
    for rank in sorted({rank for rank in ranks if ranks.count(rank) > 1}):
        places = [y for y, other in enumerate(ranks) if other == rank]
        axis.axhspan(places[0] - 0.42, places[-1] + 0.42, color=_SHADE, linewidth=0, zorder=0)
    axis.set_yticks(range(len(ranks)), [style.shortened(name, _NAMES) for name in rows["method"]], fontsize=6)
    axis.tick_params(axis="y", length=0, pad=1.5)
    axis.set_ylim(most - 0.4, -0.6)
    axis.set_xlim(0.5, most + 0.5)
    axis.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    axis.tick_params(axis="x", labelsize=6)
    axis.set_xlabel("rank", fontsize=7, labelpad=1)


def _legend(sets: bool) -> list[Line2D | Patch]:
    bar = Line2D([], [], color=style.COLOURS[0], linewidth=1.6, label="ranks it may have, 95 % for all methods at once")
    return [
        Line2D([], [], color=style.COLOURS[0], marker="o", linestyle="", markersize=3, label="rank"),
        *([bar] if sets else []),
        Patch(color=_SHADE, linewidth=0, label="one rank: not shown to differ"),
    ]
