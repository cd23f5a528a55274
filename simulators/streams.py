"""Hashed random streams: a draw depends on the names given here and on nothing else."""

import hashlib

import numpy as np


def generator(stream: str, subject: int, component: str) -> np.random.Generator:
    """The generator of one component of one subject.

    Every component (anatomy, pathology, noise, ...) has its own, so replacing one leaves the draws of all others
    untouched, and a subject is the same bytes in any subset, order, batch or process.
    """
    digest = hashlib.sha256(f"{stream}/{subject}/{component}".encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "big")))
