"""All keys of `tiny` and `quick`, one line per study, stage and unit: how many, and a digest of them.

python tests/store/golden_keys.py writes them anew: only when a version was raised on purpose, as a key that moves
orphans what is stored under it. It adds new classes to `identities.txt`, the names by which keys call plug-ins, and
takes none away.
"""

import csv
import hashlib
from collections import defaultdict
from pathlib import Path

import yaml

from bench.config.build import ALLOWED, nodes, resolve
from bench.plan import plan
from bench.plan.cells import Cells
from bench.store.keys import identity

STUDIES = ("tiny", "quick")
COLUMNS = ("study", "stage", "unit", "keys", "digest")
FILE = Path(__file__).with_suffix(".csv")
IDENTITIES = Path(__file__).parent / "identities.txt"
CONF = Path(__file__).parents[2] / "conf"


def keys(name: str) -> dict[tuple[str, str], list[str]]:
    """{(stage, unit): keys} of a study, the caches made on the way among them."""
    study = plan.study([f"study={name}"])[0]
    cells, found = Cells(study), defaultdict(list)
    for unit in study.everything:
        planned = cells.of(unit)
        for cell in (*planned, *(cache for one in planned for cache in one.caches)):
            found[cell.stage, cell.unit.id].append(cell.key)
    return found


def rows() -> list[dict[str, str]]:
    """The lines of the file, as they should be."""
    return [
        dict(zip(COLUMNS, (name, stage, unit, str(len(set(found))), _digest(found)), strict=True))
        for name in STUDIES
        for (stage, unit), found in sorted(keys(name).items())
    ]


def _digest(found: list[str]) -> str:
    return hashlib.sha256("".join(sorted(set(found))).encode()).hexdigest()[:16]


def shipped() -> set[str]:
    """Identity of every class that a YAML of ours names."""
    trees = [yaml.safe_load(path.read_text()) for path in sorted(CONF.rglob("*.yaml"))]
    return {identity(resolve(node, ALLOWED)) for tree in trees for _, node in nodes(tree)}


def kept() -> set[str]:
    """Identities that a class must have: those written down."""
    return set(IDENTITIES.read_text().split())


def stored() -> list[dict[str, str]]:
    """The lines of the file."""
    with FILE.open(newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    IDENTITIES.write_text("\n".join(sorted(kept() | shipped())) + "\n")
    with FILE.open("w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows())
