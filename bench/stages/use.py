"""Stage truths: `use`, that is what a trained model does in a subject when a region's content is redrawn."""

from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from bench.contracts import Cohort, Target, Truth, Undefined, impossible
from bench.devices.moving import HOME, moved
from bench.passes.counting import Passes, count_passes
from bench.passes.edits import content_edits
from bench.passes.forward import forward
from bench.stages.calibrate import CALIBRATE, calibrated
from bench.stages.cohort import COHORT
from bench.stages.redraw import REDRAW, Redrawn
from bench.stages.stage import Cell, Given, Graph, Stage
from bench.stages.train import TRAIN
from bench.study import Study, Unit

#: a region's value is noise up to this many standard errors
BEYOND = 2.0
#: what is kept of it
PARTS = ("regions", "floor", "size", "agreement")
#: relative error that float32 leaves in a score
ROUNDING = 1e-5


class _Use(Stage[Truth]):
    """Makes the truth `use` of a model."""

    name = "truths"
    version = "4"

    def cell(self, graph: Graph, unit: Unit, method: str, metric: str) -> Cell:
        """One per model."""
        needs = tuple(graph.cell(stage, unit) for stage in (CALIBRATE, COHORT, REDRAW, TRAIN))
        content = {"model": needs[3].key, "redraws": needs[2].key}
        return Cell(self, unit.id, content, unit, needs, self.code(graph, "simulators", unit.simulator))

    def make(self, given: Given) -> tuple[Truth, Passes]:
        model, target = given.there(TRAIN).model, calibrated(given).target
        with count_passes(model) as passes:
            return use(model, given.value(REDRAW), given.there(COHORT), target, given.progress), passes

    def write(self, folder: Path, value: Truth) -> None:
        parts = {name: getattr(value, name) for name in PARTS}
        save_file({name: part for name, part in parts.items() if part is not None}, folder / "use.safetensors")

    def read(self, folder: Path, study: Study, cell: Cell) -> Truth:
        parts = load_file(folder / "use.safetensors")
        regions, floor, size, agreement = (parts[name] for name in PARTS)
        return Truth("use", regions=regions, floor=floor, size=size, agreement=agreement)

    def work(self, study: Study, cell: Cell) -> float:
        """Every explained subject once per draw."""
        return super().work(study, cell) * float(study.settings["use"]["draws"])


USE = _Use()


def validate(subjects: int, explained: int) -> None:
    """Refuse to switch more subjects than are explained; raises BadInput."""
    if subjects > explained:
        raise impossible("use", "subjects", subjects, f"at most explain.subjects={explained}")


def use(
    model: nn.Module,
    redrawn: Redrawn,
    cohort: Cohort,
    target: Target,
    progress: Callable[[float], None] = lambda _: None,
) -> Truth:
    """use(R) of a model in each subject: f(x) less the mean of f(x with R's local latents redrawn), signed, (N, R).

    The size is the root mean square of the same changes, the floor two standard errors of the mean over draws, and
    never below what float32 rounding can cause. Where a stratum of some chance has fewer than two draws nothing is
    known of its spread, and the floor is infinite.

    Raises:
        Undefined: naming the subjects of whom the network says nothing finite.
    """
    rows = []
    for row in range(len(cohort)):
        changes = _changes(model, redrawn, cohort.images[row], row, target)
        drawn = changes, redrawn.strata[row], redrawn.chances[row]
        rows.append((*expected(*drawn), halves_agree(*drawn)))
        progress((row + 1) / len(cohort))
    value, size, error, agreement = (torch.stack(part).float() for part in zip(*rows, strict=True))
    if not (finite := value.isfinite().all(1)).all():
        broken = cohort.subjects[~finite].tolist()
        raise Undefined(f"the network's output is not finite for subjects {broken} or redraws of them")
    rounding = ROUNDING * float(forward(model, cohort.images).abs().amax())
    floor = (BEYOND * error).clamp(min=rounding)
    return Truth("use", regions=value, size=size, floor=floor, agreement=agreement)


def expected(changes: Tensor, strata: Tensor, chances: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean, root mean square and standard error of the mean (R,) of changes (R, K) over strata of known chance.

    strata: (R, K), the stratum of each draw. chances: (R, S). A mean over strata, each by its chance (Cochran, Sampling
    Techniques, 1977, eq. 5.1 and 5.7); a stratum without draws is left out, and the error then infinite.
    """
    mean, square, variance = (torch.zeros(len(changes), dtype=torch.float64) for _ in range(3))
    for number, chance in enumerate(chances.unbind(1)):
        inside = (strata == number).double()
        count = inside.sum(1)
        middle = (changes * inside).sum(1) / count.clamp(min=1)
        mean += chance * middle
        square += chance * (changes.square() * inside).sum(1) / count.clamp(min=1)
        spread = ((changes - middle[:, None]).square() * inside).sum(1) / (count * (count - 1)).clamp(min=1)
        unknown = torch.where(chance > 0, torch.inf, 0.0)
        variance += torch.where(count > 1, chance.square() * spread, unknown)
    return mean, square.sqrt(), variance.sqrt()


def halves_agree(changes: Tensor, strata: Tensor, chances: Tensor) -> Tensor:
    """Correlation over regions of the means by either half of the draws, every other one of each stratum: ().

    changes, strata, chances: as for `expected`. NaN where either half sees no difference between regions.
    """
    turn = torch.zeros_like(strata)
    for number in range(chances.shape[1]):
        inside = strata == number
        turn = torch.where(inside, inside.cumsum(1) % 2, turn)
    one, other = (expected(changes, strata.where(turn == half, -1), chances)[0] for half in (0, 1))
    return torch.corrcoef(torch.stack([one, other]))[0, 1]


def _changes(model: nn.Module, redrawn: Redrawn, image: Tensor, row: int, target: Target) -> Tensor:
    """f(x) - f(x with a region redrawn) of one subject: (R, K) float64, in main memory, wherever the model runs."""
    regions = redrawn.changes(row, image)
    draws = redrawn.strata.shape[2]
    boxes = torch.stack([change.box for change in regions]).repeat_interleave(draws, 0)

    def content(number: int) -> Tensor:
        return regions[number // draws].content[number % draws]

    score, scores = content_edits(model, image, boxes, content, target)
    return moved(score - scores, HOME).double().view(-1, draws)
