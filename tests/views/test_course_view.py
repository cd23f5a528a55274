"""The view of a course, of a person whose course is known and a network that halves it."""

import matplotlib.image
import pandas as pd
import pytest
import torch
from torch import nn

from bench.contracts import Batch, Cohort, Truth, Visit
from bench.explore.views import write
from bench.explore.views.seen import Seen

SHAPE = (6, 7, 8)
REGIONS = torch.zeros(SHAPE, dtype=torch.int16)
REGIONS[1:4, 1:4, 1:4], REGIONS[4:, 4:, 4:] = 1, 2


class World:
    """Persons seen twice, four months apart and more; the disease of each patient grows in the second region."""

    shape, target, region_names = SHAPE, (1, 0), ("still", "ill", "nowhere")

    def visit(self, subject, stream):
        person, number = 2 * (subject // 4) + subject % 2, subject % 4 // 2
        return Visit(person, number, 2, number * (4.0 + person), 70.0 + number, subject % 2)

    def cohort(self, indices, stream):
        visits = [World.visit(self, subject, stream) for subject in indices]
        size = torch.tensor([v.diagnosis * (1 + v.months * (v.person % 6) / 12) for v in visits])
        disease = -size.view(-1, 1, 1, 1, 1) * (REGIONS == 2)
        images = disease + torch.rand(len(visits), 1, *SHAPE, generator=torch.Generator().manual_seed(0))
        regions = REGIONS.expand(len(visits), 1, *SHAPE)
        truths = {"counterfactual": Truth("counterfactual", volume=disease)}
        targets = torch.tensor([v.diagnosis for v in visits])
        return Cohort(images, targets, torch.tensor(list(indices)), regions=regions, truths=truths)

    def sides(self, targets):
        return targets


class Simulates(nn.Module):
    """A year takes 1.5 from the second region of a patient and adds 1 to all of everybody."""

    def intrinsic(self, x):
        healthy = torch.ones_like(x)
        return {"course": torch.cat([healthy, healthy - 1.5 * (REGIONS == 2)], 1)}


def _attempt(model, world, folder):
    cohort = world.cohort(range(8), "evaluation")
    test = Batch(cohort.images, cohort.targets, cohort.subjects)
    return write._attempt("progression", Seen("network", model, world, test, test), folder)


def test_the_patient_in_the_middle_is_shown_with_true_and_simulated_change(tmp_path):
    assert _attempt(Simulates(), World(), tmp_path) == ("ok", "")
    table = pd.read_csv(tmp_path / "course.csv")
    assert table["region"].tolist() == ["ill", "ill", "still", "still"]
    first, last = table[table["region"] == "ill"].to_dict("records")
    assert (first["true"], first["simulated"]) == (0, 0)
    # of patients whose disease grows by 1, 3 and 5 a year
    assert last["month"] % 6 == 1 and last["true"] == pytest.approx(-last["month"] * 3 / 12, abs=1e-5)
    assert last["simulated"] == pytest.approx(last["true"] / 2, abs=1e-5)
    for name in ("course.png", "course_regions.png"):
        assert matplotlib.image.imread(tmp_path / name).std() > 0.01


def test_where_nobody_comes_again_it_says_so(tmp_path):
    class Once(World):
        def visit(self, subject, stream):
            return None

    status, reason = _attempt(Simulates(), Once(), tmp_path)
    assert status == "unsupported" and reason.startswith("courses need persons who are seen more than once")
