"""Choices written into conf/: parameters into the file of each method, all else into `tuned.yaml`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from bench.config.build import TARGET
from bench.config.compose import CONF
from bench.store import files
from bench.study import Node

TUNED = CONF / "tuned.yaml"
HEAD = """# @package tuned
# Written by `python -m bench tune`, from the rows of results/published/tune. fwhm: smoothing of the view `own`, in
# voxels. sensitivity: range of the score over the grid.
"""


def freeze(choices: pd.DataFrame, folders: Sequence[Path] = (), tuned: Path = TUNED) -> list[Path]:
    """Write the choices; returns the files of methods that changed.

    folders: further configuration folders, whose methods may be among the choices.
    """
    changed = []
    kept: dict[str, Node] = yaml.safe_load(tuned.read_text()) or {} if tuned.exists() else {}
    for choice in choices.to_dict("records"):
        name, parameters = str(choice["method"]), json.loads(choice["parameters"])
        places = [folder / "method" / f"{name}.yaml" for folder in (CONF, *folders)]
        for path in (place for place in places if place.exists()):
            text = with_values(path.read_text(), parameters)
            if text != path.read_text():
                files.write_bytes(path, text.encode())
                changed.append(path)
        kept[name] = {"fwhm": choice["fwhm"], "sensitivity": round(choice["sensitivity"], 3)}
    lines = [f"{name}: {{ {_inside(node)} }}\n" for name, node in sorted(kept.items())]
    files.write_bytes(tuned, (HEAD + "".join(lines)).encode())
    return changed


def with_values(text: str, parameters: Mapping[str, Any]) -> str:
    """The text of a method's file with other values; its comments, its order and values that are the same stay."""
    current = yaml.safe_load(text)
    changed = {k: v for k, v in parameters.items() if k != TARGET and current[k] != v}
    lines = [(line.partition(":")[0], line) for line in text.splitlines(keepends=True)]
    return "".join(f"{key}: {_yaml(changed[key])}\n" if key in changed else line for key, line in lines)


def _inside(node: Node) -> str:
    return ", ".join(f"{key}: {_yaml(value)}" for key, value in node.items())


def _yaml(value: Any) -> str:
    """One line of YAML; a whole number without its point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return yaml.safe_dump(value, default_flow_style=True, width=10**6).splitlines()[0]
