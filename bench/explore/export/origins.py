"""Sentences on where heads come from, so that nobody takes people's scans for drawn brains, or the other way round."""

from collections.abc import Mapping
from typing import NamedTuple

from bench.contracts.simulator import Heads


class Origin(NamedTuple):
    """Sentences on heads: a clause for a portrait, the README of an export, and the sidecar of an image."""

    words: str
    readme: str
    image: str


_ORIGINS: Mapping[Heads, Origin] = {
    "template": Origin(
        "heads: deformations of a template",
        "Synthetic brains: each is a deformation of one template. Nobody's own scan is among them.",
        "Synthetic image on a fixed intensity scale: a deformed template.",
    ),
    "phantom": Origin(
        "heads: a phantom made of formulas",
        "Synthetic brains: a phantom made of formulas. Nobody was scanned.",
        "Synthetic image on a fixed intensity scale: a phantom made of formulas.",
    ),
    "scans": Origin(
        "heads: scans of people, deformed",
        "Real heads: these images are scans of people, smoothly deformed, and any disease in them is planted. "
        "The column `source` of participants.tsv names the scan of each. Keep them as you keep the scans themselves.",
        "Scan of a person, smoothly deformed, on a fixed intensity scale; any disease in it is planted.",
    ),
    "": Origin(
        "",
        "Its simulator does not say what its heads are taken from.",
        "Image of a simulator on a fixed intensity scale; what its head is taken from is not said.",
    ),
}

#: the contrast that scans have; any other is not theirs
_SCANNED = "T1w"
_RECOLOURED = Origin(
    ", their tissues in {modality} intensities",
    " Nobody has a {modality} scan here: grey matter, white matter and fluid were told apart in the T1-weighted scans "
    "and given the intensities of the simulator.",
    " The {modality} contrast is not the scan's: tissues told apart in a T1-weighted scan were given its intensities.",
)


def origin(heads: Heads, modality: str) -> Origin:
    """What is to be said of heads in images of a contrast."""
    if heads != "scans" or modality == _SCANNED:
        return _ORIGINS[heads]
    further = (text.format(modality=modality.upper()) for text in _RECOLOURED)
    return Origin(*(text + more for text, more in zip(_ORIGINS[heads], further, strict=True)))
