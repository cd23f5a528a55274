"""Simulators: the base class, with a default for everything that a simulator need not have."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from torch import Tensor

from bench.contracts.audit import Audit
from bench.contracts.data import Batch, Cohort, Truth
from bench.contracts.errors import Undefined, Unsupported
from bench.contracts.plugins import Target
from bench.contracts.realism import Realism
from bench.contracts.redraws import Redraws
from bench.contracts.visits import Visit

#: what heads are taken from: an average brain, formulas, scans of people; "" where nobody says
Heads = Literal["template", "phantom", "scans", ""]


class Simulator(ABC):
    """Makes subjects. Subject i is a pure function of (config, stream, i): any subset, order or batch, same bytes.

    A task of `classes` has targets int64 from 0 to outputs - 1 and explains a contrast of two of them; a `regression`
    has targets float32 and one output, the target minus its mean in SDs. What a simulator cannot do, it leaves as it
    is here: the harness asks the object and never its class.
    """

    version: ClassVar[str]

    @property
    @abstractmethod
    def kind(self) -> Literal["classes", "regression"]:
        """Kind of the targets."""

    @property
    @abstractmethod
    def target(self) -> Target:
        """The task's explained score, the same for every method, truth and subject."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int, int]:
        """Grid (D, H, W)."""

    @property
    @abstractmethod
    def region_names(self) -> tuple[str, ...]:
        """Region r of a label map is `region_names[r - 1]`."""

    @property
    def summary(self) -> str:
        """What makes a patient, in one sentence that tables and pages show; "" for none."""
        return ""

    @property
    def family(self) -> str:
        """The kind of disease, by which simulators are ranked together; "" for none."""
        return ""

    @property
    def place(self) -> Literal["fixed", "moving"]:
        """`moving` where disease lies elsewhere in the next patient, so that no average of others shows its place."""
        return "fixed"

    @property
    def outputs(self) -> int:
        """Outputs a network needs for the task."""
        return 2

    @property
    def centre(self) -> float:
        """The explained score between the sides."""
        return 0.0

    @property
    def splits(self) -> tuple[str, ...]:
        """Test streams in which what goes with the label in `test` does so no longer, such as `decorrelated`."""
        return ()

    @property
    def displaced(self) -> frozenset[str]:
        """Regions whose redraw moves what lies around them."""
        return frozenset()

    @property
    def mixes(self) -> bool:
        """Whether a voxel of the image may show what lies in others, so that no change stays where it is made."""
        return False

    @property
    def atlas(self) -> Tensor | None:
        """(D, H, W) int64: the regions before any subject's own shape, 0 outside; None where images share none."""
        return None

    @property
    def heads(self) -> Heads:
        """What the heads are taken from, as exports, portraits and pages say it."""
        return ""

    def source(self, subject: int, stream: str) -> str:
        """The file that a subject's head was taken from, by its name within the user's folder; "" for none."""
        return ""

    def visit(self, subject: int, stream: str) -> Visit | None:
        """The visit of a person that a subject is; None where every subject is another person, seen once."""
        return None

    @property
    def modality(self) -> str:
        """The contrast that images imitate, as a BIDS suffix."""
        return "T1w"

    @abstractmethod
    def sides(self, targets: Tensor) -> Tensor:
        """(N,) int64: 1 for subjects whose explained score should be high (patients), 0 where low, -1 for neither."""

    @abstractmethod
    def with_amplitude(self, amplitude: float) -> "Simulator":
        """This simulator at a calibrated amplitude."""

    @abstractmethod
    def with_data_seed(self, seed: int) -> "Simulator":
        """This simulator with other training, validation and test subjects."""

    @abstractmethod
    def sample(self, indices: Sequence[int], stream: str, do: Mapping[str, Any] | None = None) -> Batch:
        """Images, targets and subjects; `do` sets named latents, everything else keeps its draw."""

    @abstractmethod
    def cohort(self, indices: Sequence[int], stream: str) -> Cohort:
        """The same subjects with twins, regions, domain and truths."""

    @abstractmethod
    def redraws(self, subject: int, stream: str, draws: int) -> Tensor:
        """One subject with each region's local latents redrawn: (R * draws, 1, D, H, W), draws of a region adjacent."""

    def strata(self, subject: int, stream: str, draws: int) -> Redraws:
        """The same with rare states in strata of known chance, so that a mean over draws owes nothing to luck.

        draws: 4 or more a region, in all strata together. What `use` is estimated from; without strata of its own a
        simulator is asked for plain redraws.
        """
        return Redraws.plain(self.redraws(subject, stream, draws), draws)

    def switches(self, subject: int, stream: str, sets: Sequence[Collection[str]]) -> Tensor:
        """One subject with its twin's pathology in each set of regions and its own elsewhere: (C, 1, D, H, W).

        Re-rendered from the same latents in the same scan. No region gives the subject, all of them and `elsewhere`
        its twin.

        Raises:
            Unsupported: where the pathology cannot be switched region by region.
        """
        raise Unsupported("the simulator has no `switches`, so its pathology cannot be rendered in single regions")

    def to_anatomy_of(self, volume: Tensor, donor: int, recipient: int | None, stream: str) -> Tensor:
        """The donor's volume (1, D, H, W) as it lies on the recipient's anatomy, or (None) on the average one.

        Raises:
            Undefined: where nobody knows which voxel of one subject shows what a voxel of another does.
        """
        raise Undefined("laying one subject's map on another needs a simulator that knows where anatomies correspond")

    def population(self, indices: Sequence[int], stream: str, pairs: int) -> Mapping[str, Truth]:
        """Truths of the population, from `pairs` subjects in both states, as the chosen subjects see them."""
        return {}

    def record(self, subject: int, stream: str, do: Mapping[str, Any] | None = None) -> Mapping[str, float]:
        """Values drawn for a subject, by name; empty where none are kept."""
        return {}

    def describe_record(self, subject: int, stream: str) -> Mapping[str, str]:
        """Descriptions of the names of `record`."""
        return {name: f"value {name} that the simulator drew" for name in self.record(subject, stream)}

    def calibrate(self) -> dict[str, Any]:
        """{"amplitude", "asked", "reached", "low", "high", "subjects"}, reached with its 95 % interval.

        For a regression "r2" of the observer as well, for three or more classes "pairs", its AUC of every two ("0-1").

        Raises:
            Unsupported: for a simulator whose separability cannot be set.
        """
        raise Unsupported("the simulator has no `calibrate`, so its separability cannot be set")

    @property
    def calibration_streams(self) -> Mapping[str, int]:
        """Streams, and how many healthy subjects of each, that a calibration reads from a bank; empty for none."""
        return {}

    def calibrate_in_steps(
        self, reached: MutableMapping[float, float], progress: Callable[[float], None]
    ) -> dict[str, Any]:
        """What `calibrate` gives, from where an interrupted call came to.

        reached: what was found at each amplitude, kept as soon as it is put there. progress: takes the share done.
        """
        return self.calibrate()

    def audit(
        self, count: int, stream: str = "test", healthy: bool = False, further: bool = False
    ) -> Mapping[str, Audit]:
        """Audits of the two sides of the explained score, named "", or of every other two classes, as "0-2".

        count: subjects a class. healthy: with the pathology off, so that nothing should be left to tell them apart.
        further: the other pairs of classes.

        Raises:
            Unsupported: for a simulator that has no audits.
        """
        raise Unsupported("the simulator has no `audit`, so nobody knows what its global statistics give away")

    def realism(self, subjects: int) -> Realism:
        """Healthy subjects measured as people's brains are, beside norms.

        Raises:
            Unsupported: for a simulator that no norms belong to.
        """
        raise Unsupported("the simulator has no `realism`, so nobody knows how its subjects compare with people")

    @staticmethod
    def banked(node: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The part of a configuration that a bank depends on beside the data seed; None for a simulator without banks.

        A bank holds healthy subjects, drawn once and shared by simulators that differ in pathology. A subject from a
        bank is, bit for bit, the subject drawn without it.
        """
        return None

    def fill_bank(
        self, counts: Mapping[str, int], folder: Path, progress: Callable[[float], None] = lambda _: None
    ) -> None:
        """Write the first `counts[stream]` healthy subjects of each stream, and nothing else.

        The folder is empty, or holds what an interrupted call with the same counts left in it, to go on from or to
        write anew; what is there in the end is the same.
        """
        raise Unsupported("the simulator has no bank: its `banked` gives None")

    def with_bank(self, folder: Path) -> "Simulator":
        """This simulator reading healthy subjects from a folder that `fill_bank` wrote."""
        raise Unsupported("the simulator has no bank: its `banked` gives None")
