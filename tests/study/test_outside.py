"""Maps made elsewhere: read from files, scored as those of a method, refused by name where they do not fit."""

import importlib.util
import json
import shutil

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch
from fakes import CONF

from bench.cli import main
from bench.contracts import BadInput
from bench.explore.export.cohorts import export
from bench.launch.unit import UnitRun
from bench.plan import plan
from bench.plan.states import StoredCells, survey
from bench.stages.cohort import COHORT
from bench.stages.train import TRAIN
from bench.tables.scores import ScoreTable
from bench.verbs import computing
from bench.verbs.scoring import with_maps

LINES = ["study=fake", "trusted=[fakes]", "seed.data=0,1", "seed.model=0", "method=[random,gradient]"]
MODELS = ["box-linear-d0-m0", "box-linear-d1-m0"]


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """The command of a study that was run."""
    lines = [*LINES, f"paths.results={tmp_path_factory.mktemp('results')}"]
    assert main(["run", *lines, "--config-dir", str(CONF)]) == 0
    return lines


@pytest.fixture(scope="module")
def study(lines):
    return plan.study(lines, [CONF])[0]


@pytest.fixture(scope="module")
def exported(study):
    (folder,) = export(study)
    return folder


@pytest.fixture
def given(exported, tmp_path):
    """A folder `mylab` with the gradients of every model, as files that someone else might write."""
    for model in MODELS:
        (tmp_path / "mylab" / model).mkdir(parents=True)
        for path in (exported / "derivatives" / model).rglob("*desc-gradient_map.nii.gz"):
            shutil.copy(path, tmp_path / "mylab" / model / f"{path.name.partition('_')[0]}.nii.gz")
    return tmp_path / "mylab"


def rows(study):
    return pd.read_parquet(study.folder / "scores").astype({"method": str}).set_index("method")


def test_gradients_that_come_back_as_files_score_as_the_gradient_and_move_no_other_row(study, lines, given, capsys):
    before = rows(study)
    command = ["score", *lines, f"maps={given}", "quantity=sensitivity", "--config-dir", str(CONF)]
    assert main(command) == 0
    after = rows(study)
    pd.testing.assert_frame_equal(after.drop(index="mylab"), before)
    mine, theirs = (after.loc[name].reset_index(drop=True) for name in ("mylab", "gradient"))
    at = ["simulator", "network", "data_seed", "subject", "metric", "view", "truth"]
    for metric in ("calibrated_ap", "region_spearman", "infidelity_redraw"):
        pair = [part[part["metric"] == metric].sort_values(at, ignore_index=True) for part in (mine, theirs)]
        assert pair[0]["status"].eq("ok").any()
        pd.testing.assert_frame_equal(*pair, check_exact=True)
    blank = mine[mine["metric"].eq("max_sensitivity")]
    assert len(blank) and set(blank["status"]) == {"unsupported"} and "made elsewhere" in blank["reason"].iloc[0]
    about = pd.read_csv(study.folder / "methods.csv").set_index("method").loc["mylab"]
    assert about["family"] == "outside" and about["role"] == "method"
    assert "mylab" in set(pd.read_csv(study.folder / "leaderboard.csv")["method"])
    typed = json.loads((study.folder / "study.json").read_text())["command"]
    assert typed.startswith("python -m bench score study=fake") and "maps=mylab quantity=sensitivity" in typed
    # another file makes that model's rows anew, and no others
    change(given / MODELS[0] / "sub-0002.nii.gz", lambda data: -2 * data)
    again = with_maps(study, str(given), "sensitivity")
    asked = [c for cells in survey(again).values() for c, state in cells.values() if state == "missing"]
    assert {c.method for c in asked} == {"mylab"}


@pytest.mark.full
def test_the_study_alone_writes_its_tables_without_the_maps_and_says_so(study, lines, given, tmp_path, capsys):
    maps = [f"maps={shutil.copytree(given, tmp_path / name)}" for name in ("one", "other")]
    assert main(["score", *lines, *maps, "--config-dir", str(CONF)]) == 0
    assert {"one", "other"} <= set(rows(study).index)
    capsys.readouterr()
    assert main(["run", *lines, "--config-dir", str(CONF)]) == 0
    assert "the tables will be without one, other, which `score` adds again" in capsys.readouterr().err
    assert not {"one", "other"} & set(rows(study).index)


def test_a_quantity_that_a_file_cannot_hold_is_refused(study, given):
    with pytest.raises(BadInput, match=r"quantity.*contribution.*is not possible: give"):
        with_maps(study, str(given), "contribution")


