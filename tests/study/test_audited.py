"""Audits of simulators as data: newest row a simulator, configuration and audit; a study sees its own only."""

from bench.plan.cells import Cells
from bench.tables import simulator_audits


def row(simulator="box", key="k", audit="twins", auc=0.5):
    return simulator_audits.Audited(simulator, key, audit, auc, auc - 0.02, auc + 0.02, 1000, 0.95, "passed")


def test_a_new_finding_replaces_the_old_one_and_no_other(tmp_path):
    path = tmp_path / "some" / "audits.csv"
    simulator_audits.write(
        [row(), row(audit="trivial observer", auc=0.6), row("other"), row(key="of another size")], path
    )
    simulator_audits.write([row(auc=0.51)], path)
    found = simulator_audits.read(path).set_index(simulator_audits.KEY)["auc"].to_dict()
    assert found == {
        ("box", "k", "twins"): 0.51,
        ("box", "k", "trivial observer"): 0.6,
        ("box", "of another size", "twins"): 0.5,
        ("other", "k", "twins"): 0.5,
    }


def test_the_same_findings_are_the_same_bytes(tmp_path):
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    simulator_audits.write([row(), row("other")], one)
    for finding in (row("other"), row(), row()):
        simulator_audits.write([finding], other)
    assert one.read_bytes() == other.read_bytes()


def test_a_study_is_told_of_its_simulators_as_they_are_configured_there(planned, tmp_path, monkeypatch):
    study, path = planned(), tmp_path / "published.csv"
    monkeypatch.setattr(simulator_audits, "PATH", path)
    key = Cells(study).describe("simulators", "box")
    assert simulator_audits.of(study).empty
    simulator_audits.write([row(key=key), row(key="of another size"), row("focal", key)], path)
    assert simulator_audits.of(study)["simulator"].tolist() == ["box"]
    assert simulator_audits.of(planned("simulator.side=2")).empty


def test_audits_of_any_study_of_the_results_are_known_and_its_own_count_before_them(planned, tmp_path, monkeypatch):
    monkeypatch.setattr(simulator_audits, "PATH", tmp_path / "published.csv")
    study, other = planned(), planned("seed.data=7")
    key = Cells(study).describe("simulators", "box")
    simulator_audits.write([row(key=key, auc=0.6), row(key=key, audit="association")], simulator_audits.place_of(other))
    simulator_audits.write([row(key=key, auc=0.7)], simulator_audits.place_of(study))
    found = simulator_audits.of(study).set_index("audit")["auc"].to_dict()
    assert found == {"association": 0.5, "twins": 0.7}
    assert study.folder != other.folder
