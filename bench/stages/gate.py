"""The competence gate: an attribution map of a model that does not use the planted signal says nothing."""

from typing import Any

import numpy as np
from torch import Tensor

from bench.passes.discrimination import auc

#: the share of the reference observer's advantage over chance that a model must reach, with its lower 95 % bound
COMPETENCE = 0.8
#: how far from 0.5 the AUC may lie once the pathology is off
OFF_TOLERANCE = 0.05


def gate(scores: np.ndarray, targets: Tensor, scores_off: np.ndarray, reference: float) -> dict[str, Any]:
    """Judge a classifier by its explained score on test subjects.

    competence c = (AUC - 0.5) / (AUC_reference - 0.5). A model passes if c's lower 95 % bound is at least 0.8 and its
    AUC on the same subjects with the pathology off lies within 0.5 +- 0.05.
    """
    value, low, high = auc(scores, targets.numpy())
    off = auc(scores_off, targets.numpy()).value
    lower = (low - 0.5) / (reference - 0.5)
    reasons = []
    if lower < COMPETENCE:
        reasons.append(f"competence at least {lower:.2f}, below {COMPETENCE}")
    if abs(off - 0.5) > OFF_TOLERANCE:
        reasons.append(f"AUC {off:.2f} with the pathology off")
    return {
        "auc": value,
        "auc_low": low,
        "auc_high": high,
        "auc_reference": reference,
        "competence": (value - 0.5) / (reference - 0.5),
        "competence_low": lower,
        "auc_off": off,
        "passed": not reasons,
        "reason": "; ".join(reasons),
    }
