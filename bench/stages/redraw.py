"""Stage redraw: the explained subjects with one region redrawn after the other, made once for all models.

A redraw changes a region and little else, so only the voxels that changed are kept, as they are.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from bench.config.schema import UseSettings
from bench.contracts import Cohort, Simulator
from bench.contracts.arguments import check
from bench.passes.counting import Passes
from bench.stages.calibrate import CALIBRATE, calibrated
from bench.stages.cohort import COHORT, SUBJECTS
from bench.stages.context import EVALUATION
from bench.stages.stage import Cell, Given, Graph, Stage
from bench.study import Study, Unit

#: boxes are this many voxels wide, or a multiple
STEP = 4


class Change(NamedTuple):
    """One region of one subject redrawn: box (2, 3) around all voxels that changed, and its content (K, 1, d, h, w)."""

    box: Tensor
    content: Tensor


@dataclass(frozen=True)
class Redrawn:
    """Redraws of N subjects in R regions, K of each.

    counts: (N, R) int64, voxels that any draw of a region changed. places: (sum of counts,) int32, their numbers in the
    image. values: (K * sum of counts,) float32, those of a region's draws adjacent. strata: (N, R, K) int64 and
    chances: (N, R, S) float64, as in `Redraws`.
    """

    counts: Tensor
    places: Tensor
    values: Tensor
    strata: Tensor
    chances: Tensor

    def changes(self, row: int, image: Tensor) -> list[Change]:
        """The redraws of the subject in a row, whose own image is (1, D, H, W), by region, lying where that does."""
        return [_boxed(image, places.long(), values.to(image.device)) for places, values in self._regions(row)]

    def mean(self, row: int, image: Tensor, labels: Tensor) -> Tensor:
        """The subject in a row with every region as it is in the mean of its redraws: (1, D, H, W).

        Strata count by their chance; one without draws counts as the image itself. image, labels: (1, D, H, W) its own
        image and regions. What a redraw changes beside its own region is left as it is.
        """
        mean, inside = image.flatten().double(), labels.flatten().long()
        for number, (places, values) in enumerate(self._regions(row)):
            at = places.long()[here := inside[places.long()] == number + 1]
            drawn = self.strata[row, number][:, None] == torch.arange(self.chances.shape[2])
            weights = (self.chances[row, number] * drawn / drawn.sum(0).clamp(min=1)).sum(1)
            mean[at] += weights @ (values[:, here] - image.flatten()[at]).double()
        return mean.to(image).view(image.shape)

    def _regions(self, row: int) -> Iterator[tuple[Tensor, Tensor]]:
        draws, counts = self.strata.shape[2], self.counts[row].tolist()
        start = int(self.counts[:row].sum())
        for count in counts:
            values = self.values[start * draws : (start + count) * draws]
            yield self.places[start : start + count], values.view(draws, count)
            start += count


def redraws_of(
    simulator: Simulator, cohort: Cohort, draws: int, progress: Callable[[float], None] = lambda _: None
) -> Redrawn:
    """Redraws of every subject of a cohort in every region; raises BadInput for fewer than two draws a stratum."""
    check(UseSettings, {"draws": draws}, "use")
    counts, strata, chances = [], [], []
    places: list[Tensor] = []
    values: list[Tensor] = []
    for row, subject in enumerate(cohort.subjects.tolist()):
        redraws = simulator.strata(subject, EVALUATION, draws)
        drawn, image = redraws.images.flatten(1).unflatten(0, (-1, draws)), cohort.images[row].flatten()
        changed = [(region != image).any(0).nonzero().flatten() for region in drawn]
        counts.append(torch.tensor([len(where) for where in changed]))
        places.extend(where.int() for where in changed)
        values.extend(region[:, where].flatten() for region, where in zip(drawn, changed, strict=True))
        strata.append(redraws.strata)
        chances.append(redraws.chances)
        progress((row + 1) / len(cohort))
    stacked = (torch.stack(part) for part in (strata, chances))
    return Redrawn(torch.stack(counts), torch.cat(places), torch.cat(values), *stacked)


def _boxed(image: Tensor, places: Tensor, values: Tensor) -> Change:
    if not len(places):
        return Change(torch.zeros(2, 3, dtype=torch.long), image.new_empty(len(values), 1, 0, 0, 0))
    grid = torch.tensor(image.shape[1:])
    at = torch.stack(torch.unravel_index(places, image.shape[1:]), 1)
    low, high = at.amin(0), at.amax(0) + 1
    # boxes of one size are run together, so that a few sizes cost less than many tight ones
    size = torch.minimum((high - low + STEP - 1) // STEP * STEP, grid)
    low = torch.minimum(low, grid - size)
    high = low + size
    (d0, h0, w0), (d1, h1, w1) = low.tolist(), high.tolist()
    content = image[:, d0:d1, h0:h1, w0:w1].expand(len(values), -1, -1, -1, -1).clone()
    content[:, 0, *(at - low).T] = values
    return Change(torch.stack([low, high]), content)


class _Redraw(Stage[Redrawn]):
    """Makes the redraws of a simulator's explained subjects."""

    name = "redraw"
    version = "2"
    network = False
    keeps = SUBJECTS

    def cell(self, graph: Graph, unit: Unit, method: str, metric: str) -> Cell:
        """One per simulator and number of draws."""
        needs = tuple(graph.cell(stage, unit) for stage in (CALIBRATE, COHORT))
        content = {"cohort": needs[1].key, "draws": graph.study.settings["use"]["draws"]}
        source = self.code(graph, "simulators", unit.simulator)
        return Cell(self, unit.simulator, content, unit, needs, source)

    def make(self, given: Given) -> tuple[Redrawn, Passes]:
        draws = given.study.settings["use"]["draws"]
        return redraws_of(calibrated(given), given.value(COHORT), draws, given.progress), Passes()

    def write(self, folder: Path, value: Redrawn) -> None:
        parts = {part.name: getattr(value, part.name).contiguous() for part in fields(value)}
        save_file(parts, folder / "redraws.safetensors")

    def read(self, folder: Path, study: Study, cell: Cell) -> Redrawn:
        return Redrawn(**load_file(folder / "redraws.safetensors"))

    def work(self, study: Study, cell: Cell) -> float:
        """Every explained subject once per draw."""
        return super().work(study, cell) * float(cell.content["draws"])

    def disk(self, study: Study, cell: Cell, voxels: int) -> float:
        """A float32 for each draw of a voxel of a region, and regions fill about a third of the grid."""
        return 4 / 3 * voxels * self.work(study, cell)


REDRAW = _Redraw()
