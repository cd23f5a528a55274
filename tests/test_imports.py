"""Which package may import which; read from the source, so that a lazy import counts too."""

import ast
from pathlib import Path

import pytest

from bench.store.sources import imported

ROOT = Path(__file__).parents[1]
PLUGINS = ("simulators", "methods", "metrics")
FILES = sorted(p for top in ("bench", *PLUGINS) for p in (ROOT / top).rglob("*.py"))


def module(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def names(path):
    return set(imported(ast.parse(path.read_text())))


def within(name, *packages):
    return any(name == p or name.startswith(f"{p}.") for p in packages)


def allowed(importer, name):
    """Whether a module may import a name."""
    top = name.partition(".")[0]
    if within(importer, *PLUGINS):
        own = importer.partition(".")[0]
        return top not in ("bench", *PLUGINS) or top == own or within(name, "bench.contracts", "bench.passes")
    if top in PLUGINS:
        return False
    if within(importer, "bench.contracts"):
        return top != "bench" or within(name, "bench.contracts")
    if within(importer, "bench.passes"):
        return top != "bench" or within(name, "bench.contracts", "bench.passes")
    if within(importer, "bench.report"):
        own = within(name, "bench.report", "bench.columns")
        return top not in ("torch", "hydra", "omegaconf") and (top != "bench" or own)
    if within(importer, "bench.columns"):
        return top not in ("torch", "hydra", "omegaconf") and (top != "bench" or within(name, "bench.columns"))
    if within(importer, "bench.checks"):
        return top != "bench" or within(name, "bench.contracts", "bench.passes", "bench.checks")
    if within(importer, "bench.stages", "bench.networks"):
        known = ("contracts", "passes", "stages", "networks", "seeds", "study", "plan")
        return top != "bench" or within(name, *(f"bench.{k}" for k in known))
    return True


@pytest.mark.parametrize("path", FILES, ids=module)
def test_imports_go_one_way(path):
    # `import bench` alone runs only the version; `from bench import x` is judged as bench.x.
    wrong = [n for n in names(path) if n != "bench" and not allowed(module(path), n)]
    assert not wrong, f"{module(path)} may not import {', '.join(sorted(wrong))}"


def test_the_rule_knows_wrong_from_right():
    assert not allowed("methods.cam", "metrics._shared.sets") and not allowed("methods.cam", "bench.launch.unit")
    assert not allowed("bench.launch.unit", "methods.cam") and not allowed("bench.report.page.page", "torch")
    assert allowed("methods.cam", "bench.passes.forward") and allowed("bench.launch.unit", "bench.store.keys")


def test_hydra_launches_from_one_place():
    """Others may compose; only `bench.launch.launch` starts jobs."""
    users = {module(p) for p in FILES if any(within(n, "hydra") for n in names(p))}
    assert {m for m in users if not m.startswith("bench.config")} == {"bench.launch.launch"}
