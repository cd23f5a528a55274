"""`show <key>` says everything about a row, and the command it prints makes that row again, bit for bit."""

import io
import json
import shlex

import pandas as pd
import pytest
from fakes import CONF

from bench import report
from bench.cli import main
from bench.plan import plan
from bench.plan.states import survey
from bench.verbs import computing

LINES = ["study=fake", "trusted=[fakes]", "seed.data=0,1", "seed.model=0", "metric.infidelity_redraw.subjects=2,4"]
LINES += ["method=[random,gradient,oracle_use]", "metric=[calibrated_ap,infidelity_redraw]"]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    lines = [*LINES, f"paths.results={tmp_path_factory.mktemp('results')}"]
    study = plan.study(lines, [CONF])[0]
    computing.compute(study, [])
    return study, lines


def cells(study):
    return {c.key: c for states in survey(study).values() for c, _ in states.values()}


def values(study, cell):
    rows = study.scores().read(cell.folder)[0]
    return rows[rows["metric_key"] == cell.key].sort_values(["subject", "truth", "view"], ignore_index=True)


@pytest.mark.parametrize("method", ["random", "oracle_use"])
def test_the_command_of_a_row_makes_that_row_bit_for_bit(stored, method, tmp_path, capsys):
    study, lines = stored
    mine = [c for c in cells(study).values() if c.method == method and c.metric == "infidelity_redraw-subjects-4"]
    cell = next(c for c in mine if c.unit.data_seed == 1)
    assert main(["show", cell.key, *lines, "--config-dir", str(CONF)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["seeds"] == {"data": 1, "init": 0, "order": 0}
    assert told["config"]["metric"]["subjects"] == 4 and told["config"]["method"]["_target_"]
    assert told["machine"].keys() >= {"git_sha", "device", "python", "torch"} and told["cost"]["seconds"] > 0
    words = shlex.split(told["reproduce"])
    assert words[:4] == ["python", "-m", "bench", "run"]
    again = [w.replace("paths.results=", f"paths.results={tmp_path}/") for w in words[4:] if w != "--config-dir"]
    fresh = plan.study([w for w in again if "=" in w], [CONF])[0]
    assert len(fresh.units) == len(fresh.methods) == len(fresh.metrics) == 1
    computing.compute(fresh, [])
    made, kept = values(fresh, cells(fresh)[cell.key]), values(study, cell)
    # without its sweep, a metric goes by its plain name
    assert set(made.pop("metric")) == {"infidelity_redraw"} and set(kept.pop("metric")) == {cell.metric}
    pd.testing.assert_frame_equal(made, kept, check_exact=True)


def test_a_key_of_another_study_is_shown_without_a_command(stored, capsys):
    study, lines = stored
    other = next(k for k, c in cells(study).items() if c.method == "gradient" and c.stage == "attribute")
    narrowed = [line for line in lines if not line.startswith("method=")]
    assert main(["show", other, *narrowed, "method=[random]", "--config-dir", str(CONF)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["title"] == "attribute gradient" and "study=" in told["reproduce"]


def test_a_row_of_the_leaderboard_is_shown_with_its_scores_and_their_keys(stored, capsys):
    study, lines = stored
    computing.write_tables(study)
    report.leaderboard(study.folder)
    board = pd.read_csv(study.folder / "leaderboard.csv")
    number = int(board.index[(board["method"] == "gradient") & ~board["simulator"].isin(study.simulators)][0])
    assert main(["show", f"leaderboard:{number}", *lines, "--config-dir", str(CONF)]) == 0
    shown = capsys.readouterr()
    assert f"{board['mean'][number]:g} in leaderboard.csv" in shown.err
    rows, known = pd.read_csv(io.StringIO(shown.out)), cells(study)
    for key, scores in rows.groupby("key"):
        assert (known[key].method, known[key].metric) == ("gradient", board["metric"][number])
        kept = values(study, known[key]).query("truth == @board.truth[@number] and view == @board.view[@number]")
        assert set(scores["value"]) <= set(kept["value"])
    assert rows["key"].nunique() == 2 and rows["value"].notna().all()


@pytest.mark.parametrize(("word", "told"), [("leaderboard:x", "names no row"), ("leaderboard:9999", "and none 9999")])
def test_a_row_that_is_not_there_is_refused(stored, word, told, capsys):
    study, lines = stored
    computing.write_tables(study)
    report.leaderboard(study.folder)
    assert main(["show", word, *lines, "--config-dir", str(CONF)]) == 2
    assert told in capsys.readouterr().err
