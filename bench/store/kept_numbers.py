"""Numbers that a long search found, each written as soon as it is known, so that a killed one goes on from them."""

import contextlib
import json
from pathlib import Path

from bench.store import files


class KeptNumbers(dict[float, float]):
    """Numbers by number, in a JSON file; one that cannot be read holds none.

    Others may write the same numbers to the same file at the same time, as a search finds the same every time.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        with contextlib.suppress(OSError, ValueError, TypeError):
            self.update({float(at): float(value) for at, value in files.json_object(path).items()})

    def __setitem__(self, at: float, value: float) -> None:
        super().__setitem__(at, value)
        files.write_bytes(self.path, json.dumps({repr(k): v for k, v in self.items()}).encode())
