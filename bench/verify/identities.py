"""Identities of shipped classes, written down so that a class which moves keeps the name that stored keys call it by.

python -m bench readme adds those of new classes, and takes none away.
"""

from pathlib import Path

import yaml

from bench.config.build import ALLOWED, nodes, resolve
from bench.guard.ours import FILE
from bench.provenance import ROOT
from bench.store import files
from bench.store.keys import identity


def current() -> set[str]:
    """Identity of every class that a YAML of ours names."""
    trees = [yaml.safe_load(path.read_text()) for path in sorted((ROOT / "conf").rglob("*.yaml"))]
    return {identity(resolve(node, ALLOWED)) for tree in trees for _, node in nodes(tree)}


def kept() -> set[str]:
    """Identities that classes must have: those written down."""
    return set(FILE.read_text().split())


def write() -> Path:
    """Add what is new; the file."""
    files.write_bytes(FILE, ("\n".join(sorted(kept() | current())) + "\n").encode())
    return FILE
