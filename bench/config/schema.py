"""Keys, types and bounds of a study's settings.

Hydra checks the user's keys and types against these classes, `bench.plan.settings` the bounds. Where Hydra knows no
such type, it is told Any, and what the value may be stands beside. Most upper ends are there for slips of the keyboard:
what lies above would fill memory or never end.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from omegaconf import MISSING

from bench.contracts import AtLeast, Between, Count, NonNegative
from bench.contracts.data import Blur, Sign, Smoothing
from bench.seeds import MOST

#: cells that a call computes beside those that are missing
Rerun = Literal["missing", "failed", "stale", "all"]
#: outcomes of an explained subject: patients are TP and FN
Stratum = Literal["TP", "TN", "FP", "FN"]
#: written as 64-bit numbers in every table; what lies above is a slip of the keyboard
Seed = Annotated[int, Between(0, 2**31 - 1)]
#: low enough for their pairs to be named
CrossedSeed = Annotated[int, Between(0, MOST - 1)]


class EvenBetween(Between):
    """The even numbers from `low` to `high`."""

    def holds(self, value: Any) -> bool:
        """True for one of them."""
        return super().holds(value) and value % 2 == 0

    def __str__(self) -> str:
        return f"{super().__str__()} that is even"


@dataclass
class SeedSettings:
    """Integers or lists. data: seeds of the training subjects; model: seeds of initialisation and order, both at once.

    init, order: seeds of either alone, crossed in place of `model` where any is given; the other is then 0.
    """

    data: Annotated[Any, Seed | tuple[Seed, ...]] = field(default_factory=lambda: [0])
    model: Annotated[Any, Seed | tuple[Seed, ...]] = field(default_factory=lambda: [0])
    init: Annotated[Any, CrossedSeed | tuple[CrossedSeed, ...] | None] = None
    order: Annotated[Any, CrossedSeed | tuple[CrossedSeed, ...] | None] = None


@dataclass
class ExplainSettings:
    """subjects: how many evaluation subjects every model explains. controls: how many of them are controls, for
    rankings of patients need few; half by default. pairs: how many subjects are drawn with and without pathology for
    what a population says of each voxel and region (truth `association`; ten times as many: `observer`); with fewer
    than 20, no discriminant of a region's statistics could be fitted.
    """

    subjects: Annotated[int, EvenBetween(4, 100_000)] = 24
    controls: Annotated[Any, Count | None] = None
    pairs: Annotated[int, Between(20, 1_000_000)] = 400


@dataclass
class UseSettings:
    """The truth `use` of models: redraws per region; the number of explained subjects that are switched, and how many
    regions of each have their pathology switched in all combinations, 2 to that power.

    Draws make up two strata whose spread is to be known, so that there are four at least.
    """

    draws: Annotated[int, Between(4, 10_000)] = 16
    subjects: Count = 12
    players: Annotated[int, Between(1, 12)] = 6


@dataclass
class ViewSettings:
    """A view of maps before a map metric: sign (abs, signed, positive, negative), smoothing in mm and in voxels.

    fwhm_voxels: a number, or `own` for what `tuned` says of each method.
    """

    sign: Annotated[Any, Sign] = "abs"
    fwhm_mm: Smoothing = 0.0
    fwhm_voxels: Annotated[Any, Blur | Literal["own"]] = 0.0


@dataclass
class TunedSettings:
    """What `python -m bench tune` found of a method beside its parameters, which stand in its file.

    fwhm: width in voxels of the smoothing through which the view `own` sees its maps. sensitivity: range of its score
    over the grid, from its worst setting to its best.
    """

    fwhm: Blur = 0.0
    sensitivity: NonNegative = 0.0


@dataclass
class HeadlineSettings:
    """One ranking; metrics that do not look at stored maps have neither truth nor view.

    strata: the strata counted, none for all.
    """

    metric: str = MISSING
    truth: str = ""
    view: str = "abs"
    strata: Annotated[Any, tuple[Stratum, ...]] = field(default_factory=list)


@dataclass
class PathSettings:
    """results: the folder of the store and the tables; a relative one is taken from the project's root."""

    results: str = "results"


def _bars() -> list[str]:
    return ["constant", "random", "input_magnitude", "group_t_map", "mean_z_map", "template_prior", "use_of_others"]


def _against() -> dict[str, list[str]]:
    return {"methods": ["controls", "gradient"]}


@dataclass
class Config:
    """Everything a study fixes.

    axes: a group or key, and the values it is crossed over. budgets: a network or simulator that takes more to learn,
    and the values of `train` that it is given in place of the study's; where both are named, the simulator's count.
    bars: controls that a study's rankings are given beside the methods it names, so that none is without; a call that
    chooses methods itself has these and no others.
    detect: a simulator with a shortcut, and the clean one that its models are to be told from by their maps.
    tuned: what was found of methods on the `dev` simulators, by name.
    replace: whether tables of another study of this name may be replaced.
    device: where models run: cpu, cuda, cuda:N, mps, or auto, which is CUDA where there is any and else the CPU.
    part: the share of the units that this call computes, such as 2/8, the second of eight; "" for all of them.
    against: the comparisons declared before any score: what a method, or `methods` (every one), is to be better than,
    a method or `controls` (every one of them). One that a call did not choose is compared with nothing.
    """

    name: str = MISSING
    axes: dict[str, list[Any]] = field(default_factory=dict)
    seed: SeedSettings = field(default_factory=SeedSettings)
    budgets: dict[str, dict[str, Any]] = field(default_factory=dict)
    explain: ExplainSettings = field(default_factory=ExplainSettings)
    use: UseSettings = field(default_factory=UseSettings)
    views: list[ViewSettings] = field(default_factory=lambda: [ViewSettings()])
    headline: dict[str, HeadlineSettings] = field(default_factory=dict)
    bars: list[str] = field(default_factory=_bars)
    detect: dict[str, str] = field(default_factory=dict)
    tuned: dict[str, TunedSettings] = field(default_factory=dict)
    against: dict[str, list[str]] = field(default_factory=_against)
    maps: Annotated[Any, Literal["all", "none"] | Annotated[int, AtLeast(0)]] = "all"
    timeout_s: Annotated[float, Between(1, 30 * 86_400, unit="s")] = 1800.0
    rerun: Annotated[Any, Rerun] = "missing"
    replace: bool = False
    part: str = ""
    device: str = "cpu"
    trusted: list[str] = field(default_factory=list)
    paths: PathSettings = field(default_factory=PathSettings)
    simulator: Any = MISSING
    network: Any = MISSING
    train: Any = MISSING
    method: dict[str, Any] = field(default_factory=dict)
    metric: dict[str, Any] = field(default_factory=dict)
