"""Nothing of a configuration or a stored file is run, nothing of a name is markup, nothing leaves the results folder.

Exempt: the pickles by which multiprocessing and joblib's loky pass arguments to their own child processes, in memory.
"""

import ast
import sys
from pathlib import Path

import pandas as pd
import pytest

from bench.config.build import ALLOWED, build
from bench.config.overrides import options
from bench.contracts import BadInput
from bench.report.page import page
from bench.report.page.trace import Trace
from bench.store.artefacts import slug

pytestmark = pytest.mark.fault("configuration")

ROOT = Path(__file__).parents[2]
SOURCES = sorted(p for package in ("bench", "simulators", "methods", "metrics") for p in (ROOT / package).rglob("*.py"))
#: modules that read or write pickles, run text as code, or fetch from the network
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "urllib", "requests", "socket"}
CALLS = {"eval", "exec", "read_pickle", "to_pickle"}
#: formulas that a plug-in's class states, code that is trusted already
KNOWN = {"bench/passes/cost.py": {"eval"}}
SPITEFUL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "../../etc/passwd",
    "a/b",
    "a\nb",
    "é",
    "",
    ".",
]


def unsafe(tree):
    """What of a module could run what it reads."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
            yield from (f"import {n}" for n in names if n.partition(".")[0] in MODULES)
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            of = ast.unparse(node.func)
            words = {k.arg: ast.unparse(k.value) for k in node.keywords}
            if (
                of in CALLS
                or name in CALLS - {"eval", "exec"}
                or of in ("torch.load", "torch.save", "os.system", "yaml.load")
            ):
                yield of
            if words.get("allow_pickle") == "True" or words.get("shell") == "True" or "trust_remote_code" in words:
                yield f"{of}({words})"


def test_no_module_reads_pickles_or_runs_text():
    used = {str(path.relative_to(ROOT)): {*unsafe(ast.parse(path.read_text()))} for path in SOURCES}
    assert {place: more for place, calls in used.items() if (more := calls - KNOWN.get(place, set()))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from joblib import dump",
        "torch.load(path)",
        "np.load(path, allow_pickle=True)",
        "pd.read_pickle(path)",
        "eval(text)",
        "subprocess.run(text, shell=True)",
    ],
)
def test_the_scan_finds_what_it_looks_for(text):
    assert list(unsafe(ast.parse(text)))


@pytest.mark.parametrize("target", ["os.system", "subprocess.Popen", "builtins.eval", "methodsx.y.Z", "bench.cli.main"])
def test_a_target_outside_the_allowed_packages_is_not_even_imported(target):
    before = set(sys.modules)
    with pytest.raises(BadInput, match="outside"):
        build({"_target_": target})
    assert set(sys.modules) == before


def test_every_shipped_target_is_in_an_allowed_package():
    targets = [
        line.partition("_target_:")[2].split("}")[0].split(",")[0].strip()
        for path in (ROOT / "conf").rglob("*.yaml")
        for line in path.read_text().splitlines()
        if "_target_:" in line.partition("#")[0]
    ]
    assert len(targets) > len(options("method", [ROOT / "conf"]))
    assert all(t.startswith(tuple(f"{p}." for p in ALLOWED)) for t in targets)


@pytest.mark.parametrize("name", SPITEFUL)
def test_a_name_becomes_one_harmless_component_of_a_path(name, tmp_path):
    made = f"{slug(name)}-0123456789abcdef"
    assert not set(made) & set("/\\<>\"'&\n")
    assert (tmp_path / made).resolve().parent == tmp_path.resolve()


@pytest.mark.parametrize("text", SPITEFUL[:2])
def test_pages_escape_every_text_of_a_table(text):
    table = pd.DataFrame({"method": [text], "reason": [text]})
    trace = Trace({"methods": table}, {"name": text})
    said = page._environment(trace).from_string("<p title='{{ x }}'>{{ x }}</p>").render(x=text)
    said += str(trace.text("methods", 0, "reason")) + str(trace.name(text)) + str(trace.study("name"))
    assert "<script" not in said and "<img" not in said
    templates = [path.read_text() for path in (ROOT / "bench" / "report").rglob("*.j2")]
    assert templates and not any("autoescape false" in t or "| safe" in t or "|safe" in t for t in templates)
