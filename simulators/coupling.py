"""Regions that go together in healthy brains: an additive field that pairs of regions share."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from bench.contracts import BadInput, Between, bounded, impossible, known
from simulators.local import Variation, aside


@bounded
@dataclass(frozen=True)
class Coupling:
    """Two regions with a correlation of their own across healthy subjects.

    correlation: of the two regions' signal, or volume, whatever else varies them. sd: SD of what is added to each for
    that (relative). of: which of the two.
    """

    version: ClassVar[str] = "1"
    first: str
    second: str
    correlation: Annotated[float, Between(-1, 1)]
    sd: Annotated[float, Between(1e-6, 0.3)]
    of: Literal["signal", "volume"] = "signal"


@bounded
@dataclass(frozen=True)
class Coupled(Variation):
    """Local variation with coupled regions.

    coupled: pairs of regions, each pair once a kind; a region may be in several. Redrawing a region draws its own value
    of a shared field anew and leaves the partner's.
    """

    version: ClassVar[str] = "2"
    coupled: tuple[Coupling, ...] = ()

    @property
    def named(self) -> frozenset[str]:
        """Regions of any pair."""
        return frozenset(region for pair in self.coupled for region in (pair.first, pair.second))

    def validate(self, region_names: tuple[str, ...]) -> None:
        """Refuse regions that the anatomy does not have, pairs named twice and correlations out of reach."""
        super().validate(region_names)
        pairs = [(c.of, frozenset((c.first, c.second))) for c in self.coupled]
        for coupling, pair in zip(self.coupled, pairs, strict=True):
            for region in (coupling.first, coupling.second):
                known("local.coupled", "region", region, region_names)
            if len(pair[1]) < 2 or pairs.count(pair) > 1:
                raise BadInput(
                    f"local.coupled: {coupling.of} of {coupling.first!r} goes with {coupling.second!r} twice; "
                    "name two regions, and each pair once"
                )
            self._share(coupling)

    def partners(self, regions: Collection[str]) -> frozenset[str]:
        """Regions coupled with these that are none of them."""
        pairs = ({coupling.first, coupling.second} for coupling in self.coupled if coupling.correlation)
        return frozenset().union(*(pair for pair in pairs if not pair.isdisjoint(regions))) - set(regions)

    def added(self, rng: np.random.Generator, names: tuple[str, ...]) -> np.ndarray:
        """The shared fields at every label: (2, R + 1), volume then signal, relative."""
        fields = super().added(rng, names)
        draws = aside(rng).standard_normal((len(self.coupled), 2))
        for coupling, (z, rest) in zip(self.coupled, draws, strict=True):
            share = self._share(coupling)
            kind = 0 if coupling.of == "volume" else 1
            fields[kind, names.index(coupling.first) + 1] += coupling.sd * z
            fields[kind, names.index(coupling.second) + 1] += coupling.sd * (share * z + np.sqrt(1 - share**2) * rest)
        return fields

    def _share(self, coupling: Coupling) -> float:
        """Correlation of what is added that gives the two regions theirs in total."""
        first, second = coupling.first, coupling.second
        alone = self.covariance(first, second) if coupling.of == "volume" else 0.0
        spread = float(np.sqrt(self._total(coupling.of, first) * self._total(coupling.of, second)))
        share = (coupling.correlation * spread - alone) / coupling.sd**2
        if abs(share) > 1:
            low, high = ((alone + sign * coupling.sd**2) / spread for sign in (-1, 1))
            reach = f"{low:.2f} to {high:.2f} for {first!r} and {second!r} with sd={coupling.sd:g}, or a larger sd"
            raise impossible(coupling, "correlation", coupling.correlation, reach)
        return share

    def _variance(self, of: str, region: str) -> float:
        return float((self.law((region,)).sd[1] if of == "volume" else self.signal) ** 2)

    def _total(self, of: str, region: str) -> float:
        """Variance of a region's signal or volume with all that is added to it."""
        added = (c.sd**2 for c in self.coupled if c.of == of and region in (c.first, c.second))
        return self._variance(of, region) + sum(added)
