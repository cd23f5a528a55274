"""A scene: everything that is drawn for one subject, before anything is rendered."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from simulators.anatomy.mni152 import Warped
from simulators.local import Local
from simulators.nuisance import Scan


class Scene(NamedTuple):
    """All latents of one subject, the pathology's by part; rendering it with another strength is its twin.

    covariates: the subject's, by name. added: what they add to local latents and scan, by name, when it is rendered.
    moved: (x, y, z) in mm by which an intervention has the whole head lie elsewhere.
    """

    subject: int
    stream: str
    shape: Mapping[str, np.ndarray]
    warped: Warped
    local: Local
    intensities: np.ndarray
    scan: Scan
    pathology: tuple[Mapping[str, Any], ...]
    covariates: Mapping[str, float] = MappingProxyType({})
    added: Mapping[str, float] = MappingProxyType({})
    moved: np.ndarray = np.zeros(3)
