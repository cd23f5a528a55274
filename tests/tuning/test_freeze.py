"""What is frozen is what was chosen, and a file keeps all else that it says."""

import pandas as pd
import yaml

from bench.tuning import freeze as module
from bench.tuning.freeze import freeze, with_values

FILE = "# @package method.a\n# why it is so\n_target_: m.A\nwindow: 6\nfill: zero # dark\nareas: [0.1, 0.2]\n"


def test_only_values_that_differ_are_written():
    assert with_values(FILE, {"window": 6, "fill": "zero", "areas": [0.1, 0.2]}) == FILE
    told = with_values(FILE, {"window": 3, "fill": "mean", "areas": [0.1]})
    assert yaml.safe_load(told) == {"_target_": "m.A", "window": 3, "fill": "mean", "areas": [0.1]}
    assert told.startswith("# @package method.a\n# why it is so\n_target_: m.A\n")


def test_choices_are_written_beside_those_of_other_methods(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CONF", tmp_path)
    (tmp_path / "method").mkdir()
    (tmp_path / "method" / "a.yaml").write_text(FILE)
    tuned = tmp_path / "tuned.yaml"
    tuned.write_text("# @package tuned\nb: { fwhm: 3, sensitivity: 0.5 }\n")
    row = {"method": "a", "parameters": '{"fill":"zero","window":4}', "fwhm": 1.5, "sensitivity": 0.12345}
    assert freeze(pd.DataFrame([row]), tuned=tuned) == [tmp_path / "method" / "a.yaml"]
    assert yaml.safe_load((tmp_path / "method" / "a.yaml").read_text())["window"] == 4
    assert yaml.safe_load(tuned.read_text()) == {
        "a": {"fwhm": 1.5, "sensitivity": 0.123},
        "b": {"fwhm": 3, "sensitivity": 0.5},
    }
    assert tuned.read_text().startswith("# @package tuned\n")
    assert freeze(pd.DataFrame([row]), tuned=tuned) == []
