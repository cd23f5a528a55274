"""Seeds hashed from named axes: what shares an axis shares its noise, and nothing else does."""

import hashlib
import json
from collections.abc import Callable, Sequence
from itertools import product

#: crossed seeds lie below it, so that their pairs can be named
MOST = 1000


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


def crossed(initialisations: Sequence[int], orders: Sequence[int]) -> dict[int, tuple[int, int] | None]:
    """Model seeds that stand for every (initialisation, order), and what they stand for.

    The pair (s, s) is the model seed s as it always was, None here; any other pair (i, o) is 1000 (i + 1) + o,
    whatever other seeds a study has. All are below 1000.
    """
    pairs = product(initialisations, orders)
    return {i if i == o else MOST * (i + 1) + o: None if i == o else (i, o) for i, o in pairs}
