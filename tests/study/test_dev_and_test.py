"""Parameters are chosen on other places and seeds than methods are ranked on, from their classes' defaults."""

import json

import pytest

from bench.config import compose
from bench.config.build import TARGET
from bench.tuning.rows import default

#: regions where a pathology that names none may lie, as those of focal lesions do
ANYWHERE = "white matter"


def places(pathology):
    """Names of the regions of a pathology, of its parts and of its places; `ANYWHERE` for one that draws its own."""
    if "parts" in pathology:
        return set().union(*map(places, pathology["parts"]))
    if "elsewhere" in pathology:
        return places(pathology["law"]).union(*pathology["elsewhere"])
    named = set(pathology.get("regions") or ()) | {pathology[key] for key in ("region",) if key in pathology}
    return named | ({ANYWHERE} if not named or any(ANYWHERE in name for name in named) else set())


def shared(one, other):
    """What two composed studies share: names of simulators, regions, seeds of data and of models."""
    regions = [set().union(*(places(n["pathology"]) for n in study.simulators.values())) for study in (one, other)]
    found = {"simulators": {*one.simulators} & {*other.simulators}, "regions": regions[0] & regions[1]}
    seeds = [study.settings["seed"] for study in (one, other)]
    return found | {f"seeds of {axis}": {*seeds[0][axis]} & {*seeds[1][axis]} for axis in ("data", "model")}


@pytest.fixture(scope="module")
def dev():
    return compose.study(["study=tune"])


def test_dev_and_test_share_nothing(dev):
    test = compose.study(["study=standard", "method=[random]", "metric=[calibrated_ap]"])
    assert {what: found for what, found in shared(dev, test).items() if found} == {}


@pytest.mark.parametrize(
    ("simulator", "what"),
    [
        ("or_pairs", "left superior frontal gyrus"),
        pytest.param("dementia", "right superior frontal gyrus", marks=pytest.mark.full),
        pytest.param("brain_age", "left rostral middle frontal gyrus", marks=pytest.mark.full),
    ],
)
def test_a_simulator_that_shares_a_place_is_found(dev, simulator, what):
    few = ("network=gmp_cnn", "method=[random]")
    found = shared(dev, compose.study(["study=standard", f"simulator={simulator}", "seed.model=[0]", *few]))
    assert what in found["regions"] and found["seeds of model"] == {0} and not found["seeds of data"]


def test_tuning_starts_from_the_defaults_of_the_classes(dev):
    """The variant without values of the grid is the one that is called the default."""
    nodes = {label: node for label, node in dev.methods.items() if "-" not in label}
    assert len(nodes) > 20
    stated = {label: {k: v for k, v in node.items() if k != TARGET} for label, node in nodes.items()}
    assert stated == {label: json.loads(json.dumps(default(node))) for label, node in nodes.items()}


def test_every_method_has_the_same_values_of_a_parameter(dev):
    grid: dict[str, dict[str, set[str]]] = {}
    for label, node in dev.methods.items():
        for part in [key for key in node if f"-{key}-" in label]:
            grid.setdefault(part, {}).setdefault(label.partition("-")[0], set()).add(json.dumps(node[part]))
    assert {"window", "stride", "fill", "layer", "steps", "baseline", "noise"} <= set(grid)
    assert all(len({frozenset(values) for values in methods.values()}) == 1 for methods in grid.values())
