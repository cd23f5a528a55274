"""A network and a method that write down when they are trained or asked, where a test can count from outside."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from bench.contracts import MethodTags
from bench.networks.linear import Linear
from bench.passes.forward import forward

JOURNAL = "FAKES_JOURNAL"


def note(what):
    """One line in the file that the environment names; short, so that lines of several processes stay whole."""
    if path := os.environ.get(JOURNAL):
        with Path(path).open("a") as journal:
            journal.write(f"{what} {os.getpid()}\n")


def at_work(inputs, context):
    """Whether a study asks, and not a check: misbehaviour that a check would find is another test's."""
    return context is not None and inputs.shape[2:] == (8, 8, 8)


def first(what):
    """Whether nothing of the kind was noted before; it is noted."""
    path = Path(os.environ.get(JOURNAL, "/dev/null"))
    before = path.exists() and f"{what} " in path.read_text()
    note(what)
    return not before


class CountedLinear(Linear):
    """Linear, and says when its training begins."""

    noted = False

    def train(self, mode=True):
        if mode and not self.noted:
            self.noted = True
            note("train")
        return super().train(mode)


@dataclass(frozen=True)
class Slow:
    """Well behaved, but slow enough to be hit at work in the fakes' world; says when it begins."""

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "none"
    summary: ClassVar[str] = "The image to a power, slowly."
    tags: ClassVar[MethodTags] = MethodTags("slow", "location")
    number: int = 0
    seconds: float = 0.1

    def __call__(self, model, inputs, target, context=None):
        if at_work(inputs, context):
            note("map")
            time.sleep(self.seconds)
        forward(model, inputs)
        return inputs.detach().abs() ** (1 + self.number)
