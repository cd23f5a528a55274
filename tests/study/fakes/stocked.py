"""A box whose healthy subjects may be drawn once, into a bank."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from fakes.box import Box


@dataclass(frozen=True)
class Stocked(Box):
    """A subject from the bank is the subject drawn without it."""

    bank: str = ""

    @staticmethod
    def banked(node):
        return {"noise": 0.1}

    def fill_bank(self, counts, folder, progress):
        for stream, count in counts.items():
            healthy = [self._image(i, stream, 0.0).numpy() for i in range(count)]
            np.save(folder / f"{stream}.npy", np.stack(healthy))

    def with_bank(self, folder):
        return replace(self, bank=str(folder))

    def _image(self, subject, stream, amplitude):
        if not self.bank:
            return super()._image(subject, stream, amplitude)
        image = torch.from_numpy(np.load(Path(self.bank) / f"{stream}.npy")[subject])
        image[:, : self.side, : self.side, : self.side] += amplitude
        return image
