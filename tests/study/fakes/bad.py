"""Methods that go wrong in every way a cell can."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch

from bench.contracts import MethodTags, Unsupported


@dataclass(frozen=True)
class _Bad:
    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "none"
    tags: ClassVar[MethodTags] = MethodTags("broken", "location")


class Raises(_Bad):
    def __call__(self, model, inputs, target, context=None):
        raise ZeroDivisionError("one over nothing")


class Refuses(_Bad):
    def __call__(self, model, inputs, target, context=None):
        raise Unsupported("no rule for this network")


class NotANumber(_Bad):
    def __call__(self, model, inputs, target, context=None):
        return torch.full_like(inputs, torch.nan)


class Dies(_Bad):
    def __call__(self, model, inputs, target, context=None):
        os.kill(os.getpid(), signal.SIGKILL)


class Hangs(_Bad):
    def __call__(self, model, inputs, target, context=None):
        time.sleep(1e6)


@dataclass(frozen=True)
class Slow(_Bad):
    """Well behaved, but slow enough to be killed at work; says when it has begun."""

    mark: str = ""

    def __call__(self, model, inputs, target, context=None):
        Path(self.mark).touch()
        time.sleep(0.5)
        return inputs.abs()
