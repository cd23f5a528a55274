"""Exported folders: read back bit by bit, readable by other tools, repeatable, whole or absent."""

import gzip
import json
from dataclasses import replace

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch
from fakes.box import Box

from bench.contracts import BadInput, Truth
from bench.explore import portraits
from bench.explore.export import layout
from bench.explore.export.cohorts import export
from bench.explore.export.layout import About
from bench.explore.export.origins import origin
from bench.explore.export.reader import read
from bench.explore.export.writer import write
from bench.launch.unit import UnitRun
from bench.stages.attribute import ATTRIBUTE
from simulators.brain import Brain
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.several import Several
from simulators.pathology.white_matter_lesions import WhiteMatterLesions
from simulators.task.longitudinal import Longitudinal
from simulators.task.patterns import Patterns

ABOUT = About("box", "evaluation", 0)
PARTS = ("images", "targets", "subjects", "twins", "regions", "domain")


@pytest.fixture(scope="module")
def cohort():
    return Box(amplitude=0.3).cohort(range(4), "evaluation")


def assert_equal(a, b):
    for name in PARTS:
        x, y = getattr(a, name), getattr(b, name)
        assert x.dtype == y.dtype, name
        assert torch.equal(x, y), name
    assert a.region_names == b.region_names
    assert np.array_equal(a.affine, b.affine)
    assert a.truths.keys() == b.truths.keys()
    for name, truth in a.truths.items():
        other = b.truths[name]
        assert truth.signed == other.signed
        for part in ("volume", "regions", "floor"):
            x, y = getattr(truth, part), getattr(other, part)
            assert (x is None and y is None) or torch.equal(x, y), (name, part)


def test_a_cohort_reads_back_bit_by_bit(cohort, tmp_path):
    assert_equal(read(write(tmp_path / "box", cohort, ABOUT)), cohort)


def test_what_is_hard_to_write_reads_back_too(cohort, tmp_path):
    """Values per region, an unsigned truth, targets that are numbers, and an affine that needs double precision."""
    torch.manual_seed(0)
    vectors = Truth("use_of_it", regions=torch.randn(4, 8), floor=torch.rand(4, 8) * 1e-7, signed=False)
    affine = np.diag([2.1, 2.1, 2.1, 1.0])
    targets = torch.tensor([0.1, 2.0, -3.7, 1e-8])
    hard = replace(cohort, truths={**cohort.truths, "use_of_it": vectors}, affine=affine, targets=targets)
    assert_equal(read(write(tmp_path / "box", hard, ABOUT)), hard)


def test_other_tools_see_millimetres_and_labels(cohort, tmp_path):
    folder = write(tmp_path / "box", cohort, replace(ABOUT, modality="FLAIR"))
    image = nib.load(folder / "sub-0002" / "anat" / "sub-0002_FLAIR.nii.gz")
    assert image.get_data_dtype() == np.float32
    assert nib.aff2axcodes(image.affine) == ("R", "A", "S")
    assert image.header.get_xyzt_units()[0] == "mm"
    assert np.array_equal(image.get_fdata(dtype=np.float32), cohort.images[1, 0].numpy())
    people = pd.read_csv(folder / "participants.tsv", sep="\t")
    assert list(people["participant_id"]) == layout.participants(4)
    assert set(people) == set(json.loads((folder / "participants.json").read_text()))
    derived = folder / "derivatives" / "plumbline"
    names = pd.read_csv(derived / "dseg.tsv", sep="\t").set_index("index")["name"]
    labels = nib.load(derived / "sub-0001" / "anat" / "sub-0001_dseg.nii.gz").get_fdata()
    assert set(np.unique(labels)) - {0} == set(names.index)
    for root, kind in ((folder, "raw"), (derived, "derivative")):
        about = json.loads((root / "dataset_description.json").read_text())
        assert about["DatasetType"] == kind and about["GeneratedBy"][0]["Version"]


