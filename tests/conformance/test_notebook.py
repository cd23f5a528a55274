"""The notebook runs from top to bottom, as it is committed: clean, and about twenty lines."""

import json

from fences import ROOT, executed

NOTEBOOK = json.loads((ROOT / "first_map.ipynb").read_text())
CODE = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


def test_it_is_committed_without_what_a_run_leaves():
    assert NOTEBOOK["nbformat"] == 4 and all(not c["outputs"] and c["execution_count"] is None for c in CODE)
    assert "/" not in NOTEBOOK["metadata"]["kernelspec"]["display_name"]
    assert not [c for c in NOTEBOOK["cells"] if "/home/" in "".join(c["source"])]


def test_it_is_about_twenty_lines():
    lines = [line for cell in CODE for line in "".join(cell["source"]).splitlines() if line.strip()]
    assert len([line for line in lines if not line.startswith(("import ", "from "))]) <= 20


def test_a_map_of_a_trained_model_is_scored(monkeypatch, capsys):
    module = executed("\n".join("".join(cell["source"]) for cell in CODE), monkeypatch, "notebook")
    assert module.accuracy > 0.8
    assert module.scores[module.patients].mean() > 0.3
    assert capsys.readouterr().out == (
        f"accuracy {module.accuracy:.2f}, map {module.scores[module.patients].mean():.2f} (0 chance, 1 perfect)\n"
    )
