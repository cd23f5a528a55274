"""The progression network: its losses against formulas, and courses that it recovers where they are known."""

import math
from dataclasses import replace

import pytest
import torch

from bench.contracts import BadInput, Batch, Visit
from bench.networks._adversaries import LooksReal, TellsOrder
from bench.networks._progression import Progression, RegionMeans
from bench.networks._progression_fit import Weights
from bench.networks._progression_losses import Differences, Remade, losses
from bench.networks._visit_pairs import Courses, Pairs
from bench.networks.daninet import DaniNet
from methods.course import SimulatedCourse

GRID = (8, 12, 8)
REGIONS = torch.zeros(GRID, dtype=torch.long)
REGIONS[:4, 2:10, 2:6], REGIONS[4:, 2:6, 2:6], REGIONS[4:, 6:10, 2:6] = 1, 2, 3
#: what a year of the disease adds, and what a year adds to everybody, by region
DISEASE, AGEING = (0.0, -0.1, 0.0), (0.05, 0.0, 0.0)
VISITS = 3


def painted(values):
    return torch.tensor((0.0, *values))[REGIONS]


def visit(subject):
    """Controls and patients in turn; three in a row of a person, at most, come 18 months apart."""
    pair, place = divmod(subject, 2 * VISITS)
    number, patient = divmod(place, 2)
    return Visit(2 * pair + patient, number, VISITS, 18.0 * number, 65 + 1.5 * number + pair % 7, patient)


def cohort(count, seed):
    """Noise and a level of each person's own; all age, and patients lose tissue in one region as well."""
    draw = torch.Generator().manual_seed(seed)
    seen = [visit(subject) for subject in range(count)]
    levels = torch.randn(count + VISITS, 1, 1, 1, generator=draw)
    images = []
    for one in seen:
        changed = painted(AGEING) * (one.age - 65) + one.diagnosis * painted(DISEASE) * (2 + one.months / 12)
        images.append(changed + 0.1 * levels[one.person] + 0.05 * torch.randn(GRID, generator=draw))
    return Batch(torch.stack(images)[:, None], torch.arange(count) % 2, torch.arange(count), visit=visit)


def network(**parameters):
    torch.manual_seed(0)
    return DaniNet(GRID, 2, REGIONS, width=2, hidden=8, person=4, **parameters)


def test_a_course_that_is_known_is_simulated():
    model, train = network(epochs=20), cohort(240, 1)
    model.fit(train, cohort(24, 2), torch.Generator().manual_seed(0))
    test = cohort(24, 3)
    with torch.no_grad():
        assert (model(test.images).argmax(1) == test.targets).float().mean() > 0.9
        course = SimulatedCourse()(model, test.images, (1, 0))
        of_each = model.intrinsic(test.images)["course"]
    torch.testing.assert_close(course[:, 0], of_each[:, 1] - of_each[:, 0])
    disease = [course[:, 0][:, region == REGIONS].mean().item() for region in (1, 2, 3)]
    ageing = [of_each[:, 0][:, region == REGIONS].mean().item() for region in (1, 2, 3)]
    assert disease == pytest.approx(DISEASE, abs=0.03) and ageing == pytest.approx(AGEING, abs=0.03)


def test_a_person_is_one_sum_of_level_ageing_and_disease():
    torch.manual_seed(0)
    decoder = Progression(GRID, 3, person=4, hidden=8, depth=2).double().requires_grad_(False)
    for layer in (decoder.ageing, decoder.start, decoder.pace):
        torch.nn.init.normal_(layer.weight)
    who, age = torch.randn(3, 4).double(), torch.tensor([0.5, -1.0, 2.0]).double()
    found = decoder(who, age, torch.tensor([0, 2, 1]))
    for row, disease in enumerate((None, 1, 0)):
        sums = decoder.body(who[row]) + decoder.aged.weight @ (age[row] * decoder.ageing(who[row]))
        if disease is not None:
            stage = decoder.start(who[row]) + age[row] * decoder.pace(who[row])
            sums = sums + decoder.ill.weight @ stage[2 * disease : 2 * disease + 2]
        torch.testing.assert_close(found[row], decoder.voxels(sums[None])[0])


