"""What is kept of how far a stochastic method's maps would come out the same again."""

from types import SimpleNamespace

import pytest
import torch

from bench.checks.method_probe import Plain, probes, randomised
from bench.contracts import Attribution, Context
from bench.passes.convergence import repeated
from bench.stages import convergence
from bench.stages.attribute import ATTRIBUTE
from methods.controls import Random
from methods.gradients import Gradient, SmoothGrad

IMAGES = torch.cat([probes()[0].images] * 2)
CONTEXT = Context(subjects=tuple(range(len(IMAGES))), domain=IMAGES > -1, target=1)
MODEL = randomised(Plain(), 0)
COHORT = SimpleNamespace(images=IMAGES)


def maps(method):
    return Attribution.of(method(MODEL, IMAGES, 1, CONTEXT))


def measured(method):
    return convergence.measured(method, MODEL, COHORT, CONTEXT, maps(method))


def test_only_methods_with_noise_are_asked():
    assert measured(Gradient()) is None and measured(Random()) is None
    assert not convergence.asked(Gradient()) and convergence.asked(SmoothGrad())


def test_the_first_subjects_maps_are_compared_with_new_ones():
    method = SmoothGrad(samples=8, noise=1.0)
    context = CONTEXT.take([0, 1, 2, 3])
    whole = repeated(maps(method).map[:4], method, MODEL, IMAGES[:4], 1, context)
    torch.testing.assert_close(measured(method), whole)
    assert len(whole) == convergence.SUBJECTS and (whole < 0.999).all()


def test_what_a_method_keeps_for_a_model_is_not_used_again():
    """A method that draws once a model would seem certain."""

    class Keeper(SmoothGrad):
        def __call__(self, model, inputs, target, context=None):
            return context.memo("map", lambda: super(Keeper, self).__call__(model, inputs, target, context))

    assert (measured(Keeper(samples=8, noise=1.0)) < 0.999).all()


def test_it_lies_beside_the_maps_of_methods_with_noise_alone(tmp_path):
    kept = convergence.Kept(maps(Gradient()), torch.tensor([0.5, float("nan"), 0.75], dtype=torch.float64))
    ATTRIBUTE.write(tmp_path, kept)
    assert convergence.read(tmp_path) == pytest.approx([0.5, 0.75])
    assert torch.equal(ATTRIBUTE.read(tmp_path, None, None).map, kept.maps.map)
    (tmp_path / "certain").mkdir()
    ATTRIBUTE.write(tmp_path / "certain", convergence.Kept(kept.maps))
    assert [p.name for p in (tmp_path / "certain").iterdir()] == ["maps.safetensors.zst"]
