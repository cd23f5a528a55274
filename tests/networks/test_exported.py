"""Every shipped network, exported and loaded by the lines that lie beside an export, is the network that it was."""

import pytest
import torch
from composed import CONF, node
from fences import executed

from bench.checks.networks import ProbeTask
from bench.config.architecture import architecture, learnt_of
from bench.explore.export.models import LOADER, ExportedModel

NAMES = sorted(path.stem for path in (CONF / "network").glob("*.yaml"))
PLACE = ProbeTask((16, 24, 16), 2)


@pytest.mark.parametrize("name", NAMES)
def test_an_exported_network_loads_as_it_was(name, tmp_path, monkeypatch):
    described = node(f"network/{name}")
    torch.manual_seed(1)
    model = architecture(described, PLACE, ())().eval()
    ExportedModel(name, model, described, learnt_of(described, PLACE, ()), {}).write(tmp_path / "model")
    torch.manual_seed(2)
    loaded = executed(LOADER, monkeypatch, "load_model").load(tmp_path / "model")
    images = torch.rand(2, 1, *PLACE.shape)
    with torch.no_grad():
        assert torch.equal(loaded(images), model(images))
