"""Captum's versions, with the library's defaults but for what has to be named: window, steps, layer, signs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from bench.contracts import Attribution, Context, Count, Method, MethodTags, Target, bounded
from bench.passes import explained, forward
from methods.cam import GradCAM
from methods.deeplift import DeepLIFT
from methods.entrants.others import ExplainOutput, by_output, last_convolution, library
from methods.gradients import Gradient
from methods.guided import DeconvNet, GuidedBackprop
from methods.occlusion import Occlusion
from methods.paths import IntegratedGradients
from methods.relevance import LRP0

_SAME = frozenset({"scale", "shift", "implementation"})
_BLIND = {
    "implementation": "ReLUs that are functions keep their plain gradient, without a word",
    "refusal": "operations without a rule keep their plain gradient, without a word",
}


def _tags(quantity: str, cost: str, *laws: str, **tags: Any) -> MethodTags:
    return MethodTags("entrant", quantity, laws=_SAME | set(laws), cost=cost, **tags)  # type: ignore[arg-type]


class FromCaptum:
    """The base of Captum's versions.

    package: the distribution they come from. flaws: checks known to fail, and why.
    """

    version: ClassVar[str] = "1"
    package: ClassVar[str] = "captum"
    reference: ClassVar[str] = "Kokhlikyan et al. 2020, Captum: a unified model interpretability library, arXiv"
    flaws: ClassVar[Mapping[str, str]] = {}

    def __post_init__(self) -> None:
        library("captum.attr", self.package)

    def ours(self, model: nn.Module) -> Method:
        """Our method that the library's should agree with; the gradient where it has no other."""
        return Gradient()

    @property
    def attr(self) -> Any:
        """The library's methods."""
        return library("captum.attr", self.package)


@bounded
@dataclass(frozen=True)
class CaptumIntegratedGradients(FromCaptum):
    """Integrated gradients by Captum."""

    summary: ClassVar[str] = (
        "`IntegratedGradients` (Gauss-Legendre) from a zero image; a batch of the images' size at a time."
    )

    steps: Count = 50

    tags: ClassVar[MethodTags] = _tags(
        "contribution",
        "2 * steps * (forward + backward) + 2 * forward",
        "linear",
        "completeness",
        "sign",
        reference_class="zero",
    )

    def ours(self, model: nn.Module) -> Method:
        """As in `FromCaptum`."""
        return IntegratedGradients(self.steps, "gauss_legendre")

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Attribution:
        """Map (N, 1, D, H, W) in score, its multiplier and its gap."""

        def explain(images: Tensor, output: Any) -> Tensor:
            explainer = self.attr.IntegratedGradients(model)
            return explainer.attribute(images, target=output, n_steps=self.steps, internal_batch_size=len(images))

        return _contribution(model, inputs, target, explain)


@dataclass(frozen=True)
class CaptumDeepLIFT(FromCaptum):
    """DeepLIFT by Captum."""

    summary: ClassVar[str] = "`DeepLift` from a zero image."

    tags: ClassVar[MethodTags] = _tags(
        "contribution",
        "6 * forward + 4 * backward",
        "linear",
        "completeness",
        "sign",
        "refusal",
        reference_class="zero",
    )
    flaws: ClassVar[Mapping[str, str]] = _BLIND | {
        "runs": "a module that is called twice stops it",
        "leaves_model": "an error inside the network leaves its attributes on the modules",
        "twin": "a ReLU before max pooling meets stale values (captum #1104); the first of equal maxima takes all",
    }

    def ours(self, model: nn.Module) -> Method:
        """As in `FromCaptum`."""
        return DeepLIFT()

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Attribution:
        """Map (N, 1, D, H, W) in score, its multiplier and its gap."""
        return _contribution(
            model, inputs, target, lambda x, output: self.attr.DeepLift(model).attribute(x, target=output)
        )


@dataclass(frozen=True)
class CaptumLRP(FromCaptum):
    """Relevance propagation by Captum."""

    summary: ClassVar[str] = "`LRP` by the library's own choice of rules: epsilon 1e-9 where it has one."

    tags: ClassVar[MethodTags] = _tags("location", "2 * (forward + backward)", "sign", "refusal")
    flaws: ClassVar[Mapping[str, str]] = {
        "runs": "no rule for 3D convolutions; others may be set by hand, layer by layer, before every call"
    }

    def ours(self, model: nn.Module) -> Method:
        """As in `FromCaptum`."""
        return LRP0()

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in score."""
        return by_output(model, inputs, target, lambda x, output: self.attr.LRP(model).attribute(x, target=output))


@dataclass(frozen=True)
class CaptumGuidedBackprop(FromCaptum):
    """Guided backprop by Captum."""

    summary: ClassVar[str] = "`GuidedBackprop`."

    tags: ClassVar[MethodTags] = _tags("sensitivity", "2 * (forward + backward)", "linear", "refusal")
    flaws: ClassVar[Mapping[str, str]] = _BLIND | {"twin": "as under implementation"}

    def ours(self, model: nn.Module) -> Method:
        """As in `FromCaptum`."""
        return GuidedBackprop()

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W)."""
        explainer = self.attr.GuidedBackprop(model)
        return by_output(model, inputs, target, lambda x, output: explainer.attribute(x, target=output))


