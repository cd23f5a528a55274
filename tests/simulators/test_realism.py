"""Healthy simulated brains vary as people's do, and their texture is the average brain's."""

import numpy as np
import pytest
from composed import node

from bench.config.build import build
from bench.contracts import BadInput, Unsupported
from simulators.anatomy import parcellation
from simulators.anatomy.atlas import Atlas
from simulators.anatomy.grid import Grid
from simulators.anatomy.mni152 import MNI152, averages
from simulators.anatomy.norms import norms, size_norms
from simulators.anatomy.regions import sharpened, tissue_shares
from simulators.anatomy.shape import Shape
from simulators.anatomy.slab import Slab
from simulators.brain import Brain
from simulators.contrast import Contrast
from simulators.pathology.focal import Focal
from simulators.realism import sizes as of_sizes
from simulators.realism import slopes
from simulators.realism.measure import FEWEST_SUBJECTS
from simulators.realism.statistics import QUANTITIES, statistic
from simulators.realism.texture import BANDS, power
from simulators.realism.volumes import regional_volumes

#: the tissue whose commonest intensity says nothing, as its histogram is flat: fluid shares nearly all of its voxels
FLAT = {"csf"}
STRUCTURES = {norm.structure: norm.tissue for norm in norms()}
SLAB = Slab(MNI152(8.0), (-72, -75, -54), (72, 45, 42))


def brain(resolution, **shape):
    return Brain(Focal(), MNI152(resolution, Shape(**shape)))


def judged(resolution, subjects, errors):
    """Quantities outside of bounds widened by standard errors; and the structures that were judged."""
    volumes = regional_volumes(brain(resolution).parts, STRUCTURES, subjects)
    outside = {}
    for norm in norms():
        if norm.structure in volumes:
            value, error = statistic(norm.quantity, volumes[norm.structure], volumes["brain"][:, 0])
            if not norm.low - errors * error <= value <= norm.high + errors * error:
                outside[norm.structure, norm.quantity] = round(value, 3)
    return outside, set(volumes)


def test_norms_have_bounds_around_their_value_a_source_and_ages():
    for norm in norms():
        assert 0 < norm.low < norm.value < norm.high
        assert norm.quantity in QUANTITIES and norm.people > 20 and norm.source and norm.ages
    assert len(STRUCTURES) > 12


#: how far a correlation may lie from its norm, and the bounds that follow no rule
WITHIN = {"sides r": 0.12, "sides r beside brain": 0.2, "brain r": 0.25}
OWN = {("hippocampus", "asymmetry p90"): (0.06, 0.179), ("lateral ventricle", "skewness"): (0.7, 3.0)}


def ruled(norm):
    """Bounds as `simulators/README.md` states them; two standard errors of a correlation are those of Fisher's z."""
    if (norm.structure, norm.quantity) in OWN:
        return OWN[norm.structure, norm.quantity]
    if norm.quantity in WITHIN:
        half = max(WITHIN[norm.quantity], 2 * (1 - norm.value**2) / np.sqrt(norm.people - 3))
        return norm.value - half, min(norm.value + half, 0.97)
    low, high = {"cv": (0.7, 1.3), "asymmetry p90": (1 / 1.8, 1.8)}[norm.quantity]
    return low * norm.value, high * norm.value


def test_bounds_follow_their_rule():
    """But for the rounding of the table to three digits."""
    for norm in norms():
        np.testing.assert_allclose((norm.low, norm.high), ruled(norm), rtol=0.005, atol=0.001)


def test_healthy_volumes_vary_as_peoples_do():
    """A few subjects at 7 mm, within three standard errors of the bounds; the full test allows one."""
    outside, structures = judged(7.0, 40, 3)
    assert not outside and len(structures) == len(STRUCTURES)


@pytest.mark.full
def test_a_random_field_without_mirror_is_noticed():
    """The sides of a hippocampus would not go together."""
    volumes = regional_volumes(brain(7.0, field_mm=4.0, mirrored=0.0).parts, {"hippocampus": "gm+wm"}, 40)[
        "hippocampus"
    ]
    (low,) = (n.low for n in norms() if (n.structure, n.quantity) == ("hippocampus", "sides r"))
    assert np.corrcoef(*volumes.T)[0, 1] < low


