"""Fingerprints of volumes, alike on every machine, and beside them digests of their bytes for kinds of machines known.

A fingerprint is a few sums that any other subject, place or sign would change. Processors, libraries and numbers
of threads differ in the last bits of an exponential or a sum, so a digest holds where a small computation has the same
bytes.
`PYTHONPATH=.:tests OMP_NUM_THREADS=1 python tests/simulators/fingerprint.py` writes those of this kind of machine,
when images change on purpose.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch.nn.functional import grid_sample

#: of the standard deviation of the values; machines differ by less than a hundredth of it
TOLERANCE = 1e-4
WAVES = 4
#: {kind of machine: {name: digest}}
DIGESTS = Path(__file__).with_name("digests.json")


def fingerprint(volumes):
    """Mean, SD, and the correlation of all values with cosines of incommensurable frequencies along their index."""
    values = np.asarray(volumes, np.float64).ravel()
    centred, at = values - values.mean(), np.arange(values.size)
    spread = values.std() or 1.0
    waves = [np.cos(at * np.sqrt(prime)) for prime in (2, 3, 5, 7)[:WAVES]]
    return [values.mean(), values.std(), *((centred * wave).sum() / (spread * np.sqrt(values.size)) for wave in waves)]


def same(volumes, golden, name=None):
    """Whether volumes have a golden fingerprint and, named on a machine whose kind is known, the bytes they had."""
    alike = fingerprint(volumes) == pytest.approx(golden, rel=TOLERANCE, abs=TOLERANCE)
    known = _known().get(machine(), {}) if name else {}
    return alike and (not known or known.get(name) == digest(volumes))


def digest(*volumes):
    """The first 16 hexadecimal digits of the sha256 of their bytes."""
    parts = [np.ascontiguousarray(np.asarray(volume)) for volume in volumes]
    return hashlib.sha256(b"".join(f"{p.dtype}{p.shape}".encode() + p.tobytes() for p in parts)).hexdigest()[:16]


def machine():
    """The kind of machine: a digest of what images are made with, in float32 on noise."""
    noise = np.random.default_rng(0).standard_normal((2, 9, 9, 9)).astype(np.float32)
    where = torch.from_numpy(np.tanh(noise[:1, ..., None].repeat(3, -1)))
    read = grid_sample(torch.from_numpy(noise)[None], where, align_corners=True)
    waves = [f(noise) for f in (np.exp, np.sin, np.tanh, np.cbrt)] + [np.log(np.abs(noise)), np.abs(noise) ** 0.3]
    # large enough that its sums are shared out among threads
    square = np.resize(noise, (256, 256))
    smooth, spectrum = gaussian_filter(noise, 1.3), np.fft.rfftn(noise)
    return digest(*waves, read, torch.from_numpy(noise).exp(), smooth, spectrum, square @ square)


def _known():
    return json.loads(DIGESTS.read_text()) if DIGESTS.exists() else {}


if __name__ == "__main__":
    import test_golden
    import test_same_bytes

    # as in tests and in every job
    torch.set_num_threads(1)
    made = dict((*test_golden.named(), *test_same_bytes.named()))
    known = _known() | {machine(): {name: digest(volumes) for name, volumes in made.items()}}
    DIGESTS.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
