"""`check simulator=NAME`: audits say what they found in numbers, and are kept as data whether passed or failed."""

from dataclasses import dataclass

import pytest
from broken_simulators import SpillingRedraw

from bench.contracts import Audit
from bench.verify import verdicts
from bench.verify.audits import PAIRS, Audits
from simulators.brain import Brain
from simulators.covariates import Covariate
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.diffuse import Diffuse
from simulators.pathology.focal import Focal
from simulators.pathology.several import Several
from simulators.task.confounded import Confounded
from simulators.task.patterns import Patterns
from simulators.task.single import SingleCause

SEX = Covariate("sex", correlation=0.6, values="binary", effects={"shape.size": 0.02})
CONFOUNDED = Confounded(SingleCause(), (SEX,))


@pytest.fixture
def audited(monkeypatch):
    """audits(pathology, auc, count) with a classifier that reaches `auc`; the rows it kept."""

    def audits(pathology, auc, count=1000):
        def classify(simulator, count, stream="test", healthy=False):
            return {"": Audit(auc, auc - 0.02, auc + 0.02, count)}

        monkeypatch.setattr(Brain, "audit", classify)
        kept = []
        return Audits(Brain(pathology, amplitude=0.3), "mine", "key", 0.95, count, kept.append), kept

    return audits


def test_twins_at_chance_pass_with_their_numbers(audited):
    audits, kept = audited(Focal(), 0.51)
    assert "0.510 (0.490 to 0.530), n = 1000 a class" in audits.check_twins_audit()
    assert kept == [("mine", "key", "twins", 0.51, 0.49, 0.53, 1000, 0.95, "passed")]


def test_twins_that_differ_fail_and_are_kept(audited):
    audits, kept = audited(Focal(), 0.56)
    with pytest.raises(AssertionError, match="not shown to be at chance"):
        audits.check_twins_audit()
    assert kept[0].verdict == "failed"


@pytest.mark.parametrize(("auc", "verdict"), [(0.849, "passed"), (0.851, "failed")])
def test_a_trivial_observer_must_stay_below_the_reference(audited, auc, verdict):
    audits, kept = audited(Focal(), auc)
    if verdict == "failed":
        with pytest.raises(AssertionError, match=r"at most 0\.850: failed"):
            audits.check_trivial_observer()
    else:
        assert "at most 0.850: passed" in audits.check_trivial_observer()
    assert kept[0].verdict == verdict


@pytest.mark.parametrize(("task", "stream"), [(SingleCause(), "test"), (CONFOUNDED, "decorrelated")])
def test_the_trivial_observer_is_judged_where_cues_say_nothing(monkeypatch, task, stream):
    streams = []

    def classify(simulator, count, stream):
        streams.append(stream)
        return {"": Audit(0.5, 0.49, 0.51, count)}

    monkeypatch.setattr(Brain, "audit", classify)
    brain = Brain(Focal(), task=task, amplitude=0.3)
    Audits(brain, "mine", "key", 0.95, 100, lambda row: None).check_trivial_observer()
    assert streams == [stream]


def test_where_nothing_is_to_be_found_the_trivial_observer_may_win(audited):
    audits, kept = audited(Diffuse(), 0.94)
    assert "everywhere" in audits.check_trivial_observer()
    assert "everywhere" in kept[0].verdict


@pytest.mark.parametrize("pathology", [Atrophy(("left hippocampus", "right thalamus")), Focal()])
def test_a_model_of_one_healthy_region_shows_nothing_else(pathology):
    assert "use there only" in Audits(Brain(pathology, amplitude=0.3), "mine", "key", 0.95).check_healthy_region()


def test_diffuse_loss_leaves_no_healthy_region():
    audits = Audits(Brain(Diffuse(), amplitude=0.3), "mine", "key", 0.95)
    assert audits.check_healthy_region() == "no region is free of pathology in every subject"


def test_a_redraw_that_spills_makes_the_model_use_other_regions():
    with pytest.raises(AssertionError, match="is said to use"):
        Audits(SpillingRedraw(Focal(), amplitude=0.3), "mine", "key", 0.95).check_healthy_region()