@pytest.mark.full
@pytest.mark.parametrize(("resolution", "subjects"), [(7.0, 300), (3.0, 100)])
def test_healthy_volumes_lie_within_the_norms(resolution, subjects):
    outside, structures = judged(resolution, subjects, 1)
    assert not outside and len(structures) == len(STRUCTURES)


@pytest.mark.full
def test_texture_is_that_of_the_average_brain():
    """Power and histogram lie within their bounds; how well patches are told apart is reported without one."""
    found = brain(7.0).realism(FEWEST_SUBJECTS)
    rows = {(f.structure, f.quantity): f for f in found.findings}
    shown = [f for f in found.findings if f.structure in ("texture", "intensities")]
    assert len(shown) == len(BANDS)
    assert all(f.verdict == "inside" for f in shown), [(f.quantity, f.simulated) for f in shown]
    seen = {row: f.verdict for row, f in rows.items() if "intensity" in row[1]}
    outside = {row for row, verdict in seen.items() if verdict == "outside"}
    assert len(seen) == 6 and outside <= {(tissue, "commonest intensity") for tissue in FLAT}
    assert 0.5 < rows["patches", "auc against the template"].simulated < 0.75


def test_volumes_are_the_sums_of_what_a_subject_shows():
    """On a still brain without local variation they are the template's own, split or not."""
    parts = Brain(Focal(), MNI152(8.0, Shape(0, 0, 0, 0, 48, 0, 0, 0))).parts
    volumes = regional_volumes(parts, {"brain": "gm+wm", "hippocampus": "gm+wm"}, 3)
    maps = parts.anatomy.template.maps
    assert volumes["brain"].mean() == pytest.approx(maps[:2].sum() * 8**3 / 1000, rel=0.08)
    assert volumes["hippocampus"].shape == (3, 2)


def test_statistics_of_two_sides_of_known_covariance():
    rng = np.random.default_rng(0)
    whole, pair, own = rng.standard_normal(20000), rng.standard_normal(20000), rng.standard_normal((20000, 2))
    sides = 4 + 0.2 * whole[:, None] + 0.2 * pair[:, None] + 0.2 * own
    found = {name: law(sides, 1000 + whole) for name, law in QUANTITIES.items()}
    assert found["cv"] == pytest.approx(0.2 * 3**0.5 / 4, rel=0.02)
    assert found["sides r"] == pytest.approx(2 / 3, abs=0.02)
    assert found["sides r beside brain"] == pytest.approx(1 / 2, abs=0.02)
    assert found["brain r"] == pytest.approx(1 / 3**0.5, abs=0.02)
    assert found["skewness"] == pytest.approx(0, abs=0.1)
    # the difference of the sides has SD 0.2 sqrt(2), and the larger one is 4 on average
    assert found["asymmetry p90"] == pytest.approx(1.645 * 0.2 * 2**0.5 / 4, rel=0.06)
    assert statistic("cv", sides[:200], whole[:200])[1] == pytest.approx(found["cv"] / 400**0.5, rel=0.3)


@pytest.mark.full
@pytest.mark.parametrize("name", ["confounded_age", "confounded_sex"])
def test_age_and_sex_do_to_volumes_what_they_do_to_peoples(name):
    parts = build(node(f"simulator/{name}")).parts
    found = {norm.structure: (norm.low, value, norm.high) for norm, value, _ in slopes.covariate_slopes(parts)}
    assert len(found) == 6 and {s: v for s, v in found.items() if not v[0] <= v[1] <= v[2]} == {}


def test_without_age_and_sex_there_is_no_slope():
    assert list(slopes.covariate_slopes(brain(8.0).parts)) == []


