"""Passes through a network: scores, batched forwards and gradients, edits of one image, counts and costs.

Everything that runs a model for a method or a metric goes through here, so that evaluation mode, memory, layout and
the bit-exact independence of a row from its batch are settled once. Edits of boxes and regions are incremental: `cone`
keeps the activations of an image, `carried` is a value that knows in which boxes edits differ, `following` and
`sliding` hold one rule an operation. A network with an operation without a rule takes full passes, and `Cone.reason`
names it. `resets` gives layers fresh weights.
"""

from bench.passes.cone import Cone
from bench.passes.cost import cost_of
from bench.passes.counting import Passes, count_passes
from bench.passes.edits import box_edits, coalition_edits, content_edits, mask_edits, region_edits
from bench.passes.forward import derivative, differentiable, evaluating, forward, gradient, in_chunks, leaf
from bench.passes.scores import alike, explained, finite, one_tensor, row_of, rows_of

__all__ = [
    "Cone",
    "Passes",
    "alike",
    "box_edits",
    "coalition_edits",
    "content_edits",
    "cost_of",
    "count_passes",
    "derivative",
    "differentiable",
    "evaluating",
    "explained",
    "finite",
    "forward",
    "gradient",
    "in_chunks",
    "leaf",
    "mask_edits",
    "one_tensor",
    "region_edits",
    "row_of",
    "rows_of",
]
