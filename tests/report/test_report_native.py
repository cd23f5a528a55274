"""A CAM method is held against what the truth itself scores on that layer's grid."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import undrawn
from synthetic import GROUP

from bench.report.rankings.native import ceilings

NAMES = ["grad_cam", "layercam", "guided_grad_cam", "coarse", "finer", "of_use"]
MEAN = np.array([0.2, 0.3, 0.4, 0.25, 0.6, 0.9])


def catalogue():
    layers = {
        "grad_cam": "last_conv",
        "layercam": "finer",
        "guided_grad_cam": "last_conv",
        "coarse": "last_conv",
        "finer": "finer",
        "of_use": "last_conv",
    }
    truths = {"coarse": "counterfactual", "finer": "counterfactual", "of_use": "use"}
    rows = [
        {
            "method": name,
            "role": "oracle" if name in truths else "method",
            "family": "oracle" if name in truths else "guided" if "guided" in name else "cam",
            "truth": truths.get(name, ""),
            "parameters": json.dumps({"layer": layers[name]} if name in layers else {}),
        }
        for name in NAMES
    ]
    return pd.DataFrame(rows)


def test_each_layer_has_the_ceiling_of_its_own_oracle_of_that_truth():
    np.testing.assert_equal(ceilings(catalogue(), "counterfactual", NAMES, MEAN), [0.25, 0.6, *[np.nan] * 4])
    np.testing.assert_equal(ceilings(catalogue(), "use", NAMES, MEAN), [0.9, *[np.nan] * 5])


def test_without_an_oracle_there_is_no_ceiling():
    assert np.isnan(ceilings(catalogue().query("role == 'method'"), "counterfactual", NAMES, MEAN)).all()


@pytest.mark.parametrize(("score", "told"), [(0.29, "too coarse"), pytest.param(0.31, "ok", marks=pytest.mark.full)])
def test_a_layer_on_which_the_truth_hardly_scores_is_too_coarse_for_a_verdict(study_folder, tmp_path, score, told):
    folder = shutil.copytree(study_folder, tmp_path / "copy")
    methods = pd.read_csv(folder / "methods.csv", keep_default_na=False).set_index("method")
    methods.loc["grad_cam", ["family", "parameters"]] = "cam", json.dumps({"layer": "last_conv"})
    methods.loc["oracle_counterfactual", "parameters"] = json.dumps({"truth": "counterfactual", "layer": "last_conv"})
    methods.reset_index().to_csv(folder / "methods.csv", index=False)
    for file in (folder / "scores").glob("*/*/*.parquet"):
        rows = pd.read_parquet(file, partitioning=None)
        its = (rows["method"] == "oracle_counterfactual") & (rows["metric"] == "calibrated_ap")
        rows.assign(value=rows["value"].where(~its, score)).to_parquet(file, index=False)
    page = undrawn.page(folder)
    board = pd.read_csv(folder / "leaderboard.csv", keep_default_na=False, na_values={"native_ceiling": ""})
    here = board[board["simulator"] == GROUP]
    mine = here.query("method == 'grad_cam' and network == 'gap_cnn'")
    anatomy = mine.query("ranking == 'anatomy'").iloc[0]
    assert anatomy["status"] == told and (anatomy["rank"] == "") == (told != "ok")
    assert anatomy["native_ceiling"] == pytest.approx(score)
    assert mine.query("ranking == 'faithfulness'")["native_ceiling"].isna().all()
    assert board.query("method == 'gradient'")["native_ceiling"].isna().all()
    assert (">too coarse<" in page) == (told != "ok") and "native ceiling" in page
