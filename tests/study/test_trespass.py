"""A plug-in that changes what others use, or gives what no contract allows, costs itself and nothing else."""

import contextlib
import os

import pandas as pd
import pytest
import torch
from fakes.trespass import DEEDS, MAPS, SCORES

from bench.contracts import Context
from bench.guard.watch import Trespass, Watch
from bench.launch.unit import one_line
from bench.networks.linear import Linear
from bench.stages.returned import checked_map, checked_scores
from bench.verbs import computing

pytestmark = pytest.mark.fault("plug-ins")

LINES = ["seed.data=0", "seed.model=0", "explain.subjects=4", "use.subjects=2", "train.epochs=1", "train.test=40"]
LINES = [*LINES, "timeout_s=60"]
GOOD = ["gradient", "gradient_x_input"]
METRICS = ["calibrated_ap", "max_sensitivity"]
#: deeds that are tried in a run: some of those that leave a trace, and all that end a process or cannot be written
RUN = ["images_numpy", "dtype", "handles", "exit_0", "interrupt", "surrogate", "unreadable", "os_exit_0", "sigbus"]
#: how words begin of deeds that leave no trace in the process, or no process
NO_TRESPASS = ("SystemExit", "KeyboardInterrupt", "ValueError", "message", "ended", "died", "while there")


def computed(planned, results, *lines):
    study = planned(*LINES, *lines, results=results)
    computing.compute(study, [])
    computing.write_tables(study)
    rows = pd.read_parquet(next(study.folder.glob("scores/*/*/*.parquet")))
    told = pd.read_csv(study.folder / "failures.csv")
    return study, rows, told[~told["status"].isin(["unsupported", "undefined"])]


def of(rows, methods, metrics):
    """Rows of some methods and metrics, in bytes."""
    heads = rows["metric"].str.partition(".")[0]
    return rows[rows["method"].isin(methods) & heads.isin(metrics)].reset_index(drop=True).to_csv()


@pytest.fixture(scope="module")
def alone(request, tmp_path_factory):
    from fakes import CONF

    from bench.plan import plan

    def planned(*lines, results):
        return plan.study(["study=fake", "trusted=[fakes]", f"paths.results={results}", *lines], [CONF])[0]

    chosen = f"method=[{','.join(GOOD)}]", f"metric=[{','.join(METRICS)}]"
    return planned, computed(planned, tmp_path_factory.mktemp("alone"), *chosen)[1]


@pytest.mark.parametrize("deed", [name for name, (_, words) in DEEDS.items() if not words.startswith(NO_TRESPASS)])
def test_a_trespass_is_told_by_the_name_of_what_changed(deed):
    do, words = DEEDS[deed]
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writer, told_of(do).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as stream:
        text = stream.read()
    assert text.startswith("method mine changed") and words in text, text


def told_of(do):
    """What the watch says of a deed in this process."""
    model, images = Linear((4, 4, 4), 2).eval(), torch.rand(2, 1, 4, 4, 4)
    context = Context(domain=images > 0, regions=torch.zeros(2, 1, 4, 4, 4, dtype=torch.int16), truths={})
    watch = Watch(thorough=True)
    watch.begin()
    watch.lend("model", "train", model)
    watch.lend("context", "simulate", {"images": images, **vars(context)})
    watch.check("method mine")
    with contextlib.suppress(ValueError):
        do(model, images, context)
    try:
        watch.check("method mine")
    except Trespass as trespass:
        return str(trespass)
    return "nothing"


def test_methods_that_trespass_fail_by_name_and_nobody_else_moves(alone, tmp_path):
    planned, rows_alone = alone
    chosen = f"method=[{','.join(['trespass', *GOOD])}]", f"metric=[{','.join(METRICS)}]"
    _, rows, failures = computed(planned, tmp_path, *chosen, f"method.trespass.deed={','.join(RUN)}")
    assert of(rows, GOOD, METRICS) == of(rows_alone, GOOD, METRICS)
    reasons = failures.set_index("method")["reason"]
    for deed in RUN:
        label = f"trespass-deed-{deed}"
        assert DEEDS[deed][1] in reasons[label], (label, reasons[label])
    assert len(reasons) == len(RUN)


def test_a_message_cannot_write_over_what_a_terminal_shows():
    told = one_line("done\r\x1b[2K\n0 failed\u202e of\t3\ud800 Z\u00fcrich")
    assert told == "done \\x1b[2K 0 failed\\u202e of 3\\ud800 Z\u00fcrich"


@pytest.mark.parametrize("kind", MAPS)
def test_a_map_of_another_kind_is_refused_by_name(kind):
    images = torch.rand(2, 1, 4, 4, 4)
    with pytest.raises(ValueError, match=MAPS[kind][1]):
        checked_map(MAPS[kind][0](images), images)


@pytest.mark.parametrize("kind", SCORES)
def test_scores_of_another_kind_are_refused_by_name(kind):
    with pytest.raises(ValueError) as refusal:
        checked_scores({"": SCORES[kind][0](torch.rand(4, 1, 2, 2, 2))}, [(4,)])
    assert SCORES[kind][1] in str(refusal.value)


def test_what_is_refused_fails_its_own_cell(alone, tmp_path):
    planned, rows_alone = alone
    chosen = f"method=[{','.join(['trespass', *GOOD])}]", f"metric=[{','.join(['trespass', *METRICS])}]"
    lines = ("method.trespass.gives=list", "metric.trespass.gives=one_number")
    _, rows, failures = computed(planned, tmp_path, *chosen, *lines)
    assert of(rows, GOOD, METRICS) == of(rows_alone, GOOD, METRICS)
    reasons = failures.set_index(["method", "metric"])["reason"]
    assert "the map is of type list" in reasons.loc["trespass-gives-list"].iloc[0]
    assert "shape ()" in reasons["gradient", "trespass-gives-one_number"]
