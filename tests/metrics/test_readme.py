"""The complete example in the README is a metric that conforms."""

import ast
import re
import sys
from pathlib import Path
from types import ModuleType

import metrics
from bench.checks import metrics as checks

README = Path(metrics.__file__).parent / "README.md"


def test_the_example_conforms(monkeypatch):
    (source,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    module = ModuleType("readme_example")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(source, README, "exec"), module.__dict__)
    for check in checks.applicable(module.Gini()):
        check(module.Gini())


def test_every_metric_and_parameter_file_is_described():
    described = README.read_text()
    families = {"infidelity": "infidelity_*"}
    for path in sorted((README.parents[1] / "conf" / "metric").glob("*.yaml")):
        assert f"`{families.get(path.stem.split('_')[0], path.stem)}`" in described, path.stem


def test_every_metric_has_a_blind_spot_shown_by_a_test_that_builds_it():
    section = README.read_text().split("## One line each", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line.startswith("| `")]
    named = {name for first, *_ in rows for name in re.findall(r"`(\w+)`", first)}
    assert {path.stem for path in (README.parents[1] / "conf" / "metric").glob("*.yaml")} <= named
    for first, *_, shown in rows:
        file, _, test = shown.strip("`").rpartition("::")
        built = _built(Path(__file__).parent / (file or "test_blind_spots.py"), test)
        assert set(re.findall(r"`(\w+)`", first)) <= built, shown


def _built(file, test):
    """Names that a test writes down, in its body or its parameters, if it builds metrics from their YAML by name."""
    tree = ast.parse(file.read_text())
    (found,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == test)
    named = {node.value for node in ast.walk(found) if isinstance(node, ast.Constant)}
    return named if "shipped" in [argument.arg for argument in found.args.args] else set()
