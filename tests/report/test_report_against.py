"""A study declares which comparisons it makes; what nobody has is refused before anything is computed."""

import json
import re
import shutil

import pandas as pd
import pytest
import synthetic

from bench.contracts import BadInput
from bench.plan import plan, settings
from bench.report.page import answers, page
from bench.report.rankings.ranked_results import RankedResults
from bench.tables.writer import Writer

WHERE = {"ranking": "anatomy", "network": "gap_cnn", "simulator": synthetic.GROUP}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = synthetic.study(tmp_path_factory.mktemp("against") / "study", data_seeds=5, model_seeds=1, subjects=28)
    (made / "panels.npz").unlink()
    shutil.rmtree(made / "scores" / "simulator=focal")
    return made


def drawn(folder, into, against):
    """The study with other comparisons, and the table of one contest."""
    copy = shutil.copytree(folder, into)
    about = json.loads((copy / "study.json").read_text())
    (copy / "study.json").write_text(json.dumps({**about, "against": against}))
    source = RankedResults.of(copy)
    table = pd.read_csv(copy / "comparisons.csv", keep_default_na=False)
    return source, table[(table[list(WHERE)] == pd.Series(WHERE)).all(axis=1)].set_index(["method", "against"])


def test_only_what_is_declared_is_compared(folder, tmp_path):
    against = {"smoothgrad": ["gradient", "controls"], "occlusion": ["sobel", "not_chosen"], "not_chosen": ["gradient"]}
    _, table = drawn(folder, tmp_path / "one", against)
    assert list(table.index) == [("occlusion", "sobel"), ("smoothgrad", "gradient"), ("smoothgrad", "every control")]
    assert (table["verdict"] == "better").all()


def test_every_method_stands_against_a_control_by_name(folder, tmp_path):
    _, table = drawn(folder, tmp_path / "one", {"methods": ["input_magnitude"]})
    ranked = {name for name, (role, *_) in synthetic.METHODS.items() if role == "method"}
    assert set(table.index) == {(name, "input_magnitude") for name in ranked}


def test_studies_that_do_not_say_compare_as_they_did(folder, tmp_path):
    RankedResults.of(folder)
    drawn(folder, tmp_path / "said", {"methods": ["controls", "gradient"]})
    assert (folder / "comparisons.csv").read_bytes() == (tmp_path / "said" / "comparisons.csv").read_bytes()


def test_fewer_comparisons_are_adjusted_less(folder, tmp_path):
    _, many = drawn(folder, tmp_path / "many", {"methods": ["controls", "gradient"]})
    _, few = drawn(folder, tmp_path / "few", {"lrp_epsilon": ["gradient"]})
    one = ("lrp_epsilon", "gradient")
    assert float(few.loc[one, "p"]) == float(many.loc[one, "p"])
    assert float(few.loc[one, "low"]) > float(many.loc[one, "low"])


def test_the_page_speaks_of_what_was_declared(folder, tmp_path):
    source, _ = drawn(folder, tmp_path / "one", {"methods": ["smoothgrad"]})
    clause = answers.clause(source, source.results.headlines[0], "gap_cnn", synthetic.GROUP)
    assert clause.short is None and clause.above["smoothgrad"][0] == "occlusion"
    html = page.write(source, [], {}).read_text(encoding="utf-8")
    assert "beat every control" not in html and re.search("Shown to be better than <[^>]*>smoothgrad<", html)


def test_without_comparisons_nothing_is_claimed(folder, tmp_path):
    source, table = drawn(folder, tmp_path / "one", {})
    assert table.empty
    assert "Declared comparisons" not in page.write(source, [], {}).read_text(encoding="utf-8")


def planned(tmp_path, *lines):
    lines = ("study=tiny", f"paths.results={tmp_path}", *lines)
    study, _ = plan.study(lines)
    settings.check_declared(study)
    return study


def test_study_json_says_what_was_declared(tmp_path):
    lines = ("against.methods=[controls]", "+against.occlusion=[gradient_x_input]")
    wanted = {"methods": ["controls"], "occlusion": ["gradient_x_input"]}
    assert Writer(planned(tmp_path, *lines)).about()["against"] == wanted
    assert Writer(planned(tmp_path)).about()["against"] == {"methods": ["controls", "gradient"]}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("against.methods=[gradiant]", "against.methods: .*'gradiant'; did you mean 'gradient'"),
        ("against.methods=[control]", "did you mean 'controls'"),
        ("+against.oclusion=[gradient]", "against.oclusion: .*did you mean 'occlusion'"),
        ("+against.gradient=[gradient]", "against.gradient: there is no method to compare with 'gradient'"),
        ("+detect.shortcut=mtl_atrofy", "detect: .*did you mean 'mtl_atrophy'"),
    ],
)
def test_what_nobody_has_is_refused_with_the_nearest_name(tmp_path, line, said):
    with pytest.raises(BadInput, match=said):
        planned(tmp_path, line)


def test_what_was_not_chosen_is_no_fault(tmp_path):
    planned(tmp_path, "against.methods=[sobel]", "+detect={shortcut-task.correlation-0.8: focal}")
