"""Lesion load: white-matter lesions whose number grows with the strength of the pathology."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar

import numpy as np

from bench.contracts import bounded
from simulators.pathology.white_matter_lesions import WhiteMatterLesions


@bounded
@dataclass(frozen=True)
class LesionLoad(WhiteMatterLesions):
    """Lesion load that grows with strength.

    The others are parameters of `WhiteMatterLesions`. Lesions of a weaker pathology are among those of a stronger one;
    the last one still grows, its volume in proportion to what is left of the strength.
    """

    version: ClassVar[str] = "2"
    summary: ClassVar[str] = "White-matter lesions that come one after the other, at strength 1 as many as `count`."

    def number(self, rng: np.random.Generator) -> int:
        """Number of a subject's lesions at strength 1."""
        return max(1, round(self.count))

    def chance(self, share: np.ndarray, strength: float) -> np.ndarray:
        """None of the lesions that have come lies in a part of the prior with the power of what it leaves."""
        return 1 - (1 - share) ** ceil(min(strength, 1.0) * max(1, round(self.count)))

    def grown(self, latents: Mapping[str, Any], strength: float) -> dict[str, Any]:
        """The first lesions, as many as the strength's share of all."""
        load = min(strength, 1.0) * len(latents["volumes_ml"])
        kept = ceil(load)
        share = np.clip(load - np.arange(kept), 0, 1)
        return {
            **latents,
            "centres": latents["centres"][:kept],
            "volumes_ml": latents["volumes_ml"][:kept] * share,
            "axes": latents["axes"][:kept],
            "waves": tuple(wave[:kept] for wave in latents["waves"]),
        }
