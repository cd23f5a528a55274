"""Similarity to the maps of models trained on permuted labels (Adebayo et al., NeurIPS 2018, the data test)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import torch
from torch import Tensor

from bench.contracts import BlindSpot, Context, MetricTags, Models, Subjects, Undefined, bounded
from metrics._shared.domain import domain_of
from metrics._shared.similarity import MEASURES, Measure, between_subjects, prepared


@bounded
@dataclass(frozen=True)
class LabelPermutation:
    """Label-permutation test of a map.

    Above 0 the map of a model that learnt nothing about the disease is more like the trained one than another
    subject's map is: the map does not depend on what labels mean. Both models share subjects, initialisation and order.

    Columns, each (M, N): "" similarity less floor; `floor`, maps of different subjects under the trained model; the
    margins of the other measures under their names; `memorised`, the AUC at which the other model knows the permuted
    labels it was given, near 1 where these were learnt by heart and near 0.5 where nothing was: then the comparison is
    with a hardly trained model. similarity: `spearman` and `ssim` compare absolute maps, `spearman_signed` signed ones.
    NaN where a map is constant.
    """

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Adebayo et al., NeurIPS 2018; floor: Arun et al., Radiology: AI 2021"
    summary: ClassVar[str] = (
        "Similarity of the map to that of a model trained on permuted labels, less its similarity to other "
        "subjects' maps."
    )
    tags: ClassVar[MetricTags] = MetricTags(
        "compare", False, (-2.0, 2.0), "similarity", floor=0.0, needs=frozenset({"permuted"}), fewest_subjects=2
    )
    question: ClassVar[str] = "Does the map depend on what labels mean?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "noise that is new for every model passes",
            "test_label_permutation.py::test_noise_that_is_new_for_every_model_passes",
        ),
    )

    similarity: Literal["spearman", "spearman_signed", "ssim"] = "spearman"
    subjects: Subjects = 16

    def compare(self, models: Models, context: Context) -> Mapping[str, Tensor]:
        """The columns above; raises `Undefined` for fewer than two subjects (no floor)."""
        inside = domain_of(context, models.maps[0])
        if len(inside) < 2:
            raise Undefined("label permutation needs two subjects or more: its floor compares subjects")
        floors = {name: _floor(measure, models.maps, inside) for name, measure in MEASURES.items()}
        margins = {
            name: _alike(measure, models.maps, models.permuted, inside) - floors[name]
            for name, measure in MEASURES.items()
        }
        headline = margins.pop(self.similarity)
        known = np.repeat(np.array(models.memorised)[:, None], len(inside), axis=1)
        columns = {"": headline, "floor": floors[self.similarity], **margins, "memorised": known}
        return {name: torch.from_numpy(values).float() for name, values in columns.items()}


def _floor(measure: Measure, maps: Tensor, inside: Tensor) -> np.ndarray:
    """(M, N) similarity of a subject's map to those of others under each model of maps (M, N, 1, D, H, W)."""
    return np.stack([between_subjects(measure, one, inside) for one in maps])


def _alike(measure: Measure, maps: Tensor, others: Tensor, inside: Tensor) -> np.ndarray:
    """(M, N) similarity of a subject's maps under each model and its counterpart."""
    pairs = [(prepared(measure, a, inside), prepared(measure, b, inside)) for a, b in zip(maps, others, strict=True)]
    return np.array([[measure.compare(a, b) for a, b in zip(*pair, strict=True)] for pair in pairs])
