"""The house: which room may import which, no circles, few files at each root; lazy imports count too."""

import ast
import re
from pathlib import Path

import pytest
from structure import Source

ROOT = Path(__file__).parents[1]
SOURCE = Source()
#: what each room and root file of `bench` may import of `bench` beside itself, in the order of bench/README.md
SCIENCE = ("contracts", "devices", "passes")
STUDY = (*SCIENCE, "columns", "names", "provenance", "seeds", "guard", "config", "store", "published", "study")
ROOMS = {
    "columns": (),
    "contracts": ("columns",),
    "devices": ("contracts",),
    "passes": ("contracts", "devices"),
    "names": (),
    "seeds": (),
    "provenance": (),
    "networks": SCIENCE,
    "guard": ("provenance",),
    "config": ("contracts", "names", "provenance", "seeds", "guard"),
    "store": ("contracts", "columns", "names", "guard", "config"),
    "published": ("contracts", "provenance", "store"),
    "study": ("contracts", "names", "config", "store"),
    "training": (*SCIENCE, "seeds"),
    "stages": (*STUDY, "training"),
    "plan": (*STUDY, "training", "stages"),
    "launch": (*STUDY, "stages", "plan"),
    "report": ("columns",),
    "tables": (*STUDY, "stages", "plan", "report"),
    "tuning": (*STUDY, "report"),
    "checks": SCIENCE,
    "verify": (*STUDY, "stages", "plan", "launch", "tables", "checks", "report"),
    "explore": (*STUDY, "stages", "plan", "launch", "tables", "report"),
    "front": ("provenance", "config"),
    "verbs": (*STUDY, "front", "stages", "plan", "launch", "tables", "tuning", "report", "verify", "explore"),
    "cli": ("contracts", "front", "store", "verbs"),
    "__main__": ("front", "cli"),
}
#: rooms and root files of the packages of plug-ins, each of which may import those before it; PARTS are its root files
#: where these are plug-ins, which may build on each other
PARTS = "plug-ins"
PLUGINS = {
    "simulators": (
        *("streams", "contrast", "local", "audit", "anatomy", "space", "effects", "nuisance", "clinical", "coupling"),
        *("covariates", "task", "observe", "pathology", "parts", "draw", "render", "intervene", "truths"),
        *("realism", "record", "separability", "demands", "brain"),
    ),
    "methods": ("_shared", "_rules", PARTS, "entrants"),
    "metrics": ("_shared", PARTS),
}
#: most Python files directly in a package; plug-ins of methods and metrics lie at their root
ROOT_FILES = {"bench": 8, "simulators": 15}


def within(name, *packages):
    return any(name == p or name.startswith(f"{p}.") for p in packages)


def allowed(importer, name):
    """Whether a module may import a name."""
    top = name.partition(".")[0]
    own, _, room = importer.partition(".")
    room = room.partition(".")[0]
    if own in PLUGINS:
        if top == own:
            return not room or before(own, name, importer)
        return top not in ("bench", *PLUGINS) or within(name, "bench.contracts", "bench.passes")
    if top in PLUGINS:
        return False
    if room == "report" and top in ("torch", "hydra", "omegaconf"):
        return False
    return top != "bench" or not room or within(name, *(f"bench.{r}" for r in (room, *ROOMS[room])))


def before(package, name, importer):
    """Whether a name lies in a room of a plug-in package that comes before the importer's, or in the same."""
    rooms = PLUGINS[package]

    def place(dotted):
        room = dotted.split(".")[1]
        return rooms.index(room if room in rooms else PARTS)

    return name == package or place(name) <= place(importer)


def test_imports_go_one_way():
    # `import bench` alone runs only the version; `from bench import x` is judged as bench.x.
    known = ("bench", "bench.__version__")
    wrong = {
        name: sorted(n for n in SOURCE.names(name) if n not in known and not allowed(name, n))
        for name in SOURCE.modules
    }
    assert {name: imported for name, imported in wrong.items() if imported} == {}


def test_the_rule_knows_wrong_from_right():
    assert not allowed("methods.cam", "metrics.overlap") and not allowed("methods.cam", "bench.launch.unit")
    assert not allowed("bench.launch.unit", "methods.cam") and not allowed("bench.report.page.page", "torch")
    assert (
        not allowed("bench.stages.train", "bench.plan.cells")
        and not allowed("bench.store.keys", "bench.study")
        and not allowed("bench.passes.cone", "bench.store.keys")
    )
    assert allowed("methods.cam", "bench.passes.forward") and allowed("bench.launch.unit", "bench.store.keys")
    assert allowed("simulators.brain", "simulators.draw.scene") and allowed("methods.cam_guided", "methods.guided")
    assert (
        not allowed("simulators.draw.scene", "simulators.brain")
        and not allowed("simulators.space.place", "simulators.parts")
        and not allowed("methods._shared.fills", "methods.cam")
        and not allowed("bench.names", "bench.config.build")
        and not allowed("bench.seeds", "bench.cli")
    )


