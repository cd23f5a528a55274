"""Maps give away models that learnt a cue, controls that never read the model do not: on the committed rows."""

from pathlib import Path

import pandas as pd
import pytest

from bench import report

FOLDER = Path(__file__).parents[2] / "results" / "published" / "shortcuts"
TOLD = pd.read_csv(FOLDER / "detection.csv")
METHODS = pd.read_csv(FOLDER / "methods.csv").set_index("method")
#: random is noise; the oracle of `use` is told by the truth what the model reads
BLIND = set(METHODS.index[~METHODS["reads_model"]]) - {"random", "oracle_use"}


def test_both_cues_are_looked_for_on_both_networks():
    assert TOLD[["cued", "network"]].drop_duplicates().shape[0] == 4
    assert (TOLD["n_data_seeds"] >= 5).all()


def test_what_never_reads_the_model_is_chance_exactly():
    own = TOLD[TOLD["method"].isin(BLIND)]
    assert len(own) and (own["auc"] == 0.5).all()


@pytest.mark.parametrize(
    "method", ["gradient", "gradient_x_input", "integrated_gradients", "lrp_epsilon", "oracle_use"]
)
def test_what_reads_the_model_gives_it_away(method):
    assert (TOLD[TOLD["method"] == method]["auc"] == 1).all()


def test_the_cued_models_lose_where_the_cue_goes_with_nothing():
    models = pd.read_csv(FOLDER / "models.csv").set_index("simulator")
    cued = models[models.index.str.endswith("0.8")]
    assert (cued["auc"] - cued["auc_decorrelated"]).mean() > 0.02


def test_no_rule_is_broken():
    assert report.violations(FOLDER) == []
