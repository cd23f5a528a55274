"""A lesion segmenter without a network: what stands out from controls over several voxels together."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from scipy.ndimage import label
from torch import Tensor, nn

from bench.contracts import Context, Count, MethodTags, Positive, Target, bounded
from methods.group import ZMap


@bounded
@dataclass(frozen=True)
class Segmenter:
    """Clusters of the z-map.

    Clusters are sought within the subject's domain. Training controls are all it knows: it sees neither network nor
    label, so it says what a reader without either would outline. Voxel is compared with voxel: where brains are not
    registered, borders of tissue stand out, too.
    """

    threshold: Positive = 2.5
    size: Count = 4

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = (
        "Friston et al. 1994, Assessing the significance of focal activations using their spatial extent, Human Brain "
        "Mapping 1:210 (height and extent); here as a reference"
    )
    summary: ClassVar[str] = (
        "The z-map where it is beyond `threshold` in at least `size` voxels of one sign that touch by faces; else zero."
    )
    tags: ClassVar[MethodTags] = ZMap.tags
    note: ClassVar[str] = (
        "the z-map in clusters of 4 voxels beyond 2.5 SD, else zero: what a reader without network or label "
        "would outline"
    )

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in standard deviations of training controls. Raises Undefined without training images."""
        z = ZMap()(model, inputs, target, context)
        domain = None if context is None else context.domain
        inside = torch.ones_like(z) if domain is None else domain.to(z)
        return z.where(self._kept(z * inside), 0.0).contiguous()

    def _kept(self, z: Tensor) -> Tensor:
        """Voxels (N, 1, D, H, W), boolean, of clusters that are large enough."""
        volumes = z.cpu().numpy()[:, 0]
        kept = [self._large(volume > self.threshold) | self._large(-volume > self.threshold) for volume in volumes]
        return torch.from_numpy(np.stack(kept))[:, None].to(z.device)

    def _large(self, beyond: np.ndarray) -> np.ndarray:
        clusters, _ = label(beyond)
        sizes = np.bincount(clusters.ravel())
        return beyond & (sizes >= self.size)[clusters]
