"""Networks of known mechanism compute their formula in every wrapping, read nothing else, and methods meet them."""

from functools import partial

import known_networks as known
import pytest
import torch
from known_networks import GRID, NAMES, REGIONS, WRAPPINGS, fitted, images, population
from omegaconf import OmegaConf

from bench.checks.networks import ProbeTask
from bench.config.architecture import architecture, check_parameters
from bench.contracts import BadInput, Batch, KnownMechanism, SelfFitting, Unsupported
from bench.networks.known import KnownNetwork
from bench.passes import explained
from bench.training.images import Images
from bench.training.training import Seeds, train
from methods.cam import GradCAM
from methods.cam_linear import CAM
from methods.deeplift import DeepLIFT
from methods.gradients import Gradient, GradientXInput
from methods.guided import GuidedBackprop
from methods.paths import IntegratedGradients
from methods.region_occlusion import RegionOcclusion
from methods.relevance import LRP0, LRPEpsilon
from methods.relevance_signed import LRPZPlus
from methods.shapley import Shapley

FIRST, SECOND, DECOY = "left hippocampus", "right insula", "right precentral gyrus"
WELL, BOTH, ONE = [], [FIRST, SECOND], [FIRST]


def masses(found, names):
    """Sums of maps over the regions named, (N, names)."""
    maps = getattr(found, "map", found).flatten(1).double()
    places = torch.stack([(1 + REGIONS.index(name) == known.ATLAS).flatten() for name in names])
    return maps @ places.double().T


def test_there_are_ten_or_more():
    assert len(NAMES) >= 10


