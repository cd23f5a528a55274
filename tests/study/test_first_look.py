"""The first look of a newcomer: a part of `quick`, so that nothing of it is computed again."""

from bench.plan import plan
from bench.plan.cells import Cells


def keys(study):
    """The keys of all that the units of a study are made of."""
    planned = plan.study([f"study={study}"])[0]
    return {cell.key for unit in planned.units for cell in Cells(planned).of(unit)}


def test_what_it_computes_is_part_of_quick():
    assert len(keys("first")) > 500 and keys("first") <= keys("quick")
