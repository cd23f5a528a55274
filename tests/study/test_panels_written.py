"""Pictures show the patients that the simulator names, whatever its targets are."""

from types import SimpleNamespace

import torch

from bench.contracts import Cohort
from bench.tables import panels

VALUES = torch.tensor([3.0, 5.0, 2.0, 7.0])


class Ages:
    """Values above 4 are on the patients' side."""

    kind = "regression"

    def sides(self, targets):
        return (targets > 4).long()


def test_subjects_of_a_regression_are_on_the_sides_of_the_simulator(monkeypatch):
    images = torch.rand(4, 1, 5, 6, 7, generator=torch.Generator().manual_seed(0))
    cohort = Cohort(images, VALUES, torch.arange(4), images / 2, images.short(), images.bool())
    monkeypatch.setattr(panels.train, "record", lambda folder: {"passed": True})
    group = SimpleNamespace(simulator="ages", network="n")
    study = SimpleNamespace(
        groups=[group], members=lambda group: [group], kept=4, methods={}, make=lambda group, name: Ages()
    )
    cells = SimpleNamespace(cell=lambda *asked: "cell")
    ledger = SimpleNamespace(record=lambda cell: {}, value=lambda cell: cohort, folder=lambda cell: None)
    volumes = panels._volumes(study, "ages", cells, ledger)
    assert volumes.subjects.tolist() == [1, 3] and volumes.labels.tolist() == [1, 1]
