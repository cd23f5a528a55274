"""Every refusal of the project is written in one grammar, as far as its literal shows."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for part in ("bench", "simulators", "methods", "metrics") for path in (ROOT / part).rglob("*.py"))
#: what is wrong with a refusal that matches
WRONG = {
    r"(?<!\.\.)\.$": "ends with a full stop",
    r"\bmust\b|\bdoes not exist\b|no such (?!file|folder)": "has other words for what cannot be",
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


def refusals(source):
    """(line, literal) of every BadInput, and of what `impossible` says to give."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            argument = {"BadInput": 0, "impossible": 3}.get(node.func.id, len(node.args))
            if argument < len(node.args) and (text := written(node.args[argument])) is not None:
                yield node.lineno, text


def faults(source):
    return [
        (line, text, why) for line, text in refusals(source) for rule, why in WRONG.items() if re.search(rule, text)
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_refusals_are_in_one_grammar(file):
    assert not faults(file.read_text())


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
        'impossible(self, "low", 3, "give 4")',
        'impossible(self, "low", 3, f"at least {least}.")',
    ],
)
def test_other_grammars_are_found(call):
    assert faults(call)


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
