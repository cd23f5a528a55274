"""Which model a unit's training goes on from: that of another simulator of the study, all else equal."""

from dataclasses import replace

from bench.config.suggest import nearest
from bench.contracts import BadInput
from bench.study import Study, Unit


def source(study: Study, unit: Unit) -> Unit | None:
    """The unit whose trained model `train.pretrain` names; None from scratch, as for the named simulator itself."""
    named = study.training(unit).get("pretrain")
    return None if named in (None, unit.simulator) else replace(unit, simulator=named, permuted=False)


def check(study: Study) -> None:
    """Refuse pre-training on what the study does not train, on another grid, or in a circle.

    Raises:
        BadInput: naming the simulators.
    """
    units = set(study.units)
    for unit in study.units:
        chain = [unit]
        while found := source(study, chain[-1]):
            if found not in units:
                names = {u.simulator for u in units if u.network == unit.network} - {chain[-1].simulator}
                raise BadInput(
                    f"train.pretrain={found.simulator} of {chain[-1].simulator}: no such simulator in this study"
                    f"{nearest(found.simulator, names)}; add it, e.g. "
                    f"simulator={found.simulator},{chain[-1].simulator}"
                )
            if found in chain:
                told = " -> ".join(u.simulator for u in (*chain, found))
                raise BadInput(f"train.pretrain goes in a circle: {told}; let one of them start from scratch")
            grids = [study.make("simulators", u.simulator).shape for u in (chain[-1], found)]
            if grids[0] != grids[1]:
                raise BadInput(
                    f"train.pretrain={found.simulator}: its grid {grids[1]} is not the {grids[0]} of "
                    f"{chain[-1].simulator}; pre-train on a simulator of the same anatomy"
                )
            chain.append(found)
