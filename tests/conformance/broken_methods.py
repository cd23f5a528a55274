"""One wrong method per check: it fails that check and no other."""

from dataclasses import replace

import torch

from bench.checks import method_laws
from bench.checks import methods as checks
from bench.contracts import MethodTags
from bench.passes import differentiable, explained, forward, gradient
from methods.cam import GradCAM
from methods.paths import IntegratedGradients

TAGS = MethodTags("broken", "sensitivity", cost="forward + backward")


class Right:
    """A correct gradient, for the wrong ones to go wrong from."""

    version, reference, summary, tags = "1", "none", "The gradient.", TAGS

    def __call__(self, model, inputs, target, context=None):
        return gradient(model, inputs, target)


class Flat(Right):
    def __call__(self, model, inputs, target, context=None):
        return super().__call__(model, inputs, target).to(torch.float64)


class DividesByTheSpread(Right):
    def __call__(self, model, inputs, target, context=None):
        return super().__call__(model, inputs, target) * (inputs / inputs).mean()


class SignedAfterAll(Right):
    tags = replace(TAGS, signed=False)


class LosesItsMultiplier(Right):
    tags = replace(TAGS, quantity="contribution")


class Counts(Right):
    calls = 0

    def __call__(self, model, inputs, target, context=None):
        self.calls += 1
        return super().__call__(model, inputs, target) * (1 + 1.2e-7 * self.calls)


class NormalisesOverTheBatch(Right):
    def __call__(self, model, inputs, target, context=None):
        return super().__call__(model, inputs, target) * (1 + 0.1 * len(inputs))


class DrawsFromTheWorld(Right):
    def __call__(self, model, inputs, target, context=None):
        torch.rand(1)
        return super().__call__(model, inputs, target)


class WritesIntoTheImages(Right):
    def __call__(self, model, inputs, target, context=None):
        with torch.no_grad():
            inputs.add_(0)
        return super().__call__(model, inputs, target)


class LeavesEvaluationMode(Right):
    def __call__(self, model, inputs, target, context=None):
        found = super().__call__(model, inputs, target)
        model.eval()
        return found


class ForgetsTrainingMode(Right):
    def __call__(self, model, inputs, target, context=None):
        return super().__call__(model, inputs, target) * (2 if model.training else 1)


class NeedsAContext(Right):
    def __call__(self, model, inputs, target, context=None):
        found = super().__call__(model, inputs, target)
        return found if context is not None else found[:1]


class BlankWithoutAContext(Right):
    def __call__(self, model, inputs, target, context=None):
        return super().__call__(model, inputs, target) * (context is not None)


class IgnoresTheTarget(Right):
    def __call__(self, model, inputs, target, context=None):
        with torch.no_grad():
            explained(torch.zeros(len(inputs), 2), target)
        return super().__call__(model, inputs, (1, 0))


class ReadsNothing(Right):
    def __call__(self, model, inputs, target, context=None):
        scale = 1 if target == (1, 0) else 2 + explained(torch.eye(2)[[0] * len(inputs)], target)[:, *[None] * 4]
        super().__call__(model, inputs, target)
        return inputs.detach() * scale


class RunsTwice(Right):
    def __call__(self, model, inputs, target, context=None):
        forward(model, inputs)
        return super().__call__(model, inputs, target)


class MapsWithoutALayer(GradCAM):
    def __call__(self, model, inputs, target, context=None):
        has_layer = any(parameter.ndim == 5 for parameter in model.parameters())
        return super().__call__(model, inputs, target) if has_layer else torch.zeros_like(inputs)


class HalfTheGradient(Right):
    tags = replace(TAGS, laws=frozenset({"linear"}))

    def __call__(self, model, inputs, target, context=None):
        return super().__call__(model, inputs, target) / 2


class ReportsNoGap(IntegratedGradients):
    def __call__(self, model, inputs, target, context=None):
        found = super().__call__(model, inputs, target, context)
        return found._replace(gap=torch.zeros_like(found.gap))


class UnitMaximum(Right):
    tags = replace(TAGS, laws=frozenset({"scale"}))

    def __call__(self, model, inputs, target, context=None):
        found = super().__call__(model, inputs, target)
        return found / found.abs().amax((1, 2, 3, 4), keepdim=True)


class DropsTheSign(Right):
    tags = replace(TAGS, signed=False, laws=frozenset({"sign"}))

    def __call__(self, model, inputs, target, context=None):
        return super().__call__(model, inputs, target).abs()


class TimesTheScore(Right):
    tags = replace(TAGS, laws=frozenset({"shift"}))

    def __call__(self, model, inputs, target, context=None):
        def squared(x):
            return model(x).square()

        return gradient(model, inputs, target, squared)


class TrustsModules(Right):
    """Guided backprop by module hooks, which functional ReLUs never meet."""

    tags = replace(TAGS, laws=frozenset({"implementation"}))

    def __call__(self, model, inputs, target, context=None):
        relus = [module for module in model.modules() if isinstance(module, torch.nn.ReLU)]
        with differentiable(model):
            handles = [module.register_full_backward_hook(lambda m, g, _: (g[0].clamp(min=0),)) for module in relus]
            try:
                return gradient(model, inputs, target)
            finally:
                for handle in handles:
                    handle.remove()


class RefusesNothing(Right):
    tags = replace(TAGS, laws=frozenset({"refusal"}))


BROKEN = {
    Flat(): checks.check_shape,
    DividesByTheSpread(): checks.check_finite,
    SignedAfterAll(): checks.check_nonnegative,
    LosesItsMultiplier(): checks.check_multiplier,
    Counts(): checks.check_determinism,
    NormalisesOverTheBatch(): checks.check_batch,
    DrawsFromTheWorld(): checks.check_rng,
    WritesIntoTheImages(): checks.check_input,
    LeavesEvaluationMode(): checks.check_leaves_model,
    ForgetsTrainingMode(): checks.check_anywhere,
    NeedsAContext(): checks.check_library_use,
    BlankWithoutAContext(): checks.check_library_use,
    IgnoresTheTarget(): checks.check_target,
    ReadsNothing(): checks.check_randomisation,
    RunsTwice(): checks.check_cost,
    MapsWithoutALayer(): checks.check_needs,
    HalfTheGradient(): method_laws.check_linear,
    ReportsNoGap(steps=4): method_laws.check_completeness,
    UnitMaximum(): method_laws.check_scale,
    DropsTheSign(): method_laws.check_sign,
    TimesTheScore(): method_laws.check_shift,
    TrustsModules(): method_laws.check_implementation,
    RefusesNothing(): method_laws.check_refusal,
}
