"""The explained subjects: images, twins and truths, all from renders of the same latents."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bench.contracts import Cohort, Truth
from simulators.draw.scene import Scene
from simulators.parts import Parts, Strengths
from simulators.render.signal import image, loss, scanned, signal
from simulators.truths.not_disease import changed, suppressors, switched, within
from simulators.truths.off_target import confined, near

#: the other state of a subject, its twin's
SWAP = {"pathology": "swap"}


class ExplainedSubject(NamedTuple):
    """One subject: volumes (D, H, W) of its image, its twin's image, regions and brain, and truths by name."""

    subject: int
    label: float
    image: np.ndarray
    twin: np.ndarray
    regions: np.ndarray
    brain: np.ndarray
    truths: dict[str, np.ndarray]


def explained_cohort(parts: Parts, scenes: Iterable[Scene]) -> Cohort:
    """Subjects with twins, regions, domain and truths; one scene is drawn after the other, and none is kept.

    `counterfactual` is the image minus its twin, for controls the twin minus the image, so that it is what the label's
    pathology does; `planted` is the size of the same difference in what the generator did, with the sign of what an
    image without scanner and noise shows of it: positive where it is brighter. `edit`, where a task has several
    smallest flips of the label, is the image minus the one with all of them (for controls the reverse); where the
    pathology moves anatomy, it is kept within the regions and their interface (`off_target`). Truths of what is not
    disease are those of `simulators.truths.not_disease`. So every signed truth is positive where disease is brighter.
    """
    rows = [_explained(parts, scene) for scene in scenes]
    volumes = {name: stack([row.truths[name] for row in rows]) for name in rows[0].truths}
    return Cohort(
        images=stack([row.image for row in rows]),
        targets=torch.tensor([row.label for row in rows]),
        subjects=torch.tensor([row.subject for row in rows]),
        twins=stack([row.twin for row in rows]),
        regions=torch.from_numpy(np.stack([row.regions for row in rows]))[:, None],
        domain=stack([row.brain for row in rows]) > 0.5,
        truths={name: Truth(name, volume=v, signed=name != "suppressor") for name, v in volumes.items()},
        region_names=parts.names,
        affine=parts.anatomy.template.affine,
    )


def stack(volumes: Sequence[np.ndarray]) -> Tensor:
    """Volumes (D, H, W) as one tensor (N, 1, D, H, W) float32."""
    return torch.from_numpy(np.stack(volumes).astype(np.float32))[:, None]


def _explained(parts: Parts, scene: Scene) -> ExplainedSubject:
    subject, label = scene.subject, parts.task.label(scene.subject)
    strengths, other = parts.strengths(subject, scene.stream), parts.strengths(subject, scene.stream, SWAP)
    signals = [signal(parts, scene, state) for state in (strengths, other)]
    seen, twin = (scanned(parts, scene, emitted, scene.local.noise) for emitted in signals)
    # controls lack what a truth shows; a value has no controls
    lacks = parts.labels.kind == "classes" and parts.labels.side(label) == 0
    acted, brighter = np.abs(loss(parts, scene, strengths) - loss(parts, scene, other)), signals[0] - signals[1]
    truths = {
        # rounded once and last; a sign of its own would make a zero negative
        "planted": np.where(acted > 0, np.copysign(acted, -brighter if lacks else brighter), 0).astype(np.float32),
        "counterfactual": twin - seen if lacks else seen - twin,
        **_edit(parts, scene, seen, lacks),
        **{name: changed(parts, scene, seen, numbers) for name, numbers in switched(parts).items()},
    }
    if regions := suppressors(parts):
        truths["suppressor"] = within(scene, regions)
    return ExplainedSubject(subject, label, seen, twin, scene.warped.labels, scene.warped.maps[2], truths)


def _edit(parts: Parts, scene: Scene, seen: np.ndarray, lacks: bool) -> dict[str, np.ndarray]:
    state = _edited(parts, scene)
    if state is None:
        return {}
    edited = image(parts, scene, state)
    change = edited - seen if lacks else seen - edited
    strengths = parts.strengths(scene.subject, scene.stream)
    return {"edit": np.where(near(parts, scene, strengths, state), change, 0) if confined(parts) else change}


def _edited(parts: Parts, scene: Scene) -> Strengths | None:
    """Strengths of all parts once every smallest flip of the label was made; None where no truth says so."""
    if "edit" not in parts.task.validity.undefined:
        return tuple(map(float, parts.task.edited(scene.subject, scene.stream)))
    # where only one change flips the label, the edit is the twin's
    return parts.strengths(scene.subject, scene.stream, SWAP) if confined(parts) else None
