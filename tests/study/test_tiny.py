"""The study `tiny` from the command line: the real simulator, models, maps and page."""

import subprocess
import sys

import pandas as pd
import pytest

from bench import report

#: two models of one data seed: the second data seed of the study as it stands would add subjects and no statement
STUDY = ("study=tiny", "name=tiny", "seed.data=0", "train.test=400")


def _bench(*arguments):
    return subprocess.run([sys.executable, "-m", "bench", *arguments], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    results = tmp_path_factory.mktemp("results")
    done = _bench(*STUDY, f"paths.results={results}")
    assert done.returncode == 0, done.stderr
    return results, done.stdout


def test_it_ends_by_naming_the_page(tiny):
    results, said = tiny
    assert said.splitlines()[-1] == str(results / "tiny" / "index.html")
    assert (results / "tiny" / "index.html").exists()


def test_oracles_lead_and_random_is_at_chance(tiny):
    assert report.violations(tiny[0] / "tiny") == []
    scores = pd.read_parquet(tiny[0] / "tiny" / "scores")
    assert set(scores["truth"].astype(str)) >= {"counterfactual", "planted", "use"}


def test_its_models_pass_the_gate(tiny):
    models = pd.read_csv(tiny[0] / "tiny" / "models.csv")
    assert len(models) == 2
    assert models["passed"].all(), models[["competence_low", "reason"]]


def test_a_second_call_computes_nothing_and_changes_no_table(tiny):
    results, _ = tiny
    scores = sorted((results / "tiny" / "scores").rglob("*.parquet"))
    before = [path.read_bytes() for path in scores]
    again = _bench(*STUDY, f"paths.results={results}")
    assert again.returncode == 0
    assert "units:" not in again.stdout
    assert [path.read_bytes() for path in scores] == before


@pytest.mark.full
def test_one_more_method_computes_that_method_only(tiny):
    results, _ = tiny
    methods = "[random,oracle_planted,oracle_counterfactual,oracle_use,gradient,gradient_x_input,occlusion,sobel]"
    planned = _bench("plan", *STUDY, f"paths.results={results}", f"method={methods}").stdout
    rows = {line.split()[0]: line.split()[1:] for line in planned.splitlines() if line and line[0].islower()}
    missing = {stage: int(counts[1]) for stage, counts in rows.items() if stage in ("train", "truths", "attribute")}
    assert missing == {"train": 0, "truths": 0, "attribute": 2}
