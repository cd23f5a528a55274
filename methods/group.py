"""Statistics of training images without any network: the bar for a map that claims to show anatomy."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import Batch, Context, MethodTags, Target, Undefined
from methods._shared.background import controls


def _tags() -> MethodTags:
    return MethodTags("control", "location", role="control", reads_model=False, needs=frozenset({"training"}), cost="0")


@dataclass(frozen=True)
class GroupTMap:
    """Group t-map of the training images.

    Who is a patient, the context says; subjects on neither side are left out. Where targets are values, it is the t of
    the correlation with them. Voxel is compared with voxel: it knows no registration. Zero where a voxel does not vary.
    """

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Ashburner and Friston 2000, Voxel-based morphometry: the methods, NeuroImage 11:805"
    summary: ClassVar[str] = (
        "Welch's t of every voxel, training patients against controls: the same map for every subject."
    )
    tags: ClassVar[MethodTags] = _tags()
    note: ClassVar[str] = (
        "t of training patients against controls, the same for everyone; the bar for claims about anatomy"
    )

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W), positive where patients are brighter. Raises Undefined without training images."""
        return for_everyone("group_t_map", t_map, inputs, context or Context())


@dataclass(frozen=True)
class ZMap:
    """Z-map against training controls.

    Zero where controls do not vary.
    """

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "none: a reference, the voxelwise z-score of clinical practice"
    summary: ClassVar[str] = (
        "How far a voxel lies from training controls, in their standard deviations: a lesion finder without a network."
    )
    tags: ClassVar[MethodTags] = _tags()
    note: ClassVar[str] = "distance from training controls in their SDs, a lesion finder without a network"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in standard deviations. Raises Undefined without training images."""
        x, context = inputs.detach(), context or Context()
        _training(context)
        centre, size = context.training_memo("z_map", lambda: _normal(controls(x, context)))
        return _over(x - centre.to(x), size.to(x)).contiguous()


@dataclass(frozen=True)
class MeanZMap:
    """Mean size of the z-maps of training patients.

    Unlike the t-map it also shows where patients differ from controls in either direction, each in a place or with a
    sign of its own. Zero where controls do not vary; where there is no patient, over all training images.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "none: a control, the mean map of other patients"
    summary: ClassVar[str] = "Mean |z-map| of training patients against controls: the same map for every subject."
    tags: ClassVar[MethodTags] = replace(_tags(), signed=False)
    note: ClassVar[str] = "mean |z-map| of training patients, the same for everyone: the mean map of other patients"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in standard deviations. Raises Undefined without training images."""
        return for_everyone("mean_z_map", mean_z_map, inputs, context or Context())


def for_everyone(name: str, make: Callable[[Batch, Tensor], Tensor], inputs: Tensor, context: Context) -> Tensor:
    """One map (1, D, H, W) of the training images and their sides, the same for every subject."""
    training = _training(context)
    volume = context.training_memo(name, lambda: make(training, context.sides(training.targets)))
    return volume.to(inputs).expand(inputs.shape).contiguous()


def _training(context: Context) -> Batch:
    """The training images; raises Undefined where the context carries none."""
    try:
        return context.training()
    except LookupError as error:
        raise Undefined("training images are what the map is made of; give Context(training=...)") from error


def mean_z_map(training: Batch, sides: Tensor) -> Tensor:
    """Mean (1, D, H, W) of |x - mean of controls| / SD of controls over patients (side 1; controls are side 0)."""
    x = training.images
    well, sick = (x[sides == side] if (sides == side).any() else x for side in (0, 1))
    centre, size = well.mean(0), well.std(0, correction=0)
    return _over((sick - centre).abs().mean(0), size)


def t_map(training: Batch, sides: Tensor) -> Tensor:
    """t (1, D, H, W) of patients (side 1) against controls (0), or of the correlation with target values."""
    x = training.images.double()
    if training.targets.is_floating_point():
        centred, values = x - x.mean(0), training.targets.double() - training.targets.double().mean()
        along = torch.einsum("n,n...->...", values, centred)
        r = _over(along, (centred.square().sum(0) * values.square().sum()).sqrt())
        return _over(r * (len(x) - 2) ** 0.5, (1 - r.square()).clamp(min=0).sqrt())
    sick, well = x[sides == 1], x[sides == 0]
    error = sick.var(0) / len(sick) + well.var(0) / len(well)
    return _over(sick.mean(0) - well.mean(0), error.sqrt())


def _normal(pool: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and SD (1, D, H, W) of images."""
    return pool.mean(0), pool.std(0, correction=0)


def _over(numerator: Tensor, denominator: Tensor) -> Tensor:
    """The quotient, 0 where the denominator is 0."""
    return numerator / denominator.where(denominator > 0, torch.inf)
