"""The cohort behind an exported folder."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from bench.contracts import BadInput, Cohort, Truth
from bench.explore.export import nifti, people
from bench.explore.export.layout import VECTORS, Layout, folder_of

AGAIN = "run 'python -m bench export'"


def read(folder: Path) -> Cohort:
    """The cohort that `write` wrote, equal in every field.

    Raises:
        BadInput: where the folder holds no export, or not all of it.
    """
    try:
        return _read(Path(folder))
    except (FileNotFoundError, StopIteration) as error:
        missing = getattr(error, "filename", None) or "an image of the first participant"
        raise BadInput(f"{folder} is no whole export: {missing} is missing; {AGAIN}") from error


def _read(folder: Path) -> Cohort:
    table = _people(folder)
    who = list(table["who"])
    first = next(iter(who))
    sidecar = next((folder / folder_of(first)).glob(f"*/{first}_*.json"))
    layout = Layout(folder, sidecar.stem.removeprefix(f"{first}_"))
    target = table["target"].to_numpy()
    affine = np.array(_json(sidecar, {"Affine"})["Affine"])
    derived = layout.derivatives()
    names = _table(derived / "dseg.tsv", {"name"})
    truths = [_truth(layout, who, path, affine) for path in sorted(derived.glob("desc-*_truth.json"))]
    return Cohort(
        images=_volumes([layout.image(w) for w in who], affine),
        targets=torch.tensor(target.astype(np.float32 if target.dtype.kind == "f" else np.int64)),
        subjects=torch.tensor(table["subject"].to_numpy(np.int64)),
        twins=_volumes([layout.twin(w) for w in who], affine),
        regions=_volumes([layout.derived(w, "dseg.nii.gz") for w in who], affine),
        domain=_volumes([layout.derived(w, "mask.nii.gz") for w in who], affine).bool(),
        truths={truth.name: truth for truth in truths},
        region_names=tuple(names["name"]),
        affine=affine,
    )


def _people(folder: Path) -> pd.DataFrame:
    """The image (`who`), target and subject of each row of the cohort."""
    path, longitudinal = folder / "participants.tsv", (folder / people.SESSIONS).exists()
    table = _table(path, {"participant_id", "target", *([] if longitudinal else ["subject"])})
    if not longitudinal:
        return table.rename(columns={"participant_id": "who"})
    visits = pd.concat(
        [_sessions(folder, *person) for person in zip(table["participant_id"], table["target"], strict=True)]
    )
    return visits.sort_values("row", ignore_index=True)


def _sessions(folder: Path, person: str, target: float) -> pd.DataFrame:
    table = _table(people.sessions(folder, person), {"session_id", "row", "subject"})
    return table.loc[:, ["row", "subject"]].assign(who=f"{person}_" + table["session_id"], target=target)


def _truth(layout: Layout, who: list[str], path: Path, affine: np.ndarray) -> Truth:
    about = _json(path, {"Name", "Signed", "Parts"})
    parts = set(about["Parts"])
    tensors: dict[str, Tensor] = {}
    if "volume" in parts:
        tensors["volume"] = _volumes([layout.derived(w, f"{path.stem}.nii.gz") for w in who], affine)
    vectors = parts.intersection(VECTORS)
    tables = [_table(layout.derived(w, f"{path.stem}.tsv"), vectors) for w in who if vectors]
    if len({len(table) for table in tables}) > 1:
        raise BadInput(f"{path}: tables of its participants differ in length; {AGAIN}")
    for name in vectors:
        tensors[name] = torch.stack([torch.tensor(table[name].to_numpy(np.float32)) for table in tables])
    return Truth(about["Name"], signed=about["Signed"], **tensors)


def _volumes(paths: list[Path], affine: np.ndarray) -> Tensor:
    """The volumes (N, 1, D, H, W) of all participants."""
    volumes = [nifti.read(path, affine) for path in paths]
    for path, volume in zip(paths, volumes, strict=True):
        if (volume.shape, volume.dtype) != (volumes[0].shape, volumes[0].dtype):
            raise BadInput(f"{path}: is of another grid or type than the first participant's; {AGAIN}")
    return torch.stack(volumes)


def _json(path: Path, keys: set[str]) -> dict[str, Any]:
    """What a file says, which holds these keys."""
    try:
        about = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise BadInput(f"{path}: is no JSON in UTF-8 ({str(error).rstrip('.')}); {AGAIN}") from error
    if not isinstance(about, dict) or keys - about.keys():
        raise BadInput(f"{path}: does not hold {', '.join(sorted(keys))}; {AGAIN}")
    return about


def _table(path: Path, columns: set[str]) -> pd.DataFrame:
    """A table with these columns, of which names stay texts, whatever they say."""
    texts = dict.fromkeys(("participant_id", "session_id", "name"), str)
    missing = {column: ["n/a"] for column in VECTORS}
    try:
        table = pd.read_csv(path, sep="\t", dtype=texts, na_values=missing, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, pd.errors.ParserError) as error:
        cause = str(error).partition("\n")[0].rstrip(".")
        raise BadInput(f"{path}: is no table in UTF-8 ({cause}); {AGAIN}") from error
    numbers = table[[c for c in table.columns if c in columns - texts.keys()]]
    if columns - set(table.columns) or any(kind.kind not in "iuf" for kind in numbers.dtypes):
        raise BadInput(f"{path}: does not hold {', '.join(sorted(columns))} as they were exported; {AGAIN}")
    return table
