import base64
import re
import subprocess
import sys
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import synthetic
import undrawn

from bench import report
from bench.report.load.results import Ranking
from bench.report.page import boards
from bench.report.page import page as page_writer
from bench.report.page.trace import Trace
from bench.report.rankings.ranked_results import RankedResults

VOID = {"meta", "link", "img", "br", "input", "line", "rect", "ellipse", "polygon"}


class Page(HTMLParser):
    """Text nodes with their open elements, and every element with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.open, self.texts, self.elements = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        element = (tag, dict(attributes))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open[-1][0] == tag, f"</{tag}> closes <{self.open[-1][0]}>"
            self.open.pop()

    def handle_data(self, data):
        if data.strip():
            self.texts.append((data, list(self.open)))


@pytest.fixture(scope="module")
def html(study_folder):
    return (study_folder / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


@pytest.fixture(scope="module")
def tables(study_folder):
    return {f.stem: pd.read_csv(f, dtype=str, keep_default_na=False) for f in study_folder.glob("*.csv")}


def traced(page):
    """(shown text, table, row, column) of every element that names its place in a table."""
    for text, path in page.texts:
        named = [attributes["data-at"] for _, attributes in path if "data-at" in attributes]
        if named and not named[-1].startswith("study "):
            table, row, column = named[-1].split(" ")
            yield text, table, int(row), column


def test_the_page_is_well_formed(page):
    assert page.open == []


def test_every_number_is_found_in_the_tables(page, tables):
    count = 0
    for text, table, row, column in traced(page):
        stored, printed = tables[table][column].iloc[row], text.replace("−", "-").replace(",", "")
        if text.lower().replace(" ", "_") == stored.lower().replace(" ", "_"):
            continue
        decimals = len(printed.partition(".")[2])
        assert float(stored) == pytest.approx(float(printed), abs=0.5 * 10**-decimals + 1e-9)
        count += 1
    assert count > 1000


def test_no_number_stands_without_its_source(page):
    exempt = {"script", "style", "title", "option"}
    for text, path in page.texts:
        if not re.search(r"\d", text) or any(tag in exempt or "data-prose" in a for tag, a in path):
            continue
        assert any("data-at" in a for _, a in path), f"{text.strip()!r} names no table"


def test_tables_hold_no_prose(page):
    for _, path in page.texts:
        inside = [tag for tag, _ in path]
        assert not ("tbody" in inside and any("data-prose" in a for _, a in path))


def test_markup_in_names_and_reasons_is_escaped(html, page):
    assert synthetic.MARKUP not in html
    assert "<b>boom" not in html
    assert sum(tag == "script" for tag, _ in page.elements) == 1
    assert any("alert(1)" in text for text, _ in page.texts)


def test_the_page_says_by_what_command_it_was_made(page):
    assert any(text.startswith("python -m bench study=synthetic") for text, _ in page.texts)


def test_nothing_is_fetched(html, page):
    for tag, attributes in page.elements:
        for key in ("src", "href", "action", "srcset", "poster", "data"):
            target = attributes.get(key, "#")
            beside = attributes.get("download") == target
            assert beside or target.startswith(("data:", "#")), f"<{tag} {key}={target[:60]}>"
    outside = re.sub(r"data:[a-z]+/[a-z]+;base64,[A-Za-z0-9+/=]+", "", html)
    assert "url(" not in outside and "@import" not in outside and "http" not in outside.replace("http-equiv", "")


def test_tables_are_accessible(page):
    tags = [tag for tag, _ in page.elements]
    assert tags.count("caption") == tags.count("table")
    assert all(a.get("scope") in ("row", "col") for tag, a in page.elements if tag == "th")
    assert all(a.get("alt") for tag, a in page.elements if tag == "img")
    assert any(a.get("aria-live") == "polite" for _, a in page.elements)
    assert {a["aria-sort"] for _, a in page.elements if "aria-sort" in a} <= {"ascending", "descending"}
    assert all(a.get("tabindex") == "0" for _, a in page.elements if a.get("class") == "scroll")


def test_downloads_are_the_tables(page, study_folder):
    links = {a["download"]: a["href"] for tag, a in page.elements if tag == "a" and "download" in a}
    assert set(links) == {f.name for f in study_folder.glob("*.csv")}
    small = {name: link for name, link in links.items() if link != name}
    assert len(small) > len(links) / 2
    for name, link in small.items():
        assert base64.b64decode(link.split(",", 1)[1]) == (study_folder / name).read_bytes()


def test_answer_gates_and_failures_are_told(page):
    text = " ".join(" ".join(t.split()) for t, _ in page.texts)
    assert "preview: fewer" not in text
    assert "occlusion or grad CAM may show best where the pathology is, as none of them is shown to be worse" in text
    assert "no model reached the competence gate" in text
    assert "ValueError: <b>boom</b>" in text
    assert "no convolutional layer" in text


@pytest.mark.full
def test_rendering_again_gives_the_same_bytes(html, study_folder):
    drawn = {file.stem: [file] for file in (study_folder / "figures").glob("*.png")}
    again = page_writer.write(RankedResults.of(study_folder), report.violations(study_folder), drawn)
    assert again.read_text(encoding="utf-8") == html


def test_the_summary_names_the_page_and_answers_every_ranking(study_folder):
    *lines, page_line = report.summary(study_folder).splitlines()
    assert page_line == str(study_folder / "index.html")
    first = next(line for line in lines if line.startswith("anatomy, fixed atrophy on gap_cnn"))
    assert "occlusion" in first and "best where the pathology is" in first and "0.6" in first
    assert any(line.startswith("faithfulness, fixed atrophy on gap_cnn") for line in lines)


def test_broken_rules_are_shown_on_the_page(tmp_path):
    folder = synthetic.study(tmp_path / "study", data_seeds=2, model_seeds=1, subjects=4)
    metrics = (folder / "metrics.csv").read_text().replace("1.0,0.0,,skill", "1.0,0.4,,skill")
    (folder / "metrics.csv").write_text(metrics)
    text = undrawn.page(folder)
    assert "Broken rules" in text and "not the chance 0.4" in text and "stored no slices" in text


def test_a_study_in_which_nothing_has_a_value_has_a_page(tmp_path):
    folder = synthetic.study(tmp_path / "study", data_seeds=2, model_seeds=1, subjects=4)
    for file in folder.glob("scores/*/*/*.parquet"):
        table = pd.read_parquet(file, partitioning=None)
        table.assign(status="unsupported", reason="it fits itself", value=np.nan).to_parquet(file, index=False)
    assert report.render(folder).read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert "no method has a value (unsupported: it fits itself)." in report.summary(folder)


def test_reporting_needs_neither_torch_nor_hydra_and_matplotlib_only_to_draw():
    code = "import sys, bench.report; assert not {'torch', 'hydra', 'matplotlib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-0.5, 2.0)])
def test_the_drawing_of_intervals_goes_from_0_to_100(low, high):
    ranking = Ranking("anatomy", "m", "t", "abs", ())
    place = boards.Board(ranking, "net", "group", [], [], [], [], [], 0, [], False, low, high).x
    assert [place(low), place((low + high) / 2), place(high)] == [0, 50, 100]


def words_of(section, tables, **values):
    """The words of one section of a page."""
    template = page_writer._environment(
        Trace({"methods": pd.DataFrame({"method": ["gradient"], "role": ["method"]})} | tables, {})
    ).get_template(f"sections/{section}.html.j2")
    return " ".join(re.sub(r"<[^>]+>", " ", template.render(tables=tables, **values)).split())


def test_a_rule_that_nothing_was_held_against_is_not_said_to_hold():
    tables = {"simulator_audits": pd.DataFrame(), "violations": pd.DataFrame()}
    whole = {"method": ["gradient", "random", "oracle_use"], "role": ["method", "control", "oracle"]}
    for count, random, oracle in [
        (3, "Random maps sit", "whose oracle was run"),
        (1, "were not run", "No oracle was run"),
    ]:
        methods = pd.DataFrame(whole).head(count)
        words = words_of("audits", tables, results=SimpleNamespace(methods=methods))
        assert random in words and oracle in words


def test_further_measures_of_models_below_the_gate_are_said_to_be_of_those():
    metric = SimpleNamespace(summary="", higher_is_better=True)
    own = [{"metric": "relevance_mass", "truth": "planted", "view": "abs", "row_of": {"gradient": 0}}]
    for gate in ("passed", "below gate"):
        cells = pd.DataFrame([{"mean": 0.5, "low": 0.4, "high": 0.6, "gate": gate}])
        words = words_of(
            "further", {"cells": cells}, columns={"linear": own}, order={"linear": ["gradient"]}, figures={},
            why=None, results=SimpleNamespace(metric=lambda name: metric, role=lambda name: "method"),
        )  # fmt: skip
        assert ("No model of this network passed the gate" in words) == (gate != "passed")


def test_where_no_model_passed_the_gate_that_is_why_no_method_is_ranked():
    row = {
        "n_units": 2,
        "n_data_seeds": 2,
        "n_subjects": 8,
        "n_simulators": 1,
        "preview": "preview: fewer than 5 data seeds",
    }
    tables = {"leaderboard": pd.DataFrame([row]), "concordance": pd.DataFrame([{"concordance": np.nan}])}
    board = {"headline": SimpleNamespace(ranking="anatomy"), "network": "linear", "group": "fixed atrophy"}
    board |= {"rows": [{"fixed atrophy": 0}], "scopes": ["fixed atrophy"], "not_rankable": [], "concordance": 0}
    for below, why in ([], "(preview: fewer than 5 data seeds)"), (["fixed atrophy"], ", as no model passed the gate."):
        shown = SimpleNamespace(**board, below_gate=below, floors=[], claims=[])
        words = words_of("board_notes", tables, board=shown).replace(" ,", ",").replace("( ", "(").replace(" )", ")")
        assert re.findall("No method is ranked *(.*?[.)])", words) == [why.strip()]
