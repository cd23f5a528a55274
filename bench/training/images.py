"""Images of one data seed, as training is given them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from bench.contracts import Batch

#: the test subjects once more with every pathology off
OFF = "off"
SPLITS = ("train", "validation", "test")


class Images(NamedTuple):
    """Batches of one data seed; `off` are the test subjects with the pathology off and their own targets.

    shifted: by name, the simulator's further test streams.
    """

    train: Batch
    validation: Batch
    test: Batch
    off: Batch
    shifted: Mapping[str, Batch] = MappingProxyType({})
