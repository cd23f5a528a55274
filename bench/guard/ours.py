"""The list of plug-ins of ours, which our tests know."""

from functools import cache
from pathlib import Path

from bench.provenance import ROOT

#: identities of classes that a YAML of ours names, written by `python -m bench readme`
FILE = ROOT / "bench" / "verify" / "identities.txt"


@cache
def shipped_identities(path: Path = FILE) -> frozenset[str]:
    """Identities of all classes that are ours."""
    return frozenset(path.read_text().split())


@cache
def shipped_modules() -> frozenset[str]:
    """Modules that hold them; one that was moved since is not among these, and is watched for nothing."""
    return frozenset(identity.rpartition(".")[0] for identity in shipped_identities())
