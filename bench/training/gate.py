"""The competence gate: an attribution map of a model that does not use the planted signal says nothing."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
from torch import Tensor

from bench.passes.correlation import correlation
from bench.passes.discrimination import auc

#: the share of the reference observer's advantage over chance that a model must reach, with its lower 95 % bound
COMPETENCE = 0.8
#: how far from 0.5 the AUC, and from 0 the correlation, may lie once the pathology is off
OFF_TOLERANCE, OFF_CORRELATION = 0.05, 0.1


def gate(scores: np.ndarray, targets: Tensor, scores_off: np.ndarray, reference: float) -> dict[str, Any]:
    """Judge a classifier by its explained score on test subjects of two classes, 0 and 1.

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


def worst(outputs: Tensor, targets: Tensor, off: Tensor, calibration: dict[str, Any]) -> dict[str, Any]:
    """Judge a classifier of any number of classes, from outputs (N, K), by the two it tells apart worst.

    Every two classes a < b are judged by z_b - z_a on their own subjects; with three or more, `pair` names the worst
    and a model passes if all do.
    """
    judged = dict(_pairs(outputs, targets, off, calibration))
    pair, verdict = min(judged.items(), key=lambda item: item[1]["competence_low"])
    if len(judged) == 1:
        return verdict
    reasons = [f"classes {name}: {v['reason']}" for name, v in judged.items() if not v["passed"]]
    leak = max((v["auc_off"] for v in judged.values()), key=lambda value: abs(value - 0.5))
    return verdict | {"pair": pair, "auc_off": leak, "passed": not reasons, "reason": "; ".join(reasons)}


def _pairs(
    outputs: Tensor, targets: Tensor, off: Tensor, calibration: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    references = calibration.get("pairs") or {"0-1": calibration["reached"]}
    for pair, (scores, classes), (scores_off, _) in zip(
        combinations(range(outputs.shape[1]), 2), _contrasts(outputs, targets), _contrasts(off, targets), strict=True
    ):
        name = "-".join(map(str, pair))
        yield name, gate(scores, classes, scores_off, references[name])


def worst_auc(outputs: Tensor, targets: Tensor) -> float:
    """The smallest AUC that outputs (N, K) reach for any two classes."""
    return min(auc(scores, classes.numpy()).value for scores, classes in _contrasts(outputs, targets))


def _contrasts(outputs: Tensor, targets: Tensor) -> Iterator[tuple[np.ndarray, Tensor]]:
    """z_b - z_a of the subjects of classes a < b, and 1 for those of b, for every two classes."""
    for a, b in combinations(range(outputs.shape[1]), 2):
        two = (targets == a) | (targets == b)
        yield (outputs[two, b] - outputs[two, a]).double().numpy(), (targets[two] == b).long()


def never(verdict: dict[str, Any], reason: str) -> dict[str, Any]:
    """The verdict on a model that is not there to be competent, whatever it reached."""
    return verdict | {"passed": False, "reason": "; ".join(filter(None, (reason, verdict["reason"])))}


def exempt(verdict: dict[str, Any]) -> dict[str, Any]:
    """The verdict on a model of which no competence is asked, whatever it reached."""
    return verdict | {"passed": True, "reason": ""}


def predicts(
    values: np.ndarray, targets: Tensor, values_off: np.ndarray, calibration: dict[str, Any]
) -> dict[str, Any]:
    """Judge a regression by its predictions on test subjects.

    competence c = R2 / R2_reference, R2 the squared correlation, which a wrong offset or scale of the output does not
    lower: maps do not depend on these. A model passes if c's lower 95 % bound is at least 0.8 and its predictions of
    the same subjects with the pathology off correlate with the target by no more than 0.1 either way. Its AUC between
    the upper and the lower half of the targets stands beside it.
    """
    wanted, reference = targets.double().numpy(), calibration["r2"]
    value, low, high = correlation(values, wanted).r2
    off, half = correlation(values_off, wanted).value, wanted > np.median(wanted)
    halves = auc(values, half)
    reasons = []
    if low / reference < COMPETENCE:
        reasons.append(f"competence at least {low / reference:.2f}, below {COMPETENCE}")
    if abs(off) > OFF_CORRELATION:
        reasons.append(f"correlation {off:.2f} with the pathology off")
    return {
        "auc": halves.value,
        "auc_low": halves.low,
        "auc_high": halves.high,
        "auc_reference": calibration["reached"],
        "r2": value,
        "r2_low": low,
        "r2_high": high,
        "r2_reference": reference,
        "competence": value / reference,
        "competence_low": low / reference,
        "auc_off": auc(values_off, half).value,
        "r_off": off,
        "passed": not reasons,
        "reason": "; ".join(reasons),
    }
