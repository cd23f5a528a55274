"""The rule that freezes one setting a method, on rows whose best setting is known."""

import itertools

import numpy as np
import pandas as pd
import pytest

from bench.columns.written import CHOICES, SETTINGS, TUNING
from bench.tuning.choose import choose

PASSES = {"default": 10.0, "cheap": 5.0, "dear": 40.0}


def rows(means, noise=0.0, subjects=20, method="m", passes=PASSES):
    """Scores of settings {(parameters, fwhm): mean}, with noise of each patient that settings do not share."""
    rng, made = np.random.default_rng(0), []
    for (parameters, fwhm), mean in means.items():
        plain = parameters == "default" and fwhm == 0
        for simulator, ranking, subject in itertools.product("ab", ("anatomy", "faithfulness"), range(subjects)):
            value = mean + noise * rng.standard_normal() + subject
            made.append((method, parameters, fwhm, passes[parameters], plain, simulator, ranking, subject, value))
    return pd.DataFrame(made, columns=TUNING.names)


def chosen(table):
    settings, choices = choose(table)
    assert list(settings) == SETTINGS.names and list(choices) == CHOICES.names
    assert settings["chosen"].sum() == len(choices)
    return choices.iloc[0]


def test_the_best_setting_is_taken_where_it_is_clearly_best():
    choice = chosen(rows({("default", 0.0): 0.2, ("cheap", 0.0): 0.3, ("dear", 2.0): 0.6}, noise=0.05))
    assert (choice["parameters"], choice["fwhm"]) == ("dear", 2.0)
    assert choice["gain"] == pytest.approx(0.4, abs=0.05) and choice["gain_low"] > 0
    assert choice["sensitivity"] == pytest.approx(0.4, abs=0.05)


def test_a_default_that_is_tied_with_the_best_stays():
    table = rows({("default", 0.0): 0.5, ("dear", 2.0): 0.5}, noise=0.3)
    leads = (
        table[table["parameters"] == "dear"]["value"].mean() - table[table["parameters"] == "default"]["value"].mean()
    )
    table.loc[table["parameters"] == "dear", "value"] += 0.01 - leads
    choice = chosen(table)
    assert (choice["parameters"], choice["fwhm"], choice["gain"]) == ("default", 0.0, 0.0)
    assert choice["n_tied"] == 2 and choice["sensitivity"] == pytest.approx(0.01)


def test_of_tied_settings_the_cheapest_is_taken_and_then_the_least_smoothed():
    means = {("default", 0.0): 0.1, ("dear", 0.0): 0.5, ("cheap", 3.0): 0.5, ("cheap", 1.5): 0.5}
    choice = chosen(rows(means))
    assert (choice["parameters"], choice["fwhm"], choice["n_tied"]) == ("cheap", 1.5, 3)


def test_of_tied_settings_of_one_cost_that_with_the_parameters_of_the_default_is_taken():
    means = {("default", 0.0): 0.1, ("another", 0.0): 0.5, ("default", 3.0): 0.5}
    choice = chosen(rows(means, passes={"default": 10.0, "another": 10.0}))
    assert (choice["parameters"], choice["fwhm"]) == ("default", 3.0)


def test_simulators_weigh_the_same_whatever_the_number_of_patients():
    table = rows({("default", 0.0): 0.0, ("dear", 0.0): 0.0})
    dear, a = table["parameters"] == "dear", table["simulator"] == "a"
    table.loc[dear & a, "value"] += 1.0
    table.loc[dear & ~a, "value"] -= 0.5
    few = table[~a | (table["subject"] < 4)]
    assert chosen(few)["gain"] == pytest.approx(0.25)


def test_a_patient_without_a_score_in_one_setting_counts_in_none():
    table = rows({("default", 0.0): 0.2, ("dear", 0.0): 0.4})
    gone = (table["simulator"] == "a") & (table["subject"] == 19) & (table["ranking"] == "anatomy")
    choice = chosen(table[~(gone & (table["parameters"] == "dear"))])
    assert choice["n_subjects"] == 39 and choice["gain"] == pytest.approx(0.2)


def test_a_method_without_values_on_a_simulator_is_not_chosen_for():
    table = pd.concat([rows({("default", 0.0): 0.2}), rows({("default", 0.0): 0.2}, method="other")])
    settings, choices = choose(table[(table["method"] == "m") | (table["simulator"] == "a")])
    assert list(choices["method"]) == ["m"] and set(settings["method"]) == {"m"}


def test_the_error_of_a_paired_lead_is_that_of_its_patients():
    """A slow twin: the lead of each patient, its variance over patients, and both simulators with half the weight."""
    table = rows({("default", 0.0): 0.2, ("dear", 0.0): 0.4}, noise=0.2)
    settings, _ = choose(table)
    found = settings.set_index("parameters")["behind_error"]["default"]
    errors = []
    for _, part in table.groupby("simulator"):
        leads = []
        for _, own in part.groupby("subject"):
            mean = own.groupby("parameters")["value"].mean()
            leads.append(mean["dear"] - mean["default"])
        errors.append(np.std(leads, ddof=1) / np.sqrt(len(leads)))
    assert found == pytest.approx(np.hypot(*errors) / 2)
