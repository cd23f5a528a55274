"""Lesions have the volumes they are said to have, outlines that are no balls, rims, oedema and territories."""

import numpy as np
import pytest
from composed import node
from scipy.stats import kstest, norm

from bench.config.build import build
from bench.contracts import BadInput, RegionName
from simulators.anatomy.mni152 import MNI152
from simulators.brain import Brain
from simulators.pathology.focal import Focal
from simulators.pathology.infarct import Infarct
from simulators.pathology.oedema import spread
from simulators.pathology.periventricular import Periventricular
from simulators.pathology.white_matter_lesions import WhiteMatterLesions
from simulators.space.place import Place

TERRITORY = ("left frontal white matter", "left precentral gyrus", "left superior frontal gyrus")
OTHER = ("right parietal white matter", "right superior parietal lobule", "right postcentral gyrus")


def _drawn(law, resolution_mm=4.0, subject=1):
    brain = Brain(law, MNI152(resolution_mm), amplitude=0.3)
    scene = brain.scene(subject, "evaluation")
    return scene.place, dict(scene.pathology[0]), law.extent(scene.place, scene.pathology[0])


def _taken_ml(place, share, tissues):
    return float((share * place.warped.maps[list(tissues)].sum(0)).sum()) * place.voxel_mm**3 / 1000


@pytest.mark.parametrize("resolution_mm", [4.0, 7.0])
@pytest.mark.parametrize("volume_ml", [2.0, 12.0, 60.0])
def test_a_lesion_takes_the_volume_of_tissue_it_is_said_to(volume_ml, resolution_mm):
    law = Focal(volume_ml=volume_ml, volume_sd=0.0)
    for subject in (1, 3):
        place, _, share = _drawn(law, resolution_mm, subject)
        assert _taken_ml(place, share, (0, 1)) == pytest.approx(volume_ml, rel=0.02)


def test_many_lesions_take_their_volumes_where_they_do_not_meet():
    place, latents, share = _drawn(WhiteMatterLesions(count=3.0, smallest_ml=0.1, largest_ml=1.0))
    assert _taken_ml(place, share, (1,)) == pytest.approx(latents["volumes_ml"].sum(), rel=0.1)


def test_volumes_follow_the_log_normal_between_its_ends():
    law = WhiteMatterLesions(smallest_ml=0.03)
    volumes = law.volumes(np.random.default_rng(0).uniform(size=5000))
    low, high = norm.cdf(np.log(np.array([0.03, 10.0]) / 0.11) / 1.85)
    shares = (norm.cdf(np.log(volumes / 0.11) / 1.85) - low) / (high - low)
    assert kstest(shares, "uniform").pvalue > 0.01
    # most are below 0.3 ml on a grid of 3 mm
    assert np.mean(volumes < 0.3) > 0.5
    assert np.ptp(Focal(volume_sd=0.0).volumes([0.0, 0.5, 1.0])) == 0


def _roundness(share, voxel_mm):
    """SD of the outline's distance from the middle over its mean: 0 for a ball."""
    inside = np.argwhere(share > 0.5)
    edge = np.argwhere((share > 0.2) & (share < 0.8))
    apart = np.linalg.norm(edge - inside.mean(0), axis=1) * voxel_mm
    return apart.std() / apart.mean()


def test_outlines_grow_irregular_and_long():
    laws = [Focal(volume_ml=20.0, volume_sd=0.0, irregularity=i, elongation=e) for i, e in ((0, 1), (0.6, 1), (0, 2))]
    found = [np.mean([_roundness(_drawn(law, 3.0, s)[2], 3.0) for s in (1, 3, 5)]) for law in laws]
    assert found[1] > 1.5 * found[0] and found[2] > 1.5 * found[0]


def test_a_rim_acts_more_than_the_inside():
    _, _, share = _drawn(Focal(volume_ml=40.0, volume_sd=0.0, rim=0.5, rim_mm=5.0), 3.0)
    _, _, full = _drawn(Focal(volume_ml=40.0, volume_sd=0.0), 3.0)
    assert share.max() > 0.95 and (share <= full).all()
    assert np.quantile(share[full > 0.999], 0.2) == pytest.approx(0.5, abs=0.02)


def test_oedema_follows_white_matter_and_ends_at_its_reach():
    law = Focal(volume_ml=20.0, volume_sd=0.0, oedema=0.5, oedema_mm=12.0)
    place, _, share = _drawn(law, 3.0)
    _, _, bare = _drawn(Focal(volume_ml=20.0, volume_sd=0.0), 3.0)
    halo = (bare == 0) & (share > 0)
    white = place.warped.maps[1]
    assert halo.sum() > 200 and share[halo].max() <= 0.5
    assert share[halo & (white > 0.9)].mean() > 4 * share[halo & (white < 0.2)].mean()
    grown = np.argwhere(share > 0), np.argwhere(bare > 0)
    assert (grown[0].min(0) >= grown[1].min(0) - 4).all() and (grown[0].max(0) <= grown[1].max(0) + 4).all()


