"""Fingerprints of volumes: a few sums that any other subject, place or sign would change, alike on every machine.

Processors differ in the last bits of an exponential, so a digest of bytes holds on one kind of machine alone.
"""

import numpy as np
import pytest

#: of the standard deviation of the values; machines differ by less than a hundredth of it
TOLERANCE = 1e-4
WAVES = 4


def fingerprint(volumes):
    """Mean, SD, and the correlation of all values with cosines of incommensurable frequencies along their index."""
    values = np.asarray(volumes, np.float64).ravel()
    centred, at = values - values.mean(), np.arange(values.size)
    spread = values.std() or 1.0
    waves = [np.cos(at * np.sqrt(prime)) for prime in (2, 3, 5, 7)[:WAVES]]
    return [values.mean(), values.std(), *((centred * wave).sum() / (spread * np.sqrt(values.size)) for wave in waves)]


def same(volumes, golden):
    """Whether volumes have a golden fingerprint."""
    return fingerprint(volumes) == pytest.approx(golden, rel=TOLERANCE, abs=TOLERANCE)
