"""A scene: everything that is drawn for one subject, before anything is rendered."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from simulators.anatomy.protocol import Warped
from simulators.local import Local
from simulators.nuisance import Scan
from simulators.space.place import Place


class Scene(NamedTuple):
    """All latents of one subject, the pathology's by part; rendering it with another strength is its twin.

    place: its healthy anatomy. covariates: the subject's, by name. added: what they have added to the other latents, by
    name. moved: (x, y, z) in mm by which an intervention has the whole head lie elsewhere.
    """

    subject: int
    stream: str
    shape: Mapping[str, np.ndarray]
    place: Place
    local: Local
    intensities: np.ndarray
    scan: Scan
    pathology: tuple[Mapping[str, Any], ...]
    covariates: Mapping[str, float] = MappingProxyType({})
    added: Mapping[str, float] = MappingProxyType({})
    moved: np.ndarray = np.zeros(3)

    @property
    def warped(self) -> Warped:
        """The subject's healthy anatomy."""
        return self.place.warped