def test_oedema_does_not_cross_a_wall():
    white, source = np.ones((15, 9, 9), np.float32), np.zeros((15, 9, 9), np.float32)
    white[8], source[3, 4, 4] = 0, 1
    found = spread(source, white, 30.0, 3.0)
    assert found[7, 4, 4] > 0 and found[8:].max() == 0
    assert spread(0 * source, white, 30.0, 3.0).max() == 0


def test_an_infarct_has_its_volume_within_the_territory_of_one_artery():
    law = Infarct(territories=(TERRITORY, OTHER), volume_ml=15.0, volume_sd=0.0)
    sides = set()
    for subject in range(1, 13, 2):
        place, _, share = _drawn(law, subject=subject)
        inside = [place.within(regions) for regions in law.territories]
        held = [own[share > 0].all() for own in inside]
        assert held.count(True) == 1
        sides.add(held.index(True))
        assert _taken_ml(place, share, (0, 1)) == pytest.approx(15.0, rel=0.02)
    assert sides == {0, 1}


def test_a_place_without_a_voxel_in_a_subject_is_one_sentence():
    law = Infarct(territories=(TERRITORY, OTHER))
    brain = Brain(law, MNI152(7.0), amplitude=0.3)
    scene = brain.scene(1, "evaluation")
    bare = Place(scene.warped._replace(labels=np.zeros_like(scene.warped.labels)), brain.region_names, 7.0)
    for nowhere in (law, Focal(regions=TERRITORY)):
        with pytest.raises(BadInput, match="'left frontal white matter' has no voxel in a subject; use a finer"):
            nowhere.draw(np.random.default_rng(0), bare)


def test_shipped_territories_are_of_one_artery_each_and_mirror_each_other():
    law = build(node("simulator/stroke")["pathology"])
    regions = [region for territory in law.territories for region in territory]
    assert len(regions) == len(set(regions))
    mirrored = {frozenset(str(RegionName.of(region).other) for region in own) for own in law.territories}
    assert mirrored == {frozenset(own) for own in law.territories}


def test_shipped_lesions_at_4_mm_are_tens_and_most_below_three_tenths_of_a_millilitre():
    simulator = build(node("simulator/white_matter_lesions_4mm"))
    laws = [law for law in simulator.pathology.parts if isinstance(law, WhiteMatterLesions)]
    rng, quantiles = np.random.default_rng(0), (np.arange(1000) + 0.5) / 1000
    counts = np.array([[law.number(rng) for law in laws] for _ in range(500)])
    assert np.quantile(counts.sum(1), 0.05) > 20
    small = [np.mean(law.volumes(quantiles) < 0.3) for law in laws]
    assert np.average(small, weights=counts.mean(0)) > 0.5


def test_bands_hug_the_walls_and_caps_the_horns():
    thin, capped = (Periventricular(cap_mm=cap, thickness_sd=0.0, unevenness=0.0) for cap in (0.0, 8.0))
    place, _, bands = _drawn(thin, 2.0)
    _, _, both = _drawn(capped, 2.0)
    fluid = place.within(thin.landmarks)
    distance = np.linalg.norm(np.argwhere(bands > 0)[::7, None] - np.argwhere(fluid)[None, ::3], axis=-1).min(1)
    assert distance.max() < 5 and bands[fluid].max() == 0 and bands.max() > 0.5
    added = np.argwhere(both > bands + 0.3)[:, 1]
    ends = np.argwhere(fluid)[:, 1].min(), np.argwhere(fluid)[:, 1].max()
    apart = np.minimum(abs(added - ends[0]), abs(added - ends[1]))
    assert apart.mean() < 7 and apart.max() < 17


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Infarct(), r"Infarct\.territories=\[\]"),
        (lambda: Infarct(territories=((),)), r"Infarct\.territories"),
        (lambda: Brain(Infarct(territories=(("left precuneos",),))), "did you mean 'left precuneus'"),
        (lambda: Brain(Infarct(territories=(("left frontal pole",),)), MNI152(8.0)), "has 4 voxels at 8 mm"),
        (lambda: Infarct(territories=(TERRITORY,), regions=TERRITORY), r"Infarct\.regions=.* give none"),
        (lambda: Periventricular(landmarks=()).validate(()), "the names of the ventricles"),
        (lambda: Focal(smallest_ml=5.0, largest_ml=3.0), r"Focal\.largest_ml=3.*smallest_ml or more"),
        (lambda: Focal(volume_ml=0.0), "volume_ml=0"),
        (lambda: Focal(volume_ml=200.0, volume_sd=0.0), r"Focal\.volume_ml=200.* 2 \(smallest_ml\) to 100"),
        (lambda: Focal(oedema=2.0), "oedema=2"),
        (lambda: WhiteMatterLesions(elongation=0.5), "elongation=0.5"),
    ],
)
def test_impossible_lesions_are_one_sentence(make, says):
    with pytest.raises(BadInput, match=says) as error:
        make()
    assert "\n" not in str(error.value)
