"""The command line as users of Hydra and Unix expect it: help, version, --cfg, --info, completion, no abbreviations."""

import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bench import __version__
from bench.cli import main
from bench.config import completion, shown
from bench.front import VERBS, Misread, begin, read

ROOT = Path(__file__).parents[2]
#: what is typed -> what the sentence must hold
MISREAD: dict[str, tuple[str, ...]] = {
    "tiny": ("no verb 'tiny'", "did you mean 'study=tiny'"),
    "plan tiny": ("the argument 'tiny'", "did you mean 'study=tiny'"),
    "check gradient": ("the argument 'gradient'", "did you mean 'method=[gradient]'"),
    "plan focal": ("did you mean 'simulator=focal'",),
    "quik": ("did you mean 'study=quick'",),
    "--study tiny": ("no option '--study'", "write study=tiny"),
    "plan --seed.data=3": ("no option '--seed.data'", "write seed.data=3"),
    "plan --multi study=tiny": ("no option '--multi'", "did you mean '--multirun'"),
    "plan --config conf": ("no option '--config'", "did you mean '--config-dir'"),
    "plan --verbose study=tiny": ("no option '--verbose'", "--help"),
    "plan -cn quick": ("-cn is not possible", "study=NAME"),
    "plan --config-path=conf": ("--config-path is not possible", "--config-dir"),
    "--experimental-rerun x": ("show KEY",),
    "--cfg jo": ("'jo'", "job"),
    "--info study=tiny": ("'study=tiny'", "defaults-tree"),
    "-sc install=zsh": ("'install=zsh'", "install=bash"),
    "plan -m -x": ("no option '-x'",),
}


@pytest.mark.parametrize("line", MISREAD)
def test_words_that_mean_nothing_are_answered_with_what_was_meant(line, capsys):
    assert main(line.split()) == 2
    said = capsys.readouterr()
    assert not said.out and said.err.startswith("error: ") and said.err.count("\n") == 1
    assert all(part in said.err for part in MISREAD[line]), said.err


@pytest.mark.parametrize("line", ["help", "--help", "-h", "help plan", "--hydra-help"])
def test_help_lists_every_verb(line, capsys):
    with pytest.raises(SystemExit) as end:
        main(line.split())
    said = capsys.readouterr().out
    assert end.value.code in (0, None) and set(VERBS) <= {*re.findall(r"\w+", said)}


@pytest.mark.parametrize("word", ["--version", "version"])
def test_the_version_is_that_of_the_package(word, capsys):
    with pytest.raises(SystemExit) as end:
        main([word])
    assert not end.value.code and capsys.readouterr().out == f"plumbline {__version__}\n"


def test_what_needs_no_study_is_answered_before_torch_and_hydra_are_imported():
    light = "from bench.front import begin; import sys; begin(['tiny']); print({'torch', 'hydra'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", light], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "set()\n"
    done = subprocess.run([sys.executable, "-m", "bench", "tiny"], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_words_are_read_in_any_order():
    words = read(["-m", "study=tiny", "plan", "~method.gradient", "-cd", "a", "--config-dir=b", "--run"])
    assert words.verb == "plan" and words.overrides == ["study=tiny", "~method.gradient"]
    assert words.config_dirs == [Path("a"), Path("b")] and words.asked is None
    with pytest.raises(Misread, match="the argument 'prune'"):
        read(["store", "verify", "prune"])


def test_cfg_shows_the_configuration_and_does_nothing(tmp_path, capsys):
    line = ["run", "study=tiny", "simulator=focal,mtl_atrophy", "seed.data=range(2)", f"paths.results={tmp_path / 'r'}"]
    assert main([*line, "--cfg", "job"]) == 0
    said = capsys.readouterr().out
    config = yaml.safe_load(said)
    assert said.startswith("# the first of 2 pairs") and not (tmp_path / "r").exists()
    assert config["seed"]["data"] == [0, 1] and config["name"] == "tiny" and "hydra" not in config


def test_cfg_shows_one_key_and_the_launcher(capsys):
    launcher = yaml.safe_load(shown.configuration(["hydra/launcher=joblib"], (), "hydra"))["hydra"]["launcher"]
    assert launcher["n_jobs"] == -1
    both = yaml.safe_load(shown.configuration(["study=tiny"], (), "all"))
    assert {"hydra", "seed"} <= set(both)
    assert yaml.safe_load(shown.configuration(["study=tiny"], (), "job", "explain")) == both["explain"]
    assert main(["--cfg", "job", "-p", "explian", "study=tiny"]) == 2
    assert "did you mean 'explain'" in capsys.readouterr().err


def test_a_configuration_that_cannot_be_is_refused_by_cfg_as_by_plan(capsys):
    assert main(["--cfg", "job", "study=nix"]) == 2
    assert "there is no study 'nix'" in capsys.readouterr().err


@pytest.mark.parametrize(("which", "holds"), [("defaults", "study/tiny"), ("searchpath", "--config-dir")])
def test_info_tells_how_hydra_finds_the_configuration(which, holds, tmp_path, capsys):
    before = logging.getLogger().handlers[:], logging.getLogger().level
    assert main(["study=tiny", "--config-dir", str(tmp_path), "--info", which]) == 0
    assert holds in capsys.readouterr().out
    assert (logging.getLogger().handlers, logging.getLogger().level) == before


@pytest.mark.parametrize(
    ("typed", "among"),
    [
        ("pl", "plan "),
        ("plan study=ti", "study=tiny"),
        ("plan method=[gradient,gradient_x", "method=[gradient,gradient_x_input"),
        ("plan simulator=focal,mtl_a", "simulator=focal,mtl_atrophy"),
        ("plan simulator=focal simulator.pa", "simulator.pathology."),
        ("plan train.ep", "train.epochs="),
        ("plan hydra/launcher=jo", "hydra/launcher=joblib"),
    ],
)
def test_a_word_is_completed(typed, among):
    assert among in completion.completions(f"python -m bench {typed}", sorted(VERBS))


def test_what_cannot_be_composed_is_completed_with_nothing():
    assert completion.completions("python -m bench plan simulator=nix simulator.pa", ()) == []


def test_bash_completes_through_the_lines_that_install_prints(capfd):
    assert begin(["-sc", "install=bash"]) == 0
    lines = capfd.readouterr().out
    asked = f"{sys.executable} -m bench plan study=ti"
    script = f'{lines}\nCOMP_LINE="{asked}" COMP_POINT={len(asked)}\n_plumbline\necho "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "study=tiny\n", done.stderr
    assert begin(["-sc", "uninstall=bash"]) == 0 and "complete -r" in capfd.readouterr().out
