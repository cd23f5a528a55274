"""Methods that go wrong in every way a cell can."""

import os
import signal
import time
from dataclasses import dataclass
from typing import ClassVar

import torch

from bench.contracts import MethodTags, Unsupported
from bench.passes.forward import forward
from fakes.counted import at_work, first, note


@dataclass(frozen=True)
class _Bad:
    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "none"
    summary: ClassVar[str] = "A method that goes wrong."
    tags: ClassVar[MethodTags] = MethodTags("broken", "location")

    def __call__(self, model, inputs, target, context=None):
        forward(model, inputs)
        if at_work(inputs, context):
            self.misbehave()
        return inputs.detach().abs()

    def misbehave(self):
        """What it does in a study, and in no check."""


class Raises(_Bad):
    def __call__(self, model, inputs, target, context=None):
        raise ZeroDivisionError("one over nothing")


class Refuses(_Bad):
    def __call__(self, model, inputs, target, context=None):
        raise Unsupported("no rule for this network")


class NotANumber(_Bad):
    def __call__(self, model, inputs, target, context=None):
        usual = super().__call__(model, inputs, target, context)
        return usual * torch.nan if at_work(inputs, context) else usual


class Unsaid(Refuses):
    """A method without a summary."""

    summary: ClassVar[str] = ""


class Dies(_Bad):
    def __call__(self, model, inputs, target, context=None):
        os.kill(os.getpid(), signal.SIGKILL)


class Hangs(_Bad):
    def misbehave(self):
        time.sleep(1e6)


class Glutton(_Bad):
    """Eats memory until it is stopped, or has eaten what no test machine lacks; says who it is."""

    def misbehave(self):
        note("glutton")
        eaten = []
        for _ in range(100):
            eaten.append(torch.ones(8 * 2**20 // 4))
            time.sleep(0.05)
        time.sleep(1e6)


class DiesOnce(_Bad):
    """Dies the first time that it is asked for a map, as if somebody killed the process."""

    def misbehave(self):
        if first("dies_once"):
            os.kill(os.getpid(), signal.SIGKILL)


class OrphanOnce(_Bad):
    """Kills what it was forked from the first time that it is asked for a map, and stays."""

    def misbehave(self):
        if first("orphan_once"):
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(1e6)
