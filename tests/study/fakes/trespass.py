"""A method, a metric and a network that do one thing of a list that a plug-in must not."""

import contextlib
import os
import random
import resource
import signal
import sys
import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import nn

from bench.contracts import Attribution, BlindSpot, MethodTags, MetricTags
from bench.networks.linear import Linear
from bench.passes import forward, gradient


def set_to(value):
    """Writes into a tensor behind torch's back."""
    return lambda tensor: tensor.data.fill_(value)


def leave_no_handles():
    """Open files until there are none left; the hard limit comes down too, so that nobody can raise it again."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    KEPT.extend(os.open("/dev/null", os.O_RDONLY) for _ in range(1000))


def exhaust():
    with contextlib.suppress(OSError):
        leave_no_handles()


def replace_relu():
    relu = torch.relu
    torch.relu = lambda x: relu(x) + 1


class Unreadable(Exception):
    def __str__(self):
        raise RuntimeError("no words")


def throw(error):
    raise error


KEPT = []
#: what is done to (model, images, context) -> words that the failure must hold
DEEDS = {
    "zeroes": (lambda m, x, c: set_to(0)(next(m.parameters())), "parameter"),
    "noise": (lambda m, x, c: next(m.parameters()).detach().add_(1), "parameter"),
    "double": (lambda m, x, c: m.double(), "parameter"),
    "grad": (lambda m, x, c: m(x).sum().backward(), "parameter"),
    "frozen": (lambda m, x, c: m.requires_grad_(False), "parameter"),
    "training": (lambda m, x, c: m.train(), "training flag"),
    "hook": (lambda m, x, c: m.register_forward_hook(lambda *_: None), "hooks"),
    "attribute": (lambda m, x, c: setattr(m, "mine", 1), "layers and attributes"),
    "layer": (lambda m, x, c: m.add_module("mine", nn.ReLU()), "layers and attributes"),
    "global_hook": (lambda m, x, c: nn.modules.module.register_module_forward_hook(lambda *_: None), "global hooks"),
    "images": (lambda m, x, c: x.sub_(x.mean()), "images"),
    "images_numpy": (lambda m, x, c: np.multiply(x.numpy(), 2, out=x.numpy()), "images"),
    "domain": (lambda m, x, c: c.domain.logical_not_(), "domain"),
    "regions": (lambda m, x, c: set_to(1)(c.regions), "regions"),
    "affine": (lambda m, x, c: c.affine.fill(1), "affine"),
    "dtype": (lambda m, x, c: torch.set_default_dtype(torch.float64), "default dtype"),
    "grad_mode": (lambda m, x, c: torch.set_grad_enabled(False), "gradient mode"),
    "threads": (lambda m, x, c: torch.set_num_threads(2), "threads"),
    "denormal": (lambda m, x, c: torch.set_flush_denormal(True), "rounding of small numbers"),
    "traps": (lambda m, x, c: np.seterr(all="raise"), "floating-point traps"),
    "torch_seed": (lambda m, x, c: torch.manual_seed(7), "random state"),
    "numpy_seed": (lambda m, x, c: np.random.seed(7), "random state"),
    "python_seed": (lambda m, x, c: random.seed(7), "random state"),
    "warnings": (lambda m, x, c: warnings.simplefilter("error"), "warnings"),
    "directory": (lambda m, x, c: os.chdir("/"), "working directory"),
    "path": (lambda m, x, c: sys.path.insert(0, "/"), "sys.path"),
    "recursion": (lambda m, x, c: sys.setrecursionlimit(5000), "recursion limit"),
    "environment": (lambda m, x, c: os.environ.update(MINE="1"), "environment"),
    "function": (lambda m, x, c: replace_relu(), "torch.relu"),
    "handles": (lambda m, x, c: exhaust(), "file handles"),
    "exit_0": (lambda m, x, c: sys.exit(0), "SystemExit: 0"),
    "interrupt": (lambda m, x, c: throw(KeyboardInterrupt()), "KeyboardInterrupt"),
    "surrogate": (lambda m, x, c: throw(ValueError("\ud800")), "ValueError: \\ud800"),
    "unreadable": (lambda m, x, c: throw(Unreadable()), "message cannot be read"),
    "os_exit_0": (lambda m, x, c: os._exit(0), "ended from within, before its work was done (exit code 0)"),
    "os_exit_74": (lambda m, x, c: os._exit(74), "ended from within, before its work was done (exit code 74)"),
    "sigbus": (lambda m, x, c: os.kill(os.getpid(), signal.SIGBUS), "died (signal 7, SIGBUS)"),
    "sigkill": (lambda m, x, c: os.kill(os.getpid(), signal.SIGKILL), "while there was memory left"),
    "writes_then_raises": (lambda m, x, c: (x.zero_(), throw(ValueError("mine"))), "images"),
}
#: what is returned in place of a map of images x -> words that the failure must hold
MAPS = {
    "short": (lambda x: x[1:], "shape"),
    "float64": (lambda x: x.double(), "torch.float64"),
    "complex": (lambda x: x + 0j, "torch.complex64"),
    "whole": (lambda x: x.long(), "torch.int64"),
    "meta": (lambda x: x.to("meta"), "on meta"),
    "list": (lambda x: x.tolist(), "list"),
    "array": (lambda x: x.numpy(), "ndarray"),
    "number": (lambda x: 1.0, "float"),
    "nothing": (lambda x: None, "NoneType"),
    "sparse": (lambda x: x.to_sparse(), "sparse"),
    "multiplier": (lambda x: Attribution(x.clone(), multiplier=[1]), "multiplier"),
    "gap": (lambda x: Attribution(x.clone(), gap=torch.zeros(())), "gap"),
}
#: what is returned in place of scores of maps (N, ...) -> words that the failure must hold
SCORES = {
    "one_number": (lambda m: torch.tensor(0.5), "shape ()"),
    "one_value": (lambda m: torch.full((1,), 0.5), "shape (1,)"),
    "complex": (lambda m: torch.zeros(len(m)) + 0j, "torch.complex64"),
    "whole": (lambda m: torch.ones(len(m)).long(), "torch.int64"),
    "list": (lambda m: [0.5] * len(m), "list"),
    "table": (lambda m: torch.zeros(len(m), 2), "shape"),
    "meta": (lambda m: torch.zeros(len(m), device="meta"), "on meta"),
    "nothing": (lambda m: None, "NoneType"),
}


@dataclass(frozen=True)
class Method:
    """The image, after a deed, or something else in its place."""

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "none"
    summary: ClassVar[str] = "The image, and something that nobody asked for."
    tags: ClassVar[MethodTags] = MethodTags("broken", "location")
    deed: str = ""
    gives: str = ""

    def __call__(self, model, inputs, target, context=None):
        if context is not None and context.subjects and context.domain is not None:
            if self.deed:
                DEEDS[self.deed][0](model, inputs, context)
            if self.gives:
                return MAPS[self.gives][0](inputs)
        forward(model, inputs)
        return inputs.detach().clone()


@dataclass(frozen=True)
class Metric:
    """Half, or something else in its place."""

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "none"
    summary: ClassVar[str] = "No score."
    tags: ClassVar[MetricTags] = MetricTags("map", True, (0.0, 1.0), "none")
    question: ClassVar[str] = "Is there any value?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (BlindSpot("everything", "test_trespass.py"),)
    subjects: int | None = None
    gives: str = ""
    deed: str = ""

    def map(self, maps, truth, context):
        if self.deed:
            DEEDS[self.deed][0](None, maps, context)
        return SCORES[self.gives][0](maps) if self.gives else torch.full((len(maps),), 0.5)


@dataclass(frozen=True)
class Everywhere(Method):
    """The gradient, after a deed that no word with the caller is needed for."""

    summary: ClassVar[str] = "The gradient, and something that nobody asked for."
    tags: ClassVar[MethodTags] = MethodTags("broken", "sensitivity", cost="forward + backward")

    def __call__(self, model, inputs, target, context=None):
        if self.deed:
            DEEDS[self.deed][0](model, inputs, context)
        return gradient(model, inputs, target)


class Network(Linear):
    """Linear, and something that nobody asked for when its training begins."""

    def __init__(self, in_shape, outputs, deed="", **more):
        super().__init__(in_shape, outputs, **more)
        self.deed = deed

    def forward(self, x):
        if self.training and self.deed:
            DEEDS[self.deed][0](self, x, None)
        return super().forward(x)
