"""The demands of the dearest unit on a scheduler: time and memory, from the prices of its cells, with room to spare."""

from collections.abc import Collection
from math import ceil

from bench.plan.estimate import CostEstimate, text_of_size, text_of_time

#: the setting that launchers have whose jobs a scheduler ends
LIMIT = "timeout_min"
#: how much slower a node may be, and how much more a cell may hold, than where the prices come from
SLOWER, LARGER = 2.0, 1.5
#: minutes in which a job starts, and MB of its processes beside the one that computes
START_MIN, BESIDE_MB = 10, 1024


def demand_sentence(cost: CostEstimate, launcher: Collection[str]) -> str:
    """What the dearest unit takes, and the settings that ask for it; "" for a launcher that has no such settings."""
    seconds = max([*cost.units, *cost.groups], default=0.0)
    if LIMIT not in launcher or not seconds:
        return ""
    takes, lines = [text_of_time(seconds)], [f"hydra.launcher.{LIMIT}={START_MIN + ceil(SLOWER * seconds / 60)}"]
    if cost.peak_mb:
        takes.append(text_of_size(cost.peak_mb))
        lines.append(f"hydra.launcher.mem_gb={ceil((LARGER * cost.peak_mb + BESIDE_MB) / 1024)}")
    return f"the dearest unit takes about {' and '.join(takes)}; with room to spare, ask for {' '.join(lines)}"
