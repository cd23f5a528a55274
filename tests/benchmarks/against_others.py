"""Time of our methods and metrics beside libraries', as ratios in one run; into results/benchmarks/against_others.csv.

python tests/benchmarks/against_others.py [--grid 24x32x24] [--repeats 3]
One process, one thread, four images; the library has the network as it was built, we lay it out as training does.
Each pair runs in turn, so that a machine whose speed changes slows both, and the
medians are compared: `ratio` is theirs over ours. `difference` is the largest of ours and theirs in units of the
largest value of ours, empty where they are not the same function (other noise, other rules, other resets). Captum comes
with the tests; Zennit and Quantus are timed where they are installed (`make entrants`), and left out where not.
"""

import argparse
import importlib.util
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import captum.attr
import captum.metrics
import pandas as pd
import torch
from torch import Tensor, nn

from bench.contracts import Attribution, Cohort, Context
from bench.networks.cnn import PooledCNN
from bench.networks.resnet import ResNet
from bench.passes.layout import fast_layout
from bench.stages.explained import ExplainedModel
from methods.cam import GradCAM
from methods.deeplift import DeepLIFT
from methods.gradients import Gradient, GradientXInput, SmoothGrad
from methods.guided import GuidedBackprop
from methods.kernel_shap import KernelSHAP
from methods.occlusion import Occlusion
from methods.paths import IntegratedGradients
from methods.region_occlusion import RegionOcclusion
from methods.relevance_folded import LRPComposite
from metrics.infidelity import Infidelity
from metrics.perturbations import GaussianNoise
from metrics.randomisation import CascadingRandomisation
from metrics.sensitivity import MaxSensitivity

TABLE = Path(__file__).parents[2] / "results" / "benchmarks" / "against_others.csv"
GRIDS = ((24, 32, 24), (40, 48, 40))
IMAGES, BLOCKS, STEPS, NOISY, COALITIONS, EDITS, DRAWS = 4, 4, 32, 16, 512, 64, 8
#: steps and draws of the methods whose maps are scored
FEW = 8


class Pair(NamedTuple):
    """One piece of work, by us and by a library; same: whether the two should give the same numbers."""

    work: str
    library: str
    ours: Callable[[], Tensor]
    theirs: Callable[[], Tensor]
    same: bool = True


class World(NamedTuple):
    """A network as we lay it out and as it was built, images, and the context of methods: cubes as regions."""

    model: nn.Module
    built: nn.Module
    images: Tensor
    context: Context

    @classmethod
    def of(cls, network: str, grid: tuple[int, int, int]) -> "World":
        """Four images of noise on a grid, and a network of random weights."""
        torch.manual_seed(0)
        build = {"gmp_cnn": lambda: PooledCNN(grid, 2, pool="max"), "resnet10": lambda: ResNet(grid, 2)}[network]
        built, images = build().eval(), torch.rand(IMAGES, 1, *grid)
        labels = _cubes(grid).expand(IMAGES, 1, *grid).contiguous()
        names = tuple(f"cube {k}" for k in range(1, BLOCKS**3 + 1))
        context = Context(subjects=tuple(range(IMAGES)), regions=labels, region_names=names, target=0)
        return cls(fast_layout(deepcopy(built), grid), built, images, context)