def test_the_readme_names_every_room_in_an_order_that_imports_allow():
    table = re.search(r"\| room \|.*?\n\n", (ROOT / "bench" / "README.md").read_text(), re.DOTALL).group()
    told = [room for row in table.split("\n")[2:-2] for room in re.findall(r"`(\w+)(?:\.py)?`", row.split("|")[1])]
    assert told == list(ROOMS)
    assert all(told.index(other) < told.index(room) for room, others in ROOMS.items() for other in others)


def test_hydra_launches_from_one_place():
    """Others may compose; only `bench.launch.launch` starts jobs."""
    users = {name for name in SOURCE.modules if any(within(n, "hydra") for n in SOURCE.names(name))}
    assert {m for m in users if not m.startswith("bench.config")} == {"bench.launch.launch"}


def test_no_modules_import_each_other_in_a_circle():
    assert SOURCE.circles() == []


#: packages whose `__init__` offers what its modules hold; none of these modules takes it from there, or it is a circle
FACES = {"bench.contracts", "bench.passes", "bench.report", "methods._rules"}


def test_other_packages_import_none_of_their_own_modules():
    """Whoever imports one module of theirs would load all, and meet those in the middle of their import."""
    packages = [name for name, path in SOURCE.modules.items() if path.name == "__init__.py"]
    assert {p for p in packages if any(within(other, p) for other in SOURCE.graph[p])} == FACES


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


def test_neither_depth_nor_a_word_to_a_tool_explains_an_import(tmp_path):
    (tmp_path / "bench").mkdir()
    lines = (
        "def f(x):\n    if x:\n        import a\n\n        with x:\n            import b  # noqa: PLC0415\n"
        "    # slow to import\n    import c\n    x = 1\n    import d  # noqa: F401  # for its effect\n"
    )
    (tmp_path / "bench" / "one.py").write_text(lines)
    assert list(Source(tmp_path).unexplained_imports()) == ["bench/one.py:3", "bench/one.py:6"]


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
    **dict.fromkeys(("calibrate", "drift", "export", "leaderboard", "portrait"), "a verb and what it calls"),
    "pages": "a verb, and the parts of a figure",
    **dict.fromkeys(("aggregate", "violations", "study"), "a way in of a package, and the function behind it"),
    **dict.fromkeys(
        ("check_batch", "check_determinism", "check_input", "within_bounds", "oracle_leads"),
        "one law, asked of two kinds of things",
    ),
}


def test_one_name_is_one_function():
    """Names of functions, as far as they do not say what their module is for."""
    assert sorted(set(SOURCE.shared(ast.FunctionDef)) - set(SHARED)) == []


def test_variables_are_named_by_what_they_hold(tmp_path):
    """And not by how it came about."""
    acts = {"found", "made", "own", "said", "shown", "told"}
    assert list(SOURCE.variables(acts)) == []
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "one.py").write_text("made = 1\n\n\ndef f(told):\n    return [found for found in told]\n")
    assert sorted(Source(tmp_path).variables(acts)) == ["bench/one.py:4 told", "bench/one.py:5 found"]


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
OPENERS = (
    "What|Whether|How|Where|Which|Who|When|Why|From|Going|Not|That|If|To|It|This|These|There|We|You|"
    "Better|Worse|More|Less|Fewer|Higher|Lower|Larger|Smaller"
)
#: finite verbs, which have no place before the first comma, colon, or word that begins a clause or a phrase
VERBS = (
    "is|are|was|were|be|has|have|had|does|do|did|may|can|cannot|could|must|shall|should|will|would|needs|knows|reads|"
    "writes|holds|makes|finds|gives|takes|keeps|says|tells|shows|goes|comes|gets|sees|asks|lies|stands|runs|turns|"
    "agrees?|depends?|differs?|grows?|matters"
)
ENDS = "that|which|whose|who|where|when|what|how|whether|as|of|in|for|by|on|and|with|from|than|while|at"


def noun_first(docstring):
    """Whether a docstring begins with a noun phrase, as far as its words can tell."""
    head = re.split(rf"[,:;.(]|\b(?:{ENDS})\b", " ".join(docstring.split()))[0]
    return bool(head) and not re.match(rf"(?:{OPENERS})\b", head) and not re.search(rf" (?:{VERBS})\b", head)


def test_module_docstrings_begin_with_a_noun():
    docstrings = {name: ast.get_docstring(SOURCE.trees[path]) or "" for name, path in SOURCE.modules.items()}
    assert {name: text.partition("\n")[0] for name, text in docstrings.items() if not noun_first(text)} == {}


def test_a_clause_is_no_noun():
    clauses = ("", "What it is.", "Better answers score better.", "Maps are kept.", "The maps a study has stored.")
    assert not any(map(noun_first, clauses))
    nouns = ("Maps.", "The maps that a study has stored.", "Scores of a study, which may be empty.", "White matter.")
    assert all(map(noun_first, nouns))
