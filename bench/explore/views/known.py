"""Meaning of single features: their correlation with the latents that made the images."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from torch import Tensor


def correlations(latent: Tensor, known: pd.DataFrame) -> pd.DataFrame:
    """Spearman correlation of every feature (N, F) with every known value (N rows, a column each): F rows.

    Values that are the same for all subjects are left out; a feature that never varies has NaN.
    """
    varying = known.loc[:, known.nunique() > 1]
    values, truth = (_standard(table) for table in (latent.double().numpy(), varying.to_numpy(float)))
    return pd.DataFrame(values.T @ truth / len(values), columns=varying.columns)


def strongest(table: pd.DataFrame) -> pd.DataFrame:
    """For every feature the known value it goes with most: columns feature, latent, r; features that never vary not."""
    present = table.dropna()
    places = present.abs().to_numpy().argmax(1)
    r = present.to_numpy()[np.arange(len(present)), places]
    return pd.DataFrame({"feature": present.index, "latent": present.columns[places], "r": r})


def _standard(values: np.ndarray) -> np.ndarray:
    ranks = rankdata(values, axis=0)
    centred = ranks - ranks.mean(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(centred.std(0) > 0, centred / centred.std(0), np.nan)
