"""The rule by which one setting of each method is frozen.

The score of a setting is the mean of the rankings' scores in a patient, 0 at chance and 1 for the oracle in each, then
over the patients of a simulator, then over simulators with equal weight. Settings that are behind the best by no more
than one standard error of that paired difference are tied with it, so that noise does not choose: the default stays
where it is tied, and else the tied setting of the fewest passes, then with the parameters of the default, then of the
least smoothing, is taken.
"""

import numpy as np
import pandas as pd

from bench.columns.written import CHOICES, SETTING, SETTINGS
from bench.report.statistics.intervals import MeanEstimate, of_sample
from bench.report.statistics.simulators import combined


def choose(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every setting, and the choice for each method, of rows as `rows.of_study` gives them.

    A method without values on every simulator has no row.
    """
    simulators = rows["simulator"].nunique()
    settings, choices = [], []
    for _, group in rows.groupby("method"):
        scores = _by_patient(group)
        if scores.index.get_level_values("simulator").nunique() == simulators:
            of_method = _settings(group, scores)
            settings.append(of_method)
            choices.append(_choice(of_method, scores))
    return pd.concat(settings, ignore_index=True)[SETTINGS.names], pd.DataFrame(choices)[CHOICES.names]


def _by_patient(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean over rankings, (simulator, subject) x (parameters, fwhm), of patients who have them all in every setting."""
    index, columns = ["simulator", "subject"], ["parameters", "fwhm"]
    wide = rows.pivot(index=index, columns=[*columns, "ranking"], values="value").dropna()
    return wide.T.groupby(level=columns, sort=False).mean().T


def _settings(rows: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """The settings of one method, with what is tied and the choice."""
    known = rows[SETTING.names].drop_duplicates()
    at = list(zip(known["parameters"], known["fwhm"], strict=True))
    means = _estimated(scores[at]).mean
    behind = _estimated(-scores[at].sub(scores[at[int(np.argmax(means))]], axis=0))
    error = np.sqrt(behind.variance)
    table = known.assign(score=means, behind=behind.mean, behind_error=error, tied=behind.mean <= error)
    changed = table["parameters"] != table.loc[table["default"], "parameters"].iloc[0]
    table = table.assign(plain=~table["default"], changed=changed)
    table = table.sort_values(["plain", "passes", "changed", "fwhm"], kind="stable")
    return table.assign(chosen=table.index == table.index[table["tied"]][0])


def _choice(settings: pd.DataFrame, scores: pd.DataFrame) -> dict[str, object]:
    """The row of one method."""
    chosen, default = (settings[settings[name]].iloc[0] for name in ("chosen", "default"))
    lead = _estimated((scores[_at(chosen)] - scores[_at(default)]).to_frame())
    (low,), (high,) = lead.interval()
    return {
        **chosen[["method", "parameters", "fwhm", "score"]],
        "default": default["parameters"],
        "default_score": default["score"],
        "gain": lead.mean[0],
        "gain_low": low,
        "gain_high": high,
        "sensitivity": settings["score"].max() - settings["score"].min(),
        "n_settings": len(settings),
        "n_tied": int(settings["tied"].sum()),
        "n_subjects": len(scores),
    }


def _at(setting: pd.Series) -> tuple[str, float]:
    return setting["parameters"], setting["fwhm"]


def _estimated(scores: pd.DataFrame) -> MeanEstimate:
    """Means (S,) over simulators of the means over patients, who are drawn apart for each; columns are settings."""
    return combined([of_sample(group.to_numpy().T) for _, group in scores.groupby("simulator")])
