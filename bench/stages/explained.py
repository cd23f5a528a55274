"""The model that is explained, with what it makes of perturbed images, and the method that explains it."""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from functools import cached_property

from torch import Tensor, nn

from bench.contracts import Attribution, Cohort, Context, Method
from bench.contracts.plugins import Perturbation
from bench.contracts.validity import Validity
from bench.passes.forward import forward
from bench.passes.scores import explained, finite
from bench.stages.returned import checked_map

#: bytes of perturbations kept, so that methods share them; what does not fit is drawn again, the same at every draw
MEMORY = 384 * 2**20


@dataclass
class ExplainedModel:
    """A model and its explained subjects; the model meets a perturbation once for all methods, whatever memory holds.

    sides: (N,) int64, what `Simulator.sides` gives of the targets: 1 patients, 0 controls, -1 neither. validity: what
    the simulator says it cannot offer. centre: the explained score between the sides.
    """

    model: nn.Module
    cohort: Cohort
    context: Context
    sides: Tensor
    validity: Validity = field(default_factory=Validity)
    centre: float = 0.0
    _drawn: dict[Hashable, Tensor] = field(default_factory=dict)
    _changes: dict[Hashable, Tensor] = field(default_factory=dict)

    @cached_property
    def scores(self) -> Tensor:
        """The explained score (N,) of the unperturbed images."""
        return explained(forward(self.model, self.cohort.images), self.context.target)

    @cached_property
    def strata(self) -> list[str]:
        """TP, TN, FP or FN of each subject, "" of one on neither side; a score above the centre predicts a patient."""
        predicted = (self.scores > self.centre).long()
        names = {(1, 1): "TP", (0, 0): "TN", (1, 0): "FP", (0, 1): "FN"}
        return [names.get(pair, "") for pair in zip(predicted.tolist(), self.sides.tolist(), strict=True)]

    def outputs(self, perturbation: Perturbation, row: int) -> tuple[Tensor, Tensor]:
        """Perturbations I (K, 1, D, H, W) of a subject and the changes f(x) - f(x - I) (K,).

        A family that is not hashable is of one map alone: nothing of it is kept.
        """
        if not isinstance(perturbation, Hashable):
            drawn = self._draw(perturbation, row)
            return drawn, self._change(drawn, row)
        key = (perturbation, row)
        if key not in self._drawn:
            self._drawn[key] = self._draw(perturbation, row)
        drawn = self._drawn[key]
        if key not in self._changes:
            self._changes[key] = self._change(drawn, row)
        self._shrink()
        return drawn, self._changes[key]

    def _draw(self, perturbation: Perturbation, row: int) -> Tensor:
        return perturbation.draw(self.cohort.images, self.context, row)

    def _change(self, drawn: Tensor, row: int) -> Tensor:
        moved = finite(explained(forward(self.model, self.cohort.images[row] - drawn), self.context.target))
        return finite(self.scores[[row]]) - moved

    def _shrink(self) -> None:
        """Forget the oldest perturbations until the others fit; what the model made of them is small and stays."""
        held = sum(drawn.nbytes for drawn in self._drawn.values())
        while held > MEMORY:
            held -= self._drawn.pop(next(iter(self._drawn))).nbytes


@dataclass(frozen=True)
class Explained:
    """A method with its maps of the model's subjects, the context it drew them in, and the blur of the view `own`."""

    name: str
    method: Method
    attribution: Attribution
    context: Context
    blur: float = 0.0

    def again(self, model: nn.Module, inputs: Tensor, context: Context) -> Tensor:
        """Maps of other images or another model; the method keeps its own noise and sees its own truths only."""
        place = {subject: row for row, subject in enumerate(self.context.subjects)}
        known = self.context.take([place[s] for s in context.subjects])
        result = self.method(model, inputs, known.target, replace(known, _memo={}))
        return checked_map(result, inputs).map


def first(attribution: Attribution, count: int) -> Attribution:
    """The attribution of the first subjects."""
    return Attribution(**{name: part[:count] for name, part in attribution._asdict().items() if part is not None})
