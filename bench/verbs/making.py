"""Verbs that make something beside a study's tables."""

import json

from bench.contracts import BadInput
from bench.plan.states import committed
from bench.verbs.call import Call
from bench.verbs.reading import PUBLISHED


def calibrate(call: Call) -> int:
    """Calibrate the simulators of a study and put the results where they are committed."""
    from bench.launch.unit import Bench

    study, _ = call.study()
    for unit in {u.simulator: u for u in study.units}.values():
        bench = Bench(study, unit)
        cell = bench.cells.unit(unit).calibration
        path = committed(cell)
        if not path.exists():
            found = bench.get(cell)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(found, indent=1) + "\n")
        print(f"{unit.simulator}: {path}")
    return 0


def export(call: Call) -> int:
    """Write the explained subjects of every simulator named as NIfTI files in BIDS-like folders."""
    from bench.explore.export import export as folders

    for folder in folders(call.study()[0]):
        print(folder)
    return 0


def portrait(call: Call) -> int:
    """Draw what each simulator named makes, into results/published/portraits."""
    from bench.explore import portraits

    for path in portraits.write(call.study()[0], PUBLISHED / "portraits"):
        print(path)
    return 0


def entrants(call: Call) -> int:
    """Put other libraries' versions of methods through our checks, into results/published/entrants.csv."""
    from bench.verify import entrants as contest

    if call.overrides:
        raise BadInput(
            f"entrants takes no overrides, and was given '{call.overrides[0]}'; it runs all of conf/entrants"
        )
    contest.main()
    return 0


def readme(call: Call) -> int:
    """Write the tables of methods and metrics into their READMEs, from what the classes declare."""
    from bench.verify import catalogue

    for path in catalogue.write():
        print(path)
    return 0


def views(call: Call) -> int:
    """Draw what else can be seen of a model than maps, into results/<study>/views."""
    from bench.explore.views.write import write

    for folder in write(call.study()[0]):
        print(folder)
    return 0
