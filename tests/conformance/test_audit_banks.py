"""Audits read healthy subjects from a bank: the same numbers, drawn once for all simulators of one anatomy."""

from types import SimpleNamespace

import pytest

from bench.launch.unit import UnitRun
from bench.plan import plan
from bench.plan.cells import Cells
from bench.stages import audit_bank
from bench.stages.audit_bank import AUDIT_BANK
from bench.stages.context import simulator
from bench.verbs import checking
from bench.verify import verdicts
from bench.verify.audits import Audits

#: subjects a class, as few as an audit takes
FEW = 20


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.setattr(audit_bank, "AUDITED", FEW)
    asked = "simulator=mtl_atrophy,focal,shortcut,dementia"
    return plan.study(["study=tiny", asked, "seed.data=0", "seed.model=0", f"paths.results={tmp_path}"])[0]


def bank_of(study, label):
    return AUDIT_BANK.of(Cells(study), next(unit for unit in study.units if unit.simulator == label))[0]


@pytest.mark.parametrize(
    ("label", "counts"),
    [
        ("mtl_atrophy", {"test": 2 * FEW}),
        ("shortcut", {"test": 2 * FEW, "decorrelated": 2 * FEW}),
        ("dementia", {"test": 6 * FEW}),
    ],
)
def test_a_bank_holds_every_subject_that_an_audit_looks_at(study, label, counts):
    bank = bank_of(study, label)
    assert bank.maker.counts(study, bank.unit) == counts


def test_simulators_of_one_anatomy_share_a_bank_and_those_with_other_streams_do_not(study):
    keys = [bank_of(study, label).key for label in ("mtl_atrophy", "focal", "shortcut")]
    assert keys[0] == keys[1] != keys[2]


def test_audits_find_the_same_with_a_bank_as_without_and_a_check_leaves_none(study, monkeypatch):
    kept = []
    monkeypatch.setattr(verdicts.simulator_audits, "write", lambda rows, path: kept.extend(rows))

    def conform(asked, _):
        audits = {name: check for name, check in verdicts._simulators(asked, "focal") if name.endswith("observer")}
        (observed,) = audits.values()
        assert asked.artefacts().keys("audit_bank") and observed.__self__.simulator.bank
        with pytest.raises(AssertionError, match="trivial observer"):
            Audits(observed.__self__.simulator, "focal", "key", 0.0, FEW, kept.append).check_trivial_observer()
        return []

    monkeypatch.setattr(checking, "conform", conform)
    assert checking.check(SimpleNamespace(study=lambda: (study, []), overrides=["simulator=focal"])) == 0
    assert not study.artefacts().keys("audit_bank")
    unit = next(unit for unit in study.units if unit.simulator == "focal")
    plain = simulator(study, unit, UnitRun(study, unit).value(verdicts.CALIBRATE))
    assert plain.bank is None and plain.audit(FEW)[""].value == pytest.approx(kept[0].auc, abs=0)
