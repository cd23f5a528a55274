"""READMEs of plug-ins are what the classes declare, can be read, and stand beside plug-ins only."""

import re
from pathlib import Path

import pytest

from bench.contracts import BadInput
from bench.verify import catalogue, markdown

ROOT = Path(__file__).parents[2]
READMES = [ROOT / folder / "README.md" for folder in ("methods", "methods/entrants", "metrics", "bench/networks")]
TABLES = [(readme, name, make) for readme, tables in catalogue.TABLES.items() for name, make in tables.items()]


@pytest.mark.parametrize(("readme", "name", "make"), TABLES, ids=[name for _, name, _ in TABLES])
def test_a_table_is_what_the_command_writes(readme, name, make):
    assert readme.read_text() == markdown.with_lines(readme, name, make()), "run: python -m bench readme"


@pytest.mark.parametrize("group", ["method", "metric", "network"])
def test_every_plug_in_stands_in_a_table(group):
    lines = getattr(catalogue, f"{group}s")()
    assert all(f"`{path.stem}`" in lines for path in (ROOT / "conf" / group).glob("*.yaml"))


def test_every_pathology_that_a_simulator_names_stands_in_a_table():
    text, lines = (
        "\n".join(path.read_text() for path in (ROOT / "conf" / "simulator").glob("*.yaml")),
        catalogue.pathologies(),
    )
    named = set(re.findall(r"simulators\.pathology\.\w+\.(\w+)", text)) - {"Several", "OneOf"}
    assert "Focal" in named and all(f"| `{name}` |" in lines for name in named)


@pytest.mark.parametrize("group", ["method", "metric"])
def test_every_plug_in_states_its_summary_in_one_line(group):
    assert all(made.summary == " ".join(made.summary.split()) != "" for _, made in catalogue.shipped(group))


def test_a_linear_network_counts_a_weight_per_voxel_and_a_bias_for_each_of_two_outputs():
    (row,) = [line for line in catalogue.networks().splitlines() if line.startswith("| `linear` |")]
    assert f"| {2 * (24 * 32 * 24 + 1):,} |" in row


def test_a_readme_without_the_markers_is_refused(tmp_path):
    (tmp_path / "README.md").write_text("<!-- methods -->\n")
    with pytest.raises(BadInput, match="put them where the table belongs"):
        markdown.with_lines(tmp_path / "README.md", "methods", "")


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_lines_outside_tables_can_be_read(readme):
    long = [line[:60] for line in readme.read_text().splitlines() if len(line) > 300 and not line.startswith("|")]
    assert not long


@pytest.mark.parametrize(("folder", "group"), [("methods", "method"), ("metrics", "metric")])
def test_every_file_beside_the_readme_holds_a_plug_in(folder, group):
    """One that a YAML names, in itself or as a part of another."""
    text = "\n".join(path.read_text() for path in (ROOT / "conf").rglob(f"{group}/*.yaml"))
    helpers = [p.stem for p in (ROOT / folder).glob("[a-z]*.py") if f"_target_: {folder}.{p.stem}." not in text]
    assert not helpers, f"put what plug-ins share into {folder}/_shared: {', '.join(helpers)}"