def test_losses_are_what_their_formulas_say():
    draw = torch.Generator().manual_seed(3)
    seen, simulated, well, images = (torch.randn(4, 1, *GRID, generator=draw) for _ in range(4))
    outputs, ages = torch.randn(4, 2, generator=draw), torch.randn(4, generator=draw)
    pairs = Pairs(images[:2], images[2:], torch.tensor([0.1, 0.2]), torch.tensor([0.5, 0.9]), torch.tensor([1, 0]))
    regions, spread = RegionMeans("daninet", GRID, REGIONS), 0.5 + torch.rand(GRID, generator=draw)
    differences = Differences(1 + torch.rand(GRID, generator=draw), torch.tensor([0.5, 1.0, 2.0]))
    found = losses(Remade(outputs, outputs, ages, seen, simulated, well), pairs, spread, differences, regions)
    mean = lambda volume: torch.stack([volume[:, 0][:, r == REGIONS].mean(1) for r in (1, 2, 3)], 1)  # noqa: E731
    error = (simulated[2:] - simulated[:2]) * spread - (images[2:] - images[:2])
    ill = mean((simulated - well) * spread).abs() / differences.regions
    chances = outputs.softmax(1)[range(4), [1, 0, 1, 0]]
    receding = (ill[:2] - ill[2:]).clamp(min=0).mean()
    expected = {
        "image": (simulated - seen).square().mean(),
        "class": -chances.log().mean(),
        "age": (ages - torch.tensor([0.1, 0.2, 0.5, 0.9])).square().mean(),
        "voxels": (error / differences.voxels).square().mean(),
        "regions": (mean(error) / differences.regions).square().mean() + receding,
    }
    torch.testing.assert_close(found, expected)


def test_a_learnt_weight_ends_at_one_over_its_loss():
    weights, parts = Weights(), {"image": torch.tensor(0.3), "class": torch.tensor(4.0)}
    descent = torch.optim.Adam(weights.parameters(), 0.05)
    for _ in range(300):
        descent.zero_grad()
        weights(parts).backward()
        descent.step()
    assert {n: (-weights.logs[n]).exp().item() for n in parts} == pytest.approx({"image": 1 / 0.3, "class": 1 / 4.0})


def test_discriminators_err_least_where_they_tell_and_ask_least_where_they_cannot():
    order, real = TellsOrder(2), LooksReal((2, 2, 2))
    with torch.no_grad():
        for parameter in (*order.parameters(), *real.parameters()):
            parameter.zero_()
        blind = order.loss(torch.ones(3, 2), torch.zeros(3, 2))
        assert blind.item() == pytest.approx(math.log(2))
        assert order.asks(torch.ones(3, 2), torch.zeros(3, 2)).item() == pytest.approx(math.log(2))
        assert real.loss(torch.ones(3, 1, 2, 2, 2), torch.zeros(3, 1, 2, 2, 2)).item() == 0.5
        order.judge[0].weight[0], order.judge[2].weight[0, 0] = torch.tensor([1.0, 1.0, -1.0, -1.0]), 4.0
        assert order.loss(torch.ones(3, 2), torch.zeros(3, 2)) < blind
        assert order.asks(torch.ones(3, 2), torch.zeros(3, 2)) > blind


def test_every_visit_is_seen_once_beside_another_of_its_person():
    courses = Courses("daninet", cohort(24, 1))
    pairs = courses.paired(torch.Generator().manual_seed(0))
    assert len(pairs) == 8 and pairs.unique().numel() == 16
    for first, second in pairs.tolist():
        assert visit(first).person == visit(second).person and visit(first).age < visit(second).age


@pytest.mark.parametrize("part", ["voxels", "regions", "order", "realism", "weights"])
def test_a_part_that_is_left_out_leaves_another_network(part):
    states = []
    for without in ("nothing", part):
        model = network(epochs=3, without=without)
        model.fit(cohort(24, 1), cohort(24, 2), torch.Generator().manual_seed(0))
        states.append(model.decoder.body.weight.detach())
    assert not torch.equal(*states)


def test_what_it_cannot_serve_is_refused():
    with pytest.raises(BadInput, match=r"DaniNet.in_shape=\[8, 10, 8\] is not possible: give axes divisible by 4"):
        DaniNet((8, 10, 8), 2, REGIONS)
    with pytest.raises(BadInput, match=r"DaniNet.outputs=1 is not possible: give a task of classes"):
        DaniNet(GRID, 1, REGIONS)
    with pytest.raises(BadInput, match="network daninet: it reads regions and was given none; use"):
        DaniNet(GRID, 2)
    alone = replace(cohort(24, 1), visit=None)
    with pytest.raises(BadInput, match="learns from persons who are seen more than once, and here is none; take"):
        network().fit(alone, alone, torch.Generator())


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"of": 1}, "has one visit, which shows no course; give"),
        ({"age": 60.0}, "years old at visit 1 and 60 at the next; give visits in the order of age"),
        ({"diagnosis": 1}, "diagnosis 0 at visit 1 and 1 at the next; give a person one diagnosis"),
    ],
)
def test_what_is_no_course_is_refused(changed, complaint):
    def ask(subject):
        one = visit(subject)
        wrong = one.number == (0 if "of" in changed else 1) and one.person == 0
        return one._replace(**changed) if wrong else one

    with pytest.raises(BadInput, match=complaint):
        network().fit(replace(cohort(12, 1), visit=ask), cohort(12, 2), torch.Generator())
