"""The complete example in the README is a metric that conforms."""

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
