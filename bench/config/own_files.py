"""Configuration files of the user that Hydra would pass over: refused, as the user means them to be read."""

from collections.abc import Sequence
from pathlib import Path

from bench.contracts import BadInput

READ, PASSED_OVER = ".yaml", ".yml"
#: what Hydra would join to the typed schema of all keys
SCHEMA = f"schema{READ}"
#: the group of Hydra's own settings
HYDRA = "hydra"


def check(folders: Sequence[Path]) -> None:
    """Raise BadInput for a file that has the name of another one in an earlier folder, or an ending that is not read.

    Hydra reads the first of a name. A copy of the same bytes is no fault.
    """
    groups = {path.name for path in folders[0].iterdir() if path.is_dir()}
    for place, folder in enumerate(folders):
        if (folder / SCHEMA).exists():
            raise BadInput(f"{folder / SCHEMA} has the name of what checks all keys; give it another name")
        if place and (of_hydra := next((folder / HYDRA).rglob(f"*{READ}"), None)):
            raise BadInput(f"{of_hydra} would not be read by the launcher; set what it says with hydra.KEY=VALUE")
        for path in sorted(folder.rglob(f"*{PASSED_OVER}")):
            if path.relative_to(folder).parts[0] in groups:
                raise BadInput(f"{path} would not be read; rename it to {path.stem}{READ}")
        for path in sorted(folder.rglob(f"*{READ}")) if place else ():
            for other in (earlier / path.relative_to(folder) for earlier in folders[:place]):
                if other.is_file() and path.is_file() and other.read_bytes() != path.read_bytes():
                    raise BadInput(f"{path} would not be read, because {other} has its name; give it another name")
