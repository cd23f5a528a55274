"""Every refusal of the project is written in one grammar, as far as its literal shows."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for part in ("bench", "simulators", "methods", "metrics") for path in (ROOT / part).rglob("*.py"))
#: files whose functions return refusals
RETURNED = [ROOT / "bench/config/sentences.py"]
#: what is wrong with a refusal that matches
WRONG = {
    r"(?<!\.\.)\.$|(?<!e\.g)\. ": "has a full stop at its end, or inside",
    r"\bmust\b|\bdoes not exist\b|no such (?!file|folder)|\bunknown\b|^cannot |^\w+ needs ": "has other words",
    r"is not possible(?!: give )": "does not say what to give",
    r"^[\w.{}\[\]]+=\S+ (?!is not possible: give |of )": "names a value without `is not possible: give`",
    r"(?<!is not possible): (give|use|name|raise|put|set|make|add|register|remove) ": "has its mend after a colon",
    r"^give |^$": "begins with `give`, or is empty",
}


def written(node):
    """A text as it stands in the code, its holes as {}; None for what is no literal."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def refusals(source, whole=False):
    """(line, literal) of every BadInput, of what `impossible` says to give, and, if `whole`, of what is returned."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            argument = {"BadInput": 0, "impossible": 3}.get(node.func.id, len(node.args))
            texts = node.args[argument : argument + 1]
        else:
            texts = [node.value] if isinstance(node, ast.Return) and whole and node.value else []
        yield from ((node.lineno, text) for part in texts if (text := written(part)) is not None)


def faults(source, whole=False):
    given = refusals(source, whole)
    return [(line, text, why) for line, text in given for rule, why in WRONG.items() if re.search(rule, text)]


def test_refusals_are_in_one_grammar():
    wrong = {str(file.relative_to(ROOT)): faults(file.read_text(), whole=file in RETURNED) for file in FILES}
    assert {place: sentences for place, sentences in wrong.items() if sentences} == {}


def test_there_are_refusals_to_judge():
    assert sum(1 for file in FILES for _ in refusals(file.read_text())) > 120


@pytest.mark.parametrize(
    "call",
    [
        'BadInput("train.epochs is missing; give it a value.")',
        'BadInput(f"low={low} must lie below high")',
        'BadInput(f"{key}={name!r} does not exist; give another")',
        'BadInput(f"{path}: no such metric")',
        'BadInput(f"{key}={value} is not possible: name one")',
        'BadInput(f"task.{key}={value} is above 3")',
        'BadInput("the scan is empty: remove it")',
        'BadInput(f"unknown key {key}{nearest}")',
        'BadInput(f"cannot read {word}; write key=value")',
        'BadInput(f"show needs {key}")',
        'BadInput(f"{line}: it is no list. Give one")',
        'impossible(self, "low", 3, "give 4")',
        'impossible(self, "low", 3, f"at least {least}.")',
    ],
)
def test_other_grammars_are_found(call):
    assert faults(call)


def test_what_is_returned_is_judged_where_it_is_a_refusal():
    source = 'def say():\n    return f"unknown key {key}"'
    assert faults(source, whole=True) and not faults(source)


@pytest.mark.parametrize(
    "call",
    [
        'BadInput(f"{where}.{name}={value} is not possible: give 3")',
        'BadInput(f"{where}: there is no {what} {name}; did you mean {near}?")',
        'BadInput(f"{path}: it is empty; remove it")',
        'impossible(self, "low", 3, f"at least {least}")',
    ],
)
def test_the_grammar_is_accepted(call):
    assert not faults(call)
