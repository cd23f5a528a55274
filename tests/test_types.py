"""Types of the packages, as mypy reads them: a test among the others, beside which it runs."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("bench", "simulators", "methods", "metrics")


def test_values_have_the_types_that_are_declared():
    asked = [sys.executable, "-m", "mypy", *PACKAGES]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
