"""The explained subjects: images, twins and truths, all from renders of the same latents."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from bench.contracts import Cohort, Truth
from simulators.task.protocol import Edits, Strength

if TYPE_CHECKING:
    from simulators.brain import Brain, Scene


class Pair(NamedTuple):
    """A subject with the states of its two labels; one of them is its own, the other its twin's."""

    scene: "Scene"
    well: Strength
    sick: Strength


def explained(brain: "Brain", indices: Sequence[int], stream: str) -> Cohort:
    """The chosen subjects with twins, regions, domain and truths.

    `counterfactual` is the image with the label's pathology minus the image without it, `planted` the same difference
    in what the generator did (tissue lost counts negative); both use a control's sick twin. `edit`, where a task has
    several smallest flips of the label, is patient minus the image with all of them (for controls the reverse).
    """
    scenes = [brain.scene(i, stream) for i in indices]
    pairs = [_pair(brain, scene) for scene in scenes]
    well = stack([brain.render(p.scene, p.well) for p in pairs])
    sick = stack([brain.render(p.scene, p.sick) for p in pairs])
    targets = torch.tensor([brain.task.label(i) for i in indices])
    patient = targets.bool().view(-1, 1, 1, 1, 1)
    images = torch.where(patient, sick, well)
    taken = stack([brain.loss(p.scene, p.sick) - brain.loss(p.scene, p.well) for p in pairs])
    truths = {"planted": -taken, "counterfactual": sick - well, **_edit(brain, scenes, images, patient)}
    return Cohort(
        images=images,
        targets=targets,
        subjects=torch.as_tensor(list(indices)),
        twins=torch.where(patient, well, sick),
        regions=torch.from_numpy(np.stack([s.warped.labels for s in scenes]))[:, None],
        domain=stack([s.warped.maps[2] for s in scenes]) > 0.5,
        truths={name: Truth(name, volume=volume) for name, volume in truths.items()},
        region_names=brain.region_names,
        affine=brain.anatomy.template.affine,
    )


def stack(volumes: Sequence[np.ndarray]) -> Tensor:
    """Volumes (D, H, W) as one tensor (N, 1, D, H, W) float32."""
    return torch.from_numpy(np.stack(volumes).astype(np.float32))[:, None]


def _pair(brain: "Brain", scene: "Scene") -> Pair:
    own, other = brain.state(scene), brain.state(scene, {"pathology": "swap"})
    return Pair(scene, other, own) if brain.task.label(scene.subject) else Pair(scene, own, other)


def _edit(brain: "Brain", scenes: Sequence["Scene"], images: Tensor, patient: Tensor) -> dict[str, Tensor]:
    task = brain.task
    if not isinstance(task, Edits):
        return {}
    edited = stack([brain.render(s, tuple(float(p) for p in task.edited(s.subject))) for s in scenes])
    return {"edit": torch.where(patient, images - edited, edited - images)}
