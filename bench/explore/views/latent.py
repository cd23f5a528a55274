"""Latent space of a model, the features that its readout reads: projections, trajectories of disease, subgroups."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from torch import Tensor, nn

from bench.contracts import BadInput, Simulator
from bench.explore.views.layers import readout_features

#: pathology strengths from the twin without the disease to the patient
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)


def project(latent: Tensor, seed: int = 0) -> pd.DataFrame:
    """Subjects' features (N, F) in two dimensions: columns pca_1, pca_2, tsne_1, tsne_2; rows in order.

    Principal components keep distances between groups; t-SNE (van der Maaten & Hinton 2008) shows who is whose
    neighbour and neither distance nor density. Its perplexity is 30, or a third of the subjects if these are few.

    Raises:
        BadInput: for fewer than 5 subjects.
    """
    if len(latent) < 5:
        raise BadInput(f"a projection needs 5 or more subjects; there are {len(latent)}")
    values = latent.double().numpy()
    places = TSNE(2, perplexity=min(30, len(values) / 3), init="pca", random_state=seed).fit_transform(values)
    table = np.column_stack([axes(latent).transform(values), places])
    return pd.DataFrame(table, columns=["pca_1", "pca_2", "tsne_1", "tsne_2"])


def axes(latent: Tensor) -> PCA:
    """The two principal axes of features (N, F), each pointing where most of its weight is positive."""
    pca = PCA(2, svd_solver="full").fit(latent.double().numpy())
    pca.components_ *= np.sign(pca.components_.sum(1, keepdims=True))
    return pca


def trajectories(
    model: nn.Module, simulator: Simulator, onto: PCA, subjects: Sequence[int], stream: str = "test"
) -> pd.DataFrame:
    """The same patients from health to disease on the plane `onto`: columns subject, strength, pca_1, pca_2."""
    rows = []
    for strength in STRENGTHS:
        batch = simulator.sample(subjects, stream, {"strength": strength})
        places = onto.transform(readout_features(model, batch.images).double().numpy())
        rows += [(s, strength, *place) for s, place in zip(subjects, places.tolist(), strict=True)]
    return pd.DataFrame(rows, columns=["subject", "strength", "pca_1", "pca_2"])


def subgroups(latent: Tensor) -> Tensor:
    """(N,) bool: the upper half of subjects along the first principal axis of their own features (N, F)."""
    place = torch.from_numpy(axes(latent).transform(latent.double().numpy())[:, 0])
    return place > place.median()


def welch_map(images: Tensor, group: Tensor) -> Tensor:
    """Welch's t of images (N, 1, D, H, W) of the group (N,) bool against the others, (D, H, W); 0 where none varies.

    Raises:
        BadInput: where either side has fewer than two subjects.
    """
    if min(int(group.sum()), int((~group).sum())) < 2:
        raise BadInput(f"a t-map needs two subjects on either side; there are {group.sum()} and {(~group).sum()}")
    with np.errstate(invalid="ignore", divide="ignore"):
        test = stats.ttest_ind(images[group][:, 0].double(), images[~group][:, 0].double(), equal_var=False)
    return torch.from_numpy(np.nan_to_num(test.statistic, posinf=0, neginf=0)).float()
