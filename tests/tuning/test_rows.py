"""Rows that choices are made by, from the tables of a study."""

import re
from types import SimpleNamespace

import pandas as pd
import pytest

from bench.columns.written import TUNING
from bench.contracts import BadInput, View
from bench.plan import plan
from bench.tuning.choose import choose
from bench.tuning.rows import default, of_study
from bench.verbs.tuning import STUDY, check_dev, write_choices

NODE = {"_target_": "methods.occlusion.Occlusion", "window": 6, "stride": 4, "fill": "zero"}
UNIT = {"network": "n", "data_seed": 0}


def study(folder, passed=(True, True)):
    """Two simulators, two models each, the second of which counts if it passed; a default, it again, and another."""
    methods = {"occlusion": NODE, "occlusion-window-6": NODE, "occlusion-window-4": {**NODE, "window": 4}}
    rows = []
    for simulator in "ab":
        for model in (0, 1):
            for label, node in methods.items():
                for subject, stratum in enumerate(("TP", "FN", "TN", "TP")):
                    for view, plus in (("abs", 0.0), ("abs+2voxels", 0.5)):
                        value = 10.0 * model + node["window"] + plus + subject / 10
                        one = {
                            "simulator": simulator,
                            "model_seed": model,
                            "method": label,
                            "view": view,
                            "value": value,
                        }
                        rows.append({**UNIT, **one, "subject": subject, "stratum": stratum, "status": "ok"})
    scores = pd.DataFrame(rows).assign(metric="calibrated_ap", truth="counterfactual")
    (folder / "scores").mkdir(parents=True)
    scores.to_parquet(folder / "scores" / "part.parquet")
    models = [{**UNIT, "simulator": s, "model_seed": m, "passed": passed[m]} for s in "ab" for m in (0, 1)]
    pd.DataFrame(models).to_csv(folder / "models.csv", index=False)
    costs = [("attribute", "occlusion", 40.0, 0.0), ("attribute", "occlusion-window-4", 80.0, 8.0)]
    pd.DataFrame(costs, columns=["stage", "method", "forward", "backward"]).to_parquet(folder / "costs.parquet")
    headline = {"metric": "calibrated_ap", "truth": "counterfactual", "strata": ["TP", "FN"]}
    views, settings = [View(), View(fwhm_voxels=2.0)], {"explain": {"subjects": 4}}
    return SimpleNamespace(
        folder=folder, methods=methods, views=views, settings=settings, simulators=dict.fromkeys("ab"),
        headline={"anatomy": headline},
    )  # fmt: skip


def test_a_row_is_a_setting_and_patient_with_the_mean_over_models(tmp_path):
    rows = of_study(study(tmp_path / "s"), ["occlusion", "region_occlusion"])
    assert list(rows) == TUNING.names
    # two parameters, two smoothings, two simulators, three patients; the control is none
    assert len(rows) == 2 * 2 * 2 * 3 and set(rows["method"]) == {"occlusion"} and set(rows["subject"]) == {0, 1, 3}
    one = rows[rows["default"] & (rows["subject"] == 1)]
    assert one["value"].tolist() == pytest.approx([5 + 6.1] * 2) and set(one["fwhm"]) == {0.0}
    assert dict(zip(rows["parameters"].str.contains('"window":4'), rows["passes"], strict=True)) == {
        True: 22,
        False: 10,
    }


def test_only_models_that_passed_count(tmp_path):
    rows = of_study(study(tmp_path / "s", passed=(True, False)), ["occlusion"])
    assert rows["value"].max() < 10
    with pytest.raises(BadInput, match="no model of a, b passed"):
        of_study(study(tmp_path / "t", passed=(False, False)), ["occlusion"])


def test_defaults_are_those_of_the_class():
    assert default({**NODE, "window": 3, "fill": "mean"}) == {"window": 6, "stride": 4, "fill": "zero"}


def test_choices_are_written_beside_those_of_other_methods(tmp_path):
    rows = of_study(study(tmp_path / "s"), ["occlusion"])
    folder = tmp_path / "tune"
    folder.mkdir()
    assert list(write_choices(rows, folder)["method"]) == ["occlusion"]
    assert list(write_choices(rows.assign(method="other"), folder)["method"]) == ["other"]
    kept = pd.read_parquet(folder / "rows.parquet")
    assert set(kept["method"]) == {"occlusion", "other"}
    assert list(choose(kept)[1]["method"]) == list(pd.read_csv(folder / "choices.csv")["method"])


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["study=tiny"], "this study has mtl_atrophy; name no other study"),
        (["simulator=atrophy_dev"], "this study has atrophy_dev; name no other study"),
        (["simulator.separability=0.9"], "atrophy_dev-separability-0.9"),
        (["method=[gradient]"], ""),
    ],
)
def test_only_simulators_that_rank_nothing_choose_parameters(lines, told, tmp_path):
    given = [] if any("study" in line for line in lines) else [STUDY]
    asked, _ = plan.study([*given, *lines, f"paths.results={tmp_path}"])
    if told:
        with pytest.raises(BadInput, match=re.escape(told)):
            check_dev(asked)
    else:
        check_dev(asked)
