"""What cells cost before, from the records of a store, and what a cell like them would cost now.

A cost is taken to grow with the work of a cell: voxels of the grid x images that pass through the network or simulator
(subjects, times epochs, draws or combinations where the stage has them). Prices come from the records of the nearest
work, so that what does not grow is counted where it was measured.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isclose, log, prod
from statistics import fmean
from typing import Any, NamedTuple

from safetensors import safe_open

from bench.store.artefacts import Artefacts, Damaged
from bench.store.scores import Scores

Content = Mapping[str, Any]


class Cost(NamedTuple):
    """Seconds of one core, and passes through the network."""

    seconds: float = 0.0
    forward: float = 0.0
    backward: float = 0.0

    def times(self, factor: float) -> "Cost":
        """This many of them."""
        return Cost(*(part * factor for part in self))

    @classmethod
    def mean(cls, costs: list["Cost"]) -> "Cost":
        """The mean of each part."""
        return cls(*(fmean(part) for part in zip(*costs, strict=True)))


class Kind(NamedTuple):
    """What decides a price: the stage, the network (hash of its node), the plug-ins."""

    stage: str
    network: str = ""
    method: str = ""
    metric: str = ""

    def wider(self) -> Iterator["Kind"]:
        """This kind and those that may stand for it: another network, then any cell of the stage and network."""
        yield from dict.fromkeys(
            (self, self._replace(network=""), Kind(self.stage, self.network), Kind(self.stage)),
        )


#: images a cell puts through a network or a simulator; content is what its key hashes, n the explained subjects
IMAGES: dict[str, Callable[[Content, Content, int], float]] = {
    "bank": lambda content, config, n: content["subjects"] + content["validation"] + content["test"],
    "images": lambda content, config, n: content["subjects"] + content["validation"] + content["test"],
    "calibrate": lambda content, config, n: 1,
    "simulate": lambda content, config, n: content["subjects"] + content["pairs"],
    "train": lambda content, config, n: content["train"]["subjects"] * content["train"]["epochs"],
    "truths": lambda content, config, n: content["subjects"] * content["draws"],
    "effects": lambda content, config, n: content["subjects"] * 2 ** content["players"],
    "attribute": lambda content, config, n: n,
    "untrained": lambda content, config, n: n,
    "measure": lambda content, config, n: min(config["metric"].get("subjects") or n, n),
    "compare": lambda content, config, n: n * len(content["maps"]),
}
#: stages that no network takes part in
FREE = ("calibrate", "simulate", "bank", "images")


@dataclass
class Past:
    """Prices by kind: {kind: [(work, cost)]}."""

    known: dict[Kind, list[tuple[float, Cost]]] = field(default_factory=dict)
    _priced: dict[tuple[Kind, float], Cost | None] = field(default_factory=dict, repr=False)

    def add(self, kind: Kind, work: float, cost: Cost) -> None:
        """One cell that was computed."""
        self._priced.clear()
        for wide in kind.wider():
            self.known.setdefault(wide, []).append((work, cost))

    def price(self, kind: Kind, work: float) -> Cost | None:
        """The cost of a cell; None where nothing like it was ever computed."""
        if (kind, work) not in self._priced:
            self._priced[kind, work] = self._price(kind, work)
        return self._priced[kind, work]

    def _price(self, kind: Kind, work: float) -> Cost | None:
        found = next((self.known[k] for k in kind.wider() if k in self.known), None)
        if found is None:
            return None
        distance = min(abs(log(w / work)) for w, _ in found)
        near = [cost.times(work / w) for w, cost in found if isclose(abs(log(w / work)), distance, abs_tol=1e-9)]
        return Cost.mean(near)


def read(artefacts: Artefacts, scores: Scores) -> Past:
    """Everything a store knows of costs; a record that does not say enough is passed over."""
    past, shapes = Past(), _shapes(artefacts)
    networks: dict[str, tuple[str, tuple[int, int] | None]] = {}
    for record in _records(artefacts, "train"):
        networks[record["unit"]] = (record["content"]["network"], shapes.get(record["content"]["calibration"]))
        networks.setdefault(_group(record["unit"]), networks[record["unit"]])
    for stage in IMAGES:
        for record in _records(artefacts, stage):
            _add(past, stage, record, networks, shapes)
    for cell in scores.cells():
        for record in scores.known(cell).values():
            _add(past, str(record.get("title", "")).partition(" ")[0], record, networks, shapes)
    return past


def _add(past: Past, stage: str, record: Content, networks: Mapping[str, Any], shapes: Mapping[str, Any]) -> None:
    try:
        network, shape = networks.get(record["unit"], ("", None))
        if stage in FREE:
            network, shape = "", shapes.get(record["content"].get("calibration", record.get("key")), shape)
        if shape is None:
            return
        work = IMAGES[stage](record["content"], record["config"], shape[0]) * shape[1]
        cost = Cost(*(float(record["cost"][part]) for part in Cost._fields))
        names = record["title"].split(" ")[1:] if stage in ("attribute", "untrained", "measure", "compare") else []
    except (KeyError, TypeError):
        return
    past.add(Kind(stage, network, *names), work, cost)


def _records(artefacts: Artefacts, stage: str) -> Iterator[dict[str, Any]]:
    for key in artefacts.keys(stage):
        try:
            found = artefacts.record(stage, key)
        except (KeyError, Damaged):
            continue
        if "cost" in found:
            yield found


def _shapes(artefacts: Artefacts) -> dict[str, tuple[int, int]]:
    """{calibration key: (explained subjects, voxels)} of the stored cohorts."""
    found = {}
    for key, folder in artefacts.keys("simulate").items():
        file = next(folder.glob("*.safetensors"), None)
        if file is None:
            continue
        with safe_open(file, "np") as tensors:
            shape = tensors.get_slice("images").get_shape()
        found[artefacts.record("simulate", key)["content"]["calibration"]] = (shape[0], prod(shape[1:]))
    return found


def _group(unit: str) -> str:
    """The name of the group of a unit's models."""
    return f"{unit.rpartition('-d')[0]}-compare"
