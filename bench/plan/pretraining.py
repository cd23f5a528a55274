"""Pre-training: the model that training goes on from is that of another simulator of the study, all else equal."""

from bench.contracts import BadInput
from bench.contracts.names import nearest
from bench.study import Study


def check(study: Study) -> None:
    """Refuse pre-training on what the study does not train, on another grid, or in a circle.

    Raises:
        BadInput: naming the simulators.
    """
    units = set(study.units)
    for unit in study.units:
        chain = [unit]
        while before := study.pretrained(chain[-1]):
            if before not in units:
                names = {u.simulator for u in units if u.network == unit.network} - {chain[-1].simulator}
                raise BadInput(
                    f"train.pretrain of {chain[-1].simulator}: there is no simulator '{before.simulator}' in this study"
                    f"{nearest(before.simulator, names)}; add it, e.g. "
                    f"simulator={before.simulator},{chain[-1].simulator}"
                )
            if before in chain:
                circle = " -> ".join(u.simulator for u in (*chain, before))
                raise BadInput(f"train.pretrain goes in a circle: {circle}; let one of them start from scratch")
            grids = [study.make("simulators", u.simulator).shape for u in (chain[-1], before)]
            if grids[0] != grids[1]:
                raise BadInput(
                    f"train.pretrain: the grid {grids[1]} of {before.simulator} is not the {grids[0]} of "
                    f"{chain[-1].simulator}; pre-train on a simulator of the same anatomy"
                )
            chain.append(before)
