import importlib
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from bench.seeds import of_method, of_perturbations, seed
from bench.store import modules, sources
from bench.store.keys import canonical, describe, key
from bench.store.sources import imports, of_modules


@dataclass(frozen=True)
class Part:
    version = "3"
    size: int = 2


@dataclass(frozen=True)
class Whole:
    version = "1"
    part: Part = field(default_factory=Part)
    share: float = 0.5


def test_golden_keys():
    """Keys of stored results must not move when this code does: a change here orphans every store."""
    assert key({}) == "44136fa355b3678a"
    assert key({"b": [1, 2.5, None, True], "a": {"x": "é"}}) == "d838c025f1de6cc4"
    assert key(Whole()) == key(Whole(Part(2), 0.5))
    node = {"_target_": "metrics.perturbations.Patch", "size": 4}
    assert describe(node) == {**node, "version": "2", "fill": "mean", "count": 64}


def test_numbers_have_one_spelling():
    assert (
        canonical({"a": 1}) == canonical({"a": 1.0}) == canonical({"a": np.float64(1)}) == canonical({"a": np.int8(1)})
    )
    assert canonical({"a": 1}) != canonical({"a": True})
    assert canonical({"a": 0.1}) != canonical({"a": np.float32(0.1)})
    assert canonical([float("inf")]) == '["inf"]'
    assert canonical({"a": -0.0}) == canonical({"a": 0})


def test_order_and_containers_do_not_matter():
    assert canonical({"a": (1, 2), "b": {3, 4}}) == canonical({"b": [3, 4], "a": [1, 2]})
    assert canonical(Path("a/b")) == '"a/b"'
    assert canonical({1: 2}) == canonical({"1": 2})


def test_what_has_no_content_has_no_key():
    with pytest.raises(TypeError, match="function"):
        key({"a": lambda: 0})


def test_defaults_and_versions_are_bound():
    full = {"_target_": "metrics.infidelity.Infidelity", "scaling": "fitted", "subjects": 16}
    patch = {"_target_": "metrics.perturbations.Patch"}
    spelled = {**full, "perturbation": {**patch, "size": 4, "fill": "mean", "count": 64}}
    brief = {"_target_": full["_target_"], "perturbation": patch}
    assert key(describe(spelled)) == key(describe(brief))
    assert describe(brief)["version"] == "1"
    assert key(describe({**brief, "subjects": 8})) != key(describe(brief))


def test_a_component_of_another_version_has_another_key(monkeypatch):
    from metrics.infidelity import Infidelity

    node = {"_target_": "metrics.infidelity.Infidelity", "perturbation": {"_target_": "metrics.perturbations.Patch"}}
    before = key(describe(node))
    monkeypatch.setattr(Infidelity, "version", "2")
    assert key(describe(node)) != before


def test_the_source_hash_follows_imports():
    assert "metrics._shared.similarity" in imports("metrics.infidelity")
    assert of_modules(("metrics.infidelity",)) != of_modules(("metrics.sensitivity",))


