"""Editions stay what was published: every committed one, whatever there is."""

import pytest

from bench.published import places
from bench.published.edition import Edition
from bench.verify import changes

EDITIONS = places.every_edition()
STUDIES = sorted({folder.parent for folder in EDITIONS})


@pytest.mark.parametrize("folder", EDITIONS, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_every_file_is_as_it_was_published(folder):
    published = Edition.of(folder)
    assert published.faults() == []
    named = (places.study_name(folder), places.edition_folder(folder.parent, published.record["edition"]))
    assert named == (published.record["study"], folder)
    assert published.record["citation"] in (folder / "index.html").read_text()


@pytest.mark.parametrize("study", STUDIES, ids=lambda folder: folder.name)
def test_editions_are_counted_without_gaps_and_their_changes_are_those_of_their_tables(study):
    """`python -m bench readme` writes the changes after an interrupted publish."""
    numbers = list(places.editions(study))
    assert numbers == list(range(1, len(numbers) + 1))
    assert (study / changes.CHANGES).read_text() == changes.changes_of(study)
    assert {path.name for path in study.iterdir()} == {changes.CHANGES, *(f"edition-{n}" for n in numbers)}


def test_the_newest_edition_is_the_published_study(tmp_path):
    for name in ("plain", "printed/edition-2", "printed/edition-10", "printed/edition-x", ".tmp-1"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "study.json").write_text("{}")
    assert places.studies(tmp_path) == [tmp_path / "plain", tmp_path / "printed" / "edition-10"]
    assert list(map(places.study_name, places.studies(tmp_path))) == ["plain", "printed"]
    assert [folder.name for folder in places.every_edition(tmp_path)] == ["edition-2", "edition-10"]
