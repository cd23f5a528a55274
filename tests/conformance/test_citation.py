"""CITATION.cff holds what version 1.2.0 of its format asks for, and says what the project is."""

import datetime
import re

import yaml
from fences import ROOT

import bench

CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())
#: of https://github.com/citation-file-format/citation-file-format/blob/1.2.0/schema-guide.md
REQUIRED = {"cff-version", "message", "title", "authors"}
OPTIONAL = """abstract commit contact date-released doi identifiers keywords license license-url preferred-citation
references repository repository-artifact repository-code type url version"""
ADDRESS = "address alias city country email fax orcid post-code region tel website"
ALLOWED, PLACED = REQUIRED | {*OPTIONAL.split()}, {*ADDRESS.split()}
PERSON = PLACED | {"affiliation", "family-names", "given-names", "name-particle", "name-suffix"}
ENTITY = PLACED | {"date-end", "date-start", "location", "name"}


def test_it_has_what_its_format_asks_for_and_nothing_else():
    assert CITATION.keys() >= REQUIRED and not CITATION.keys() - ALLOWED
    assert CITATION["cff-version"] == "1.2.0" and CITATION["type"] in ("software", "dataset")
    assert CITATION["authors"]
    for author in CITATION["authors"]:
        assert not author.keys() - (ENTITY if "name" in author else PERSON)


def test_texts_are_texts_and_dates_are_dates():
    assert all(isinstance(CITATION[key], str) and CITATION[key] for key in ("message", "title", "version", "license"))
    released = CITATION["date-released"]
    assert isinstance(released, datetime.date) or re.fullmatch(r"\d{4}-\d\d-\d\d", released)
    assert len(set(CITATION["keywords"])) == len(CITATION["keywords"])


def test_it_cites_this_version_under_its_licence():
    assert CITATION["version"] == bench.__version__
    licence = (ROOT / "LICENSE").read_text()
    assert CITATION["license"] == "Apache-2.0" and "Apache License" in licence and "Version 2.0" in licence
