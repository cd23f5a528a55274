"""Maps that a network itself shows, of where it looked or how it judged places: attention, glimpses, risk maps."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import BadInput, Context, MethodTags, Target, Unsupported
from bench.passes import evaluating, explained, in_chunks
from bench.passes.forward import laid_out

#: the map of a network that offers one
ONLY = "only"


@dataclass(frozen=True)
class Intrinsic:
    """Intrinsic map: attention, glimpses or risk as the network shows them.

    A map of every output, (N, K, D, H, W), is combined as the explained score combines outputs; a map that serves all
    outputs, (N, 1, D, H, W), is taken as it is and does not depend on the target. What values mean differs between
    networks, so they are compared by place alone.

    which: the name of the map, or `only` where the network offers just one.
    """

    which: str = ONLY

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "the network's own; see its reference"
    summary: ClassVar[str] = (
        "A map that the network computes on its way: `network.intrinsic(images)`, {name: map}, as networks document it."
    )
    # the map comes with the pass that gives the score, and no further pass is asked of the network
    tags: ClassVar[MethodTags] = MethodTags(
        "intrinsic", "location", needs=frozenset({"intrinsic"}), laws=frozenset({"implementation"}), cost="0"
    )
    note: ClassVar[str] = (
        "what the network itself shows (attention, risk of patches), by the name it gives; else refused"
    )

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W).

        Raises Unsupported where the network offers no such map and BadInput where it offers several and none is named.
        """

        def work(rows: Tensor) -> Tensor:
            return self._chosen(model, laid_out(model, inputs[rows].detach()))

        with evaluating(model), torch.no_grad():
            maps = in_chunks(inputs, work).to(inputs)
            return _explained(maps, target).contiguous()

    def _chosen(self, model: nn.Module, images: Tensor) -> Tensor:
        show = getattr(model, "intrinsic", None)
        if show is None:
            raise Unsupported(f"{type(model).__name__} shows no map of its own; it has no `intrinsic`")
        offered: dict[str, Tensor] = show(images)
        if self.which == ONLY and len(offered) > 1:
            raise BadInput(f"intrinsic: {type(model).__name__} offers {', '.join(offered)}; name one in `which`")
        name = next(iter(offered)) if self.which == ONLY else self.which
        if name not in offered:
            raise Unsupported(f"{type(model).__name__} shows no map '{name}'; it shows {', '.join(offered)}")
        return offered[name]


def _explained(maps: Tensor, target: Target) -> Tensor:
    """Maps (N, K, D, H, W) combined as the explained score combines outputs; (N, 1, D, H, W) as they are."""
    rows, outputs = maps.shape[:2]
    if outputs == 1:
        return maps
    parts = [explained(unit.expand(rows, -1), target) for unit in torch.eye(outputs).to(maps)]
    return torch.einsum("kn,nkdhw->ndhw", torch.stack(parts), maps)[:, None]