def test_the_contrast_is_that_of_the_average_brain():
    """Its T1 intensities by tissue, where it is all brain, and where noise is off it looks like itself."""
    anatomy, contrast = MNI152(2.0), Contrast()
    template, (t1, _) = anatomy.template, averages(Grid.covering(2.0))
    inside = template.maps[2] > 0.9
    shares = tissue_shares(template.maps)[:, inside]
    gm, wm, csf = np.linalg.lstsq(shares.T, t1[inside], rcond=None)[0]
    np.testing.assert_allclose(contrast.means[:3], (gm, wm, csf), atol=0.005)
    mixed = contrast.mix(template.maps, np.zeros_like(t1), contrast.means)
    np.testing.assert_allclose(mixed[template.maps[2] > 0], t1[template.maps[2] > 0], atol=0.01)


def test_structure_read_between_values_keeps_its_power():
    """Waves of up to a fifth of the sampling rate, read at random places along a line."""
    rng, steps = np.random.default_rng(0), 300
    line = rng.uniform(5, steps - 6, 4000)
    for cycles in (0.05, 0.1, 0.2):
        wave = 0.5 + 0.2 * np.cos(2 * np.pi * cycles * np.arange(steps))
        maps = np.zeros((4, steps, 1, 1), np.float32)
        maps[2], maps[3] = 1, wave[:, None, None]
        read = [np.interp(line, np.arange(steps), found[3, :, 0, 0]).var() for found in (sharpened(maps), maps)]
        assert read[0] == pytest.approx(wave.var(), rel=0.06) and read[1] < read[0]
    assert np.array_equal(sharpened(maps)[2], maps[2])


def test_power_of_a_wave_is_in_its_band():
    x = np.arange(40)[:, None, None] * 2.0
    wave = np.broadcast_to(np.cos(2 * np.pi * 0.11 * x), (40, 40, 40))
    assert power(wave, 2.0).argmax() == np.digitize(0.11, BANDS) - 1


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: brain(8.0).realism(5), BadInput, r"realism\.subjects=5 is not possible: give .* of at least 20"),
        (
            lambda: brain(8.0).realism("many"),
            BadInput,
            r"realism\.subjects='many' is not possible: give a whole number",
        ),
        (
            lambda: Brain(Focal(), SLAB).realism(20),
            Unsupported,
            "a slab cuts structures",
        ),
        (
            lambda: Brain(Focal(), Atlas(SLAB, str(parcellation.IMAGE), str(parcellation.TABLE))).realism(20),
            Unsupported,
            "a slab cuts structures",
        ),
    ],
)
def test_what_cannot_be_measured_has_one_sentence(make, error, says):
    with pytest.raises(error, match=says) as raised:
        make()
    assert "\n" not in str(raised.value)


def test_sizes_stand_beside_peoples_at_the_size_of_the_head(monkeypatch):
    """A head twice as large as people's asks for regions that are; of a ventricle the share of fluid follows."""
    norm = {row.structure: row for row in size_norms()}
    hippocampus, ventricle = (norm[name] for name in ("hippocampus", "lateral ventricle"))
    sides = np.array([[0.9, 1.1], [1.1, 1.3]])
    volumes = {
        "hippocampus": 2 * hippocampus.ml * sides,
        "lateral ventricle": 2 * ventricle.ml * sides,
        "head": np.full((2, 1), 2 * hippocampus.head_ml),
    }
    monkeypatch.setattr(of_sizes, "regional_volumes", lambda parts, structures, subjects: volumes)
    seen = list(of_sizes.regional_sizes(None, {"lateral ventricle": ventricle.ml * np.vstack([sides, sides])}))
    assert [row.structure for row in seen] == ["hippocampus", "lateral ventricle", "lateral ventricle"]
    assert seen[0].quantity == "ml a side" and seen[0].verdict == "inside" and seen[0].people == hippocampus.people
    np.testing.assert_allclose(seen[0][2:7], np.array([1.1, 0.1, 1, 0.7, 1.3]) * 2 * hippocampus.ml)
    assert seen[2].quantity == "share of fluid" and seen[2].simulated == pytest.approx(0.5) and not seen[2].verdict
