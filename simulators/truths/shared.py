"""The truths `association` and `observer` of a simulator's explained subjects."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch

from bench.contracts import Truth
from bench.contracts.validity import Validity
from simulators.draw.scene import Scene
from simulators.draw.subject import position
from simulators.parts import Parts
from simulators.truths import association, observer
from simulators.truths.population import Couple, couples, exchanged, features


def shared(parts: Parts, validity: Validity, scenes: Sequence[Scene], pairs: int) -> dict[str, Truth]:
    """Truths of the population as the chosen subjects see them; one that does not exist here is left out.

    association: d' by voxel (N, 1, D, H, W), from `pairs` subjects in both states, pulled back from template space by
    each subject's known deformation; AUC - 0.5 by region (N, R) with the half-width of its interval as floor.
    observer: (N, R) Shapley values, from ten times as many subjects.

    Raises:
        BadInput: where `pairs` are too few for the number of regions.
    """
    subjects = observer.subjects_seen(pairs, len(parts.names))
    truths = [_observer(parts, subjects, len(scenes))]
    if "association" not in validity.undefined:
        truths.append(_association(parts, scenes, pairs, voxelwise="association" not in validity.regional))
    return {truth.name: truth for truth in truths}


def _observer(parts: Parts, subjects: int, explained: int) -> Truth:
    well, sick = exchanged(parts, subjects)
    read = observer.telling(well, sick, parts.labels.products)
    shares = observer.quadratic_shares if parts.labels.products else observer.shares
    return Truth("observer", regions=_repeated(shares(well[..., read], sick[..., read]), explained), signed=False)


def _association(parts: Parts, scenes: Sequence[Scene], pairs: int, voxelwise: bool) -> Truth:
    rows: list[np.ndarray] = []
    field = association.voxels(_watched(couples(parts, pairs), rows, len(parts.names)), parts.anatomy.template)
    well, sick = (np.array(rows)[:, state] for state in (0, 1))
    value, half_width = association.regions(well, sick)
    volume = None
    if voxelwise:
        volume = torch.from_numpy(np.stack([_pulled(parts, scene, field, value) for scene in scenes]))[:, None]
    regions, floor = _repeated(value, len(scenes)), _repeated(half_width, len(scenes))
    return Truth("association", volume, regions, floor=floor)


def _pulled(parts: Parts, scene: Scene, field: np.ndarray, value: np.ndarray) -> np.ndarray:
    """A field of the template as a subject sees it (D, H, W), in those of its regions and voxels that have a value.

    value: (R,) the regions' own. Interpolation carries the field across borders, where nothing was ever changed.
    """
    pulled = association.pulled_back(field, position(parts, scene), parts.anatomy.template)
    changed = np.append(0, value)[scene.warped.labels] != 0
    return np.where(changed & (scene.warped.maps[2] > 0.5), pulled, 0).astype(np.float32)


def _watched(stream: Iterable[Couple], rows: list[np.ndarray], regions: int) -> Iterator[Couple]:
    """The couples as they pass, their statistics (2, R, 4) kept."""
    for couple in stream:
        rows.append(np.stack([features(image, couple.labels, regions) for image in (couple.well, couple.sick)]))
        yield couple


def _repeated(values: np.ndarray, subjects: int) -> torch.Tensor:
    return torch.from_numpy(values).float().repeat(subjects, 1)
