"""The truths `association` and `observer` of a simulator's explained subjects."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from bench.contracts import Truth
from bench.contracts.validity import Validity
from simulators.truths import association, observer
from simulators.truths.population import Couple, couples, features

if TYPE_CHECKING:
    from simulators.brain import Brain


def shared(brain: "Brain", indices: Sequence[int], stream: str, pairs: int) -> dict[str, Truth]:
    """Truths of the population, from `pairs` subjects in both states, as the chosen subjects see them.

    association: d' by voxel (N, 1, D, H, W), pulled back from template space by each subject's known deformation, and
    AUC - 0.5 by region (N, R) with the half-width of its interval as floor. observer: (N, R) Shapley values. A truth
    or part of one that does not exist here is left out.
    """
    gaps = Validity.of(brain)
    rows: list[np.ndarray] = []
    template = brain.anatomy.template
    field = association.voxels(_watched(couples(brain, pairs), rows, len(brain.region_names)), template)
    well, sick = (np.array(rows)[:, state] for state in (0, 1))
    found = {}
    if "association" not in gaps.undefined:
        value, half_width = association.regions(well, sick)
        volume = None
        if "association" not in gaps.regional:
            positions = (brain.position(brain.scene(i, stream)) for i in indices)
            pulled = [association.pulled_back(field, position, template) for position in positions]
            volume = torch.from_numpy(np.stack(pulled))[:, None]
        regions, floor = _repeated(value, len(indices)), _repeated(half_width, len(indices))
        found["association"] = Truth("association", volume, regions, floor=floor)
    # where no single region tells, a mean says nothing, but means are all a quadratic observer needs to see pairs
    if brain.task.products:
        shares = observer.quadratic_shares(well[..., :1], sick[..., :1])
    else:
        shares = observer.shares(well, sick)
    found["observer"] = Truth("observer", regions=_repeated(shares, len(indices)), signed=False)
    return found


def _watched(stream: Iterable[Couple], rows: list[np.ndarray], regions: int) -> Iterator[Couple]:
    """The couples as they pass, their statistics (2, R, 4) kept."""
    for couple in stream:
        rows.append(np.stack([features(image, couple.labels, regions) for image in (couple.well, couple.sick)]))
        yield couple


def _repeated(values: np.ndarray, subjects: int) -> torch.Tensor:
    return torch.from_numpy(values).float().repeat(subjects, 1)
