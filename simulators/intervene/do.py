"""Interventions as `do` names them: those on the scan, those on single regions, and the task's own."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from simulators.draw.scene import Scene
from simulators.intervene.regions import KEYS, regional_image
from simulators.intervene.scan import STEPS, intervene
from simulators.parts import Parts
from simulators.render.signal import image


class Do(NamedTuple):
    """Interventions by who reads them: `scan` (`intervene.scan`), `regions` (`intervene.regions`) and the task."""

    scan: Mapping[str, Any]
    regions: Mapping[str, Any]
    task: Mapping[str, Any]

    @classmethod
    def of(cls, do: Mapping[str, Any] | None) -> "Do":
        """The interventions of `do`, sorted."""
        do = do or {}
        scan, regions = ({k: v for k, v in do.items() if k in keys} for keys in (STEPS, KEYS))
        return cls(scan, regions, {k: v for k, v in do.items() if k not in STEPS and k not in KEYS})

    @property
    def free(self) -> bool:
        """True where covariates are drawn without regard to the label, which no pathology goes with."""
        return bool(self.task.get("pathology") == "off")


def intervened(parts: Parts, scene: Scene, do: Do) -> np.ndarray:
    """The image (D, H, W) of a subject under interventions."""
    if do.scan:
        scene = intervene(parts, scene, do.scan)
    if do.regions:
        return regional_image(parts, scene, do.task, do.regions)
    return image(parts, scene, parts.strengths(scene.subject, scene.stream, do.task))
