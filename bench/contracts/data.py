"""Values that flow between simulators, methods, metrics and the harness."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Final, Literal, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from bench.contracts.bounds import Between
from bench.contracts.visits import Visit

#: the part of a map that is looked at
Sign = Literal["abs", "signed", "positive", "negative"]
#: full width at half maximum of a smoothing; a wider one than a brain is a slip of the keyboard
Smoothing = Annotated[float, Between(0, 100, unit="mm")]
#: full width at half maximum in voxels
Blur = Annotated[float, Between(0, 100, unit="voxels")]
#: the blur that was chosen for a method on the `dev` simulators
OWN: Final = "own"


class Status(StrEnum):
    """The outcome of a cell; the last three make the exit code non-zero."""

    ok = "ok"
    unsupported = "unsupported"
    undefined = "undefined"
    failed = "failed"
    timeout = "timeout"
    killed = "killed"


@dataclass(frozen=True)
class Truth:
    """The right answer that a map can be scored against: a volume, a per-region vector, or both.

    volume: (N, 1, D, H, W) float32 or None. regions: (N, R) float32 or None, R in the order of the cohort's
    `region_names`. floor: (N, R) or None, the size below which a region's value is noise. size: (N, R) or None, what
    lies behind a signed mean in `regions`: the root mean square of what it is the mean of. agreement: (N,) or None, how
    far `regions` from one half of the draws behind it correlates with that from the other.
    """

    name: str
    volume: Tensor | None = None
    regions: Tensor | None = None
    signed: bool = True
    floor: Tensor | None = None
    size: Tensor | None = None
    agreement: Tensor | None = None

    def take(self, rows: Tensor) -> "Truth":
        """The truth of the chosen rows (positions, not subject numbers)."""
        parts = ("volume", "regions", "floor", "size", "agreement")
        present = {part: value for part in parts if (value := getattr(self, part)) is not None}
        return replace(self, **{f: v[rows] for f, v in present.items()})


@dataclass(frozen=True)
class Batch:
    """All that training sees.

    images: (N, 1, D, H, W) float32 on a fixed intensity scale. targets, subjects: (N,) int64. visit: subject -> the
    visit of a person that it is, None of one who is seen once; None where nobody knows.
    """

    images: Tensor
    targets: Tensor
    subjects: Tensor
    visit: Callable[[int], Visit | None] | None = field(default=None, kw_only=True)

    def __len__(self) -> int:
        return len(self.subjects)

    @property
    def visits(self) -> dict[int, Visit]:
        """The visit in each row that is one."""
        ask = self.visit or (lambda subject: None)
        seen = enumerate(self.subjects.tolist())
        return {row: visit for row, subject in seen if (visit := ask(subject))}

    def take(self, rows: Tensor) -> Self:
        """The chosen rows (positions); every per-subject field follows."""
        chosen = {f.name: getattr(self, f.name) for f in fields(self)}
        for name, value in chosen.items():
            if isinstance(value, Tensor):
                chosen[name] = value[rows]
            elif isinstance(value, dict):
                chosen[name] = {k: truth.take(rows) for k, truth in value.items()}
        return replace(self, **chosen)


def spread_of(images: Tensor) -> Tensor:
    """The standard deviation of each voxel between the other subjects: (N, 1, D, H, W) of N >= 3 images of that shape.

    Without the subject itself: its own lesion would raise it where the lesion lies, and tell a map where to look.
    """
    n = len(images)
    away = (images - images.mean(dim=0)).square()
    # the mean of the others lies n / (n - 1) times as far from an image as the mean of all does
    return ((away.sum(dim=0) - away * n / (n - 1)) / (n - 2)).clamp(min=0).sqrt()


@dataclass(frozen=True)
class Cohort(Batch):
    """The explained subjects with everything a simulator knows of them.

    twins: (N, 1, D, H, W), the same subjects with the other pathology state (a patient without the disease, a
    control with it; either keeps what is no disease, such as a distractor). regions: (N, 1, D, H, W) int16 labels, 0
    outside, label r is `region_names[r - 1]`. domain: (N, 1, D, H, W) bool, the voxels a map is scored in. affine:
    (4, 4), voxel to millimetres.
    """

    twins: Tensor = field(default_factory=lambda: torch.empty(0))
    regions: Tensor = field(default_factory=lambda: torch.empty(0))
    domain: Tensor = field(default_factory=lambda: torch.empty(0))
    truths: dict[str, Truth] = field(default_factory=dict)
    region_names: tuple[str, ...] = ()
    affine: np.ndarray = field(default_factory=lambda: np.eye(4))

    @cached_property
    def spread(self) -> Tensor | None:
        """How each voxel varies between the other subjects, `spread_of` the images; None of fewer than three."""
        return spread_of(self.images) if len(self) > 2 else None


class Attribution(NamedTuple):
    """A map (N, 1, D, H, W) and, for contributions, the multiplier M with map = M * (inputs - baseline).

    gap: (N,) completeness gap of the map where the method claims completeness, else None. baseline: (N, 1, D, H, W) the
    images that contributions are counted from, None where these are zero; of another map those that it compares the
    images with, None where there are none.
    """

    map: Tensor
    multiplier: Tensor | None = None
    gap: Tensor | None = None
    baseline: Tensor | None = None

    @property
    def start(self) -> Tensor:
        """The images (N, 1, D, H, W) that contributions are counted from."""
        return torch.zeros_like(self.map) if self.baseline is None else self.baseline

    @classmethod
    def of(cls, result: "Tensor | Attribution") -> "Attribution":
        """Methods may return the bare map; the harness wants one type."""
        return result if isinstance(result, Attribution) else cls(result)


@dataclass(frozen=True)
class View:
    """The look of a map before a `map` metric scores it: its sign, and Gaussian smoothing in mm and in voxels.

    fwhm_voxels: along each axis in its own voxels, `own` for what was chosen for each method. Both smoothings add up.
    """

    sign: Sign = "abs"
    fwhm_mm: Smoothing = 0.0
    fwhm_voxels: Blur | Literal["own"] = 0.0

    @property
    def name(self) -> str:
        """Short name written in the tables, e.g. `abs`, `abs+8mm`, `abs+2voxels` or `abs+own`."""
        mm = [f"{self.fwhm_mm:g}mm"] if self.fwhm_mm else []
        voxels = [OWN if self.fwhm_voxels == OWN else f"{self.fwhm_voxels:g}voxels"] if self.fwhm_voxels else []
        return "+".join([self.sign, *mm, *voxels])

    def of(self, blur: float) -> "View":
        """The view of a method whose own blur is given."""
        return replace(self, fwhm_voxels=blur) if self.fwhm_voxels == OWN else self

    @property
    def in_keys(self) -> dict[str, Any]:
        """The part of a key that names it: a smoothing in voxels only where there is any, as older keys know none."""
        content = {"sign": self.sign, "fwhm_mm": self.fwhm_mm}
        return {**content, "fwhm_voxels": self.fwhm_voxels} if self.fwhm_voxels else content