@pytest.mark.full
def test_association_is_zero_where_the_pathology_never_acts_and_its_row_is_kept():
    kept = []
    brain = Brain(Atrophy(("left hippocampus", "right thalamus")), amplitude=0.3)
    told = Audits(brain, "mine", "key", 0.95, keep=kept.append).check_association()
    assert told.startswith("association 0.000 in ")
    assert kept == [("mine", "key", "association", 0.5, 0.5, 0.5, PAIRS, 0.95, "passed")]


@dataclass(frozen=True)
class Associated(Brain):
    """Says that a region the pathology never changes goes with the label."""

    def population(self, indices, stream, pairs):
        truths = super().population(indices, stream, pairs)
        truths["association"].regions[:, self.region_names.index("left precentral gyrus")] += 0.01
        return truths


def test_an_association_without_a_change_fails_and_is_kept():
    kept = []
    broken = Associated(Atrophy(("left hippocampus", "right thalamus")), amplitude=0.3)
    with pytest.raises(AssertionError, match=r"association 0\.010 in left precentral gyrus"):
        Audits(broken, "mine", "key", 0.95, keep=kept.append).check_association()
    assert (kept[0].audit, kept[0].verdict) == ("association", "failed")
    assert kept[0].auc == pytest.approx(0.51)


XOR = Patterns((((0, 0), (1, 1)), ((1, 0), (0, 1))))
SIDES = Several(tuple(Atrophy((f"{side} hippocampus",)) for side in ("left", "right")), (None, None))


@pytest.mark.parametrize(
    ("brain", "says"),
    [
        (Brain(SIDES, task=XOR, amplitude=0.3), "no association: every part is as frequent"),
        (Brain(Diffuse(), amplitude=0.3), "no region is free of pathology"),
    ],
)
def test_where_there_is_no_association_or_no_healthy_region_nothing_is_kept(brain, says):
    kept = []
    assert Audits(brain, "mine", "key", 0.95, keep=kept.append).check_association().startswith(says)
    assert kept == []


THREE = Patterns((((0, 0),), ((1, 0),), ((0, 1),)))


def test_further_classes_are_audited_by_the_rules_of_the_explained_ones(monkeypatch):
    asked, kept = [], []

    def pairs(simulator, count, stream="test", healthy=False, further=False):
        assert further
        asked.append((stream, healthy))
        value = 0.5 if healthy else 0.7
        return {pair: Audit(value, value - 0.02, value + 0.02, count) for pair in ("0-2", "1-2")}

    monkeypatch.setattr(Brain, "audit", pairs)
    brain = Brain(SIDES, task=THREE, amplitude=0.3)
    audits = Audits(brain, "mine", "key", 0.95, 100, kept.append, {"0-1": 0.95, "0-2": 0.9, "1-2": 0.75})
    assert audits.check_further_classes in audits.named()
    with pytest.raises(AssertionError, match=r"trivial observer 1-2: .* at most 0\.650: failed"):
        audits.check_further_classes()
    assert asked == [("test", True), ("test", False)]
    found = {row.audit: (row.auc, row.reference, row.verdict) for row in kept}
    assert found == {
        "twins 0-2": (0.5, 0.9, "passed"),
        "twins 1-2": (0.5, 0.75, "passed"),
        "trivial observer 0-2": (0.7, 0.9, "passed"),
        "trivial observer 1-2": (0.7, 0.75, "failed"),
    }


def test_two_classes_have_no_further_pair(audited):
    audits, _ = audited(Focal(), 0.5)
    assert audits.check_further_classes not in audits.named()


def test_a_verdict_tells_what_a_check_found():
    def fails():
        raise AssertionError("too much")

    def given(check):
        return verdicts.verdict("check", check, "network mine")

    assert given(lambda: "AUC 0.50, n = 1000 a class") == ("verdict", "check: AUC 0.50, n = 1000 a class", "")
    assert given(lambda: None) == ("verdict", "check", "")
    assert given(fails) == ("verdict", "check", "too much")
