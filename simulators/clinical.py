"""Scans of a clinic: what differs between sequences, resolutions, patients who move, and sites."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from bench.contracts import Between, bounded, impossible
from simulators.nuisance import Scan, Scanner


@bounded
@dataclass(frozen=True)
class Site:
    """One scanner of a table of sites.

    gain: log gain. noise: factor on the noise's SD. slope: log bias coefficients along x, y and z.
    """

    version: ClassVar[str] = "1"
    gain: Annotated[float, Between(-0.5, 0.5)] = 0.0
    noise: Annotated[float, Between(0, 5)] = 1.0
    slope: Annotated[tuple[float, float, float], Between(-0.5, 0.5)] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if len(self.slope) != 3:
            raise impossible(self, "slope", self.slope, "values along x, y and z")


@bounded
@dataclass(frozen=True)
class Clinical(Scanner):
    """A scanner's effects, and those of sequence, resolution, motion and site, all shared by a subject and its twin.

    gamma: SD of the log exponent of the intensities. blur_mm, ghost: SD of the normal whose size is a scan's FWHM, and
    whose value is the strength of its ghosts. sites: table of scanners, each as likely, none for a single one.
    """

    version: ClassVar[str] = "1"
    gamma: Annotated[float, Between(0, 0.5)] = 0.0
    blur_mm: Annotated[float, Between(0, 20, unit="mm")] = 0.0
    ghost: Annotated[float, Between(0, 0.5)] = 0.0
    sites: tuple[Site, ...] = ()

    @property
    def mixes(self) -> bool:
        """True where there is a point spread, or where there are ghosts."""
        return self.blur_mm > 0 or self.ghost > 0

    def draw(self, rng: np.random.Generator) -> Scan:
        """One scan: a plain scanner's draws first, so that bias and gain are those of a plain scanner."""
        scan = super().draw(rng)
        z, at, place = rng.standard_normal(3), rng.uniform(0.15, 0.5), rng.uniform()
        number = int(place * len(self.sites))
        site = self.sites[number] if self.sites else Site()
        bias = scan.bias.copy()
        bias[:3] += np.array(site.slope, np.float32)
        return Scan(
            bias=bias,
            gain=scan.gain + site.gain,
            noise=scan.noise * site.noise,
            gamma=float(self.gamma * z[0]),
            blur_mm=float(self.blur_mm * abs(z[1])),
            ghost=float(self.ghost * z[2]),
            ghost_at=float(at),
            site=number + 1 if self.sites else 0,
        )
