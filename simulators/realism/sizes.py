"""Sizes of regions in healthy simulated subjects beside those of people."""

from collections.abc import Iterator, Mapping
from math import nan

import numpy as np

from bench.contracts import BesideNorm
from simulators.anatomy.norms import SizeNorm, size_norms
from simulators.parts import Parts
from simulators.realism.volumes import regional_volumes

#: subjects measured: their means are known to a few per cent
SUBJECTS = 40
#: shares of the norm between which a region passes for as large as people's
LEAST, MOST = 0.7, 1.3
#: a structure that is all of the head
HEAD = "head"


def regional_sizes(parts: Parts, varied: Mapping[str, np.ndarray]) -> Iterator[BesideNorm]:
    """The mean volume of a side (ml) beside people's, which are brought to the size of the simulated head.

    Of a ventricle, whose label is what is compared, the share of fluid in it follows. varied: volumes (subjects, sides)
    of the same subjects, of ventricles their fluid.
    """
    asked = {norm.structure: norm.tissue for norm in size_norms()}
    volumes = regional_volumes(parts, {**asked, HEAD: "all"}, SUBJECTS)
    for norm in size_norms():
        if norm.structure in volumes:
            yield _beside(norm, volumes[norm.structure].mean(1), volumes[HEAD][:, 0])
    for structure in [norm.structure for norm in size_norms() if norm.tissue == "all" and norm.structure in volumes]:
        label, fluid = (known[structure].mean(1)[: len(varied[structure])] for known in (volumes, varied))
        share = fluid[: len(label)] / label
        yield BesideNorm(structure, "share of fluid", float(share.mean()), _error(share), nan, nan, nan, 0, "", "")


def _beside(norm: SizeNorm, ml: np.ndarray, head_ml: np.ndarray) -> BesideNorm:
    scaled = norm.ml * float(head_ml.mean()) / norm.head_ml
    error, low, high = _error(ml), LEAST * scaled, MOST * scaled
    source = (norm.people, norm.ages, norm.source)
    return BesideNorm(norm.structure, "ml a side", float(ml.mean()), error, scaled, low, high, *source)


def _error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values)))
