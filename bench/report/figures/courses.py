"""Figure: what is added to regions since the first visit, true and simulated."""

import pandas as pd
from matplotlib.figure import Figure

from bench.report.figures import style


def draw(title: str, table: pd.DataFrame) -> Figure:
    """One panel a region, in the order of the table: columns region, month, true, simulated."""
    regions = list(dict.fromkeys(table["region"]))
    with style.journal():
        page = style.figure(style.DOUBLE, 40 * style.MM * -(-len(regions) // 3) + 12 * style.MM)
        panels = style.grid(page, len(regions), min(3, len(regions)))
        low, high = (f(table[["true", "simulated"]].to_numpy().ravel()) for f in (min, max))
        for axis, region in zip(panels, regions, strict=True):
            one = table[table["region"] == region]
            axis.axhline(0, color=style.GREY, linewidth=0.4)
            axis.plot(one["month"], one["true"], color="black", marker="o", markersize=2.5, label="true")
            axis.plot(one["month"], one["simulated"], color=style.COLOURS[0], linestyle="--", label="simulated")
            axis.set_title(region, fontsize=6, pad=2)
            axis.set_ylim(1.1 * min(low, 0), 1.1 * max(high, 0) or None)
        panels[0].legend(loc="best")
        panels[-1].set_xlabel("months since the first visit")
        panels[0].set_ylabel("change of the mean")
        page.suptitle(title, fontsize=8)
    return page
