"""The user's configuration file is read, or refused by name: it is never passed over."""

import shutil

import pytest

from bench.config.compose import CONF, study
from bench.contracts import BadInput

pytestmark = pytest.mark.fault("configuration")


@pytest.mark.parametrize(
    "name",
    ["method/occlusion.yaml", "network/linear.yaml", "study/tiny.yaml", "simulator/focal.yaml", "config.yaml"],
)
def test_a_file_of_a_name_that_we_ship_is_refused_with_both_files(tmp_path, name):
    mine = tmp_path / name
    mine.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(CONF / name, mine)
    study(["study=tiny"], [tmp_path])
    mine.write_text(mine.read_text() + "\n# mine\n")
    with pytest.raises(BadInput) as refused:
        study(["study=tiny"], [tmp_path])
    assert str(mine) in str(refused.value) and str(CONF / name) in str(refused.value)


def test_two_folders_of_the_user_may_not_hide_each_other(tmp_path):
    for number in (1, 2):
        (tmp_path / str(number) / "method").mkdir(parents=True)
        (tmp_path / str(number) / "method" / "mine.yaml").write_text(f"a: {number}")
    with pytest.raises(BadInput, match=r"2/method/mine.yaml would not be read, because .*1/method/mine.yaml"):
        study(["study=tiny"], [tmp_path / "1", tmp_path / "2"])


def test_another_ending_is_refused(tmp_path):
    (tmp_path / "method").mkdir()
    (tmp_path / "method" / "occlusion.yml").write_text("window: 2")
    (tmp_path / "compose.yml").write_text("no file of a group")
    with pytest.raises(BadInput, match=r"occlusion.yml would not be read; rename it to occlusion.yaml"):
        study(["study=tiny"], [tmp_path])


def test_a_file_with_the_name_of_the_schema_is_refused(tmp_path):
    (tmp_path / "schema.yaml").write_text("name: mine\n")
    with pytest.raises(BadInput, match=r"schema.yaml has the name of what checks all keys"):
        study(["study=tiny"], [tmp_path])


def test_a_launcher_of_the_user_is_refused(tmp_path):
    (tmp_path / "hydra" / "launcher").mkdir(parents=True)
    (tmp_path / "hydra" / "launcher" / "mine.yaml").write_text("n_jobs: 2\n")
    with pytest.raises(BadInput, match=r"mine.yaml would not be read by the launcher"):
        study(["study=tiny", "hydra/launcher=mine"], [tmp_path])
