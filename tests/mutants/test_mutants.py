"""Mutants are faults of one place; those that are said to change nothing are still in the code."""

import ast

import mutant_run as run
import pytest
from mutate import mutants

SOURCE = '''"""Words with 1 number."""
from dataclasses import dataclass


@dataclass(frozen=True)
class A:
    """A class."""

    size: int = 3
    bounds: tuple = (0.0, 1.5)


def f(x: "int | 4", y=None):
    """Says 2 < 3."""
    if x < 7 and not y:
        raise ValueError(f"é {x + 1}")
    return max(x, -y) * x.min() if y is not None else True
'''
EXPECTED = [
    "0.0 -> 1.0", "1.5 -> 3.0", "x < 7 and (not y) -> x < 7 or not y", "x < 7 -> x <= 7", "7 -> 8", "not y -> y",
    "max(x, -y) * x.min() -> max(x, -y) / x.min()", "max(x, -y) -> min(x, -y)", "-y -> y", "x.min() -> x.max()",
    "y is not None -> y is None", "True -> False",
]  # fmt: skip


def test_every_kind_of_fault_is_made_and_words_and_annotations_are_left_alone():
    found = mutants("a.py", SOURCE)
    assert sorted(one.mutation for one in found) == sorted(EXPECTED)
    assert {one.text for one in found if "7" in one.mutation} == {"if x < 7 and not y:"}


@pytest.mark.parametrize("one", mutants("a.py", SOURCE), ids=lambda one: one.mutation)
def test_a_mutant_is_the_source_but_for_its_fault(one):
    other = one.of(SOURCE)
    assert ast.dump(ast.parse(other)) != ast.dump(ast.parse(SOURCE))
    start, end = one.place
    assert other.encode()[:start] == SOURCE.encode()[:start] and other.encode().endswith(SOURCE.encode()[end:])


def test_a_seed_draws_the_same_mutants_and_every_area_is_among_the_first():
    first = run.drawn(40, 0)
    assert first == run.drawn(40, 0) != run.drawn(40, 1)
    assert {area for area, _ in first[: len(run.AREAS)]} == set(run.AREAS)
    assert run.drawn(12, 0) == first[:12]


def test_every_area_has_tests_and_those_that_name_a_module_come_first():
    for area in run.AREAS:
        assert all((run.ROOT / file).exists() for file in run.tests(area, f"{area}/x.py"))
    assert "metrics.sensitivity" in (run.ROOT / run.tests("metrics", "metrics/sensitivity.py")[0]).read_text()


def test_what_is_said_to_change_nothing_is_in_the_code():
    for file, text, mutation in run.reasons():
        found = mutants(file, (run.ROOT / file).read_text())
        assert any((one.text, one.mutation) == (text, mutation) for one in found), f"{file}: {mutation} is gone"


def test_a_run_goes_on_where_it_stopped_and_says_what_was_noticed(tmp_path, monkeypatch, capsys):
    judged = []
    monkeypatch.setattr(run, "copied", lambda to: to)
    monkeypatch.setattr(run, "judged", lambda one, *rest: (judged.append(one), ("killed", "t.py::test"))[1])
    table = tmp_path / "mutants.csv"
    run.run(30, 0, 4, 1.0, table)
    run.run(30, 0, 7, 1.0, table)
    assert judged == [one for _, one in run.drawn(30, 0)[:7]]
    assert "7 of 7 killed (100 %)" in capsys.readouterr().out
    monkeypatch.setattr(run, "source", lambda area, file, test: "another" if file == judged[0].file else "now")
    assert not run.kept(table)
    run.run(30, 0, 2, 1.0, table)
    assert len(judged) == 9 and len(run.kept(table)) == 2


def test_a_row_holds_while_its_file_and_the_test_that_noticed_are_as_they_were(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setattr(run, "tests", lambda area, file: ["test_a.py", "test_b.py"])
    for name in ("one.py", "test_a.py", "test_b.py"):
        (tmp_path / name).write_text(name)

    def states():
        return run.source("", "one.py", "test_a.py::test[x]"), run.source("", "one.py", "")

    killed, survived = states()
    (tmp_path / "test_b.py").write_text("another test")
    assert states()[0] == killed and states()[1] != survived
    (tmp_path / "one.py").write_text("another line")
    assert states()[0] != killed


@pytest.mark.parametrize(
    ("fault", "result"),
    [
        ("return 1", "survived"),
        ("return 2", "killed"),
        pytest.param("while True: pass", "timeout", marks=pytest.mark.full),
    ],
)
def test_a_mutant_is_judged_in_a_copy_that_is_as_before_afterwards(tmp_path, monkeypatch, fault, result):
    (tmp_path / "one.py").write_text("def f():\n    return 1\n")
    (tmp_path / "test_one.py").write_text("import one\n\n\ndef test_f():\n    assert one.f() == 1\n")
    monkeypatch.setattr(run, "tests", lambda area, file: ["test_one.py"])
    mutant = run.Mutant("one.py", 2, "return 1", "", (13, 21), fault)
    found = run.judged(mutant, "", tmp_path, 5.0 if result == "timeout" else 60.0)
    assert found == (result, "test_one.py::test_f" if result == "killed" else "")
    assert (tmp_path / "one.py").read_text() == "def f():\n    return 1\n"
