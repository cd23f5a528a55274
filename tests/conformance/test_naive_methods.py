"""What a newcomer gets wrong is told by its cause, by every check that meets it, and by `check` in one last line."""

import re
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch
from broken_methods import Right

from bench.checks import methods as checks
from bench.checks.method_probe import probes
from bench.passes import evaluating, explained
from bench.verbs.checking import check as run_checks


class ReturnsGrad(Right):
    """As most tutorials have it."""

    def __call__(self, model, inputs, target, context=None):
        inputs.requires_grad_()
        explained(model(inputs), target).sum().backward()
        return inputs.grad


class ReturnsGradOfAModelInEvaluationMode(Right):
    def __call__(self, model, inputs, target, context=None):
        with evaluating(model):
            return ReturnsGrad()(model, inputs, target)


class ForgetsDetach(Right):
    def __call__(self, model, inputs, target, context=None):
        return super().__call__(model, inputs, target, context) * torch.ones(1, requires_grad=True)


class ChangesItsInput(Right):
    def __call__(self, model, inputs, target, context=None):
        inputs -= 0.1
        return super().__call__(model, inputs, target, context)


class AsksItsInput(Right):
    def __call__(self, model, inputs, target, context=None):
        inputs.requires_grad_()
        return super().__call__(model, inputs, target, context)


class ReturnsAnArray(Right):
    def __call__(self, model, inputs, target, context=None):
        return super().__call__(model, inputs, target, context).numpy()


class ReturnsGradOfACopy(Right):
    def __call__(self, model, inputs, target, context=None):
        copy = inputs.requires_grad_().clone()
        explained(model(copy), target).sum().backward()
        return copy.grad


class GivesNoNumber(Right):
    def __call__(self, model, inputs, target, context=None):
        return super().__call__(model, inputs, target, context) * float("nan")


class ReturnsNothing(Right):
    def __call__(self, model, inputs, target, context=None):
        super().__call__(model, inputs, target, context)


#: {wrong method: {check: words of what it says}}: nothing else may fail, as this would be a riddle
NAIVE = {
    ReturnsGrad: {
        "check_input": "leaves its gradient in inputs.grad; ask torch.autograd.grad",
        "check_leaves_model": r"and gradients of the model .*: a pass in training mode .*: a \.backward\(\) fills",
        "check_anywhere": "in training mode gives another map; open bench.passes.evaluating",
    },
    ReturnsGradOfAModelInEvaluationMode: {
        "check_input": "leaves its gradient in inputs.grad; ask torch.autograd.grad",
        "check_leaves_model": r"a \.backward\(\) fills the .grad of every parameter; ask torch.autograd.grad",
        "check_anywhere": r"inside no_grad it fails .*; ask torch.autograd.grad",
    },
    ForgetsDetach: {"check_shape": "carries its autograd graph; detach it"},
    ChangesItsInput: {"check_input": r"writes into the images; change a copy, inputs\.clone\(\)"},
    AsksItsInput: {"check_input": r"changes inputs\.requires_grad; ask torch"},
    ReturnsAnArray: dict.fromkeys(["check_shape", "check_library_use"], "returns ndarray, not a map; return a tensor"),
    ReturnsNothing: dict.fromkeys(["check_shape", "check_library_use"], "returns NoneType, not a map; return a tensor"),
}


def complaints(method):
    """{check: what it says} of every check that fails, all of them on one probe, one after the other."""
    probe, found = probes()[0], {}
    for check in checks.applicable(method):
        try:
            check(method, probe)
        except AssertionError as error:
            found[check.__name__] = str(error)
    return found


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")
def test_a_gradient_that_is_not_there_is_told_by_its_cause():
    with pytest.raises(
        AssertionError, match=r"returns NoneType.* \(\.grad of a tensor that is no leaf.*: ask torch\.auto"
    ):
        checks.check_input(ReturnsGradOfACopy(), probes()[0])


def test_a_map_without_any_number_is_told_as_one():
    with pytest.raises(AssertionError, match="no value of the map is finite, whatever the image"):
        checks.check_finite(GivesNoNumber(), probes()[0])


@pytest.mark.parametrize("naive", NAIVE, ids=lambda naive: naive.__name__)
def test_a_naive_mistake_is_told_by_its_cause_and_no_other(naive):
    found = complaints(naive())
    for check, words in NAIVE[naive].items():
        assert re.search(words, found.get(check, "")), (check, found)
    if naive not in (ReturnsAnArray, ReturnsNothing):
        assert set(found) == set(NAIVE[naive]), found
    else:
        assert set(found.values()) == {found["check_shape"]}


def test_the_last_line_counts(monkeypatch, capsys):
    rows = [("mine", "check_shape", ""), ("mine", "check_input", "the call writes into the images"), ("mine", "c", "")]
    monkeypatch.setattr("bench.verbs.checking.conform", lambda study, arguments: iter(rows))
    monkeypatch.setattr("bench.verbs.checking.reading_caches", nullcontext)
    assert run_checks(Command()) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "2 of 3 passed"
    rows.pop(1)
    assert run_checks(Command()) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 of 2 passed"


class Command:
    """A command that names something to check."""

    overrides = ()

    def study(self):
        return SimpleNamespace(units=[]), None
