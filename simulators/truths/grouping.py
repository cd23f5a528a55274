"""Groups that simulators are ranked in: the family of their disease, and whether its place is fixed or moves."""

from collections import Counter
from typing import Literal

from simulators.anatomy.protocol import Warped
from simulators.draw.subject import placed
from simulators.parts import Part, Parts, Strengths
from simulators.pathology.regional import RegionalPathology
from simulators.truths.not_disease import causes

#: largest share of patients that may be ill in one and the same place where the place moves
COMMONEST = 1 / 6
#: what cannot be said where it does not
COMMON_PLACE = "the place of disease is fixed: other patients' maps show it as well, so that no map is of one alone"
Where = Literal["fixed", "moving"]


def place(parts: Parts) -> Where:
    """`moving` where no place is that of more than one patient in six, else `fixed`.

    Where a place is common, an average of other patients shows it in the next one, and an individual map cannot be told
    from a template.
    """
    return "moving" if commonest(parts) <= COMMONEST + 1e-9 else "fixed"


def family(parts: Parts) -> str:
    """The families of the parts that make a patient, in their order."""
    families = [part.law.family for part, cause in zip(parts.pathologies, causes(parts), strict=True) if cause]
    return " and ".join(dict.fromkeys(families))


def commonest(parts: Parts) -> float:
    """Share of patients who are ill in the place where most are: a region, a voxel of a prior, or the whole brain."""
    cycle = range(parts.labels.cycle)
    patients = [s for s in cycle if parts.labels.side(parts.task.label(s)) == 1]
    shares: Counter[tuple[int, str]] = Counter()
    held = [_places(parts, part) if cause else {} for part, cause in zip(parts.pathologies, causes(parts), strict=True)]
    for states, count in Counter(parts.strengths(s, "train") for s in patients).items():
        shares.update(_ill(held, states, count))
    return max(shares.values()) / len(patients)


def _ill(held: list[dict[str, float]], states: Strengths, count: int) -> dict[tuple[int, str], float]:
    """Patients in these states who are ill in each place of each part."""
    present = ((number, places) for number, (places, state) in enumerate(zip(held, states, strict=True)) if state)
    return {(number, name): count * chance for number, places in present for name, chance in places.items()}


def _places(parts: Parts, part: Part) -> dict[str, float]:
    """Chance that a subject with this part has it in each place; of what roams, in the likeliest voxel of its prior."""
    if part.roaming:
        template = parts.anatomy.template
        prior = part.roaming.places(placed(parts, Warped(template.maps, template.labels)))
        return {"the likeliest": float(prior.max() / prior.sum())}
    one_side = isinstance(part.law, RegionalPathology) and part.law.side == "random"
    return dict.fromkeys(part.regions or ("everywhere",), 0.5 if one_side else 1.0)
