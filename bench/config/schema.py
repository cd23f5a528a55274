"""Keys and types of a study. Hydra checks the user's keys and types against these classes."""

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING


@dataclass
class SeedSettings:
    """Integers or lists. data: seeds of the training subjects; model: seeds of initialisation and order, both at once.

    init, order: seeds of either alone, crossed in place of `model` where any is given; the other is then 0.
    """

    data: Any = field(default_factory=lambda: [0])
    model: Any = field(default_factory=lambda: [0])
    init: Any = field(default_factory=list)
    order: Any = field(default_factory=list)


@dataclass
class ExplainSettings:
    """subjects: how many evaluation subjects every model explains. pairs: how many subjects are drawn with and without
    pathology for what a population says of each voxel and region (truth `association`; ten times as many: `observer`).
    """

    subjects: int = 24
    pairs: int = 400


@dataclass
class UseSettings:
    """The truth `use` of models: redraws per region; the number of explained subjects that are switched, and how many
    regions of each have their pathology switched in all combinations.
    """

    draws: int = 16
    subjects: int = 12
    players: int = 6


@dataclass
class ViewSettings:
    """A view of maps before a map metric: sign (abs, signed, positive, negative), smoothing in mm."""

    sign: str = "abs"
    fwhm_mm: float = 0.0


@dataclass
class HeadlineSettings:
    """One ranking; metrics that do not look at stored maps have neither truth nor view.

    strata: the strata counted (TP, TN, FP, FN), none for all. Patients are TP and FN.
    """

    metric: str = MISSING
    truth: str = ""
    view: str = "abs"
    strata: list[str] = field(default_factory=list)


@dataclass
class PathSettings:
    """results: the folder of the store and the tables; a relative one is taken from the project's root."""

    results: str = "results"


def _against() -> dict[str, list[str]]:
    return {"methods": ["controls", "gradient"]}


@dataclass
class Config:
    """Everything a study fixes.

    axes: a group or key, and the values it is crossed over. budgets: a network or simulator that takes more to learn,
    and the values of `train` that it is given in place of the study's; where both are named, the simulator's count.
    detect: a simulator with a shortcut, and the clean one that its models are to be told from by their maps.
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
    detect: dict[str, str] = field(default_factory=dict)
    against: dict[str, list[str]] = field(default_factory=_against)
    maps: Any = "all"
    timeout_s: float = 1800.0
    rerun: str = "missing"
    trusted: list[str] = field(default_factory=list)
    paths: PathSettings = field(default_factory=PathSettings)
    simulator: Any = MISSING
    network: Any = MISSING
    train: Any = MISSING
    method: dict[str, Any] = field(default_factory=dict)
    metric: dict[str, Any] = field(default_factory=dict)


ConfigStore.instance().store(name="schema", node=Config)
