"""Speed as ratios within one run, which compare across machines; written to results/benchmarks/ratios.csv.

python tests/benchmarks/run_ratios.py
"""

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import torch
from captum.attr import Occlusion as CaptumOcclusion
from omegaconf import OmegaConf
from torch import nn

from bench.config import compose
from bench.config.build import build
from bench.config.compose import CONF
from bench.networks.cnn import PooledCNN
from bench.passes.forward import forward, gradient
from methods.occlusion import Occlusion
from simulators.brain import Brain
from simulators.draw.subject import position
from simulators.pathology.focal import Focal

ROOT = Path(__file__).parents[2]
#: of shipped simulators; calibrated ones lie around it
AMPLITUDE = 0.2


def fastest(work: Callable[[], object], repeats: int, clock: Callable[[], float]) -> float:
    """The least time of some calls."""
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        times.append(clock() - start)
    return min(times)


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """The fastest of some calls, after one to warm up."""
    work()
    return fastest(work, repeats, time.perf_counter)


def processor(work: Callable[[], object], repeats: int = 3) -> float:
    """Processor seconds of the cheapest of some calls, which other programs on the machine lengthen least."""
    return fastest(work, repeats, time.process_time)


def step(model: nn.Module, images: torch.Tensor) -> None:
    """One training step without the optimiser's update."""
    model.zero_grad()
    model(images).square().sum().backward()


def occlusion_ratios(shape: tuple[int, int, int] = (40, 48, 40), window: int = 8, stride: int = 4) -> dict[str, float]:
    """Occlusion by full passes, and by a library at its fastest setting, over occlusion followed incrementally."""
    model, image = PooledCNN(shape, 2).eval().to(memory_format=torch.channels_last_3d), torch.rand(1, 1, *shape)
    method, library = Occlusion(window, stride), CaptumOcclusion(model)

    def theirs(rows: int) -> torch.Tensor:
        sizes = {"sliding_window_shapes": (1, window, window, window), "strides": (1, stride, stride, stride)}
        return library.attribute(image, target=0, perturbations_per_eval=rows, **sizes)

    torch.testing.assert_close(method(model, image, 0), theirs(4), rtol=1e-3, atol=1e-6)
    followed = seconds(lambda: method(model, image, 0), 3)
    boxes = (method.boxes(shape[0]) * method.boxes(shape[1]) * method.boxes(shape[2])) + 1
    full = seconds(lambda: forward(model, image.repeat(32, 1, 1, 1, 1)), 3) / 32 * boxes
    return {
        "occlusion by full passes / followed": full / followed,
        "occlusion by captum / followed": min(seconds(lambda r=rows: theirs(r), 1) for rows in (1, 2, 4, 8)) / followed,
    }


def shipped(name: str) -> Brain:
    """A simulator of conf/simulator."""
    node = compose.study(["study=tiny", f"simulator={name}"]).simulators[name]
    return build(node).with_amplitude(AMPLITUDE)


def training(shape: tuple[int, int, int]) -> Callable[[int], object]:
    """Training steps of `gap_cnn` on a grid over a number of subjects, 16 a step."""
    model = PooledCNN(shape, 2, pool="mean").to(memory_format=torch.channels_last_3d).train()
    images = torch.rand(16, 1, *shape).contiguous(memory_format=torch.channels_last_3d)
    return lambda subjects: [step(model, images) for _ in range(subjects // 16)]


def over(work: Callable[[], object], other: Callable[[], object], rounds: int = 6) -> float:
    """Processor seconds of one over those of another, each at its cheapest; in turn, as a machine's speed changes."""
    times = [(processor(work, 1), processor(other, 1)) for _ in range(rounds)]
    return min(mine for mine, _ in times) / min(its for _, its in times)


def shipped_ratios(subjects: int = 64) -> dict[str, float]:
    """Drawing an image of every shipped simulator from its bank over a training step at its grid.

    Patients, half of the subjects, are more than displacements are kept of, so that every call works all of them out.
    """
    ratios = {}
    for path in sorted((CONF / "simulator").glob("*.yaml")):
        made = shipped(path.stem)
        with tempfile.TemporaryDirectory() as folder:
            made.fill_bank({"train": subjects}, Path(folder))
            draw = partial(made.with_bank(Path(folder)).sample, range(subjects), "train")
            ratio = over(draw, partial(training(made.shape), subjects))
        ratios[f"drawing a subject from the bank, {path.stem} / training step"] = ratio
    return ratios


def drawing_ratios(simulator: Brain, subjects: int = 64) -> dict[str, float]:
    """Drawing an image without a bank, warping its anatomy, and filling a bank, over a training step at its grid."""
    train = processor(partial(training(simulator.shape), subjects)) / subjects
    with tempfile.TemporaryDirectory() as folder:
        fill = processor(lambda: simulator.fill_bank({"train": subjects}, Path(folder))) / subjects
    alone = processor(lambda: simulator.sample(range(subjects), "train")) / subjects
    scenes = [simulator.scene(subject, "train") for subject in range(subjects)]

    def warp() -> None:
        for scene in scenes:
            simulator.anatomy.resample(position(simulator.parts, scene), scene.shape)

    # quick: 1,800 subjects x 8 epochs of training a unit; 3,000 banked subjects shared by two simulators x four models
    share = (3000 / 8 * fill) / (1800 * 8 * train)
    return {
        **shipped_ratios(),
        "warping an anatomy once / training step": processor(warp) / subjects / train,
        "drawing a subject without a bank / training step": alone / train,
        "filling a bank, its share a unit / training a unit of the study quick": share,
    }


def main() -> None:
    """Measure, print, write."""
    torch.set_num_threads(1)
    simulator = Brain(Focal(), amplitude=0.3)
    model = PooledCNN(simulator.shape, 2, pool="max").train()
    last = PooledCNN(simulator.shape, 2, pool="max").to(memory_format=torch.channels_last_3d).train()
    images = simulator.sample(range(16), "train").images
    images_last = images.contiguous(memory_format=torch.channels_last_3d)
    train = seconds(lambda: step(last, images_last)) / 16
    passed = seconds(lambda: forward(last, images)) / 16
    ratios = {
        "training step, channels first / channels last": seconds(lambda: step(model, images)) / 16 / train,
        "gradient / forward": seconds(lambda: gradient(last, images, (1, 0))) / 16 / passed,
        "chunks of 64 / chunks that fit": seconds(lambda: forward(last, images.repeat(4, 1, 1, 1, 1), 64))
        / 64
        / passed,
    }
    for name in ("smoothgrad", "integrated_gradients", "occlusion", "grad_cam", "lrp_epsilon"):
        node = OmegaConf.load(ROOT / "conf" / "method" / f"{name}.yaml")
        method = build(OmegaConf.to_container(node))
        ratios[f"{name} / gradient"] = seconds(lambda m=method: m(last, images[:2], (1, 0)), 2) / seconds(
            lambda: gradient(last, images[:2], (1, 0))
        )
    ratios |= drawing_ratios(simulator) | occlusion_ratios()
    table = pd.DataFrame({"what": ratios.keys(), "ratio": [round(r, 2) for r in ratios.values()]})
    target = ROOT / "results" / "benchmarks" / "ratios.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(target, index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
