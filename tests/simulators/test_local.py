"""Local variation: coupled regions have the correlation asked for, and everything else stays what it was."""

import numpy as np
import pytest
from renders import render

from bench.contracts import BadInput
from simulators.anatomy.mni152 import MNI152
from simulators.anatomy.slab import Slab
from simulators.brain import Brain
from simulators.coupling import Coupled, Coupling
from simulators.local import Local, Variation
from simulators.pathology.atrophy import Atrophy
from simulators.streams import generator

NAMES = ("left insula", "right insula", "left thalamus", "brain stem")
GRID = (4, 4, 4)
INSULA = Coupling("left insula", "left thalamus", 0.7, 0.04)
STEM = Coupling("left insula", "brain stem", -0.3, 0.02)
SIDES = Coupling("left insula", "right insula", 0.8, 0.12, of="volume")
ALL = Coupled(coupled=(INSULA, STEM, SIDES))


def _drawn(law: Variation, subject: int) -> Local:
    return law.draw(generator("test", subject, "local"), NAMES, GRID, 6.5, np.zeros((2, *GRID)), np.zeros((2, *GRID)))


@pytest.fixture(scope="module")
def draws():
    found = [_drawn(ALL, subject) for subject in range(4000)]
    return np.array([d.volume for d in found]).T, np.array([d.signal for d in found]).T


@pytest.mark.parametrize(("coupling", "kind"), [(INSULA, 1), (STEM, 1), (SIDES, 0)])
def test_coupled_regions_have_the_correlation_asked_for(draws, coupling, kind):
    """Within three standard errors of Fisher's z over 4,000 subjects."""
    first, second = (draws[kind][NAMES.index(name) + 1] for name in (coupling.first, coupling.second))
    error = np.arctanh(np.corrcoef(first, second)[0, 1]) - np.arctanh(coupling.correlation)
    assert abs(error) < 3 / np.sqrt(4000)


def test_coupling_adds_its_variance_and_no_more(draws):
    volume, signal = (values.std(1) for values in draws)
    expected = [0.015, np.sqrt(0.015**2 + 0.04**2 + 0.02**2), 0.015, np.hypot(0.015, 0.04), np.hypot(0.015, 0.02)]
    np.testing.assert_allclose(signal, expected, rtol=0.05)
    own = ALL.law(NAMES).sd
    assert len(set(own[1:])) == 3
    np.testing.assert_allclose(volume, [0, *np.hypot(own[1:3], 0.12), *own[3:]], rtol=0.05)


def test_pairs_that_share_no_coupling_stay_as_they_were(draws):
    found = np.corrcoef(draws[1])
    assert abs(found[2, 3]) < 0.06 and abs(found[3, 4]) < 0.06


def test_coupling_changes_no_other_draw():
    plain, coupled = _drawn(Variation(), 7), _drawn(Coupled(coupled=(INSULA,)), 7)
    assert np.array_equal(plain.volume, coupled.volume)
    others = [0, 2, 4]
    assert np.array_equal(plain.signal[others], coupled.signal[others])
    assert all(np.array_equal(a, b) for a, b in zip(_drawn(Variation(), 7), _drawn(Coupled(), 7), strict=True))
    law = Coupled(coupled=(INSULA,))
    folding = [v.draw(generator("t", 1, "local"), NAMES, GRID, 6.5, np.zeros(1)).folding for v in (Variation(), law)]
    assert np.array_equal(*folding)


def test_redrawing_a_region_redraws_its_copy_and_leaves_its_partner():
    brain = Brain(Atrophy(("left hippocampus",)), amplitude=0.0, local=Coupled(coupled=(INSULA,)))
    found = brain.redraws(1, "test", draws=1)[:, 0].numpy()
    scene = brain.scene(1, "test")
    image = render(brain, scene, 0.0)
    for name in (INSULA.first, INSULA.second):
        number = brain.region_names.index(name)
        assert np.array_equal(found[number] != image, scene.warped.labels == number + 1)


def test_a_region_whose_other_side_is_not_there_varies_as_much_and_alone():
    """The right half of a head, as a slab shows it."""
    names = ("right insula", "brain stem", "right thalamus")
    still = np.zeros((2, *GRID))
    drawn = [
        Variation().draw(generator("test", subject, "local"), names, GRID, 6.5, still, still).volume
        for subject in range(4000)
    ]
    sd, shared, _ = Variation().law(names)
    np.testing.assert_allclose(np.std(drawn, axis=0)[1:], sd[1:], rtol=0.05)
    apart = np.corrcoef(np.array(drawn).T[1:])[np.triu_indices(3, 1)]
    np.testing.assert_allclose(apart, np.sqrt(np.outer(shared, shared))[1:, 1:][np.triu_indices(3, 1)], atol=0.06)
    right = Slab(MNI152(8.0), (0.0, -75.0, -54.0), (64.0, 45.0, 42.0))
    assert not any(name.startswith("left ") for name in right.region_names)
    assert Brain(Atrophy(("right hippocampus",)), right, amplitude=0.2).sample([1], "test").images.isfinite().all()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: _brain(Coupling("left insulla", "left thalamus", 0.5, 0.1)), "did you mean 'left insula'"),
        (lambda: _brain(Coupling("left insula", "left insula", 0.5, 0.1)), "each pair once"),
        (lambda: _brain(INSULA, Coupling("left thalamus", "left insula", 0.5, 0.1)), "each pair once"),
        (
            lambda: _brain(Coupling("left insula", "left thalamus", 0.9, 0.01)),
            r"Coupling\.correlation=0\.9 .* with sd=0\.01, or a larger sd",
        ),
    ],
)
def test_impossible_coupling_is_one_sentence(make, says):
    with pytest.raises(BadInput, match=says) as error:
        make()
    assert "\n" not in str(error.value)


def _brain(*coupled: Coupling) -> Brain:
    return Brain(Atrophy(("left hippocampus",)), local=Coupled(coupled=coupled))
