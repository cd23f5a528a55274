"""The fake study, whose package is found in the folder of its own tests."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "study"))
