"""Layout of an exported cohort: the place of every file, and the content of the small ones."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from bench import __version__
from bench.contracts import Visit
from bench.contracts.files import participant
from bench.contracts.simulator import Heads
from bench.names import digest_of
from bench.provenance import git

#: the version of https://bids-specification.readthedocs.io that names and columns follow
BIDS = "1.9.0"
PIPELINE = "plumbline"
#: what of a truth is one number a region, and so stands in a table
VECTORS = ("regions", "floor")


@dataclass(frozen=True)
class About:
    """Facts that a cohort does not hold itself; modality: BIDS suffix of its images, e.g. T1w, FLAIR, pet.
    records: what was drawn for each subject, by name; descriptions: what each of these names stands for. heads: what
    they are taken from; sources: the file of each subject's head, none where heads are not scans. visits: of each
    subject, none where every one is another person.
    """

    simulator: str
    stream: str
    data_seed: int
    modality: str = "T1w"
    records: tuple[dict[str, float], ...] = ()
    descriptions: Mapping[str, str] = field(default_factory=dict)
    heads: Heads = ""
    sources: tuple[str, ...] = ()
    visits: tuple[Visit, ...] = ()


@dataclass(frozen=True)
class Layout:
    """Paths below `folder`. who: a participant, `sub-0001`, or a session of one, `sub-0001_ses-01`; pipeline: a folder
    of `derivatives`; visits: those of the images, if they are any.
    """

    folder: Path
    modality: str
    visits: tuple[Visit, ...] = ()

    @property
    def _kind(self) -> str:
        return "pet" if self.modality == "pet" else "anat"

    def image(self, who: str) -> Path:
        """The image that the network sees."""
        return self.folder / folder_of(who) / self._kind / f"{who}_{self.modality}.nii.gz"

    def derived(self, who: str, ending: str, pipeline: str = PIPELINE) -> Path:
        """A volume or table made of, or known about, a participant."""
        return self.derivatives(pipeline) / folder_of(who) / self._kind / f"{who}_{ending}"

    def twin(self, who: str) -> Path:
        """The same subject in the other pathology state."""
        return self.derived(who, f"desc-twin_{self.modality}.nii.gz")

    def derivatives(self, pipeline: str = PIPELINE) -> Path:
        """The root of a derived dataset."""
        return self.folder / "derivatives" / pipeline

    def names(self, count: int) -> list[str]:
        """The first images of the cohort."""
        return participants(count, self.visits)


def folder_of(who: str) -> Path:
    """The folder of a participant or session, below that of its dataset."""
    return Path(*who.split("_"))


def participants(count: int, visits: Sequence[Visit] = ()) -> list[str]:
    """`sub-0001` and on, in the order of the cohort; of visits `sub-0001_ses-01`, persons in the order they come in."""
    if not visits:
        return [participant(i) for i in range(count)]
    persons = {person: participant(i) for i, person in enumerate(dict.fromkeys(visit.person for visit in visits))}
    return [f"{persons[visit.person]}_ses-{visit.number + 1:02d}" for visit in visits[:count]]


def bids_label(name: str) -> str:
    """A name as BIDS wants labels, letters and digits only: `use_of_x` becomes `useOfX`.

    Of other names than words in lower case, which may become alike, the label ends with a mark of the name.
    """
    words = re.findall("[A-Za-z0-9]+", name)
    label = "".join(word[0].upper() + word[1:] for word in words)
    label = label[:1].lower() + label[1:]
    return label if re.fullmatch("[a-z][a-z0-9]*(_[a-z][a-z0-9]*)*", name) else f"{label}X{digest_of(name)}"


def described(name: str, kind: str) -> dict[str, Any]:
    """`dataset_description.json`; without a date, so that the same cohort gives the same bytes."""
    sha, dirty = git()
    commit = f"commit {sha or 'unknown'}{' with local changes' if dirty else ''}"
    by = {"Name": "Plumbline", "Version": __version__, "Description": commit}
    return {"Name": name, "BIDSVersion": BIDS, "DatasetType": kind, "GeneratedBy": [by]}


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Indented JSON; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Tab-separated values; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, sep="\t", index=False, na_rep="n/a")


README = """Images of the simulator `{simulator}`, made by Plumbline.
{origin}

sub-*: images as a network sees them, on one fixed intensity scale, in millimetres, RAS. The suffix T1w
also stands for the contrast of a simulator that states no `modality`.
derivatives/plumbline: desc-twin (the same subject in the other pathology state), desc-<truth>_truth (what a map is
scored against), dseg (regions, named in dseg.tsv), mask (voxels a map is scored in).
Other derivatives: one trained model each, its weights and settings, desc-<method>_map. `code/load_model.py` loads a
model; it needs torch, safetensors and the class of its network, and so a checkout of Plumbline on PYTHONPATH.
Maps of your own: lay them as MAPS/<model>/sub-0001.nii.gz, on the grid of the images, then
`python -m bench score study=<study> maps=MAPS` scores them.
participants.tsv tells patients from controls. Of persons who were seen more than once, images lie below sub-*/ses-*,
sub-*/sub-*_sessions.tsv has the time and age of each visit, and the truths of a person's sessions are its true course,
voxel by voxel; derivatives/plumbline/sub-*/*_course.tsv has their means by region.
`bench.explore.export.reader.read` reads all of this back, bit by bit.
"""