def test_a_real_brain_reads_back_with_its_population_and_every_column_is_described(tmp_path):
    parts = Several(
        (WhiteMatterLesions(), Atrophy(("left hippocampus", "right hippocampus"), side="random")), (None, None)
    )
    brain = Brain(parts, task=Patterns((((0, 0),), ((1, 1),))), amplitude=0.3)
    subjects = range(4)
    whole = brain.cohort(subjects)
    whole = replace(whole, truths={**whole.truths, **brain.population(subjects, "evaluation", 30)})
    records = tuple(brain.record(subject, "evaluation") for subject in subjects)
    descriptions = brain.describe_record(0, "evaluation")
    folder = write(tmp_path / "brain", whole, replace(ABOUT, records=records, descriptions=descriptions))
    assert_equal(read(folder), whole)
    people = pd.read_csv(folder / "participants.tsv", sep="\t")
    told = json.loads((folder / "participants.json").read_text())
    assert list(people) == list(told)
    assert not [name for name, text in told.items() if "that the simulator drew" in text["Description"]]
    for row, subject in enumerate(subjects):
        lesions, atrophy = brain.scene(subject, "evaluation").pathology
        centre = whole.affine[:3, :3] @ lesions["centres"].mean(0) + whole.affine[:3, 3]
        assert people["lesions"][row] == len(lesions["centres"])
        np.testing.assert_allclose(people.loc[row, ["lesion_x", "lesion_y", "lesion_z"]].astype(float), centre)
        assert people["side_2"][row] == {"left": -1, "right": 1}[atrophy["side"]]


@pytest.fixture(scope="module")
def followed():
    """Visits of two patients and two controls, and what an export is told of them."""
    task = Longitudinal({"shape.ventricles": 0.28}, visits=2, schedule=(0.0, 6.0, 18.0))
    brain = Brain(Atrophy(("left hippocampus", "right hippocampus")), task=task, amplitude=0.5)
    about = replace(
        ABOUT,
        records=tuple(brain.record(subject, "evaluation") for subject in range(8)),
        descriptions=brain.describe_record(0, "evaluation"),
        visits=tuple(brain.visit(subject, "evaluation") for subject in range(8)),
    )
    return brain.cohort(range(8)), about


def test_visits_are_sessions_of_their_person_with_time_and_age_and_read_back(followed, tmp_path):
    cohort, about = followed
    folder = write(tmp_path / "visits", cohort, about)
    assert_equal(read(folder), cohort)
    people = pd.read_csv(folder / "participants.tsv", sep="\t")
    assert list(people["participant_id"]) == layout.participants(4) and list(people["target"]) == [0, 1, 0, 1]
    assert list(people) == list(json.loads((folder / "participants.json").read_text()))
    described = json.loads((folder / "sessions.json").read_text())
    for number, person in enumerate(people["participant_id"]):
        visits = pd.read_csv(folder / person / f"{person}_sessions.tsv", sep="\t")
        assert list(visits["session_id"]) == ["ses-01", "ses-02"]
        assert list(visits) == list(described) and "covariate_brain_age" in described
        for row, session in zip(visits["row"] - 1, visits["session_id"], strict=True):
            visit = about.visits[row]
            seen = visits.set_index("session_id").loc[session]
            assert (seen["months"], seen["age"], visit.person) == (visit.months, visit.age, number)
            image = nib.load(folder / person / session / "anat" / f"{person}_{session}_T1w.nii.gz")
            assert np.array_equal(image.get_fdata(dtype=np.float32), cohort.images[row, 0].numpy())