def _cubes(grid: tuple[int, int, int]) -> Tensor:
    """Labels (D, H, W) from 1 of the blocks of a grid."""
    axes = [torch.arange(size) * BLOCKS // size for size in grid]
    x, y, z = torch.meshgrid(*axes, indexing="ij")
    return (x * BLOCKS + y) * BLOCKS + z + 1


def maps(world: World) -> Iterator[Pair]:
    """Methods beside Captum's."""
    model, built, x, _ = world
    attr = captum.attr

    def ours(method: Any) -> Callable[[], Tensor]:
        def explain() -> Tensor:
            result = method(model, x, 0, world.context)
            return result.map if isinstance(result, Attribution) else result

        return explain

    def pair(work: str, method: Any, theirs: Callable[[], Tensor], same: bool = True) -> Pair:
        return Pair(work, "captum", ours(method), theirs, same)

    window, stride = (1, 8, 8, 8), (1, 4, 4, 4)
    mask = world.context.regions[:1].long() - 1
    layer = attr.LayerGradCam(built, _last_volume(built))
    noisy = {"nt_samples": NOISY, "stdevs": 0.1, "target": 0, "abs": False}
    shap = {"n_samples": COALITIONS, "target": 0, "feature_mask": mask}
    yield pair("gradient", Gradient(), lambda: attr.Saliency(built).attribute(x, target=0, abs=False))
    yield pair("gradient x input", GradientXInput(), lambda: attr.InputXGradient(built).attribute(x, target=0))
    # functional ReLUs keep their plain gradient there, without a word
    guided = attr.GuidedBackprop(built)
    yield pair("guided backprop", GuidedBackprop(), lambda: guided.attribute(x, target=0), same=_modules_only(built))
    yield pair("Grad-CAM", GradCAM(), lambda: _enlarged(layer.attribute(x, target=0), x), same=False)
    steps = {"n_steps": STEPS, "target": 0, "internal_batch_size": IMAGES}
    yield pair(
        f"integrated gradients {STEPS}",
        IntegratedGradients(STEPS, "gauss_legendre"),
        lambda: attr.IntegratedGradients(built).attribute(x, **steps),
    )
    tunnel = attr.NoiseTunnel(attr.Saliency(built))
    yield pair(f"SmoothGrad {NOISY}", SmoothGrad(NOISY), lambda: tunnel.attribute(x, **noisy), same=False)
    if _modules_only(built):
        yield pair("DeepLIFT", DeepLIFT(), lambda: attr.DeepLift(built).attribute(x, target=0), same=False)
    yield pair(
        "occlusion 8/4",
        Occlusion(8, 4),
        lambda: attr.Occlusion(built).attribute(x, window, stride, target=0),
    )
    ablation = attr.FeatureAblation(built)
    yield pair(
        f"region occlusion {BLOCKS**3}",
        RegionOcclusion(),
        lambda: _spread(ablation.attribute(x, target=0, feature_mask=mask), mask),
    )
    kernel = attr.KernelShap(built)
    yield pair(
        f"KernelSHAP {COALITIONS}",
        KernelSHAP(COALITIONS),
        lambda: torch.cat([kernel.attribute(x[[row]], **shap) for row in range(IMAGES)]),
        same=False,
    )


def scores(world: World) -> Iterator[Pair]:
    """Metrics that run the network, on the maps of five methods, beside Captum's."""
    model, built, x, context = world
    methods = {
        "gradient": Gradient(),
        "gradient_x_input": GradientXInput(),
        "guided_backprop": GuidedBackprop(),
        "integrated_gradients": IntegratedGradients(FEW),
        "smoothgrad": SmoothGrad(FEW),
    }
    cohort = Cohort(x, torch.zeros(IMAGES, dtype=torch.int64), torch.arange(IMAGES))

    def explain(name: str) -> Callable[[nn.Module, Tensor, Context], Tensor]:
        def of(network: nn.Module, images: Tensor, at: Context) -> Tensor:
            result = methods[name](network, images, 0, at)
            return result.map if isinstance(result, Attribution) else result

        return of

    given = {name: explain(name)(model, x, context) for name in methods}
    family = GaussianNoise(count=EDITS)

    def infidelity() -> Tensor:
        shared = ExplainedModel(model, cohort, context, cohort.targets)
        metric = Infidelity(family, scaling="none")
        values = [
            metric.model({n: Attribution(m)}, {n: "sensitivity"}, shared.outputs, context) for n, m in given.items()
        ]
        return torch.stack([one for value in values for one in value.values()])

    def noise(inputs: Any) -> tuple[Tensor, Tensor]:
        """Perturbations of the size of ours, and the images less them."""
        drawn = family.sd * torch.randn_like(inputs)
        return drawn, inputs - drawn

    def their_infidelity() -> Tensor:
        options = {"n_perturb_samples": EDITS, "max_examples_per_batch": 64, "target": 0}
        return torch.stack([captum.metrics.infidelity(built, noise, x, one, **options) for one in given.values()])

    metric = MaxSensitivity(draws=DRAWS)

    def sensitivity() -> Tensor:
        return torch.stack([metric.explainer(explain(name), model, cohort, context)[""] for name in methods])

    def their_sensitivity() -> Tensor:
        options = {"perturb_radius": 0.02, "n_perturb_samples": DRAWS, "max_examples_per_batch": 64}
        return torch.stack([captum.metrics.sensitivity_max(one, x, **options) for one in _of_captum(built)])

    yield Pair(f"infidelity {EDITS} x {len(methods)} methods", "captum", infidelity, their_infidelity, same=False)
    yield Pair(
        f"max-sensitivity {DRAWS} x {len(methods)} methods", "captum", sensitivity, their_sensitivity, same=False
    )


def _of_captum(model: nn.Module) -> list[Callable[[Any], tuple[Tensor]]]:
    """Captum's versions of the methods whose maps are scored, as its metrics call them."""
    attr = captum.attr
    tunnel = attr.NoiseTunnel(attr.Saliency(model))

    def of(method: Any, **options: Any) -> Callable[[Any], tuple[Tensor]]:
        return lambda x: (method.attribute(x if isinstance(x, Tensor) else x[0], target=0, **options),)

    return [
        of(attr.Saliency(model), abs=False),
        of(attr.InputXGradient(model)),
        of(attr.GuidedBackprop(model)),
        of(attr.IntegratedGradients(model), n_steps=FEW, internal_batch_size=IMAGES * DRAWS),
        of(tunnel, nt_samples=FEW, stdevs=0.1, abs=False),
    ]


def others(world: World) -> Iterator[Pair]:
    """What Zennit and Quantus do, where they are installed."""
    model, built, x, context = world
    if importlib.util.find_spec("zennit"):
        from methods.entrants.of_zennit import ZennitComposite

        theirs = ZennitComposite()
        yield Pair(
            "LRP-epsilon+", "zennit", lambda: LRPComposite(1e-6)(model, x, 0), lambda: theirs(built, x, 0), False
        )
    if importlib.util.find_spec("quantus"):
        import quantus

        cohort = Cohort(x, torch.zeros(IMAGES, dtype=torch.int64), torch.arange(IMAGES))
        metric, gradient = CascadingRandomisation(), Gradient()

        def explain(network: nn.Module, images: Tensor, at: Context) -> Tensor:
            return gradient(network, images, 0, at)

        def theirs_of(model: nn.Module, inputs: Any, targets: Any, **_: Any) -> Any:
            return gradient(model, torch.as_tensor(inputs), 0).numpy()

        check = quantus.MPRT(disable_warnings=True, display_progressbar=False)
        batch = {"x_batch": x.numpy(), "y_batch": cohort.targets.numpy(), "a_batch": gradient(built, x, 0).numpy()}
        yield Pair(
            "cascading randomisation",
            "quantus",
            lambda: next(iter(metric.explainer(explain, model, cohort, context).values())),
            lambda: torch.tensor(len(check(model=built, explain_func=theirs_of, channel_first=True, **batch))),
            same=False,
        )


def _modules_only(model: nn.Module) -> bool:
    """Whether every ReLU is a module of its own, as libraries with hooks need."""
    return isinstance(model, PooledCNN)


def _last_volume(model: nn.Module) -> nn.Module:
    return [module for module in model.modules() if isinstance(module, nn.Conv3d)][-1]


def _enlarged(coarse: Tensor, x: Tensor) -> Tensor:
    return captum.attr.LayerAttribution.interpolate(coarse, tuple(x.shape[2:]), "trilinear")


def _spread(values: Tensor, mask: Tensor) -> Tensor:
    """A region's value shared out over its voxels, as ours has it."""
    return values / mask.flatten().bincount()[mask]


def timed(pair: Pair, repeats: int) -> dict[str, Any]:
    """Medians of both, in turn, after one of each to warm up."""
    mine, its = pair.ours(), pair.theirs()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for work, into in zip((pair.ours, pair.theirs), times, strict=True):
            start = time.perf_counter()
            work()
            into.append(time.perf_counter() - start)
    ours, theirs = map(median, times)
    apart = f"{float((mine - its.detach()).abs().max() / mine.abs().max()):.1e}" if pair.same else ""
    return {
        "ours_s": round(ours, 4),
        "theirs_s": round(theirs, 4),
        "ratio": round(theirs / ours, 2),
        "difference": apart,
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grid", choices=["x".join(map(str, grid)) for grid in GRIDS])
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for grid in GRIDS:
        size = "x".join(map(str, grid))
        for network in ("gmp_cnn", "resnet10") if asked.grid in (None, size) else ():
            world = World.of(network, grid)
            for source in (maps, scores, others):
                for pair in source(world):
                    found = {"work": pair.work, "library": pair.library, "network": network, "grid": size}
                    rows.append(found | timed(pair, asked.repeats))
                    print(*rows[-1].values(), sep="  ", flush=True)
    table = pd.DataFrame(rows)
    for (size, library), part in table.groupby(["grid", "library"], sort=False):
        print(f"{size}: all, {library}'s time over ours {part['theirs_s'].sum() / part['ours_s'].sum():.1f}")
    if asked.grid is None:
        table.to_csv(TABLE, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
