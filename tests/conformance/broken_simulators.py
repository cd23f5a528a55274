"""One wrong simulator per check: it must fail that check and no other."""

from dataclasses import dataclass, replace
from typing import ClassVar

import torch

from bench.contracts import Batch, Truth, Validity, Visit
from simulators.brain import Brain


def _with(batch, **changes):
    return replace(batch, **changes)


@dataclass(frozen=True)
class WithEars(Brain):
    """Leaves the head unstripped."""

    def sample(self, indices, stream, do=None):
        batch = super().sample(indices, stream, do)
        return _with(batch, images=self._ears(batch.images))

    def cohort(self, indices, stream="evaluation"):
        cohort = super().cohort(indices, stream)
        return _with(cohort, images=self._ears(cohort.images), twins=self._ears(cohort.twins))

    def redraws(self, subject, stream, draws):
        return self._ears(super().redraws(subject, stream, draws))

    def strata(self, subject, stream, draws):
        found = super().strata(subject, stream, draws)
        return found._replace(images=self._ears(found.images))

    def switches(self, subject, stream, sets):
        return self._ears(super().switches(subject, stream, sets))

    def _ears(self, images):
        images = images.clone()
        images[:, :, 0, 0, 0] = 1.0
        return images


@dataclass(frozen=True)
class PerBatchScale(Brain):
    """Scales training images by their batch."""

    def sample(self, indices, stream, do=None):
        batch = super().sample(indices, stream, do)
        return batch if stream == "evaluation" else _with(batch, images=batch.images / batch.images.max())


@dataclass(frozen=True)
class SharedStreams(Brain):
    """Tests on its training subjects."""

    def sample(self, indices, stream, do=None):
        return super().sample(indices, "validation" if stream == "test" else stream, do)


@dataclass(frozen=True)
class HalfShared(Brain):
    """Tests on blends with its training subjects."""

    def sample(self, indices, stream, do=None):
        batch = super().sample(indices, stream, do)
        if stream != "test":
            return batch
        return _with(batch, images=(batch.images + super().sample(indices, "train", do).images) / 2)


@dataclass(frozen=True)
class DeafSeed(Brain):
    """Ignores the data seed."""

    def with_data_seed(self, seed):
        return self


@dataclass(frozen=True)
class UnsignedCounterfactual(Brain):
    """Gives a control's counterfactual the wrong sign."""

    def cohort(self, indices, stream="evaluation"):
        cohort = super().cohort(indices, stream)
        truths = cohort.truths | {"counterfactual": Truth("counterfactual", cohort.images - cohort.twins)}
        return _with(cohort, truths=truths)


@dataclass(frozen=True)
class NarrowPlant(Brain):
    """Forgets the lesion's rim in its planted truth."""

    def cohort(self, indices, stream="evaluation"):
        cohort = super().cohort(indices, stream)
        planted = cohort.truths["planted"].volume
        peak = planted.flatten(1).abs().amax(1).view(-1, 1, 1, 1, 1)
        core = torch.where(planted.abs() > 0.5 * peak, planted, torch.zeros_like(planted))
        return _with(cohort, truths=cohort.truths | {"planted": Truth("planted", core)})


@dataclass(frozen=True)
class LossPlant(Brain):
    """Plants the tissue that is lost as negative, though the lesion that takes its place is brighter."""

    def cohort(self, indices, stream="evaluation"):
        cohort = super().cohort(indices, stream)
        return _with(cohort, truths=cohort.truths | {"planted": Truth("planted", -cohort.truths["planted"].volume)})


@dataclass(frozen=True)
class Silent(Brain):
    """Has no edit and does not say why."""

    validity: ClassVar[Validity] = Validity()


@dataclass(frozen=True)
class MirroredAffine(Brain):
    """Flips left and right in its affine."""

    def cohort(self, indices, stream="evaluation"):
        cohort = super().cohort(indices, stream)
        affine = cohort.affine.copy()
        affine[0, 0] *= -1
        return _with(cohort, affine=affine)


@dataclass(frozen=True)
class SpillingRedraw(Brain):
    """Redraws a region and brightens the rest of the image."""

    def redraws(self, subject, stream, draws):
        return super().redraws(subject, stream, draws) * 1.001

    def strata(self, subject, stream, draws):
        found = super().strata(subject, stream, draws)
        return found._replace(images=found.images * 1.001)


@dataclass(frozen=True)
class StuckSwitch(Brain):
    """Never switches white matter, in which every lesion is centred."""

    def switches(self, subject, stream, sets):
        grey = [[name for name in regions if "white matter" not in name] for regions in sets]
        return super().switches(subject, stream, grey)


@dataclass(frozen=True)
class GainLeak(Brain):
    """Scans every test patient with a higher gain, pathology or not."""

    def sample(self, indices, stream, do=None) -> Batch:
        batch = super().sample(indices, stream, do)
        gain = 1 + 0.1 * batch.targets.view(-1, 1, 1, 1, 1) * (stream == "test")
        return _with(batch, images=batch.images * gain)


@dataclass(frozen=True)
class PerImageScale(Brain):
    """Divides every image by its own mean, so that a lesion darkens all that is healthy."""

    def sample(self, indices, stream, do=None):
        batch = super().sample(indices, stream, do)
        return _with(batch, images=self._scaled(batch.images))

    def cohort(self, indices, stream="evaluation"):
        cohort = super().cohort(indices, stream)
        images, twins = self._scaled(cohort.images), self._scaled(cohort.twins)
        lacks = (self.sides(cohort.targets) == 0).view(-1, 1, 1, 1, 1)
        change = Truth("counterfactual", torch.where(lacks, twins - images, images - twins))
        return _with(cohort, images=images, twins=twins, truths=cohort.truths | {"counterfactual": change})

    def redraws(self, subject, stream, draws):
        return self._scaled(super().redraws(subject, stream, draws))

    def strata(self, subject, stream, draws):
        found = super().strata(subject, stream, draws)
        return found._replace(images=self._scaled(found.images))

    def switches(self, subject, stream, sets):
        return self._scaled(super().switches(subject, stream, sets))

    def _scaled(self, images):
        return images / images.flatten(1).mean(1).view(-1, 1, 1, 1, 1)


@dataclass(frozen=True)
class Strangers(Brain):
    """Calls every two of its patients, and every two of its controls, one person."""

    def visit(self, subject, stream):
        round_, place = divmod(subject // 2, 2)
        return Visit(2 * round_ + subject % 2, place, 2, 12.0 * place, 70.0 + place, subject % 2)


BROKEN = {
    "check_images": WithEars,
    "check_purity": PerBatchScale,
    "check_streams": SharedStreams,
    "check_data_seed": DeafSeed,
    "check_twins": UnsignedCounterfactual,
    "check_support": NarrowPlant,
    "check_signs": LossPlant,
    "check_validity": Silent,
    "check_regions": MirroredAffine,
    "check_redraws": SpillingRedraw,
    "check_switches": StuckSwitch,
    "check_no_leak": GainLeak,
    "check_visits": Strangers,
}
