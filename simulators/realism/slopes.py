"""Effects of age and sex on volumes, where a task's subjects differ by them."""

from collections.abc import Iterator

import numpy as np

from simulators.anatomy.norms import PER_DECADE, Norm, slope_norms
from simulators.covariates import offsets
from simulators.parts import Parts
from simulators.realism.volumes import regional_volumes

#: subjects seen in both states; all else about them is the same, so that few are enough
SUBJECTS = 20
#: by the covariate's name: the quantity, and the two values between which a volume changes by it
STATES = {"age": (PER_DECADE, -0.5, 0.5), "sex": ("men to women", -1.0, 1.0)}


def covariate_slopes(parts: Parts) -> Iterator[tuple[Norm, float, float]]:
    """Norms of age (whose SD is a decade) and of sex, the logarithm of the ratio that subjects show, and its error."""
    for covariate in parts.labels.covariates:
        if covariate.name in STATES:
            quantity, low, high = STATES[covariate.name]
            asked = [norm for norm in slope_norms() if norm.quantity == quantity]
            structures = {norm.structure: norm.tissue for norm in asked}
            before, after = (
                regional_volumes(parts, structures, SUBJECTS, offsets([covariate], {covariate.name: value}))
                for value in (low, high)
            )
            for norm in asked:
                if norm.structure in after:
                    change = np.log(after[norm.structure].sum(1) / before[norm.structure].sum(1))
                    yield norm, float(change.mean()), float(change.std(ddof=1) / np.sqrt(SUBJECTS))