@pytest.mark.parametrize("name", NAMES)
def test_one_that_reads_its_regions_is_no_fault_where_parameters_are_counted(name):
    """They are counted without numbers, and without these it cannot be made."""
    node = OmegaConf.to_container(OmegaConf.load(known.CONF / f"{name}.yaml"))
    check_parameters(f"network.{name}", architecture(node, ProbeTask(GRID, 2), ()))


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("name", NAMES)
def test_every_wrapping_computes_the_formula(name, wrapping):
    model, x = fitted(name, wrapping), population(32)
    assert isinstance(model, KnownMechanism) and isinstance(model, SelfFitting)
    found, wanted = explained(model(x), (1, 0)), model.score(model.readings(x))
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-6)
    assert wanted.std() > 0.1, "subjects differ in what it computes"
    single = fitted(name, wrapping, dtype=torch.float32)
    torch.testing.assert_close(explained(single(x.float()), (1, 0)).double(), wanted, rtol=0, atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_read_changes_nothing(name):
    model, x = fitted(name), population(8)
    idle = ("decoys", "cancelled")
    read = model.voxels[:1] if model.mechanism in idle else model.voxels
    other = torch.where(read.any(0), x, torch.rand(8, 1, *GRID).double())
    torch.testing.assert_close(model(other), model(x), rtol=0, atol=1e-9)
    x = population(64)
    for part in read:
        assert not torch.allclose(model(torch.where(part, x - 0.2, x)), model(x)), "what is read counts for somebody"


def test_a_class_more_lies_between_and_a_value_is_the_score():
    x = population(6)
    three, one = fitted("known_xor", outputs=3)(x), fitted("known_xor", outputs=1)(x)
    score = fitted("known_xor").score(fitted("known_xor").readings(x))
    torch.testing.assert_close(three, torch.stack([-score / 2, 0 * score, score / 2], 1), rtol=0, atol=1e-9)
    torch.testing.assert_close(one[:, 0], score, rtol=0, atol=1e-9)


def test_bright_regions_count_where_asked():
    x = images([WELL, ONE])
    dark, bright = (fitted("known_saturation", dark=dark).readings(x) for dark in (True, False))
    torch.testing.assert_close(bright, -dark)
    assert (bright > 0).tolist() == [[True] * 3, [False, True, True]]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_methods_by_rules_meet_every_operation(name, wrapping):
    """LRP-0 is gradient x input in rectified networks; DeepLIFT adds up; Grad-CAM finds feature maps."""
    model, x = fitted(name, wrapping), population(6)
    product = GradientXInput()(model, x, (1, 0)).map
    torch.testing.assert_close(LRP0()(model, x, (1, 0)).map, product, rtol=1e-6, atol=1e-9)
    assert DeepLIFT()(model, x, (1, 0)).gap.abs().max() < 1e-6
    for method in (GuidedBackprop(), GradCAM(), LRPZPlus()):
        assert getattr(found := method(model, x, (1, 0)), "map", found).isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_the_one_method_that_asks_for_a_global_average_is_refused(name):
    """Also where the score saturates, so that its slope is zero whatever the layers are."""
    with pytest.raises(Unsupported, match="global average"):
        CAM()(fitted(name), population(6), (1, 0))


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_gradients_of_a_sum_are_its_weights(wrapping):
    """Over a region they sum to weight / SD, as dark counts; contributions to that times the mean intensity."""
    model, x = fitted("known_sum", wrapping), population(4)
    wanted = -torch.tensor([1, 1 / 2, 1 / 3]).double() / model.scale
    torch.testing.assert_close(masses(Gradient()(model, x, (1, 0)), model.parts), wanted.expand(4, 3))
    means = (x.flatten(1) @ model.voxels.flatten(1).double().T) / 27
    for method in (GradientXInput(), IntegratedGradients(4), DeepLIFT(), LRP0()):
        torch.testing.assert_close(masses(method(model, x, (1, 0)), model.parts), wanted * means)
        torch.testing.assert_close(masses(method(model, x, (1, 0)), [DECOY]), torch.zeros(4, 1).double())


EXACT = (
    Gradient(), GradientXInput(), IntegratedGradients(8), DeepLIFT(), LRP0(), LRPEpsilon(), RegionOcclusion(), Shapley()
)  # fmt: skip


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("name", ["known_decoys", "known_cancelled"])
@pytest.mark.parametrize("method", EXACT, ids=lambda method: type(method).__name__)
def test_decoys_get_nothing_from_exact_methods(name, wrapping, method):
    model, x = fitted(name, wrapping), images([BOTH, [*BOTH, DECOY], [FIRST, DECOY]])
    found = masses(method(model, x, (1, 0), known.context(3)), [FIRST, SECOND, DECOY])
    assert (found[:, 0].abs() > 1e-3).all()
    assert found[:, 1:].abs().max() < 1e-6 * found[:, 0].abs().max()


def test_what_takes_one_sign_alone_falls_for_what_is_taken_off_again():
    """Guided backprop shows a region that is taken off again as large as the one that counts.

    So does z+, if light is the evidence: where darkness is, the bias alone takes part, and its map is empty.
    """
    x = images([WELL])
    bright, dark = fitted("known_cancelled", dark=False), fitted("known_cancelled")
    for model, image in ((bright, x), (dark, images([[*BOTH, DECOY]]))):
        first, second = masses(GuidedBackprop()(model, image, (1, 0)), [FIRST, SECOND])[0].abs()
        assert second > 0.5 * first > 0
    first, second = masses(LRPZPlus()(bright, x, (1, 0)), [FIRST, SECOND])[0]
    assert second > 0.5 * first > 0
    assert not LRPZPlus()(dark, images([[*BOTH, DECOY]]), (1, 0)).map.any()


def test_no_competence_is_asked_of_it():
    """The labels say nothing of the images: what learns would fail its gate, as this does on permuted ones."""
    seen = population(40).float()
    batch = Batch(seen, torch.arange(40) % 2, torch.arange(40))
    node = known.OmegaConf.to_container(known.OmegaConf.load(known.CONF / "known_or.yaml"))
    build = known.architecture(node, known.ProbeTask(GRID, 2), ())
    config = known.OmegaConf.to_container(known.OmegaConf.load(known.CONF.parent / "train" / "default.yaml"))
    for permuted in (False, True):
        settings = {**config, "permuted": permuted}
        record = train(Images(batch, batch, batch, batch), build, settings, Seeds(0, 0, 0), {"reached": 0.95}).record
        assert record["competence_low"] < 0.8 and record["passed"] is not permuted
        assert record["reason"].startswith("trained on permuted labels") if permuted else record["reason"] == ""


def test_what_cannot_be_is_refused():
    for changed, says in (
        ({"parts": [FIRST]}, "2 different regions"),
        ({"parts": [FIRST, FIRST]}, "2 different regions"),
        ({"parts": [FIRST, "left hippocampos"]}, "did you mean 'left hippocampus'"),
        ({"wrapping": "folded"}, "wrapping"),
    ):
        with pytest.raises(BadInput, match=says):
            fitted("known_xor", **changed)
    make = partial(KnownNetwork, outputs=2, mechanism="sum", parts=("a", "b"), region_names=("a", "b"))
    with pytest.raises(BadInput, match="divisible by 2"):
        make((8, 9, 8), wrapping="strided", regions=torch.ones(8, 9, 8).long())
    with pytest.raises(BadInput, match="'b' has no voxel"):
        make(GRID, regions=known.ATLAS.clamp(max=1))
