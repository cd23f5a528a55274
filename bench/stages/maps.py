"""Maps of one method for the explained subjects of one model: what the stages `attribute` and `untrained` share."""

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from safetensors.torch import load_file
from torch import Tensor, nn

from bench import seeds
from bench.contracts import Attribution, Cohort, Context, Method
from bench.contracts.plugins import Covers
from bench.passes.counting import Passes, count_passes
from bench.stages import notes
from bench.stages.calibrate import CALIBRATE, calibrated
from bench.stages.cohort import COHORT
from bench.stages.context import OF_MODEL, answering_on, method_context
from bench.stages.images import IMAGES
from bench.stages.redraw import REDRAW
from bench.stages.returned import check_finite_map, checked_map
from bench.stages.stage import Cell, Given, Graph, Stage
from bench.stages.train import TRAIN
from bench.stages.use import USE
from bench.store import tensors
from bench.store.keys import key
from bench.study import Study, Unit

FILE = "maps.safetensors.zst"
#: the file of stores of before, which hold the same uncompressed
PLAIN = "maps.safetensors"
#: bytes of a compressed float32, mean of the maps of the study `quick`; a contribution has a multiplier beside its map
PACKED = 1.3


class Maps(Stage[Attribution]):
    """A stage whose cells hold the maps of the first `study.kept` subjects."""

    keeps = "maps"

    def cell(self, graph: Graph, unit: Unit, method: str, metric: str) -> Cell:
        """One per model and method.

        content: what is computed from maps depends on `maps`, not on how many of them are kept on disk.
        """
        study = graph.study
        tags = study.make("methods", method).tags
        use = (graph.cell(USE, unit),) if OF_MODEL & tags.truths else ()
        redraws = (graph.cell(REDRAW, unit),) if "redraw_mean" in tags.needs else ()
        cohort, model = graph.cell(COHORT, unit), graph.cell(TRAIN, unit)
        whole = {
            "model": model.key,
            "cohort": cohort.key,
            "method": graph.describe("methods", method),
            **({"use": use[0].key} if use else {}),
            **({"redraws": redraws[0].key} if redraws else {}),
        }
        content = {"maps": key({"stage": self.name, "version": self.version, **whole}), "kept": study.kept}
        needs, source = (graph.cell(CALIBRATE, unit), cohort, model, *use, *redraws), graph.source("methods", method)
        images = graph.cell(IMAGES, unit)
        caches = (*images.caches, images) if "training" in tags.needs else ()
        return Cell(self, f"{unit.id}-{method}", content, unit, needs, source, method, caches=caches)

    def disk(self, study: Study, cell: Cell, voxels: int) -> float:
        """Maps of the subjects that are kept, with multipliers of contributions and the images that they start from."""
        method = study.make("methods", cell.method)
        contribution = method.tags.quantity == "contribution"
        started = method.tags.reference_class != "zero" if contribution else isinstance(method, Covers)
        parts = 1 + contribution + started
        return PACKED * parts * study.kept * voxels

    def takes_part(self, study: Study, cell: Cell) -> frozenset[str]:
        """The method, and the network where it looks at it."""
        reads = study.make("methods", cell.method).tags.reads_model
        return super().takes_part(study, cell) - (frozenset() if reads else {"network"})

    def write(self, folder: Path, value: Any) -> None:
        """Write the map and what belongs to it, float32."""
        parts = {name: part for name, part in value._asdict().items() if part is not None}
        tensors.write(folder / FILE, {name: part.detach().float() for name, part in parts.items()})

    def read(self, folder: Path, study: Study, cell: Cell) -> Attribution:
        """The attribution."""
        path, plain = folder / FILE, folder / PLAIN
        return Attribution(**(load_file(plain) if plain.exists() else tensors.read(path)))


class MapsWithCost(NamedTuple):
    """Maps of every explained subject, what they took, and what the method told of them."""

    maps: Attribution
    passes: Passes
    notes: dict[str, Any]


def explain(given: Given, model: nn.Module, name: str = "") -> MapsWithCost:
    """Maps of every explained subject by the method of the cell; name: that of a trained model."""
    method, context = given.study.make("methods", given.cell.method), replace(map_context(given), model=name)
    with count_passes(model) as passes:
        maps = attribute(method, model, given.there(COHORT), context)
    return MapsWithCost(maps, passes, notes.taken(context, maps))


def map_context(given: Given) -> Context:
    """The context of the cell's method."""
    graph, unit, name = given.graph, given.unit, given.cell.method

    def redraw_mean(subject: int) -> Tensor:
        cohort = given.value(COHORT)
        row = cohort.subjects.tolist().index(subject)
        return given.value(REDRAW).mean(row, cohort.images[row], cohort.regions[row])

    context = method_context(
        calibrated(given),
        given.there(COHORT),
        given.study.make("methods", name),
        seeds.of_method(graph.describe("methods", name), graph.cell(TRAIN, unit).key),
        lambda: given.there(USE),
        lambda: given.value(IMAGES).train,
        redraw_mean,
    )
    return answering_on(given.device, context)


def attribute(method: Method, model: nn.Module, cohort: Cohort, context: Context) -> Attribution:
    """Maps of the cohort's images for the context's target.

    Raises:
        ValueError: where what the method gives is no map of these images, or holds NaN or infinity.
    """
    result = Attribution.of(method(model, cohort.images, context.target, context))
    if isinstance(method, Covers) and result.baseline is None:
        result = result._replace(baseline=method.covering(cohort.images, context).contiguous())
    attribution = checked_map(result, cohort.images)
    check_finite_map(attribution, cohort.subjects)
    return attribution
