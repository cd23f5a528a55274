"""Typed metadata of methods and metrics: what pairs with what is derived from these, never a call-time option."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from bench.contracts.arguments import bounded
from bench.contracts.bounds import Count

Quantity = Literal["sensitivity", "contribution", "location", "change"]
Role = Literal["method", "control", "oracle"]
#: the image that a map is counted from: none; all voxels at zero, at a number, at the subject's own mean; the subject
#: blurred, or as noise; training controls; the subject as the simulator redraws it, or its twin
ReferenceClass = Literal["none", "zero", "number", "mean", "blur", "noise", "controls", "redraw", "twin"]
MetricKind = Literal["map", "model", "explainer", "group", "compare"]


@bounded
@dataclass(frozen=True)
class MethodTags:
    """The meaning and the needs of a method's map.

    family: methods of one kind; those of `cam` see no finer than the grid of the layer that they read.
    quantity: `sensitivity` (change of the score per unit of intensity), `contribution` (a share of
        f(x) - f(b); the method also returns its multiplier M with map = M * (x - b)), `change` (what a year adds to
        the image, in its units), or `location` (none of these).
    role: `control` sets a floor and is never ranked; `oracle` sees a truth and is never ranked.
    targeted: whether the map depends on which score is explained; one that does not says the same of every class.
    needs: `layer` (convolutional features), `attention` (softmaxes over tokens), `training` (training images),
        `course` (what a network simulates that a year adds), `redraws` (the subject with regions drawn anew by the
        simulator), `redraw_mean` (the mean of these).
    truths: names of the truths that an oracle is told.
    laws: the identities the method claims; `bench.checks` tests exactly these.
    reference_class: what the image is compared with. Unlike references ask unlike questions, so methods are to be
        ranked within a class; `none` for a method that compares with nothing.
    cost: passes per map as a formula of the method's own parameters, e.g. `"steps * (forward + backward)"`.
    """

    family: str
    quantity: Quantity
    role: Role = "method"
    signed: bool = True
    stochastic: bool = False
    reads_model: bool = True
    targeted: bool = True
    needs: frozenset[str] = frozenset()
    truths: frozenset[str] = frozenset()
    laws: frozenset[str] = frozenset()
    reference_class: ReferenceClass = "none"
    cost: str = "forward"


class BlindSpot(NamedTuple):
    """A thing that a metric cannot see: what fools it, and the test (file::function) that shows it."""

    fooled_by: str
    shown_by: str


@bounded
@dataclass(frozen=True)
class MetricTags:
    """The reading of a metric's value.

    kind: which function of the contract it offers (`map`, `model`, `explainer`, `group`, `compare`).
    bounds: closed interval of possible values. chance: the value a map without information reaches in
        expectation, `None` where that depends on the data (then a control shows it).
    truths: names of the truths a `map` or `group` metric accepts; empty for truth-free metrics.
    quantities: the method quantities it is defined for. One of `change` alone compares values in units of the image,
        so that the scale of a map matters to it.
    floor: what a map that depends on nothing learnt does not get beyond; methods whose interval does not, fail.
    localisation: whether the oracle of each truth must lead (asserted on every table).
    sets: whether a voxel truth must be carried by a set of voxels (B_q), not only be graded.
    regional: whether it sums a map over regions, so that it is given the signed one and takes absolute values of sums.
    individual: whether it asks what a map says of one subject alone, which nobody can tell where all are ill in one
        place.
    assisted: whether it looks at what only a simulator knows although `truths` names none, so that it cannot be
        computed on real images.
    needs: `permuted` (each model trained again on permuted labels), which only a `compare` metric is given.
    laws: the identities the metric claims; `bench.checks` tests exactly these. `domain`: what maps say outside the
        domain changes nothing. `section`: a volume constant along an axis scores as its section. `residual`: the value
        is N sum (p - df)^2 / sum df^2 of what weights predict, at a scale of at least 0 fitted on other subjects.
    fewest_subjects, fewest_models: with fewer subjects, or models compared, it has no value.
    missing: why a subject may have no value.
    """

    kind: MetricKind
    higher_is_better: bool
    bounds: tuple[float, float]
    unit: str
    chance: float | None = None
    floor: float | None = None
    truths: frozenset[str] = frozenset()
    quantities: frozenset[str] = frozenset({"sensitivity", "contribution", "location"})
    localisation: bool = False
    sets: bool = False
    regional: bool = False
    individual: bool = False
    assisted: bool = False
    needs: frozenset[str] = frozenset()
    laws: frozenset[str] = frozenset({"domain"})
    fewest_subjects: Count = 1
    fewest_models: Count = 1
    missing: str = "the metric has no value for this subject"
