"""Protocols that networks, methods and metrics fulfil: structural, without base class or registration."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from bench.contracts.bounds import Subjects
from bench.contracts.context import Context
from bench.contracts.data import Attribution, Batch, Cohort, Truth
from bench.contracts.tags import BlindSpot, MethodTags, MetricTags

#: class c, a contrast (c, c') meaning z_c - z_c', or one class per row
Target = int | tuple[int, int] | Tensor
#: in a set of regions: all that lies in none
ELSEWHERE = "elsewhere"


class Network(Protocol):
    """An architecture: built with `(in_shape, outputs)`, a `torch.nn.Module` mapping (N, 1, D, H, W) to (N, K).

    A constructor that names `regions` is given the simulator's `atlas`, or None where it has none, and one that names
    `region_names` the names of its labels. One whose class says `follows = True` fits itself to courses of persons,
    by `Batch.visit`, and is refused where every subject is another person.
    summary: what it is, in one sentence that tables show.
    """

    version: ClassVar[str]
    reference: ClassVar[str]
    summary: ClassVar[str]

    def __call__(self, x: Tensor) -> Tensor:
        """Outputs (N, K): logits, or values for a regression."""


@runtime_checkable
class SelfFitting(Protocol):
    """A network that is fitted by a procedure of its own in place of gradient descent; its state is in tensors."""

    def fit(self, train: Batch, validation: Batch, generator: torch.Generator) -> None:
        """Fit to the training subjects; whatever is chosen by trying, is chosen on the validation subjects.

        Targets are classes (int64), or float32 in SDs from the training mean, as the outputs should be.
        """


@runtime_checkable
class KnownMechanism(Protocol):
    """A network whose mechanism is set by hand: it has nothing to learn, so that no competence is asked of it.

    mechanism: its name. wrapping: of what layers it is made, where the same mechanism is made of several. parts: names
    of the P regions it reads. states: (S, P) readings that a region has in the population, equally likely.
    """

    mechanism: str
    wrapping: str
    parts: tuple[str, ...]
    states: Tensor

    @property
    def voxels(self) -> Tensor:
        """(P, D, H, W) bool: where the regions lie."""

    def readings(self, x: Tensor) -> Tensor:
        """What it reads of images (N, 1, D, H, W): (N, P) float64, affine in the voxels of each region alone."""

    def score(self, readings: Tensor) -> Tensor:
        """The score (N,) of readings (N, P), by a formula; outputs differ by it as much as by the network itself."""


class Method(Protocol):
    """Turns (model, inputs, target) into a map shaped like inputs, float32, detached.

    summary: its definition in one sentence, which tables and pages show.
    """

    version: ClassVar[str]
    reference: ClassVar[str]
    summary: ClassVar[str]

    @property
    def tags(self) -> MethodTags:
        """What its maps mean and what it needs: of the class, or of an instance where parameters decide."""

    def __call__(
        self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None
    ) -> Tensor | Attribution:
        """The map of the explained score; the model is left as it was found."""


@runtime_checkable
class Covers(Protocol):
    """A method that compares an image with itself where parts are covered: its baseline is the cover."""

    def covering(self, inputs: Tensor, context: Context | None = None) -> Tensor:
        """The images (N, 1, D, H, W) as they would be if covered everywhere."""


class Metric(Protocol):
    """Gives scores. `tags.kind` names the one function a metric offers:

    map(maps, truth, context) -> (N,); truth is None for truth-free map metrics
    model(attributions, outputs, context) -> (M, N); one row of scores per method
    explainer(explain, model, cohort, context) -> (N,)
    group(maps, truth, strata, cohort, context) -> {column: value}, over the subjects of a model
    compare(models, context) -> {column: (N,) or (M, N)}, over the models of one simulator and network

    summary: its definition in one sentence, which tables and pages show. question: what it answers, as a question.
    blind_spots: what fools it, each with the test that shows so. subjects: at most so many, None for all.
    """

    version: ClassVar[str]
    reference: ClassVar[str]
    summary: ClassVar[str]
    tags: ClassVar[MetricTags]
    question: ClassVar[str]
    blind_spots: ClassVar[tuple[BlindSpot, ...]]
    subjects: Subjects


Explain = Callable[[nn.Module, Tensor, Context], Tensor]
#: (perturbation, row) -> perturbations I (K, 1, D, H, W) and score changes f(x) - f(x - I) (K,); the changes are
#: computed once per (model, subject, perturbation) and shared by every method and metric, if the family is hashable
Outputs = Callable[["Perturbation", int], tuple[Tensor, Tensor]]


class Perturbation(Protocol):
    """A family of perturbations; the same draws serve every method and metric of a unit that name an equal family.

    A family made for one map is not hashable, so that nothing is kept for others.
    draw(inputs, context, row) -> (K, 1, D, H, W): the perturbations I of one subject, so that x - I is evaluated.
    """

    name: str
    count: int

    def draw(self, inputs: Tensor, context: Context, row: int) -> Tensor:
        """The same draws for the same subject, whatever batch it sits in."""


class ModelMetric(Metric, Protocol):
    """A metric of kind `model`."""

    def model(
        self, attributions: Mapping[str, Attribution], quantities: Mapping[str, str], outputs: Outputs, context: Context
    ) -> Mapping[str, Tensor]:
        """{method: (N,) scores}."""


class MapMetric(Metric, Protocol):
    """A metric of kind `map`."""

    def map(self, maps: Tensor, truth: Truth | None, context: Context) -> Tensor:
        """Scores (N,); NaN where undefined."""


class ExplainerMetric(Metric, Protocol):
    """A metric of kind `explainer`."""

    def explainer(
        self, explain: Explain, model: nn.Module, cohort: Cohort, context: Context
    ) -> Tensor | Mapping[str, Tensor]:
        """Scores (N,), or named columns of them; the column "" is the headline."""


class GroupMetric(Metric, Protocol):
    """A metric of kind `group`: what the maps of groups of subjects say together."""

    def group(
        self, maps: Tensor, truth: Truth | None, strata: Sequence[str], cohort: Cohort, context: Context
    ) -> Mapping[str, Tensor]:
        """Named columns, (N,) or () where a model has one value; the column "" is the headline.

        strata: TP, TN, FP or FN of each subject, "" of one on neither side.
        """


class Models(Protocol):
    """What a `compare` metric is given of one method over the models of a simulator and network.

    Only models that passed the competence gate, unless none did. maps: (M, N, 1, D, H, W); data_seeds, model_seeds,
    init_seeds, order_seeds: (M,); uses: (M,) the truth `use` of each. untrained: (U, N, ...) maps of the networks
    before training, one an initialisation, whose seeds are untrained_seeds (U,). permuted: (M, N, ...) maps of the
    models trained again on permuted labels, and memorised: (M,) the AUC at which each knows those labels; both empty
    unless the metric's tags need `permuted`.
    """

    maps: torch.Tensor
    untrained: torch.Tensor
    uses: tuple[Truth, ...]
    permuted: torch.Tensor
    memorised: tuple[float, ...]
    data_seeds: tuple[int, ...]
    model_seeds: tuple[int, ...]
    init_seeds: tuple[int, ...]
    order_seeds: tuple[int, ...]
    untrained_seeds: tuple[int, ...]


class CompareMetric(Metric, Protocol):
    """A metric of kind `compare`: named columns, e.g. similarity and its floors.

    (N,) where a value belongs to all models together; (M, N) where it is one of each model, whose rows then carry the
    model's seeds and have intervals over data seeds like any other score.
    """

    def compare(self, models: Models, context: Context) -> Mapping[str, Tensor]:
        """Named columns (N,) or (M, N); the column "" is the headline."""
