"""The cohort behind an exported folder."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from bench.contracts import BadInput, Cohort, Truth
from bench.explore.export import nifti
from bench.explore.export.layout import VECTORS, Layout


def read(folder: Path) -> Cohort:
    """The cohort that `write` wrote, equal in every field.

    Raises:
        BadInput: where the folder holds no export, or not all of it.
    """
    try:
        return _read(Path(folder))
    except (FileNotFoundError, StopIteration) as error:
        missing = getattr(error, "filename", None) or "an image of sub-0001"
        raise BadInput(f"{folder} is no whole export: {missing} is missing; run 'python -m bench export'") from error


def _read(folder: Path) -> Cohort:
    table = _table(folder / "participants.tsv")
    sidecar = next(folder.glob("sub-0001/*/sub-0001_*.json"))
    layout = Layout(folder, sidecar.stem.removeprefix("sub-0001_"))
    who = list(table["participant_id"])
    target = table["target"].to_numpy()
    derived = layout.derivatives()
    names = _table(derived / "dseg.tsv")
    truths = [_truth(layout, who, path) for path in sorted(derived.glob("desc-*_truth.json"))]
    return Cohort(
        images=torch.stack([nifti.read(layout.image(w)) for w in who]),
        targets=torch.tensor(target.astype(np.float32 if target.dtype.kind == "f" else np.int64)),
        subjects=torch.tensor(table["subject"].to_numpy(np.int64)),
        twins=torch.stack([nifti.read(layout.twin(w)) for w in who]),
        regions=torch.stack([nifti.read(layout.derived(w, "dseg.nii.gz")) for w in who]),
        domain=torch.stack([nifti.read(layout.derived(w, "mask.nii.gz")) for w in who]).bool(),
        truths={truth.name: truth for truth in truths},
        region_names=tuple(names["name"]),
        affine=np.array(json.loads(sidecar.read_text())["Affine"]),
    )


def _truth(layout: Layout, who: list[str], path: Path) -> Truth:
    about = json.loads(path.read_text())
    parts = set(about["Parts"])
    tensors: dict[str, Tensor] = {}
    if "volume" in parts:
        tensors["volume"] = torch.stack([nifti.read(layout.derived(w, f"{path.stem}.nii.gz")) for w in who])
    tables = [_table(layout.derived(w, f"{path.stem}.tsv")) for w in who if parts.intersection(VECTORS)]
    for name in parts.intersection(VECTORS):
        tensors[name] = torch.stack([torch.tensor(table[name].to_numpy(np.float32)) for table in tables])
    return Truth(about["Name"], signed=about["Signed"], **tensors)


def _table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", na_values=["n/a"], keep_default_na=False)
