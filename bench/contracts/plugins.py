"""The protocols a plug-in fulfils. They are structural: no base class, no registration."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from bench.contracts.context import Context
from bench.contracts.data import Attribution, Batch, Cohort, Truth
from bench.contracts.tags import MethodTags, MetricTags

#: class c, a contrast (c, c') meaning z_c - z_c', or one class per row
Target = int | tuple[int, int] | Tensor
#: in a set of regions: all that lies in none
ELSEWHERE = "elsewhere"


class Simulator(Protocol):
    """Makes subjects. Subject i is a pure function of (config, stream, i): any subset, order or batch, same bytes.

    A task of `classes` has targets int64 from 0 to outputs - 1 and explains a contrast of two of them; a `regression`
    has targets float32 and one output, the target minus its mean in SDs.
    """

    version: ClassVar[str]

    @property
    def kind(self) -> Literal["classes", "regression"]:
        """What targets are."""

    @property
    def target(self) -> Target:
        """The task's explained score, the same for every method, truth and subject."""

    def sides(self, targets: Tensor) -> Tensor:
        """(N,) int64: 1 for subjects whose explained score should be high (patients), 0 where low, -1 for neither."""

    @property
    def centre(self) -> float:
        """The explained score between the sides."""

    @property
    def outputs(self) -> int:
        """Outputs a network needs for the task."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Grid (D, H, W)."""

    @property
    def region_names(self) -> tuple[str, ...]:
        """Region r of a label map is `region_names[r - 1]`."""

    @property
    def displaced(self) -> frozenset[str]:
        """Regions whose redraw moves what lies around them."""

    def with_amplitude(self, amplitude: float) -> "Simulator":
        """This simulator at a calibrated amplitude."""

    def with_data_seed(self, seed: int) -> "Simulator":
        """This simulator with other training, validation and test subjects."""

    def redraws(self, subject: int, stream: str, draws: int) -> Tensor:
        """One subject with each region's local latents redrawn: (R * draws, 1, D, H, W), draws of a region adjacent."""

    def sample(self, indices: Sequence[int], stream: str, do: Mapping[str, Any] | None = None) -> Batch:
        """Images, targets and subjects; `do` sets named latents, everything else keeps its draw."""

    def cohort(self, indices: Sequence[int], stream: str) -> Cohort:
        """The same subjects with twins, regions, domain and truths."""


@runtime_checkable
class Shifted(Protocol):
    """A simulator with test streams in which what goes with the label in `test` does so no longer."""

    @property
    def splits(self) -> tuple[str, ...]:
        """Their names, e.g. `decorrelated` and `reversed`; none if nothing goes with the label."""


@runtime_checkable
class Banked(Protocol):
    """A simulator whose healthy subjects can be drawn once and shared by simulators that differ in pathology.

    A subject from a bank is, bit for bit, the subject drawn without it.
    """

    @staticmethod
    def banked(node: Mapping[str, Any]) -> Mapping[str, Any]:
        """The part of a simulator's configuration that a bank depends on, beside the data seed."""

    def fill_bank(self, counts: Mapping[str, int], folder: Path, progress: Callable[[float], None]) -> None:
        """Write the first `counts[stream]` healthy subjects of each stream."""

    def with_bank(self, folder: Path) -> Simulator:
        """This simulator reading healthy subjects from a folder that `fill_bank` wrote."""


@runtime_checkable
class Mixing(Protocol):
    """A simulator whose images may show in a voxel what lies in others, so that no change stays where it is made."""

    @property
    def mixes(self) -> bool:
        """Whether they do."""


@runtime_checkable
class Populated(Protocol):
    """A simulator that knows what each voxel and region says of the label, whoever looks at it."""

    def population(self, indices: Sequence[int], stream: str, pairs: int) -> Mapping[str, Truth]:
        """Truths of the population, from `pairs` subjects in both states, as the chosen subjects see them."""


@runtime_checkable
class Switched(Protocol):
    """A simulator whose pathology can be switched region by region."""

    def switches(self, subject: int, stream: str, sets: Sequence[Collection[str]]) -> Tensor:
        """One subject with its twin's pathology in each set of regions and its own elsewhere: (C, 1, D, H, W).

        Re-rendered from the same latents in the same scan. No region gives the subject, all of them and `elsewhere`
        its twin.
        """


@runtime_checkable
class Mapped(Protocol):
    """A simulator whose images share one map of regions, before any subject's own shape."""

    @property
    def atlas(self) -> Tensor:
        """(D, H, W) int64: region r of `region_names[r - 1]`, 0 outside."""


@runtime_checkable
class Registered(Protocol):
    """A simulator that knows which voxel of one subject shows what a voxel of another does."""

    def carry(self, volume: Tensor, donor: int, recipient: int | None, stream: str) -> Tensor:
        """The donor's volume (1, D, H, W) as it lies on the recipient's anatomy, or (None) on the average one."""


class Network(Protocol):
    """An architecture: built with `(in_shape, outputs)`, a `torch.nn.Module` mapping (N, 1, D, H, W) to (N, K).

    A constructor that names `regions` is given the simulator's `atlas`, or None where it has none.
    """

    version: ClassVar[str]
    reference: ClassVar[str]

    def __call__(self, x: Tensor) -> Tensor:
        """Outputs (N, K): logits, or values for a regression."""


@runtime_checkable
class SelfFitting(Protocol):
    """A network that is fitted by a procedure of its own in place of gradient descent; its state is in tensors."""

    def fit(self, train: Batch, validation: Batch, generator: torch.Generator) -> None:
        """Fit to the training subjects; whatever is chosen by trying, is chosen on the validation subjects.

        Targets are classes (int64), or float32 in SDs from the training mean, as the outputs should be.
        """


class Method(Protocol):
    """Turns (model, inputs, target) into a map shaped like inputs, float32, detached."""

    version: ClassVar[str]
    reference: ClassVar[str]
    tags: ClassVar[MethodTags]

    def __call__(
        self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None
    ) -> Tensor | Attribution:
        """The map of the explained score; the model is left as it was found."""


class Metric(Protocol):
    """Gives scores. `tags.kind` names the one function a metric offers:

    map(maps, truth, context) -> (N,); truth is None for truth-free map metrics
    model(attributions, outputs, context) -> (M, N); one row of scores per method
    explainer(explain, model, cohort, context) -> (N,)
    group(maps, truth, strata, cohort, context) -> {column: value}, over the subjects of a model
    compare(models, context) -> {column: (N,) or (M, N)}, over the models of one simulator and network
    """

    version: ClassVar[str]
    reference: ClassVar[str]
    tags: ClassVar[MetricTags]
    subjects: int | None


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
