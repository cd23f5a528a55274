"""Texts arrive as typed whatever letters they have, and no two values that are swept have one label."""

import itertools
import random
import re
from types import SimpleNamespace

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from bench.config import braces
from bench.config.literals import as_typed, element, literal, unquoted
from bench.config.overrides import AXES
from bench.contracts import BadInput
from bench.explore.export.layout import bids_label
from bench.names import LONGEST, VariantLabels, slug
from bench.plan import plan
from bench.study import Unit

PIECES = [*"ab1é ,=#&;~\\'\"[](){}$*?:+|`<>-.%@!/", "${", "${oc.env:HOME}", "null"]


def read(line):
    """What Hydra and OmegaConf make of the value of a line: a list where it is swept."""
    override = OverridesParser.create().parse_override(line)
    given = list(override.sweep_iterator()) if override.is_sweep_override() else [override.value()]
    values = [OmegaConf.create([getattr(v, "text", v)])[0] for v in given]
    return values if override.is_sweep_override() else values[0]


def test_any_text_is_read_as_it_is_and_so_is_a_path_of_results():
    generator = random.Random(0)
    for _ in range(300):
        text = "".join(generator.choices(PIECES, k=generator.randint(1, 6)))
        assert read(f"k={literal(text)}") == text == read(f"k={element(text)}")
        if text[0] not in "'\"" and text != "null":
            assert read(as_typed(f"paths.results={text}", AXES)) == text


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("/data/Dropbox (Univ)/é", "/data/Dropbox (Univ)/é"),
        ("données (2)", "données (2)"),
        ("/a/b,/c/d", ["/a/b", "/c/d"]),
        ("/a/(b),/c/é", ["/a/(b)", "/c/é"]),
        ('"/a,b","/c (d)"', ["/a,b", "/c (d)"]),
        ("'/a,b'", "/a,b"),
        ("/a/${oc.env:HOME}", "/a/${oc.env:HOME}"),
        ("[1,2]", [1, 2]),
        ("a,b", ["a", "b"]),
        ("~/scans", "~/scans"),
        ("1.5", 1.5),
    ],
)
def test_paths_of_plug_ins_arrive_as_typed_and_commas_part_them(typed, value):
    assert read(as_typed(f"simulator.anatomy.folder={typed}", AXES)) == value


def test_quotes_around_a_path_of_results_are_no_part_of_it():
    assert read(as_typed('paths.results="/data/Dropbox (Univ)/r"', AXES)) == "/data/Dropbox (Univ)/r"


@pytest.mark.parametrize(
    "value", [None, True, 1, 1.0, 1e-05, "1", "true", "a b", "", [1, "1", None, [True]], {"a": "b c"}]
)
def test_a_value_of_a_file_is_read_as_the_same_value(value):
    found = read(f"k={element(value)}")
    assert found == value and type(found) is type(OmegaConf.create([value])[0])


@pytest.mark.parametrize("path", ["/a/${b", "/a/${ b c"])
def test_a_path_that_hydra_cannot_keep_is_refused(path):
    with pytest.raises(BadInput, match=r"^paths.results .* is not possible: give a path without"):
        braces.check("paths.results", path)


VALUES = [
    *("1", "1.0", "'1'", '"1"', "true", "'true'", "True", "null", "'null'", "a", "A", "a b", "a-b", "a/b", "é", "è"),
    *("-1", "[1,2]", "[12]", "1_0", "10", "1e0", "1E0", "x" * 200, "x" * 201, f"[{','.join(map(str, range(99)))}]"),
    *("p-b-q", "", "#", "##"),
]


@pytest.mark.parametrize("dot", [".", "_"])
def test_no_two_values_have_one_label_on_any_file_system(dot):
    labels = VariantLabels()
    swept = [{"a": v} for v in VALUES] + [
        {"a": a, "b": b} for a, b in itertools.product(("p", "p-b-q", "0_5", "0.5"), ("q-b-r", "r"))
    ]
    for _ in range(2):
        found = [labels.of("name", one, dot) for one in swept]
        assert len({label.casefold() for label in found}) == len(swept)
    assert all(label == slug(label) and len(label) <= LONGEST for label in found)
    assert len({re.sub("[A-Z]", lambda m: m[0].lower(), bids_label(label)) for label in found}) == len(found)


def test_plain_values_have_labels_that_spell_them_out():
    labels = VariantLabels()
    assert labels.of("occlusion", {"window": "3", "fill": "mean"}) == "occlusion-fill-mean-window-3"
    assert labels.of("shortcut", {"task.correlation": "0.8"}) == "shortcut-task.correlation-0.8"
    assert labels.of("max", {"radius": "0.1"}, "_") == "max-radius-0_1"
    assert bids_label("use_of_x") == "useOfX"


@pytest.mark.parametrize(("simulator", "network"), [("a-b", "c"), ("A", "b-c")])
def test_units_whose_names_run_into_each_other_are_refused(simulator, network):
    units = [Unit("a", "b-c", 0, 0), Unit(simulator, network, 0, 0)]
    with pytest.raises(BadInput, match="would be the name of both b-c on a and"):
        plan._check_ids(SimpleNamespace(units=units))
    plan._check_ids(SimpleNamespace(units=[*units[:1], Unit("a", "c", 0, 0)]))


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("'a b'", "a b"),
        ('"a"', "a"),
        ("''", ""),
        ("'", "'"),
        ("'a", "'a"),
        ("a'", "a'"),
        ("'a\"", "'a\""),
        ("aba", "aba"),
        ("", ""),
    ],
)
def test_quotes_go_where_they_stand_around_a_text(text, inside):
    assert unquoted(text) == inside