def test_a_table_has_the_true_course_of_every_region(followed, tmp_path):
    cohort, about = followed
    derived = write(tmp_path / "visits", cohort, about) / "derivatives" / "plumbline"
    course = pd.read_csv(derived / "sub-0002" / "sub-0002_desc-planted_course.tsv", sep="\t").set_index("name")
    assert list(course) == ["ses-01", "ses-02"] and tuple(course.index) == cohort.region_names
    for session, row in (("ses-01", 1), ("ses-02", 3)):
        inside = cohort.regions[row] == cohort.region_names.index("left hippocampus") + 1
        mean = cohort.truths["planted"].volume[row][inside].double().mean().item()
        assert course.loc["left hippocampus", session] == pytest.approx(mean)
    assert abs(course.loc["left hippocampus", "ses-02"]) > abs(course.loc["left hippocampus", "ses-01"])
    assert not course.loc["left precentral gyrus"].any()


def test_a_lost_table_of_sessions_is_said(followed, tmp_path):
    folder = write(tmp_path / "visits", *followed)
    (folder / "sub-0003" / "sub-0003_sessions.tsv").unlink()
    with pytest.raises(BadInput, match=r"sub-0003_sessions\.tsv is missing; run"):
        read(folder)


@pytest.mark.parametrize(("modality", "recoloured"), [("T1w", False), ("FLAIR", True), ("pet", True)])
def test_scans_in_another_contrast_than_their_own_are_said_to_be(modality, recoloured):
    assert [f"{modality.upper()} " in text for text in origin("scans", modality)] == 3 * [recoloured]
    assert origin("template", modality) == origin("template", "T1w")


@pytest.mark.parametrize("heads", ["scans", "template", "phantom", ""])
def test_an_export_says_what_its_heads_are(cohort, tmp_path, heads):
    sources = ("a.nii.gz", "deep/b.nii.gz", "a.nii.gz", "a.nii.gz") if heads == "scans" else ()
    folder = write(tmp_path / "box", cohort, replace(ABOUT, heads=heads, sources=sources))
    readme, sidecar = ((folder / name).read_text() for name in ("README", "sub-0001/anat/sub-0001_T1w.json"))
    title = json.loads((folder / "dataset_description.json").read_text())["Name"]
    said = {"scans": "scans of people", "template": "template", "phantom": "phantom", "": "not"}[heads]
    assert said in readme and (said in title or not heads)
    assert {"scans": "Scan of a person", "": "not said"}.get(heads, heads) in json.loads(sidecar)["Description"]
    assert ("Nobody was scanned" in readme) == (heads == "phantom") and ("Real heads" in readme) == (heads == "scans")
    people = pd.read_csv(folder / "participants.tsv", sep="\t")
    assert ("source" in people) == (heads == "scans")
    assert heads != "scans" or tuple(people["source"]) == sources
    assert list(people) == list(json.loads((folder / "participants.json").read_text()))
    assert_equal(read(folder), cohort)