def test_keys_of_other_cells_do_not_move(study, given):
    def keys(of):
        return {c.key for cells in survey(of).values() for c, _ in cells.values() if c.method != "mylab"}

    assert keys(with_maps(study, str(given))) == keys(study)


def test_a_model_without_maps_has_rows_that_say_so(study, given):
    shutil.rmtree(given / MODELS[1])
    scored = with_maps(study, str(given))
    computing.compute(scored, [])
    table = ScoreTable(scored, survey(scored), StoredCells.of(scored))
    whole = table.rows(scored.unit(MODELS[1]))
    mine = whole[whole["method"].eq("mylab") & whole["metric"].eq("calibrated_ap")]
    # where the truth is empty there is no value whatever the map
    assert set(mine["status"]) <= {"unsupported", "undefined"}
    (reason,) = set(mine["reason"][mine["status"].eq("unsupported")])
    assert reason.endswith(f"there are no maps of the model {MODELS[1]} in mylab")


def change(path, of=lambda data: data, affine=lambda affine: affine):
    image = nib.load(path)
    nib.save(nib.Nifti1Image(of(np.asarray(image.dataobj)).astype(np.float32), affine(image.affine)), path)


def shifted(affine):
    return affine + np.array([[0, 0, 0, 2.0], *[[0] * 4] * 3])


def holed(data):
    return np.where(np.indices(data.shape).sum(0) == 5, np.nan, data)


MISFITS = {
    r"there is no model 'box-linear-d7-m0'; did you mean": lambda f: (f / MODELS[0]).rename(f / "box-linear-d7-m0"),
    r"holds no folder of a model": lambda f: [shutil.rmtree(f / m) for m in MODELS],
    r"there is no map of sub-0003; give one of each": lambda f: (f / MODELS[0] / "sub-0003.nii.gz").unlink(),
    r"sub-0099 is not among the 16 explained subjects": lambda f: shutil.copy(
        f / MODELS[0] / "sub-0001.nii.gz", f / MODELS[0] / "sub-0099.nii.gz"
    ),
    r"sub-0001_x\.nii\.gz: is a second map of sub-0001": lambda f: shutil.copy(
        f / MODELS[0] / "sub-0001.nii.gz", f / MODELS[0] / "sub-0001_x.nii.gz"
    ),
    r"mean\.nii\.gz: names no subject": lambda f: (f / MODELS[0] / "sub-0001.nii.gz").rename(
        f / MODELS[0] / "mean.nii.gz"
    ),
    r"sub-0001\.nii\.gz: has 7 x 8 x 8 voxels, its image 8 x 8 x 8": lambda f: change(
        f / MODELS[0] / "sub-0001.nii.gz", lambda data: data[1:]
    ),
    r"sub-0001\.nii\.gz: lies elsewhere than its image": lambda f: change(
        f / MODELS[0] / "sub-0001.nii.gz", affine=shifted
    ),
    r"sub-0001\.nii\.gz: holds values that are not finite": lambda f: change(f / MODELS[0] / "sub-0001.nii.gz", holed),
    r"sub-0001\.nii\.gz: cannot be read as NIfTI": lambda f: (f / MODELS[0] / "sub-0001.nii.gz").write_bytes(b"no"),
}


@pytest.mark.parametrize("says", MISFITS)
def test_what_does_not_fit_is_refused_by_name_before_anything_is_computed(study, given, says):
    MISFITS[says](given)
    with pytest.raises(BadInput, match=says) as error:
        with_maps(study, str(given))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("name", "says"), [("gradient", "has a method gradient already"), ("My Lab", "in a-z, 0-9")])
def test_a_folder_whose_name_cannot_be_that_of_a_method_is_refused(study, given, name, says):
    with pytest.raises(BadInput, match=says):
        with_maps(study, str(given.rename(given.parent / name)))


def test_score_without_maps_is_refused(lines, capsys):
    assert main(["score", *lines, "--config-dir", str(CONF)]) == 2
    assert "give each as maps=FOLDER" in capsys.readouterr().err


def test_an_exported_model_loads_with_the_ten_lines_beside_it(study, exported):
    spec = importlib.util.spec_from_file_location("load_model", exported / "code" / "load_model.py")
    loader = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loader)
    run = UnitRun(study, study.unit(MODELS[1]))
    images = run.value(COHORT).images
    with torch.no_grad():
        ours, theirs = run.value(TRAIN).model(images), loader.load(exported / "derivatives" / MODELS[1])(images)
    assert torch.equal(ours, theirs)
    assert len(spec.loader.get_source("load_model").split("def load")[1].strip().splitlines()) <= 10
