"""The explained subjects: images, twins and truths, all from renders of the same latents."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from bench.contracts import Cohort, Truth
from bench.contracts.validity import Validity
from simulators.task.protocol import Edits, Strength, Task
from simulators.truths.not_disease import changed, suppressors, switched, within
from simulators.truths.off_target import confined, near

if TYPE_CHECKING:
    from simulators.brain import Brain, Scene


def explained(brain: "Brain", indices: Sequence[int], stream: str) -> Cohort:
    """The chosen subjects with twins, regions, domain and truths.

    `counterfactual` is the image minus its twin, for controls the twin minus the image, so that it is what the label's
    pathology does; `planted` is the same difference in what the generator did (tissue lost counts negative). `edit`,
    where a task has several smallest flips of the label, is the image minus the one with all of them (for controls the
    reverse); where the pathology moves anatomy, it is kept within the regions and their interface (`off_target`).
    Truths of what is not disease are those of `simulators.truths.not_disease`.
    """
    scenes = [brain.scene(i, stream) for i in indices]
    states = [(brain.state(scene), brain.state(scene, {"pathology": "swap"})) for scene in scenes]
    images, twins = (stack([brain.render(s, pair[k]) for s, pair in zip(scenes, states, strict=True)]) for k in (0, 1))
    targets = torch.tensor([brain.task.label(i) for i in indices])
    lacks = _lacks(brain, targets)
    truths = {
        "planted": _planted(brain, scenes, states, lacks),
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
        truths={name: Truth(name, volume=volume) for name, volume in truths.items()} | _harmless(brain, scenes, images),
        region_names=brain.region_names,
        affine=brain.anatomy.template.affine,
    )


def stack(volumes: Sequence[np.ndarray]) -> Tensor:
    """Volumes (D, H, W) as one tensor (N, 1, D, H, W) float32."""
    return torch.from_numpy(np.stack(volumes).astype(np.float32))[:, None]


def _lacks(brain: "Brain", targets: Tensor) -> Tensor:
    """(N, 1, 1, 1, 1) bool: controls, who lack what the truth shows; a value has no controls."""
    return ((brain.sides(targets) == 0) & (brain.kind == "classes")).view(-1, 1, 1, 1, 1)


def _planted(
    brain: "Brain", scenes: Sequence["Scene"], states: Sequence[tuple[Strength, Strength]], lacks: Tensor
) -> Tensor:
    """(N, 1, D, H, W): the difference of what the generator did in both states, rounded once and last."""
    own, other = (np.stack([brain.loss(s, pair[k]) for s, pair in zip(scenes, states, strict=True)]) for k in (0, 1))
    lost = torch.from_numpy(own - other)[:, None]
    return -torch.where(lacks, 0 - lost, lost).float()


def _edit(brain: "Brain", scenes: Sequence["Scene"], images: Tensor, lacks: Tensor) -> dict[str, Tensor]:
    several = _several(brain.task)
    if several is None and not confined(brain):
        return {}
    # where only one change flips the label, the edit is the twin's
    states = [several.edited(s.subject, s.stream) if several else brain.state(s, {"pathology": "swap"}) for s in scenes]
    edited = stack([brain.render(s, _floats(state)) for s, state in zip(scenes, states, strict=True)])
    change = torch.where(lacks, edited - images, images - edited)
    if confined(brain):
        change = torch.where(stack([near(brain, s) for s in scenes]) > 0, change, 0)
    return {"edit": change}


def _several(task: Task) -> Edits | None:
    """The task, if more than one smallest change may flip its label."""
    return task if isinstance(task, Edits) and "edit" not in Validity.of(task).undefined else None


def _floats(state: Strength | Sequence[float]) -> Strength:
    return tuple(map(float, state)) if isinstance(state, Sequence) else state


def _harmless(brain: "Brain", scenes: Sequence["Scene"], images: Tensor) -> dict[str, Truth]:
    found = {}
    for name, parts in switched(brain).items():
        pairs = zip(scenes, images[:, 0].numpy(), strict=True)
        found[name] = Truth(name, volume=stack([changed(brain, scene, image, parts) for scene, image in pairs]))
    if regions := suppressors(brain):
        volume = stack([within(brain, scene, regions) for scene in scenes])
        found["suppressor"] = Truth("suppressor", volume=volume, signed=False)
    return found
