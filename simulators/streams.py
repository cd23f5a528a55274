"""Hashed random streams: a draw depends on the names given here and on nothing else."""

import hashlib
from typing import Any

import numpy as np
from numpy.random.bit_generator import ISeedSequence


def generator(stream: str, subject: int, component: str) -> np.random.Generator:
    """The generator of one component of one subject.

    Every component (anatomy, pathology, noise, ...) has its own, so replacing one leaves the draws of all others
    untouched, and a subject is the same bytes in any subset, order, batch or process.
    """
    digest = hashlib.sha256(f"{stream}/{subject}/{component}".encode()).digest()
    key: Any = _Key(digest[:16])
    return np.random.Generator(np.random.Philox(key))


class _Key(ISeedSequence):
    """A Philox key as it is; `Philox(key=...)` gives the same, but asks the system for entropy first, which is slow."""

    def __init__(self, digest: bytes) -> None:
        self.words = np.frombuffer(digest, ">u8")[::-1].astype(np.uint64)

    def generate_state(self, n_words: int, dtype: Any = np.uint64) -> np.ndarray:
        """The key's two words, the lower one first."""
        return self.words
