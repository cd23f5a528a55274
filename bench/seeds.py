"""Seeds hashed from named axes: what shares an axis shares its noise, and nothing else does."""

import hashlib
import json
from collections.abc import Callable


def seed(**axes: str | int) -> int:
    """A 63-bit seed of the named axes; their order does not matter."""
    text = json.dumps(axes, sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def of_method(method: str, model: str) -> Callable[[int], int]:
    """subject -> seed of a method's own noise, the same for every batch and for x and x + delta.

    method, model: keys of the method and of the trained model.
    """
    return lambda subject: seed(draw="method", method=method, model=model, subject=int(subject))


def of_perturbations(model: str) -> Callable[[int], int]:
    """subject -> seed of the perturbations, common to all methods of a model."""
    return lambda subject: seed(draw="perturbation", model=model, subject=int(subject))
