"""Plan, compute, resume, on a study that takes seconds; real processes, nothing stubbed."""

import hashlib
from dataclasses import replace

import pandas as pd
import pytest

from bench import report
from bench.contracts import BadInput
from bench.plan import plan
from bench.plan.states import cell_counts, survey
from bench.verbs import computing

#: tables that must not depend on when, how often or in how many pieces a study was computed
SAME = ("models.csv", "methods.csv", "metrics.csv", "failures.csv", "panels.npz", "scores/*/*/*.parquet")


def tables(study):
    computing.write_tables(study)
    paths = sorted(p for pattern in SAME for p in study.folder.glob(pattern))
    return {str(p.relative_to(study.folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def keys(study):
    """Every key in the store, with the call that made it."""
    artefacts, scores = study.artefacts(), study.scores()
    skip = ("scores", "failures", "images", "bank", "dropped")
    found = {k: artefacts.record(s, k)["run"] for s in artefacts.stages() if s not in skip for k in artefacts.keys(s)}
    return found | {k: r["run"] for cell in scores.cells() for k, r in scores.known(cell).items()}


def pending(study):
    return {k for keys in plan.with_work(study).pending.values() for k in keys}


def scores(study):
    return pd.concat(map(pd.read_parquet, study.folder.glob("scores/*/*/*.parquet")), ignore_index=True)


def states(study):
    return {state for _, state in cell_counts(survey(study))}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A finished study and its tables."""
    from fakes import CONF

    lines = ["study=fake", "trusted=[fakes]", f"paths.results={tmp_path_factory.mktemp('whole')}"]
    study = plan.study(lines, [CONF])[0]
    asked = pending(study)
    computing.compute(study, [])
    return study, asked, tables(study)


def test_what_is_computed_is_what_the_plan_called_missing(whole):
    study, asked, _ = whole
    assert keys(study).keys() == asked
    assert states(study) == {"done"}
    assert pending(study) == set()


def test_a_second_call_computes_nothing_and_writes_the_same_tables(whole):
    study, _, before = whole
    made = keys(study)
    computing.compute(study, [])
    assert keys(study) == made
    assert tables(study) == before


def test_every_cell_has_rows(whole):
    study, *_ = whole
    rows = scores(study)
    assert set(rows["method"]) == set(study.methods)
    assert {m.split(".")[0] for m in rows["metric"]} == set(study.metrics)
    assert set(rows["status"]) <= {"ok", "undefined", "unsupported"}
    assert rows["value"].notna().eq(rows["status"] == "ok").all()
    assert set(rows.loc[rows["data_seed"] >= 0, "stratum"]) <= {"TP", "TN", "FP", "FN"}
    assert (
        rows[rows["metric"] == "calibrated_ap"].groupby(["data_seed", "model_seed", "method", "truth"]).size() == 16
    ).all()


def test_oracles_lead_and_see_only_their_truth(whole):
    study, *_ = whole
    rows = scores(study).query("metric == 'calibrated_ap' and truth == 'counterfactual'")
    assert rows.groupby("method")["value"].mean().idxmax() == "oracle_counterfactual"


def test_a_fresh_run_passes_the_audits_of_the_page(whole):
    study, *_ = whole
    assert pd.read_csv(study.folder / "models.csv")["passed"].all()
    assert report.violations(study.folder) == []


def test_adding_a_method_computes_that_method_only(whole, planned):
    study, asked, before = whole
    more = planned(
        "method=[random,gradient,gradient_x_input,oracle_counterfactual,oracle_planted,oracle_use,constant]",
        results=study.results,
    )
    new = pending(more)
    cells = {c.key: c for found in survey(more).values() for c, _ in found.values()}
    assert new and {cells[k].method for k in new} == {"constant"}
    computing.compute(more, [])
    assert keys(more).keys() == asked | new
    assert tables(study) == before


def test_changing_one_parameter_moves_only_what_depends_on_it(whole, planned):
    study, *_ = whole
    assert {k[0] for k in cell_counts(survey(planned(results=study.results)))} >= {"train", "measure"}
    changed = planned("metric.max_sensitivity.draws=3", results=study.results)
    cells = {c.key: c for found in survey(changed).values() for c, _ in found.values()}
    assert {cells[k].metric for k in pending(changed)} == {"max_sensitivity-draws-3"}
    more = planned("use.draws=6", results=study.results)
    cells = {c.key: c for found in survey(more).values() for c, _ in found.values()}
    assert {(cells[k].stage, cells[k].method) for k in pending(more)} >= {("truths", ""), ("attribute", "oracle_use")}
    assert ("attribute", "gradient") not in {(cells[k].stage, cells[k].method) for k in pending(more)}


def test_a_budget_trains_the_models_of_its_simulator_anew_and_no_others(whole, planned):
    study, *_ = whole
    more = planned("+budgets.box={epochs: 7}", results=study.results)
    cells = {c.key: c for found in survey(more).values() for c, _ in found.values()}
    assert {cells[k].stage for k in pending(more)} >= {"train", "attribute"}
    assert all(more.training(unit)["epochs"] == 7 for unit in more.units)
    assert pending(planned("+budgets.gmp_cnn={epochs: 7}", results=study.results)) == set()


def test_a_budget_of_an_unknown_key_is_refused(planned):
    with pytest.raises(BadInput, match=r"budgets\.box: there is no setting of train 'epoch'; did you mean 'epochs'"):
        planned("+budgets.box={epoch: 7}")


def test_names_and_numbers_spelled_otherwise_are_found(whole, planned):
    study, *_ = whole
    assert pending(planned("name=other", "use.draws=4", results=study.results)) == set()


def harm(study, stage, part=""):
    """Change the last bytes of one stored tensor file; the plan does not read it, so it does not know."""
    folder = min(f for f in study.artefacts().keys(stage).values() if part in f.name)
    harmed = next(p for p in folder.iterdir() if ".safetensors" in p.suffixes)
    harmed.write_bytes(harmed.read_bytes()[:-4] + b"harm")


@pytest.mark.parametrize(("stage", "part"), [("train", ""), ("attribute", "-gradient-"), ("simulate", "")])
def test_a_damaged_file_that_verify_finds_is_made_again(whole, stage, part):
    study, _, before = whole
    harm(study, stage, part)
    assert len(list(study.artefacts().verify())) == 1
    assert pending(study)
    computing.compute(study, [])
    assert pending(study) == set() and tables(study) == before


def test_a_damaged_file_met_at_work_is_made_again(whole, planned):
    study, *_ = whole
    made = keys(study)
    harm(study, "train", "d0-m0")
    computing.compute(planned("method=[input_magnitude]", results=study.results), [])
    assert list(study.artefacts().verify()) == []
    again = {k for k, run in keys(study).items() if k in made and run != made[k]}
    assert again == {k for k, f in study.artefacts().keys("train").items() if "d0-m0" in f.name}


def test_damaged_scores_are_made_again(whole):
    study, _, before = whole
    shard = min((study.store / "scores").glob("*-gradient-*/*.parquet"))
    shard.write_bytes(shard.read_bytes()[::-1])
    assert pending(study)
    computing.compute(study, [])
    assert tables(study) == before


def test_fewer_kept_maps_give_the_same_scores(whole, planned, tmp_path):
    study, *_ = whole
    short = planned("maps=4", "metric=[calibrated_ap,infidelity_redraw]", "seed.model=0", "seed.data=0")
    computing.compute(short, [])
    computing.write_tables(short)
    mine = scores(short)
    same = scores(study).query("data_seed == 0 and model_seed == 0").query("metric in @mine.metric.unique()")
    order = ["method", "metric", "truth", "subject"]
    left, right = (t.sort_values(order, ignore_index=True) for t in (mine, same))
    pd.testing.assert_frame_equal(left, right, check_dtype=False)


@pytest.mark.full
def test_rerun_all_makes_everything_again_with_the_same_result(whole, planned):
    study, asked, before = whole
    again = planned("rerun=all", results=study.results)
    made = keys(study)
    assert pending(again) == asked
    computing.compute(again, [])
    assert all(made[k] != run for k, run in keys(study).items() if k in asked)
    assert tables(replace(study)) == before