def test_other_words_leave_the_source_hash_as_it_is(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    texts = {
        "first_words": ("A map.", "A map", 1),
        "other_words": ("Another.", "The map", 1),
        "law": ("A map.", "A map", 2),
    }
    for name, (said, summary, number) in texts.items():
        (tmp_path / f"{name}.py").write_text(
            f'class A:\n    """{said}"""\n    summary: str = "{summary}"\n    n = {number}\n'
        )
    assert of_modules(("first_words",)) == of_modules(("other_words",)) != of_modules(("law",))


def test_the_one_line_of_a_function_is_in_the_source_hash(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    for number, name in enumerate(("nothing", "something")):
        (tmp_path / f"{name}.py").write_text(f'def f():\n    """A number."""\n    return {number}\n')
    assert of_modules(("nothing",)) != of_modules(("something",))


#: what is remembered of files
_FILES = (modules.tree_of, modules.module_file, modules.spec_of, modules.bytes_of)
KNOWN = (*_FILES, modules.code_below, modules.named_beside)
#: how a plug-in outside our packages may come by a function: the text of its module, of its `__init__` and its helper
#: what is remembered of files
KNOWN = (
    modules.tree_of,
    modules.module_file,
    modules.spec_of,
    modules.bytes_of,
    modules.code_below,
    modules.named_beside,
)
IMPORTS = {
    "by its full name": ("from mine.helper import weigh", "", "mine/helper.py"),
    "as a module": ("import mine.helper as h", "", "mine/helper.py"),
    "relative": ("from .helper import weigh", "", "mine/helper.py"),
    "relative module": ("from . import helper", "", "mine/helper.py"),
    "relative star": ("from .helper import *", "", "mine/helper.py"),
    "inside a function": ("def f():\n    from .helper import weigh", "", "mine/helper.py"),
    "one package up": ("from ..other.helper import weigh", "", "mine/other/helper.py"),
    "through the package": ("from mine import weigh", "from .helper import weigh", "mine/helper.py"),
    "in the package alone": ("", "from .helper import weigh", "mine/helper.py"),
    "by a call": ('import importlib\nimportlib.import_module("mine.helper")', "", "mine/helper.py"),
    "by a relative call": (
        'from importlib import import_module\nimport_module(".helper", "mine")',
        "",
        "mine/helper.py",
    ),
    "through another helper": ("from .between import weigh", "", "mine/helper.py"),
    "from a module beside the package": ("import helper_beside", "", "helper_beside.py"),
    "from a package beside it that is not trusted": ("from beside.helper import weigh", "", "beside/helper.py"),
    "under another name": ("from importlib import import_module as load\nload('mine.helper')", "", "mine/helper.py"),
    "by a keyword": ("import importlib\nimportlib.import_module(name='mine.helper')", "", "mine/helper.py"),
    "by a text that is put together": ("__import__('mine.' + 'helper')", "", "mine/helper.py"),
    "by a text with a place": ("import pkgutil\npkgutil.resolve_name('mine.helper:weigh')", "", "mine/helper.py"),
    "as a text that is run": ("exec(open(__file__[:-7] + 'helper.py').read())", "", "mine/helper.py"),
    "as data that a helper reads": (
        "from .loads import weights",
        "",
        "mine/data/weights.txt",
    ),
    "of a helper that is no Python": ("from .helper import weigh", "", "mine/helper.py"),
}


@pytest.mark.parametrize("how", IMPORTS)
def test_a_plug_in_of_the_user_is_stale_when_what_it_imports_changes(how, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    text, package, helper = IMPORTS[how]
    deep = "deep/plug.py" if how == "one package up" else "plug.py"
    files = {f"mine/{deep}": text, "mine/__init__.py": package, "mine/between.py": "from .helper import weigh"}
    files["mine/loads.py"] = "weights = open(__file__ + '/../' + 'data/weights.txt').read()"
    broken = "(" * (how == "of a helper that is no Python")
    hashes = []
    for number in (1, 2, 1):
        for name, content in {**files, helper: f"def weigh(): return {number}{broken}"}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(f"{content}\n")
        sources.HASHES.clear()
        for known in (imports, sources._code, *KNOWN):
            known.cache_clear()
        importlib.invalidate_caches()
        target = f"mine.{deep.removesuffix('.py').replace('/', '.')}.Plug"
        hashes.append(sources.of_node({"_target_": target}, ["mine"]))
    assert hashes[0] == hashes[2] != hashes[1]
    assert "mine" not in sys.modules, "nothing of the user runs to be looked at"


def test_what_is_trusted_makes_nothing_of_ours_stale():
    ours, theirs = {"_target_": "metrics.overlap.RocAuc"}, {"_target_": "fakes.box.Box"}
    assert sources.of_node(ours, ["email"]) == sources.of_node(ours)
    assert sources.of_node({**ours, "part": theirs}, ["email"]) != sources.of_node({**ours, "part": theirs})


def test_the_source_hash_of_a_stage_holds_its_science_and_not_the_harness():
    modules = imports("bench.stages.train")
    assert "bench.training.training" in modules and "bench.passes.counting" in modules
    assert not [m for m in modules if m.startswith(("bench.store", "bench.config", "bench.study"))]


def test_seeds_share_what_their_axes_share():
    assert seed(a=1, b="x") == seed(b="x", a=1)
    assert seed(a=1) != seed(a=2) and seed(a=1) != seed(b=1)
    assert seed(a=1) == 9001622619332569895  # stored maps were drawn with it
    assert 0 <= seed(a=1) < 2**63
    same, other = of_method("m", "u"), of_method("n", "u")
    assert same(3) == of_method("m", "u")(np.int64(3)) and same(3) != other(3) and same(3) != same(4)
    assert of_perturbations("u")(3) != same(3)
