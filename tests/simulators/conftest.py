import pytest
import torch

from simulators.brain import Brain
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.focal import Focal

torch.set_num_threads(1)

HIPPOCAMPI = ("left hippocampus", "right hippocampus")


@pytest.fixture(scope="session", params=["atrophy", "focal"])
def brain(request):
    pathology = {"atrophy": Atrophy(HIPPOCAMPI), "focal": Focal()}[request.param]
    return Brain(pathology, amplitude=0.3)


@pytest.fixture(scope="session")
def atrophy():
    return Brain(Atrophy(HIPPOCAMPI), amplitude=0.3)
