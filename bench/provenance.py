"""Provenance of a result: commit, versions, machine, date. Recorded beside results, never part of a key."""

import datetime
import functools
import importlib.metadata
import os
import platform
import subprocess
import time
from pathlib import Path
from typing import Any

from bench import __version__

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = ("torch", "numpy", "scipy", "pandas", "pyarrow", "nilearn", "hydra-core")


@functools.cache
def git() -> tuple[str, bool]:
    """(commit, whether tracked files differ from it); ("", False) outside a checkout.

    `SOURCE_DATE_EPOCH`-style rebuilds elsewhere may set PLUMBLINE_COMMIT instead.
    """
    if given := os.environ.get("PLUMBLINE_COMMIT"):
        return given, False
    sha = _git("rev-parse", "HEAD")
    return sha, bool(sha and _git("status", "--porcelain", "--untracked-files=no"))


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


@functools.cache
def machine(device: str) -> dict[str, Any]:
    """Device, Python and library versions, commit; constant in a process."""
    sha, dirty = git()
    return {
        "version": __version__,
        "git_sha": sha,
        "git_dirty": dirty,
        "device": device,
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in LIBRARIES},
    }


def now() -> str:
    """The date and time in UTC, ISO 8601; honours SOURCE_DATE_EPOCH for rebuilt pages."""
    stamp = float(os.environ.get("SOURCE_DATE_EPOCH", time.time()))
    return moment(stamp)


def moment(stamp: float) -> str:
    """A time of a clock, in UTC, ISO 8601."""
    return datetime.datetime.fromtimestamp(stamp, tz=datetime.UTC).isoformat(timespec="seconds")
