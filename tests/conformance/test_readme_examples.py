"""Examples of the READMEs are plug-ins that conform and code that runs, as they stand there."""

import re
import sys
from importlib import import_module

import pytest
import torch
from fences import ROOT, blocks, executed
from omegaconf import OmegaConf
from safetensors.torch import save_file

from bench.checks import methods, networks, simulators
from bench.checks.method_probe import probes
from bench.config.build import build
from bench.contracts import BadInput, FromFiles
from bench.plan import plan
from bench.verify.conform import conform

torch.set_num_threads(1)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """package(name, source): a module of that name in a package `mypackage` that Python finds."""
    (tmp_path / "mypackage").mkdir()
    (tmp_path / "mypackage" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield lambda name, source: (tmp_path / "mypackage" / f"{name}.py").write_text(source)
    for name in [name for name in sys.modules if name.partition(".")[0] == "mypackage"]:
        del sys.modules[name]


@pytest.fixture
def study(tmp_path):
    """study(group, name, node): a study with a YAML of a folder of the user's."""

    def make(group, name, node):
        place = tmp_path / "conf" / group
        place.mkdir(parents=True)
        (place / f"{name}.yaml").write_text(node)
        lines = ["study=tiny", f"{group}={name}", f"axes.{group}=[{name}]", "trusted=[mypackage]"]
        return plan.study([*lines, f"paths.results={tmp_path / 'results'}"], [tmp_path / "conf"])[0]

    return make


def test_the_method_conforms(monkeypatch):
    (source,), (node,) = (blocks("methods/README.md", kind, "Adding one") for kind in ("python", "yaml"))
    arguments = OmegaConf.to_container(OmegaConf.create(node))
    module = executed(source, monkeypatch)
    method = getattr(module, arguments.pop("_target_").rsplit(".", 1)[1])(**arguments)
    for check in methods.applicable(method):
        for probe in probes():
            check(method, probe)


def test_the_network_conforms_from_outside(package, study):
    (source,), (node,) = (blocks("bench/networks/README.md", kind, "Adding one") for kind in ("python", "yaml"))
    package("dilated", source)
    verdicts = list(conform(study("network", "dilated", node), ["network=dilated"]))
    assert len(verdicts) == len(networks.applicable(None)) and not [v for v in verdicts if v[2]]


def test_the_network_whose_weights_lie_in_a_file_conforms(package, tmp_path):
    (dilated,) = blocks("bench/networks/README.md", "python", "Adding one")
    (stored,) = blocks("bench/networks/README.md", "python", "Weights of your own")
    package("dilated", dilated)
    package("stored", stored)
    made, file = import_module("mypackage.stored").Stored, tmp_path / "mine.safetensors"
    weights = made(networks.SHAPE, 2, file).state_dict()
    save_file(weights, file)
    assert isinstance(made, FromFiles) and made.files_of({"file": str(file)}) == [file]

    def make(shape, outputs):
        return made(shape, outputs, file)

    for check in networks.applicable(make):
        check(make)
    fitted = make(networks.SHAPE, 2)
    fitted.fit(None, None, None)
    assert all(torch.equal(fitted.state_dict()[name], value) for name, value in weights.items())


def test_the_pathology_conforms_from_outside(package, study):
    (source,), (node,) = (blocks("simulators/README.md", kind, "Adding one") for kind in ("python", "yaml"))
    package("haze", source)
    brain = study("simulator", "haze", node).make("simulators", "haze").with_amplitude(0.3)
    for check in simulators.applicable(brain):
        check(brain)


def test_code_of_ones_own_runs_as_the_readme_has_it(monkeypatch):
    (source,) = blocks("methods/README.md", "python", "In your own code")
    module = executed(source, monkeypatch)
    assert len(source.splitlines()) < 30
    assert all(values.shape == (2,) and values.isfinite().all() for values in module.scores.values())


def test_files_that_the_datasheet_names_are_there():
    sheet = ROOT / "simulators" / "DATASHEET.md"
    named = re.findall(r"`([\w./]+/[\w.]*|[\w/]+\.(?:md|csv|py))`", sheet.read_text())
    assert len(named) > 6
    places = (sheet.parent, sheet.parent / "anatomy", ROOT, ROOT / "conf" / "simulator")
    assert not [name for name in named if not any((place / name).exists() for place in places)]


def test_the_first_page_is_one_that_a_person_finishes():
    assert len((ROOT / "README.md").read_text().split()) < 900


def test_a_package_that_python_does_not_find_is_refused_with_the_way_to_it():
    with pytest.raises(
        BadInput,
        match=r"No module named 'nowhere'\); install the package .*, or set PYTHONPATH",
    ):
        build({"_target_": "nowhere.at.All"}, trusted=["nowhere"])
