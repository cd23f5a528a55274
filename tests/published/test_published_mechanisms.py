"""Which method is right about which mechanism, on the committed rows of networks whose weights are set by hand.

Numbers are shares of a map that are wrong: `own`, of what the method says it shows; `subject`, of which regions count.
"""

from pathlib import Path

import pandas as pd
import pytest

from bench import report
from bench.report import readme

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "results" / "published" / "mechanisms"
TABLE = pd.read_csv(FOLDER / "mechanisms.csv")
METHODS = pd.read_csv(FOLDER / "methods.csv").set_index("method")
WRAPPINGS = ["plain", "residual", "batch_norm", "strided"]
AFFINE = ["sum", "canceller"]
#: what float32 leaves of a right map
ROUNDING = 2e-3
#: methods that share out f(x) - f(b) along a path or by differences, from each reference
SHARING = [
    "integrated_gradients", "integrated_gradients_controls", "integrated_gradients_redraw",
    "deeplift", "deeplift_controls", "deeplift_redraw", "deeplift_reveal_cancel",
]  # fmt: skip


def wrong(question, wrapping=None):
    """Methods x mechanisms: the share that is wrong, in one wrapping or the most of all."""
    rows = TABLE[(TABLE["question"] == question) & (TABLE["wrapping"].isin([wrapping] if wrapping else WRAPPINGS))]
    return rows.pivot_table(index="method", columns="mechanism", values="wrong", aggfunc="max")


OWN, SUBJECT = wrong("own"), wrong("subject", "plain")


@pytest.fixture(scope="module")
def faithfulness():
    """Methods x mechanisms: the mean of a metric on `use`, over subjects and wrappings."""
    scores = pd.read_parquet(FOLDER / "scores").query("truth == 'use' and status == 'ok'")
    scores["mechanism"] = scores["network"].astype(str).str.extract(r"known_([a-z]+)", expand=False)
    return lambda metric: scores[scores["metric"] == metric].pivot_table(
        index="method", columns="mechanism", values="value", observed=True
    )


def test_there_are_twelve_mechanisms_in_four_wrappings():
    assert TABLE["mechanism"].nunique() == 12
    assert (TABLE.groupby("mechanism")["wrapping"].unique().map(list) == [WRAPPINGS] * 12).all()


def test_the_readme_shows_the_published_matrix():
    assert readme.mechanisms(FOLDER) in (ROOT / "bench" / "networks" / "README.md").read_text()


@pytest.mark.full
def test_no_rule_is_broken():
    assert report.violations(FOLDER) == []


def test_the_gradient_is_the_slope_of_every_mechanism():
    assert OWN.loc["gradient"].max() < ROUNDING


@pytest.mark.parametrize("method", [*SHARING, "gradient_x_input", "lrp_0"])
def test_exact_methods_are_right_about_what_is_affine(method):
    assert OWN.loc[method, AFFINE].max() < ROUNDING


@pytest.mark.parametrize("mechanism", ["decoys", "cancelled"])
@pytest.mark.parametrize("method", ["gradient", *SHARING])
def test_what_is_computed_and_not_read_gets_nothing_from_exact_methods(method, mechanism):
    assert OWN.loc[method, mechanism] < ROUNDING


def test_what_keeps_one_sign_pays_for_what_is_taken_off_again():
    """More of the map is wrong where decoys are read twice and cancel than where nobody reads them."""
    plain = wrong("own", "plain")
    for method in ("guided_backprop", "deconvnet", "lrp_alpha_beta", "lrp_gamma"):
        assert plain.loc[method, "cancelled"] > plain.loc[method, "decoys"] + 0.03, method


def test_the_gradient_tells_nothing_of_what_is_saturated():
    """It is the slope, and there is none: of most ill regions it is silent, and DeepLIFT is not."""
    assert SUBJECT.loc["gradient", "saturation"] > 0.5 > SUBJECT.loc["deeplift", "saturation"]
    assert OWN.loc["deeplift", "saturation"] < ROUNDING
    assert OWN.loc["gradient_x_input", "saturation"] > 0.5


def test_interactions_part_methods_that_agree_on_what_is_affine():
    """Where regions act together the way to share is a choice: none of these is the Shapley value of each mechanism."""
    for method in SHARING:
        assert OWN.loc[method].max() > 0.1, method


def test_the_reference_decides():
    """Integrated gradients from unlike references are wrong by unlike shares, up to a quarter of the map apart."""
    three = OWN.loc[[name for name in SHARING if name.startswith("integrated_gradients")]]
    assert (three.max() - three.min()).max() > 0.25


def test_the_redraw_mean_answers_use_of_affine_mechanisms_and_zero_has_its_signs_wrong(faithfulness):
    signed, area = faithfulness("region_spearman_signed"), faithfulness("region_ap")
    for method in ("integrated_gradients_redraw", "deeplift_redraw"):
        assert (signed.loc[method, AFFINE] > 0.98).all() and (area.loc[method, AFFINE] > 0.98).all()
    for method in ("integrated_gradients", "deeplift", "gradient_x_input"):
        assert (signed.loc[method, AFFINE] < 0.6).all()


def test_one_mean_image_does_not_stand_for_a_population(faithfulness):
    """f of the mean is not the mean of f: where regions act together the redraw mean falls behind many controls."""
    area = faithfulness("region_ap")
    for mechanism in ("decoys", "cancelled", "xor", "or", "negative"):
        assert area.loc["expected_gradients", mechanism] > area.loc["integrated_gradients_redraw", mechanism] + 0.2


def test_the_oracle_of_use_is_right_everywhere(faithfulness):
    assert faithfulness("region_ap").loc["oracle_use"].to_numpy() == pytest.approx(1.0, abs=1e-6)


def test_a_subjects_own_parts_are_used_and_not_those_of_the_population(faithfulness):
    """What other patients use is not what this one does where one part of several carries the disease, or must."""
    area = faithfulness("region_ap")
    assert area.loc["oracle_use", ["and", "or", "xor"]].to_numpy() == pytest.approx(1.0, abs=1e-6)
    assert (area.loc["use_of_others", ["and", "or"]] < 0.95).all()


def test_where_darkness_is_the_evidence_positive_parts_are_empty():
    """Rules that keep positive contributions alone give all to the bias (bench/networks/README.md)."""
    for method in ("lrp_zplus", "deep_taylor", "excitation_backprop", "pattern_attribution"):
        assert (SUBJECT.loc[method] > 0.99).all(), method


def test_who_asks_the_simulator_is_an_oracle():
    classes = METHODS.loc[SHARING].groupby("reference_class")["role"].unique().map(list).to_dict()
    assert classes == {"zero": ["method"], "controls": ["method"], "redraw": ["oracle"]}
    board = pd.read_csv(FOLDER / "leaderboard.csv").set_index("method")
    assert board.loc[["integrated_gradients_redraw", "deeplift_redraw"], "rank"].isna().all()


def test_halves_of_the_draws_agree():
    """Sixteen draws a region leave noise, and `use` of half of them still correlates with that of the others."""
    regions = pd.read_parquet(FOLDER / "regions.parquet").query("region == 'all' and truth == 'use'")
    halves = regions[regions["statistic"].str.startswith("halves agree")]
    assert len(halves) == 2 * TABLE[["mechanism", "wrapping"]].drop_duplicates().shape[0]
    assert halves.groupby("statistic")["value"].mean().min() > 0.5
