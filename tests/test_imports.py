"""The house: which room may import which, no circles, few files at each root; lazy imports count too."""

import ast

import pytest
from structure import Source

SOURCE = Source()
PLUGINS = ("simulators", "methods", "metrics")
#: what each room and root file of `bench` may import of `bench` beside itself, in the order of the flow
SCIENCE = ("contracts", "passes")
STUDY = (*SCIENCE, "columns", "names", "provenance", "seeds", "config", "store", "study")
ROOMS = {
    "columns": (),
    "contracts": (),
    "passes": ("contracts",),
    "networks": SCIENCE,
    "checks": SCIENCE,
    "report": ("columns",),
    "config": ("contracts", "names", "provenance", "seeds"),
    "store": ("contracts", "columns", "names", "config"),
    "study": ("contracts", "config", "store"),
    "stages": STUDY,
    "plan": (*STUDY, "stages"),
    "launch": (*STUDY, "stages", "plan"),
    "tables": (*STUDY, "stages", "plan", "report"),
    "verify": (*STUDY, "stages", "plan", "launch", "tables", "checks", "report"),
    "explore": (*STUDY, "stages", "plan", "launch", "tables", "report"),
}
#: most Python files directly in a package; plug-ins of methods and metrics lie at their root
ROOT_FILES = {"bench": 8, "simulators": 14}


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
    room = importer.split(".")[1] if "." in importer else ""
    if room == "report" and top in ("torch", "hydra", "omegaconf"):
        return False
    return top != "bench" or room not in ROOMS or within(name, *(f"bench.{r}" for r in (room, *ROOMS[room])))


@pytest.mark.parametrize("name", SOURCE.modules)
def test_imports_go_one_way(name):
    # `import bench` alone runs only the version; `from bench import x` is judged as bench.x.
    wrong = [n for n in SOURCE.names(name) if n != "bench" and not allowed(name, n)]
    assert not wrong, f"{name} may not import {', '.join(sorted(wrong))}"


def test_the_rule_knows_wrong_from_right():
    assert not allowed("methods.cam", "metrics.overlap") and not allowed("methods.cam", "bench.launch.unit")
    assert not allowed("bench.launch.unit", "methods.cam") and not allowed("bench.report.page.page", "torch")
    assert (
        not allowed("bench.stages.train", "bench.plan.cells")
        and not allowed("bench.store.keys", "bench.study")
        and not allowed("bench.passes.cone", "bench.store.keys")
    )
    assert allowed("methods.cam", "bench.passes.forward") and allowed("bench.launch.unit", "bench.store.keys")


def test_hydra_launches_from_one_place():
    """Others may compose; only `bench.launch.launch` starts jobs."""
    users = {name for name in SOURCE.modules if any(within(n, "hydra") for n in SOURCE.names(name))}
    assert {m for m in users if not m.startswith("bench.config")} == {"bench.launch.launch"}


def test_no_modules_import_each_other_in_a_circle():
    assert SOURCE.circles() == []


def test_no_two_folders_import_each_other():
    assert SOURCE.mutual_folders() == {}


def test_a_circle_is_found(tmp_path):
    (tmp_path / "bench" / "one").mkdir(parents=True)
    (tmp_path / "bench" / "two").mkdir()
    (tmp_path / "bench" / "one" / "a.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import bench.two.b\n"
    )
    (tmp_path / "bench" / "two" / "b.py").write_text("def f():\n    from bench.one import a\n    return a\n")
    (tmp_path / "bench" / "three.py").write_text("class B: ...\n\n\ndef f(): ...\n")
    found = Source(tmp_path)
    assert found.shared(ast.FunctionDef) == {"f": ["bench.three", "bench.two.b"]} and not found.shared(ast.ClassDef)
    assert found.circles() == [["bench.one.a", "bench.two.b"]]
    assert list(found.mutual_folders()) == [("bench/one", "bench/two")]
    assert list(found.unexplained_imports()) == ["bench/two/b.py:2"]


def test_an_import_inside_a_function_has_its_reason_beside_it():
    assert list(SOURCE.unexplained_imports()) == []


@pytest.mark.parametrize("package", ROOT_FILES)
def test_few_files_lie_at_a_root(package):
    assert SOURCE.root_files(package) <= ROOT_FILES[package]


def test_one_name_is_one_class():
    assert SOURCE.shared(ast.ClassDef) == {}


#: names of functions that more than one module may have, and why
SHARED = {
    **dict.fromkeys(("read", "write", "record", "publish"), "of what the module keeps in files, called by its name"),
    **dict.fromkeys(("draw", "table", "rows", "tables", "columns"), "of what the module makes, called by its name"),
    **dict.fromkeys(("check", "applicable", "run", "main", "of", "require"), "the module's one task, by its name"),
    **dict.fromkeys(("calibrate", "drift", "export", "figures", "leaderboard", "portrait"), "a verb and what it calls"),
    **dict.fromkeys(("aggregate", "violations", "study"), "a way in of a package, and the function behind it"),
}
#: names that still stand for two things; none may be added
OPEN = [
    "balanced",
    "block",
    "check_batch",
    "count",
    "cropped",
    "cut",
    "diversity",
    "enlarged",
    "estimate",
    "features",
    "joined",
    "label",
    "look",
    "matrix",
    "measured",
    "names",
    "network",
    "oracle_leads",
    "overlay",
    "passed",
    "plain",
    "pooled",
    "redrawn",
    "rendered",
    "replaced",
    "same",
    "shared",
    "shares",
    "shifted",
    "subjects",
    "voxels",
    "within_bounds",
]


def test_one_name_is_one_function():
    """Names of functions, as far as they do not say what their module is for."""
    assert not SOURCE.shared(ast.FunctionDef).keys() - SHARED.keys() - set(OPEN)


def test_nothing_published_is_read_from_a_docstring():
    """An edit of a comment changes no table and no page: published texts are constants."""
    readers = ("__doc__", "getdoc")
    assert not [name for name, path in SOURCE.modules.items() if any(word in path.read_text() for word in readers)]


def test_no_docstring_repeats_the_summary_of_its_class():
    trees = [SOURCE.trees[path] for name, path in SOURCE.modules.items() if within(name, *PLUGINS)]
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    told = [(node, summary_of(node), " ".join((ast.get_docstring(node) or "").split())) for node in classes]
    assert sum(bool(summary) for _, summary, _ in told) > 100
    assert not [node.name for node, summary, said in told if summary and summary in said]


def summary_of(node):
    """The published text that a class states, "" for none."""
    stated = [a for a in node.body if isinstance(a, ast.AnnAssign) and ast.unparse(a.target) == "summary" and a.value]
    return ast.literal_eval(stated[0].value) if stated else ""


#: what a module docstring may not begin with: a noun says what the module holds, a clause makes the reader guess
CLAUSES = ("What", "Whether", "How", "Where", "Which", "Who", "When", "Why", "From", "Going", "Not")


@pytest.mark.parametrize("name", SOURCE.modules)
def test_module_docstrings_begin_with_a_noun(name):
    said = ast.get_docstring(SOURCE.trees[SOURCE.modules[name]]) or ""
    assert said.partition(" ")[0] not in ("", *CLAUSES), said.partition("\n")[0]
