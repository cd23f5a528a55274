"""Portraits of simulators: the patients that are shown, and their file."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
from PIL import Image
from torch import Tensor

from bench.contracts import BadInput, Cohort
from bench.explore.export.origins import origin
from bench.launch.spoken import SpokenBeat, spoken
from bench.launch.unit import UnitRun
from bench.report.figures import style
from bench.report.figures.portrait import Portrait, draw
from bench.stages.calibrate import CALIBRATE
from bench.stages.context import simulator
from bench.store import files
from bench.study import PORTRAITS, Study

#: subjects looked at, and patients shown of them
AMONG, SHOWN = 16, 3
DPI = 150


def write(study: Study) -> Iterator[Path]:
    """Draw the simulators of a study into its `portraits/<simulator>.png`; one never calibrated is calibrated."""
    for unit in {u.simulator: u for u in reversed(study.units)}.values():
        calibrated = simulator(study, unit, UnitRun(study, unit, SpokenBeat()).value(CALIBRATE))
        path = study.folder / PORTRAITS / f"{unit.simulator}.png"
        with spoken(f"{unit.simulator}: portrait"):
            cohort = calibrated.cohort(range(AMONG), "evaluation")
            patients = portrait(unit.simulator, cohort, calibrated.sides(cohort.targets))
            files.write_bytes(
                path, picture(replace(patients, origin=origin(calibrated.heads, calibrated.modality).words))
            )
        yield path


def portrait(name: str, cohort: Cohort, sides: Tensor) -> Portrait:
    """The patients of a cohort that their disease changes most, in the order of that change.

    sides: (N,) what `Simulator.sides` gives of their targets; patients are on side 1.

    Raises:
        BadInput: where the cohort holds no patient.
    """
    change = (cohort.images - cohort.twins)[:, 0].abs()
    sick = (sides == 1).nonzero().flatten()
    if not len(sick):
        raise BadInput(f"the portrait of {name} needs a patient among its first {len(cohort)} subjects; there is none")
    size = change[sick].flatten(1).sum(1)
    chosen = cohort.take(sick[size.argsort(descending=True, stable=True)[:SHOWN]])
    return _portrait(name, chosen)


def picture(portrait: Portrait) -> bytes:
    """The portrait as PNG; the same cohort gives the same bytes."""
    drawn, stream = io.BytesIO(), io.BytesIO()
    with style.journal():
        draw(portrait).savefig(drawn, format="png", dpi=DPI)
    # a palette is a third of the size, and these pictures are committed
    Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(stream, "png", optimize=True)
    return stream.getvalue()


def _portrait(name: str, cohort: Cohort) -> Portrait:
    def upright(volumes: Tensor) -> np.ndarray:
        return np.stack([np.asarray(_canonical(v[0].numpy(), cohort.affine).dataobj) for v in volumes])

    title, difference = style.display_name(name), upright(cohort.images - cohort.twins)
    truths = {n: upright(t.volume) for n, t in cohort.truths.items() if t.volume is not None}
    same = tuple(n for n, volume in truths.items() if np.allclose(volume, difference, atol=1e-6))
    return Portrait(
        title[0].upper() + title[1:],
        _captions(cohort),
        upright(cohort.images),
        upright(cohort.twins),
        {n: volume for n, volume in truths.items() if n not in same},
        same,
        upright(cohort.regions),
        cohort.region_names,
        upright(cohort.domain.byte()).astype(bool),
        _canonical(cohort.regions[0, 0].numpy(), cohort.affine).affine,
    )


def _canonical(volume: np.ndarray, affine: np.ndarray) -> nib.Nifti1Image:
    """The volume with its axes to the right, front and top."""
    return nib.as_closest_canonical(nib.Nifti1Image(volume, affine))


def _captions(cohort: Cohort) -> tuple[str, ...]:
    change = (cohort.images - cohort.twins).flatten(1)
    peaks = change.gather(1, change.abs().argmax(1, keepdim=True))[:, 0]
    return tuple(
        f"subject {subject}, target {target:g}; largest change {peak:.2g}".replace("-", "−")
        for subject, target, peak in zip(*(t.tolist() for t in (cohort.subjects, cohort.targets, peaks)), strict=True)
    )
