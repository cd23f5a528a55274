"""A world of eight voxels a side in which a study takes seconds, and methods that misbehave."""

from pathlib import Path

CONF = Path(__file__).parent / "conf"
