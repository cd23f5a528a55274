"""The explained subjects: images, twins and truths, all from renders of the same latents."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from bench.contracts import Cohort, Truth
from simulators.task.protocol import Edits

if TYPE_CHECKING:
    from simulators.brain import Brain, Scene


def explained(brain: "Brain", indices: Sequence[int], stream: str) -> Cohort:
    """The chosen subjects with twins, regions, domain and truths.

    `counterfactual` is the image minus its twin, for controls the twin minus the image, so that it is what the label's
    pathology does; `planted` is the same difference in what the generator did (tissue lost counts negative). `edit`,
    where a task has several smallest flips of the label, is the image minus the one with all of them (for controls the
    reverse).
    """
    scenes = [brain.scene(i, stream) for i in indices]
    states = [(brain.state(scene), brain.state(scene, {"pathology": "swap"})) for scene in scenes]
    images, twins = (stack([brain.render(s, pair[k]) for s, pair in zip(scenes, states, strict=True)]) for k in (0, 1))
    own, other = (stack([brain.loss(s, pair[k]) for s, pair in zip(scenes, states, strict=True)]) for k in (0, 1))
    targets = torch.tensor([brain.task.label(i) for i in indices])
    lacks = _lacks(brain, targets)
    truths = {
        "planted": -torch.where(lacks, other - own, own - other),
        "counterfactual": torch.where(lacks, twins - images, images - twins),
        **_edit(brain, scenes, images, lacks),
    }
    return Cohort(
        images=images,
        targets=targets,
        subjects=torch.as_tensor(list(indices)),
        twins=twins,
        regions=torch.from_numpy(np.stack([s.warped.labels for s in scenes]))[:, None],
        domain=stack([s.warped.maps[2] for s in scenes]) > 0.5,
        truths={name: Truth(name, volume=volume) for name, volume in truths.items()},
        region_names=brain.region_names,
        affine=brain.anatomy.template.affine,
    )


def stack(volumes: Sequence[np.ndarray]) -> Tensor:
    """Volumes (D, H, W) as one tensor (N, 1, D, H, W) float32."""
    return torch.from_numpy(np.stack(volumes).astype(np.float32))[:, None]


def _lacks(brain: "Brain", targets: Tensor) -> Tensor:
    """(N, 1, 1, 1, 1) bool: controls, who lack what the truth shows; a value has no controls."""
    return ((brain.sides(targets) == 0) & (brain.kind == "classes")).view(-1, 1, 1, 1, 1)


def _edit(brain: "Brain", scenes: Sequence["Scene"], images: Tensor, lacks: Tensor) -> dict[str, Tensor]:
    task = brain.task
    if not isinstance(task, Edits):
        return {}
    edited = stack([brain.render(s, tuple(float(p) for p in task.edited(s.subject))) for s in scenes])
    return {"edit": torch.where(lacks, edited - images, images - edited)}
