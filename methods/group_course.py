"""The mean course of training patients: the bar for a network that claims to foretell a subject's own."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from bench.contracts import Batch, Context, MethodTags, Target, Undefined, courses
from bench.passes.courses import common_slope
from methods.group import for_everyone


@dataclass(frozen=True)
class GroupCourse:
    """Mean course of training patients, less that of controls.

    Voxel is compared with voxel over the visits of each person, so that a person's own anatomy falls out.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Laird and Ware 1982, Biometrics 38:963 (a slope of all, a level of each)"
    summary: ClassVar[str] = (
        "What a year adds to training patients less what it adds to controls: the same map for every subject."
    )
    tags: ClassVar[MethodTags] = MethodTags(
        "control", "change", role="control", reads_model=False, needs=frozenset({"training"}), cost="0"
    )
    note: ClassVar[str] = "the mean course of training patients less that of controls, the same for everyone"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W), a year. Raises Undefined without persons of both sides who were seen more than once."""
        return for_everyone("group_course", group_course, inputs, context or Context())


def group_course(training: Batch, sides: Tensor) -> Tensor:
    """What a year adds to patients (side 1) less what it adds to controls (0), (1, D, H, W)."""
    visits = training.visits
    persons = [rows for rows in courses(visits).values() if len(rows) > 1]
    sick, well = ([rows for rows in persons if sides[rows[0]] == side] for side in (1, 0))
    if not (sick and well):
        raise Undefined("a mean course needs training patients and controls who are seen more than once")
    return common_slope(visits, training.images, sick) - common_slope(visits, training.images, well)