def _bytes(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_same_cohort_gives_the_same_bytes_and_replaces_what_was_there(cohort, tmp_path):
    first = _bytes(write(tmp_path / "a", cohort, ABOUT))
    (tmp_path / "a" / "sub-9999").mkdir()
    assert _bytes(write(tmp_path / "a", cohort, ABOUT)) == first
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_place_that_cannot_be_written_is_said_in_one_sentence(cohort, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match=r"file cannot be written.*paths.results"):
        write(tmp_path / "file" / "box", cohort, ABOUT)


@pytest.mark.parametrize("lost", ["participants.tsv", "sub-0003/anat/sub-0003_T1w.nii.gz", "sub-0001"])
def test_half_an_export_is_no_export(cohort, tmp_path, lost):
    folder = write(tmp_path / "box", cohort, ABOUT)
    (folder / lost).rename(tmp_path / "lost")
    with pytest.raises(BadInput, match="no whole export"):
        read(folder)


def moved(path):
    image = nib.load(path)
    affine = image.affine.copy()
    affine[0, 3] += 1
    path.write_bytes(gzip.compress(nib.Nifti1Image(np.asarray(image.dataobj), affine).to_bytes()))


def smaller(path):
    image = nib.load(path)
    path.write_bytes(gzip.compress(nib.Nifti1Image(np.asarray(image.dataobj)[1:], image.affine).to_bytes()))


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def emptied(path):
    path.write_bytes(b"")


def in_latin_1(path):
    path.write_bytes(path.read_text().replace("sub-0001", "s\u00fcb-0001").encode("latin-1"))


IMAGE = "sub-0002/anat/sub-0002_T1w.nii.gz"
DAMAGE = {
    "no longer on the grid": (moved, IMAGE),
    "is of another grid or type": (smaller, IMAGE),
    "cannot be read as NIfTI": (cut, IMAGE),
    "cannot be read as NIfTI ": (emptied, IMAGE),
    "is no table in UTF-8": (in_latin_1, "participants.tsv"),
    "is no table in UTF-8 ": (emptied, "derivatives/plumbline/dseg.tsv"),
    r"does not hold participant_id, subject, target": (lambda p: p.write_text("a\tb\n1\t2\n"), "participants.tsv"),
    "does not hold .* as they were": (
        lambda p: p.write_text("participant_id\ttarget\tsubject\nsub-0001\t1\t\n"),
        "participants.tsv",
    ),
    "is no JSON": (emptied, "sub-0001/anat/sub-0001_T1w.json"),
    "does not hold Affine": (lambda p: p.write_text("[]"), "sub-0001/anat/sub-0001_T1w.json"),
}


@pytest.mark.parametrize("says", DAMAGE)
def test_a_damaged_file_is_refused_by_name(cohort, tmp_path, says):
    folder = write(tmp_path / "box", cohort, ABOUT)
    harm, name = DAMAGE[says]
    harm(folder / name)
    with pytest.raises(BadInput, match=f"{name}:? .*{says}.*; run 'python -m bench export'") as error:
        read(folder)
    assert "\n" not in str(error.value)


def test_a_table_that_went_through_a_spreadsheet_says_the_same(cohort, tmp_path):
    folder = write(tmp_path / "box", cohort, ABOUT)
    for path in (folder / "participants.tsv", folder / "derivatives" / "plumbline" / "dseg.tsv"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert_equal(read(folder), cohort)


def test_names_of_regions_stay_texts(cohort, tmp_path):
    names = ("n/a", "NA", "007", "1e3", "True", "", "a\tb", 'say "left"', *map(str, range(99)))
    odd = replace(cohort, region_names=names[: len(cohort.region_names)])
    assert_equal(read(write(tmp_path / "box", odd, ABOUT)), odd)


def test_truths_of_names_that_are_alike_but_for_letters_bids_does_not_know_have_files_of_their_own(cohort, tmp_path):
    truth, names = cohort.truths["planted"], ("a_b", "aB", "a.b", "a-b")
    alike = replace(cohort, truths={name: replace(truth, name=name) for name in names})
    assert {*read(write(tmp_path / "box", alike, ABOUT)).truths} == {*names}


def test_a_study_exports_its_cohort_and_the_maps_it_has(planned):
    study = planned("method=[gradient,random]", "explain.subjects=16", "seed.data=0", "seed.model=0")
    (folder,) = export(study)
    assert folder == study.folder / "export" / "box"
    assert_equal(read(folder), Box(amplitude=0.3).cohort(range(16), "evaluation"))
    assert [p.name for p in (folder / "derivatives").iterdir()] == ["plumbline"]

    run = UnitRun(study, study.units[0])
    made = run.get(run.cells.cell(ATTRIBUTE, study.units[0], "gradient")).map
    (folder,) = export(study)
    path = "derivatives/box-linear-d0-m0/sub-0003/anat/sub-0003_desc-gradient_map.nii.gz"
    assert np.array_equal(nib.load(folder / path).get_fdata(dtype=np.float32), made[2, 0].numpy())
    assert not list(folder.rglob("*desc-random*"))


def test_a_study_draws_a_portrait_of_each_simulator_into_its_own_folder(planned):
    study = planned()
    (path,) = portraits.write(study)
    assert path == study.folder / "portraits" / "box.png"
    assert path.read_bytes().startswith(b"\x89PNG")
