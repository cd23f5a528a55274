"""Convergence of a stochastic method's maps: whether they would come out the same with other noise."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor, nn

from bench.contracts import Attribution, Cohort, Context, Method
from bench.passes.convergence import repeated

FILE = "convergence.json"
#: subjects whose map is made once more
SUBJECTS = 4


class Kept(NamedTuple):
    """Stored maps of a method and model with its notes; convergence: (S,) of the first subjects, None where certain."""

    maps: Attribution
    convergence: Tensor | None = None
    notes: Mapping[str, Any] | None = None


def asked(method: Method) -> bool:
    """True where a method's maps hold noise; not asked of controls, which have nothing to converge to."""
    return method.tags.stochastic and method.tags.role == "method"


def measured(method: Method, model: nn.Module, cohort: Cohort, context: Context, maps: Attribution) -> Tensor | None:
    """Correlation (S,) of the first subjects' maps with ones of other noise; None where that is not asked."""
    if not asked(method):
        return None
    rows = list(range(min(SUBJECTS, len(cohort.images))))
    mine = context.take(rows)
    return repeated(maps.map[: len(rows)], method, model, cohort.images[: len(rows)], context.target, mine)


def write(folder: Path, correlations: Tensor | None) -> None:
    """The correlations beside the maps, null where a map is constant; no file where there is nothing to tell."""
    if correlations is not None:
        values = [None if math.isnan(r) else r for r in correlations.tolist()]
        (folder / FILE).write_text(json.dumps(values) + "\n")


def read(folder: Path) -> list[float]:
    """The correlations of stored maps of a method that is asked."""
    return [r for r in json.loads((folder / FILE).read_text()) if r is not None]
