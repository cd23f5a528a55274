"""What `simulators/README.md` says of the simulators' limits in numbers; written to results/benchmarks/limits.csv.

python tests/benchmarks/simulator_limits.py
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.ndimage import gaussian_filter

from bench.config import compose
from bench.config.build import build
from simulators.anatomy.mni152 import MNI152
from simulators.anatomy.parcellation import parcellation
from simulators.brain import Brain
from simulators.pathology.texture import Texture
from simulators.space.correspondence import resampled
from simulators.truths import observer

ROOT = Path(__file__).parents[2]
#: subjects of the stream `evaluation` that shares are of, and those that off-target change is of
SUBJECTS, MOVING = 16, 6
#: regions of white noise, and how often it is drawn
NOISE, GROUPS = 64, 200
#: SDs by which XOR changes a region
CHANGE = 1.5


def shipped(name: str, amplitude: float = 0.3) -> Brain:
    """A simulator of conf/simulator."""
    node = compose.study(["study=tiny", f"simulator={name}"]).simulators[name]
    return build(node).with_amplitude(amplitude)


def beyond(name: str) -> float:
    """Share of |planted| outside the domain."""
    cohort = shipped(name).cohort(range(SUBJECTS))
    planted = cohort.truths["planted"].volume.abs()
    return float(planted[~cohort.domain].sum() / planted.sum())


def off_target_change(name: str, amplitude: float) -> list[float]:
    """The column `off_target_change` of the first subjects."""
    brain = shipped(name, amplitude)
    return [brain.record(subject, "evaluation")["off_target_change"] for subject in range(MOVING)]


def fluid() -> tuple[float, float]:
    """Share of the volume of cortical regions that is fluid, and of their voxels that are mostly fluid."""
    anatomy = MNI152()
    drawn = parcellation()
    cortex = {name for name, tissue in zip(drawn.names, drawn.tissues, strict=True) if tissue == "gm"}
    numbers = [n for n, name in enumerate(anatomy.region_names, start=1) if name in cortex and "cerebellum" not in name]
    gm, wm, brain = anatomy.template.maps[:3, np.isin(anatomy.template.labels, numbers)]
    return float((brain - gm - wm).sum() / brain.sum()), float((brain - gm - wm > brain / 2).mean())


def nowhere(resolution_mm: float) -> float:
    """Share of the voxels that are mostly grey matter and lie in no region."""
    template = MNI152(resolution_mm=resolution_mm).template
    return float((template.labels[template.maps[0] > 0.5] == 0).mean())


def kept(voxel_mm: float = 7.0) -> float:
    """SD of the grain of `Texture` after a move by half a voxel along an axis, over its SD."""
    white = np.random.default_rng(0).standard_normal((64, 64, 64), np.float32)
    grain = gaussian_filter(white, Texture.grain_mm / voxel_mm / 2.355, mode="wrap", truncate=3.0)
    where = np.indices(grain.shape) + np.array([0.5, 0, 0])[:, None, None, None]
    return float(resampled(grain[None], where, order=3)[0, 8:-8].std() / grain[8:-8].std())


def uncertain(pairs: int) -> float:
    """Relative SD of the separation in white noise, one of 64 regions changed by an SD."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(GROUPS):
        well = rng.standard_normal((observer.subjects_seen(pairs, NOISE), NOISE))
        found.append(observer.separation(well, well + np.eye(NOISE)[0]))
    return float(np.std(found) / np.mean(found))


def divergence(pairs: int) -> float:
    """Mean divergence of XOR in white noise: patients have one of two regions of 64 changed, controls both or none."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(GROUPS // 10):
        count = observer.subjects_seen(pairs, NOISE)
        noise, first, flip = rng.standard_normal((count, NOISE)), *rng.integers(0, 2, (2, count))
        pair = np.eye(NOISE)[:2]
        one, both = first[:, None] * pair[0] + (1 - first)[:, None] * pair[1], flip[:, None] * pair.sum(0)
        found.append(observer.divergence(noise + CHANGE * both, noise + CHANGE * one))
    return float(np.mean(found))


def limits() -> dict[str, float]:
    """All of them, by what they are."""
    volume, voxels = fluid()
    found = {f"share of |planted| outside the domain, {name}": beyond(name) for name in ("mtl_atrophy", "focal")}
    found["fluid's share of the volume of cortical regions at 7 mm"] = volume
    found["share of their voxels that are mostly fluid"] = voxels
    for resolution in (7.0, 4.0, 3.0, 2.0):
        found[f"share of mostly grey voxels in no region at {resolution:g} mm"] = nowhere(resolution)
    found["SD of 4 mm grain moved by half of a 7 mm voxel / before"] = kept()
    for name, amplitude in (("mtl_deformation", 0.2), ("ventricular_enlargement", 0.3)):
        values = off_target_change(name, amplitude)
        found |= {
            f"off-target change of {name} at amplitude {amplitude:g}, {end.__name__}": end(values) for end in (min, max)
        }
    for pairs in (60, 200, 400):
        found[f"relative SD of d'^2 of {NOISE} regions at {pairs} pairs"] = uncertain(pairs)
    found["divergence of XOR in white noise at 200 pairs / at 2,000"] = divergence(200) / divergence(2000)
    return found


def main() -> None:
    """Measure, print, write."""
    torch.set_num_threads(1)
    found = limits()
    table = pd.DataFrame({"what": found.keys(), "value": [round(value, 3) for value in found.values()]})
    table.to_csv(ROOT / "results" / "benchmarks" / "limits.csv", index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
