"""Trends of relevance over visits against a plain loop, on maps and courses that are known."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.contracts import BadInput, Cohort, Context, Truth, Undefined, Visit
from metrics.trend import RelevanceTrend

GRID = (4, 5, 6)
NAMES = ("first", "second", "third", "fourth", "fifth")
#: person, months, diagnosis of every image: two patients with two and four visits, a control, a patient seen once
ROWS = ((0, 0, 1), (1, 0, 1), (2, 0, 0), (1, 6, 1), (0, 24, 1), (2, 12, 0), (1, 30, 1), (1, 36, 1), (3, 0, 1))
LAST = {0: 4, 1: 7}
SOURCE = torch.Generator().manual_seed(0)
LABELS = torch.randint(0, 6, GRID, generator=SOURCE).expand(len(ROWS), 1, *GRID).to(torch.int16)
DOMAIN = torch.rand((len(ROWS), 1, *GRID), generator=SOURCE) < 0.9
RATES = torch.tensor([0.0, 0.03, -0.01, 0.0, 0.0, 0.02])


def visits(rows=ROWS):
    numbers = {place: sum(person == r[0] for r in rows[:place]) for place, (person, _, _) in enumerate(rows)}
    many = {person: sum(person == r[0] for r in rows) for person, _, _ in rows}
    return [
        Visit(person, numbers[place], many[person], float(months), 70 + months / 12, diagnosis)
        for place, (person, months, diagnosis) in enumerate(rows)
    ]


def world(rows=ROWS, ask=None):
    """A disease that begins at 0.2 and grows in each region at its rate, and the context of its cohort."""
    months = torch.tensor([float(row[1]) for row in rows]).view(-1, 1, 1, 1, 1)
    volume = (
        torch.where(RATES[LABELS.long()] != 0, RATES.sign()[LABELS.long()] * 0.2, 0.0) + RATES[LABELS.long()] * months
    )
    truth = Truth("planted", volume=volume * DOMAIN)
    subjects = tuple(range(100, 100 + len(rows)))
    seen = dict(zip(subjects, visits(rows), strict=True))
    context = Context(subjects, domain=DOMAIN, regions=LABELS, region_names=NAMES)
    visit = ask or seen.__getitem__
    cohort = Cohort(volume, torch.tensor([row[2] for row in rows]), torch.tensor(subjects), visit=visit)
    return truth, cohort, context


def trend(maps, metric=None, truth=None, rows=ROWS, ask=None, **changes):
    planted, cohort, context = world(rows, ask)
    scores = (metric or RelevanceTrend()).group(
        maps, truth or planted, [""] * len(rows), cohort, replace(context, **changes)
    )
    return scores[""].numpy()


def plain(maps, truth, read=abs):
    """Person by person, region by region; read: what a mean of the map says."""
    scores = np.full(len(ROWS), np.nan)
    for person, last in LAST.items():
        rows = sorted((row for row in range(len(ROWS)) if ROWS[row][0] == person), key=lambda row: ROWS[row][1])
        slopes = []
        for volume, size in ((maps, read), (truth, abs)):
            of = []
            for region in range(1, 6):
                means = []
                for row in rows:
                    inside = (LABELS[row] == region) & DOMAIN[row]
                    means.append(size(volume[row][inside].double().mean().item()))
                of.append(np.polyfit([ROWS[row][1] for row in rows], means, 1)[0])
            slopes.append(of)
        scores[last] = np.corrcoef(*slopes)[0, 1]
    return scores


def test_a_plain_loop_agrees():
    truth, _, _ = world()
    for seed in range(5):
        maps = torch.randn(truth.volume.shape, generator=torch.Generator().manual_seed(seed)) + truth.volume
        np.testing.assert_allclose(trend(maps), plain(maps, truth.volume), rtol=1e-4)
        signed = trend(maps, quantity="contribution")
        np.testing.assert_allclose(signed, plain(maps, truth.volume, float), rtol=1e-4)
        spread = torch.rand(maps.shape, generator=SOURCE)
        weighed = trend(maps, quantity="sensitivity", spread=spread)
        np.testing.assert_allclose(weighed, plain(maps * spread, truth.volume), rtol=1e-4)


def test_a_person_counts_once_at_its_last_visit_and_the_truth_itself_scores_one():
    truth, _, _ = world()
    scores = trend(truth.volume)
    assert np.flatnonzero(np.isfinite(scores)).tolist() == sorted(LAST.values())
    np.testing.assert_allclose(scores[list(LAST.values())], 1, rtol=1e-6)
    np.testing.assert_allclose(trend(-3 * truth.volume), scores, rtol=1e-6)


def test_relevance_that_falls_where_disease_grows_is_as_wrong_as_can_be():
    truth, _, _ = world()
    falling = truth.volume.sign() * (10 - truth.volume.abs())
    assert (trend(falling * DOMAIN)[list(LAST.values())] < -0.9).all()


@pytest.mark.parametrize("baseline", [0.0, 0.5, 1.0])
def test_exact_contributions_of_a_linear_model_score_one_whatever_they_are_counted_from(baseline):
    """Atrophy darkens, so that a model of patients has negative weights: contributions are small where much is lost."""
    truth, _, _ = world()
    lost = replace(truth, volume=-truth.volume.abs())
    contributions = -(1 + lost.volume - baseline) * DOMAIN
    scores = trend(contributions, truth=lost, quantity="contribution")
    np.testing.assert_allclose(scores[list(LAST.values())], 1, rtol=1e-5)


@pytest.mark.parametrize("value", [0.0, 0.1, -7.0])
def test_a_map_that_stays_as_it_is_scores_zero_though_regions_shrink(value):
    shrinking = LABELS.clone()
    shrinking[4, 0, :2][shrinking[4, 0, :2] == 1] = 0
    assert np.array_equal(trend(torch.full(LABELS.shape, value), regions=shrinking)[list(LAST.values())], [0, 0])


def test_maps_that_know_nothing_score_zero_in_the_mean():
    values = []
    for seed in range(300):
        maps = torch.randn(LABELS.shape, generator=torch.Generator().manual_seed(seed))
        values.append(trend(maps)[list(LAST.values())])
    error = np.std(values) / np.sqrt(np.size(values))
    assert abs(np.mean(values)) < 4 * error


def test_there_is_no_trend_where_nothing_grows_of_one_visit_and_of_controls():
    truth, _, _ = world()
    still = replace(truth, volume=truth.volume[:1].expand_as(truth.volume))
    alike = LABELS[:1].expand_as(LABELS)
    same = DOMAIN[:1].expand_as(DOMAIN)
    assert np.isnan(trend(truth.volume, truth=still, regions=alike, domain=same)).all()
    once = tuple((place, months, 1) for place, (_, months, _) in enumerate(ROWS))
    assert np.isnan(trend(truth.volume, rows=once)).all()
    healthy = tuple((person, months, 0) for person, months, _ in ROWS)
    assert np.isnan(trend(truth.volume, rows=healthy)).all()


def test_a_broken_map_has_no_trend():
    truth, _, _ = world()
    maps = truth.volume.clone()
    maps[3][(LABELS[3] == 2) & DOMAIN[3]] = torch.nan
    assert np.isfinite(trend(maps)).nonzero()[0].tolist() == [LAST[0]]


def test_without_visits_or_regions_it_says_so():
    truth, _, _ = world()
    with pytest.raises(Undefined, match="seen more than once"):
        trend(truth.volume, ask=lambda subject: None)
    with pytest.raises(BadInput, match="`regions` in the context; give"):
        trend(truth.volume, regions=None)


def test_a_trend_sees_no_place_within_a_region(shipped):
    truth, _, _ = world()
    moved = truth.volume.clone()
    inside = DOMAIN.all(0)[0] & (LABELS[0, 0] == 1)
    for row in moved[:, 0]:
        values = row[inside]
        row[inside] = 0
        row[tuple(inside.nonzero()[0])] = values.sum()
    metric = shipped("relevance_trend")
    np.testing.assert_allclose(trend(moved, metric), trend(truth.volume, metric), rtol=0.05)


def test_the_image_itself_follows_the_disease(shipped):
    """No model is asked, and no truth: where disease is bright, the image shows its growth."""
    truth, _, _ = world()
    image = 1 + truth.volume.abs()
    scores = trend(image * DOMAIN, shipped("relevance_trend"), replace(truth, volume=truth.volume.abs()))
    assert (scores[list(LAST.values())] > 0.99).all()