@dataclass(frozen=True)
class CaptumDeconvolution(FromCaptum):
    """DeconvNet by Captum."""

    summary: ClassVar[str] = "`Deconvolution`."

    tags: ClassVar[MethodTags] = _tags("sensitivity", "2 * (forward + backward)", "linear", "refusal")
    flaws: ClassVar[Mapping[str, str]] = _BLIND | {"twin": "as under implementation"}

    def ours(self, model: nn.Module) -> Method:
        """As in `FromCaptum`."""
        return DeconvNet()

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W)."""
        explainer = self.attr.Deconvolution(model)
        return by_output(model, inputs, target, lambda x, output: explainer.attribute(x, target=output))


@dataclass(frozen=True)
class CaptumSmoothGrad(FromCaptum):
    """SmoothGrad by Captum."""

    summary: ClassVar[str] = (
        "`NoiseTunnel` around a signed `Saliency`: five samples, noise of standard deviation 1 in units of intensity."
    )

    tags: ClassVar[MethodTags] = _tags("sensitivity", "10 * (forward + backward)", "linear", "sign", stochastic=True)
    flaws: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("determinism", "batch", "rng", "anywhere", "target", "implementation", "scale", "shift", "sign", "twin"),
        "noise comes from the global random state: another call, batch or order gives other noise",
    )

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in score per unit of intensity."""
        explainer = self.attr.NoiseTunnel(self.attr.Saliency(model))
        return by_output(model, inputs, target, lambda x, output: explainer.attribute(x, target=output, abs=False))


@bounded
@dataclass(frozen=True)
class CaptumOcclusion(FromCaptum):
    """Occlusion by Captum."""

    summary: ClassVar[str] = "`Occlusion` by zero with cubic windows of `window` voxels, `stride` apart."

    window: Count = 6
    stride: Count = 4

    tags: ClassVar[MethodTags] = _tags(
        "location", "2 * (1 + boxes(D) * boxes(H) * boxes(W)) * forward", "sign", reference_class="zero"
    )

    flaws: ClassVar[Mapping[str, str]] = {"twin": "windows start at the first voxel; ours are centred on the volume"}

    def ours(self, model: nn.Module) -> Method:
        """As in `FromCaptum`."""
        return Occlusion(self.window, self.stride)

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in score."""
        sizes = {"sliding_window_shapes": (1, *[self.window] * 3), "strides": (1, *[self.stride] * 3)}
        explainer = self.attr.Occlusion(model)
        return by_output(model, inputs, target, lambda x, output: explainer.attribute(x, target=output, **sizes))

    def boxes(self, length: int) -> int:
        """Number of windows along an axis of `length` voxels."""
        return -(-max(length - self.window, 0) // self.stride) + 1


@dataclass(frozen=True)
class CaptumGradCAM(FromCaptum):
    """Grad-CAM by Captum."""

    summary: ClassVar[str] = (
        "`LayerGradCam` at the last 3D convolution, enlarged by `LayerAttribution.interpolate` as it comes (nearest)."
    )

    tags: ClassVar[MethodTags] = _tags("location", "2 * (forward + backward)", needs=frozenset({"layer"}))
    flaws: ClassVar[Mapping[str, str]] = {"twin": "enlarged without interpolation"}

    def ours(self, model: nn.Module) -> Method:
        """As in `FromCaptum`."""
        return GradCAM(last_convolution(model))

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W)."""
        explainer = self.attr.LayerGradCam(model, model.get_submodule(last_convolution(model)))

        def explain(images: Tensor, output: Any) -> Tensor:
            coarse = explainer.attribute(images, target=output)
            return self.attr.LayerAttribution.interpolate(coarse, tuple(images.shape[2:]))

        return by_output(model, inputs, target, explain)


def _contribution(model: nn.Module, inputs: Tensor, target: Target, explain: ExplainOutput) -> Attribution:
    """A library's contributions from a zero image, with the multiplier and the gap that they imply."""
    maps, x = by_output(model, inputs, target, explain), inputs.detach()
    multiplier = maps / x.where(x != 0, 1.0)
    rise = explained(forward(model, x), target) - explained(forward(model, 0 * x), target)
    gap = maps.flatten(1).sum(1) - rise
    return Attribution(maps, multiplier.contiguous(), gap)
