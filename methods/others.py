"""Knowledge of other patients, shown for everyone: the bars that an individual map has to clear.

None looks at the subject. Where the disease has a fixed place they are hard to beat, and a map that does not beat them
is as good as a template.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from bench.contracts import Context, MethodTags, Target
from methods.oracles import Oracle


def _tags(truth: str) -> MethodTags:
    return MethodTags("control", "location", role="control", reads_model=False, truths=frozenset({truth}), cost="0")


@dataclass(frozen=True)
class PlaceTemplate:
    """Place template: where disease lies in patients of other studies, laid on the subject's anatomy.

    It is the truth `association`, which the simulator estimates on subjects that are neither explained nor trained on:
    knowledge that a reader has of a disease before any image, as of `dev` patients.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "none: a control, the reader who knows where the disease usually lies"
    summary: ClassVar[str] = "Where the disease lies in other patients, as an effect size, on the subject's anatomy."
    tags: ClassVar[MethodTags] = _tags("association")
    note: ClassVar[str] = "what one would draw without looking at the image: the truth `association`, of other patients"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in pooled SDs. Raises Undefined where no place goes with the label."""
        return Oracle("association")(model, inputs, target, context)


@dataclass(frozen=True)
class UseOfOthers:
    """Mean use of other patients: what the model uses in them on average, region by region.

    It is the truth `use_others`, which is made of redraws of the other explained patients: the bar of faithfulness to a
    model in one subject.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "none: a control"
    summary: ClassVar[str] = "What the model uses in the other explained patients on average, painted region by region."
    tags: ClassVar[MethodTags] = _tags("use_others")
    note: ClassVar[str] = (
        "the mean of the truth `use` over the other patients; a map has to know the subject to beat it"
    )

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W); a region's sum is its value. Raises Undefined without the truth."""
        return Oracle("use_others")(model, inputs, target, context)
