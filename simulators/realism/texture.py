"""Texture of simulated subjects beside the average brain's: power of fine structure, intensities, small patches."""

from dataclasses import fields, replace
from typing import Any, NamedTuple

import numpy as np

from bench.contracts import Spectrum
from bench.passes.discrimination import AUC
from simulators.anatomy.protocol import Template
from simulators.audit import cross_validated
from simulators.draw import subject
from simulators.parts import Parts

#: voxels (mm) of the grid on which texture is compared, subjects compared, and the stream they are of
VOXEL_MM, SUBJECTS, STREAM = 2.0, 6, "texture"
#: a block within the brain: its middle and edges (MNI mm)
MIDDLE, EDGES = (0.0, -18.0, 12.0), (66.0, 82.0, 50.0)
#: edges of the bands of spatial frequency (per mm)
BANDS = np.arange(0.04, 0.2001, 0.02)
#: edge of a patch (voxels), patches of each kind, and bins of intensity up to the brightest
PATCH, PATCHES, BINS, BRIGHTEST = 6, 400, 64, 1.2


class SeenTexture(NamedTuple):
    """Texture of some subjects beside the template's.

    spectrum: power over the template's. overlaps: share (n,) of each subject's histogram of intensities that
    is in common with it. medians, peaks: the median and the commonest intensity of fluid, grey and white matter,
    simulated and of the template, (2, 3). patches: how well a classifier tells simulated patches from the template's.
    """

    spectrum: Spectrum
    overlaps: np.ndarray
    medians: np.ndarray
    peaks: np.ndarray
    patches: AUC


def texture(parts: Parts) -> SeenTexture:
    """Texture of healthy subjects of an anatomy at 2 mm, in a scanner without noise, beside its template."""
    brains, average = texture_blocks(parts)
    images, reference = [block_image(parts, brain) for brain in brains], block_image(parts, average)
    ratios = np.stack([power(image, VOXEL_MM) for image in images]) / power(reference, VOXEL_MM)
    histograms, known = np.stack([_histogram(image) for image in images]), _histogram(reference)
    medians, peaks = (
        np.stack([np.mean([of(i, b) for i, b in zip(images, brains, strict=True)], 0), of(reference, average)])
        for of in (_medians, _peaks)
    )
    return SeenTexture(
        Spectrum((BANDS[:-1] + BANDS[1:]) / 2, ratios),
        np.minimum(histograms, known).sum(1),
        medians,
        peaks,
        _patch_auc(images, reference),
    )


def texture_blocks(parts: Parts) -> tuple[list[np.ndarray], np.ndarray]:
    """Grey matter, white matter, brain and detail (4, D, H, W) at 2 mm of subjects, and of the average brain."""
    fine = replace(parts, anatomy=_at(parts.anatomy, VOXEL_MM))
    template = fine.anatomy.template
    return [_cut(template, _shares(fine, number)) for number in range(SUBJECTS)], _cut(template, template.maps)


def block_image(parts: Parts, shares: np.ndarray) -> np.ndarray:
    """The image (D, H, W) of a block (4, D, H, W) without noise."""
    return parts.contrast.mix(shares, np.zeros_like(shares[0]), parts.contrast.means)


def power(image: np.ndarray, voxel_mm: float) -> np.ndarray:
    """Mean power (F,) of an image (D, H, W) in each of `BANDS`, under a Hann window along every axis."""
    centred = image - image.mean()
    for axis, count in enumerate(image.shape):
        centred = centred * np.hanning(count).reshape([-1 if a == axis else 1 for a in range(3)])
    axes = np.meshgrid(*(np.fft.fftfreq(count, voxel_mm) for count in image.shape), indexing="ij")
    band = np.digitize(np.sqrt(sum(np.square(a) for a in axes)), BANDS)
    spectrum = np.abs(np.fft.fftn(centred)) ** 2
    return np.array([spectrum[band == number].mean() for number in range(1, len(BANDS))])


def _at(anatomy: Any, resolution: float) -> Any:
    """The anatomy, or the one inside it, at another resolution."""
    if "resolution_mm" in {field.name for field in fields(anatomy)}:
        return replace(anatomy, resolution_mm=resolution)
    return replace(anatomy, anatomy=_at(anatomy.anatomy, resolution))


def _shares(parts: Parts, number: int) -> np.ndarray:
    """Grey matter, white matter, brain and detail (4, D, H, W) of a healthy subject."""
    rng = subject.streams(parts, STREAM, number)
    warped = parts.anatomy.warp(parts.anatomy.draw(rng("anatomy")))
    return parts.local.apply(warped.maps, warped.labels, subject.local(parts, rng, {}))


def _cut(template: Template, maps: np.ndarray) -> np.ndarray:
    """The block of maps (4, D, H, W)."""
    edges = np.array(EDGES) / VOXEL_MM
    low = np.rint((np.array(MIDDLE) - template.affine[:3, 3]) / VOXEL_MM - edges / 2).astype(int)
    return maps[:, *(slice(start, start + int(count)) for start, count in zip(low, edges, strict=True))]


def _histogram(image: np.ndarray) -> np.ndarray:
    counts = np.histogram(image, BINS, (0, BRIGHTEST))[0]
    return counts / counts.sum()


def _medians(image: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The median intensity (3,) of voxels that are mostly fluid, grey or white matter."""
    return np.array([np.median(values) for values in _by_tissue(image, shares)])


def _peaks(image: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The commonest intensity (3,) of voxels that are mostly fluid, grey or white matter."""
    most = [np.histogram(values, BINS // 2, (0, BRIGHTEST))[0].argmax() for values in _by_tissue(image, shares)]
    return (np.array(most) + 0.5) * BRIGHTEST / (BINS // 2)


def _by_tissue(image: np.ndarray, shares: np.ndarray) -> list[np.ndarray]:
    gm, wm, brain, _ = shares
    most = np.stack([brain - gm - wm, gm, wm]).argmax(0)
    return [image[most == tissue] for tissue in range(3)]


def _patch_auc(images: list[np.ndarray], reference: np.ndarray) -> AUC:
    """AUC of gradient boosting between patches of subjects and of the template, from statistics that know no place."""
    rng = np.random.default_rng(0)
    patches = [_described(images[k % len(images)], rng) for k in range(PATCHES)]
    known = [_described(reference, rng) for _ in range(PATCHES)]
    return cross_validated(np.array(patches + known), np.repeat([1, 0], PATCHES))


def _described(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Quantiles of a random patch, and the energy of its first and second differences."""
    corner = rng.integers(np.array(image.shape) - PATCH)
    patch = image[tuple(slice(c, c + PATCH) for c in corner)]
    steps = [np.square(np.diff(patch, order, axis)).mean() for order in (1, 2) for axis in range(3)]
    return np.array([*np.quantile(patch, (0.05, 0.25, 0.5, 0.75, 0.95)), patch.std(), *steps])
