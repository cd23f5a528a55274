"""The audit passes honest simulators and catches those that leak the label."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from scipy.ndimage import shift

from bench.contracts import Audit, BadInput, Batch
from bench.passes.discrimination import auc
from simulators.audit import audit, statistics
from simulators.brain import Brain
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.diffuse import Diffuse
from simulators.pathology.focal import Focal


@dataclass(frozen=True)
class Noise:
    """Images of independent noise in a ball, cheap enough for many; `leak(image, target)` is what gives them away."""

    leak: object = None
    outputs = 2

    def sides(self, targets):
        return targets

    def sample(self, indices, stream, do=None):
        axes = np.indices((12, 12, 12)) - 5.5
        head = np.linalg.norm(axes, axis=0) < 5
        draws = [np.random.default_rng(i) for i in indices]
        images = [head * (0.6 + 0.1 * rng.standard_normal((12, 12, 12))) for rng in draws]
        targets = torch.as_tensor(list(indices)) % 2
        if self.leak:
            images = [self.leak(x, int(t)) for x, t in zip(images, targets, strict=True)]
        stack = torch.from_numpy(np.stack(images).astype(np.float32))[:, None]
        return Batch(stack, targets, torch.as_tensor(list(indices)))


def _drawn(image):
    """Numbers of the subject's own."""
    return np.random.default_rng(int(1e6 * abs(image).sum()))


def _box(image, target):
    """The head of patients ends a voxel earlier."""
    image = image.copy()
    image[:, :, 10 - target :] = 0
    return image


def _signed_sum(image, target):
    """XOR of a bright and a dark part: both cancel, one alone moves the sum up or down."""
    return image + 0.01 * target * (image != 0) * _drawn(image).choice((-1, 1))


LEAKS = {
    "area": lambda x, t: np.where(_drawn(x).random(x.shape) < 0.01 * (1 + t), 0, x),
    "box": _box,
    "noise": lambda x, t: x + 0.03 * t * (x != 0) * _drawn(x).standard_normal(x.shape),
    "interpolation": lambda x, t: np.where(x != 0, shift(x, 0.1 * t, order=1), 0),
    "|sum|": _signed_sum,
    "gain": lambda x, t: x * (1 + 0.02 * t),
    "peak": lambda x, t: np.where((x == x.max()) & (t == 1), 1.4, x),
}


def twins(simulator, count=1000):
    """The audit of patients' twins without the disease against controls."""
    return audit(simulator, count, healthy=True)[""]


def test_independent_noise_passes():
    found = twins(Noise(), count=1000)
    assert found.equivalent
    assert found.count == 1000


@pytest.mark.parametrize("leak", LEAKS)
def test_leak_is_caught(leak):
    found = twins(Noise(LEAKS[leak]), count=200)
    assert found.low > 0.55
    assert not found.equivalent


def test_the_sum_under_xor_is_no_cue_for_a_threshold():
    """What catches it is that the classifier reads |sum| too."""
    batch = Noise(_signed_sum).sample(range(400), "test")
    sums = batch.images.flatten(1).sum(1).numpy()
    assert abs(auc(sums, batch.targets.numpy()).value - 0.5) < 0.1


@dataclass(frozen=True)
class Graded(Noise):
    """Every third subject is on neither side."""

    def sides(self, targets):
        return torch.where(torch.arange(len(targets)) % 3 == 2, -1, targets)


def test_subjects_on_neither_side_are_left_out():
    assert 60 <= twins(Graded(), count=100).count < 70


@dataclass(frozen=True)
class Three(Noise):
    """Classes 0 and 1 are explained; the third is brighter, unless its subjects are healthy."""

    outputs = 3

    def sides(self, targets):
        return torch.where(targets == 2, -1, targets)

    def sample(self, indices, stream, do=None):
        batch = super().sample(indices, stream, do)
        targets = torch.as_tensor(list(indices)) % 3
        brighter = 1 + 0.1 * (targets == 2).view(-1, 1, 1, 1, 1) * (do != {"pathology": "off"})
        return Batch(batch.images * brighter, targets, batch.subjects)


def test_further_pairs_of_classes_are_told_apart_and_their_twins_without_the_disease_are_not():
    sick, well = (audit(Three(), 200, healthy=healthy, further=True) for healthy in (False, True))
    assert sick.keys() == well.keys() == {"0-2", "1-2"}
    assert all(found.count == 200 and found.low > 0.9 for found in sick.values())
    assert all(found.low < 0.5 < found.high for found in well.values())


def test_too_few_subjects_never_pass():
    """Not significant is not a pass."""
    assert not Audit(0.5, 0.44, 0.56, 60).equivalent
    assert Audit(0.5, 0.47, 0.53, 1000).equivalent
    assert "n = 60" in str(Audit(0.5, 0.44, 0.56, 60))


@pytest.mark.full
@pytest.mark.parametrize("pathology", [Atrophy(("left hippocampus",)), Focal()])
def test_twins_without_the_disease_pass_and_a_gain_of_patients_does_not(pathology):
    honest = Brain(pathology, amplitude=0.3)
    assert twins(honest).equivalent
    assert twins(PatientGain(pathology, amplitude=0.3), count=300).low > 0.55


@dataclass(frozen=True)
class PatientGain(Brain):
    """Scans patients with a higher gain, pathology or not."""

    def sample(self, indices, stream, do=None):
        batch = super().sample(indices, stream, do)
        return replace(batch, images=batch.images * (1 + 0.08 * batch.targets.view(-1, 1, 1, 1, 1)))


def test_diffuse_loss_is_seen_by_global_statistics():
    assert Brain(Diffuse(), amplitude=0.5).audit(60)[""].low > 0.6


def test_statistics_are_those_a_loop_counts():
    image = np.zeros((5, 6, 7))
    image[1:4, 2:4, 3] = np.arange(1, 7).reshape(3, 2) / 10
    found = statistics(image)
    assert found[:5].tolist() == pytest.approx([6, 3, 2, 1, 2.1])
    assert found[5] == pytest.approx(0.35)
    assert np.isfinite(found).all()


def test_too_small_an_audit_is_refused():
    with pytest.raises(BadInput, match="count=3"):
        twins(Noise(), count=3)
