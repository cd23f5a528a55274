"""Measurement of healthy simulated subjects beside norms, as one list of findings."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from bench.contracts import AtLeast, BesideNorm, Realism, require
from simulators.anatomy.norms import norms
from simulators.parts import Parts
from simulators.realism import slopes
from simulators.realism.sizes import regional_sizes
from simulators.realism.statistics import statistic
from simulators.realism.texture import SeenTexture, texture
from simulators.realism.volumes import regional_volumes

#: fewest subjects whose correlations have a standard error worth its name
FEWEST_SUBJECTS = 20
#: factor that the power of fine structure may differ by; fewest common to two histograms; differences of two medians
#: and of two peaks
FACTOR, COMMON, MEDIAN, PEAK = 1.5, 0.8, 0.03, 0.08
TEMPLATE = "the average brain that subjects are deformations of, on the same grid of 2 mm, without noise"


def beside_norms(parts: Parts, subjects: int) -> Realism:
    """How volumes vary, how large they are, what age and sex do to them, texture and intensities of healthy subjects.

    Raises:
        BadInput: for fewer than 20 subjects.
        Unsupported: for a part of the head, where structures are cut.
    """
    require("realism", "subjects", subjects, Annotated[int, AtLeast(FEWEST_SUBJECTS)])
    volumes = regional_volumes(parts, {norm.structure: norm.tissue for norm in norms()}, subjects)
    seen = texture(parts)
    findings = (*_volumes(volumes), *regional_sizes(parts, volumes), *_slopes(parts), *_texture(seen))
    return Realism(_title(parts), subjects, findings, volumes, seen.spectrum)


def _title(parts: Parts) -> str:
    """The anatomy, its voxels, and which covariates change it."""
    changing = [covariate.name for covariate in parts.labels.covariates if covariate.name in slopes.STATES]
    return "_".join([type(parts.anatomy).__name__.lower(), f"{parts.voxel_mm:g}mm", *changing])


def _volumes(volumes: dict[str, np.ndarray]) -> Iterator[BesideNorm]:
    brain = volumes["brain"][:, 0]
    for norm in norms():
        if norm.structure in volumes:
            value, error = statistic(norm.quantity, volumes[norm.structure], brain)
            yield BesideNorm(norm.structure, norm.quantity, value, error, *norm[3:])


def _slopes(parts: Parts) -> Iterator[BesideNorm]:
    for norm, value, error in slopes.covariate_slopes(parts):
        yield BesideNorm(norm.structure, norm.quantity, value, error, *norm[3:])


def _texture(seen: SeenTexture) -> Iterator[BesideNorm]:
    ratios = seen.spectrum.ratios
    for frequency, power in zip(seen.spectrum.frequencies, ratios.T, strict=True):
        yield _beside_template("texture", f"power at {frequency:.2f}/mm", power, 1.0, 1 / FACTOR, FACTOR)
    yield _beside_template("intensities", "histogram in common", seen.overlaps, 1.0, COMMON, 1.0)
    for name, values, near in (("median", seen.medians, MEDIAN), ("commonest", seen.peaks, PEAK)):
        for tissue, value, known in zip(("csf", "grey matter", "white matter"), *values, strict=True):
            yield _beside_template(tissue, f"{name} intensity", np.array([value]), known, known - near, known + near)
    value, low, high = seen.patches
    error = (high - low) / 3.92
    yield BesideNorm("patches", "auc against the template", value, error, 0.5, np.nan, np.nan, 0, "", TEMPLATE)


def _beside_template(
    structure: str, quantity: str, values: np.ndarray, norm: float, low: float, high: float
) -> BesideNorm:
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.nan
    return BesideNorm(structure, quantity, float(values.mean()), error, norm, low, high, 0, "", TEMPLATE)
