"""The brain and its tissues in scans as other tools leave them."""

import numpy as np
import pytest
from scipy.ndimage import affine_transform, distance_transform_edt

from simulators.anatomy.phantom import Phantom
from simulators.anatomy.segment import foreground, largest, tissues
from simulators.contrast import Contrast

CONTRAST = Contrast()
RNG = np.random.default_rng(0)


def head(mm):
    """A skull-stripped T1-weighted image of the phantom, and where its brain is."""
    maps = Phantom(resolution_mm=mm).template.maps
    shares, inside = np.append(maps[:3], 0 * maps[:1], 0), maps[2] > 0.5
    signal = 1000 * CONTRAST.mix(shares, 0 * shares[0], CONTRAST.means)
    return np.where(inside, signal, 0).astype(np.float32), inside


SCAN, INSIDE = head(6.0)
NOISE = 10 * RNG.standard_normal(SCAN.shape)


def spoilt(value, count=1):
    scan = SCAN.copy()
    scan.reshape(-1)[RNG.choice(np.flatnonzero(~INSIDE), count, replace=False)] = value
    return scan


def standardised():
    return np.where(INSIDE, (SCAN - SCAN[INSIDE].mean()) / SCAN[INSIDE].std(), 0)


#: what lies outside of the brain
LEFT = {
    "nothing": SCAN,
    "one voxel a little below 0": spoilt(-3),
    "one voxel far below 0": spoilt(-300),
    "one voxel far above": spoilt(1e6),
    "a tenth of the background below 0": spoilt(-4, 2000),
    "a background of 100": SCAN + 100,
    "a background of -1024": SCAN - 1024,
    "a background of 1000, and dark around": np.where(INSIDE, SCAN, 0) + spoilt(-5, 30) * ~INSIDE + 1000,
    "a background brighter than the brain": np.where(INSIDE, SCAN, 2000),
    "standardised within the brain": standardised(),
    "standardised, all of it": (SCAN - SCAN.mean()) / SCAN.std(),
    "small numbers": SCAN * 1e-20,
    "large numbers": SCAN * 1e20,
    "noise": SCAN + NOISE,
    "noise about 500": SCAN + NOISE + 500,
    "noise without sign": np.abs(SCAN + NOISE),
    "one voxel far above noise": spoilt(1e5) + NOISE,
    "whole numbers": SCAN.round().astype(np.int16).astype(np.float32),
}


@pytest.mark.parametrize("way", LEFT)
def test_the_brain_is_found_whatever_is_left_outside_of_it(way):
    scan = LEFT[way].astype(np.float32)
    found = largest(foreground(scan))
    # a share of voxels that have the background's value within a standardised brain, at its rim
    assert (found != INSIDE).sum() <= 0.002 * INSIDE.sum()
    clean, shares = (tissues(volume, mask)[0] for volume, mask in ((SCAN, INSIDE), (scan, found)))
    assert np.abs(clean.sum((1, 2, 3)) / shares.sum((1, 2, 3)) - 1).max() < 0.02


@pytest.mark.parametrize("order", [1, 3])
@pytest.mark.parametrize("step", [(0.5, 0.5, 0.5), (0.4, 0.3, 0.2)])
def test_interpolation_leaves_a_brain_of_the_same_size(order, step):
    """Linear interpolation blurs the rim, splines ring as well: down to a sixth of white matter below 0."""
    scan, inside = head(4.0)
    moved, share = (affine_transform(v, np.eye(3), step, order=o) for v, o in ((scan, order), (inside * 1.0, 1)))
    assert (moved.min() < -50) == (order == 3)
    found = largest(foreground(moved))
    assert found.sum() == pytest.approx(inside.sum(), rel=0.05)
    assert (found != (share > 0.5)).sum() < 0.07 * inside.sum()


@pytest.mark.parametrize("air", [0 * NOISE, np.abs(NOISE)])
def test_a_scalp_is_found_beside_the_brain(air):
    distance = distance_transform_edt(~np.pad(INSIDE, 4))
    skull = np.pad(SCAN, 4) + 700 * ((distance > 2) & (distance < 4)) + np.pad(air, 4, mode="wrap")
    found = foreground(skull.astype(np.float32))
    brain = largest(found)
    assert (found & ~brain).sum() > 0.2 * brain.sum()


def test_the_brain_is_found_in_a_noisy_background_and_its_holes_are_filled():
    axes = np.arange(-20, 21)
    radius = np.linalg.norm(np.stack(np.meshgrid(axes, axes, axes, indexing="ij"), -1), axis=-1)
    ball = radius < 15
    volume = np.where(ball & (radius > 3), 100.0, 10.0) + np.random.default_rng(0).standard_normal(ball.shape)
    volume[:2, :2, :2] = 100
    assert np.array_equal(largest(foreground(volume)), ball)


def test_three_gaussians_are_found_again():
    rng = np.random.default_rng(0)
    kinds = rng.choice(3, size=(30, 30, 30), p=[0.2, 0.45, 0.35])
    volume = np.array([200.0, 500.0, 800.0])[kinds] + 60 * rng.standard_normal(kinds.shape)
    shares, means = tissues(volume.astype(np.float32), np.ones(kinds.shape, bool))
    np.testing.assert_allclose(means, [500, 800, 200], atol=10)
    assert (np.array([1, 2, 0])[shares.argmax(0)] == kinds).mean() > 0.97
    np.testing.assert_allclose(shares.sum(0), 1, atol=1e-5)


@pytest.mark.parametrize("value", [1.0, -1.0])
def test_a_single_voxel_is_a_piece(value):
    volume = np.zeros((6, 6, 6), np.float32)
    volume[3, 3, 3] = value
    assert largest(foreground(volume)).sum() == 1
