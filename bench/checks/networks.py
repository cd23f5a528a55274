"""Checks that a network keeps its contract: its outputs, its weights, the maps it shows and how it fits itself."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bench.checks.visits import seen_twice
from bench.contracts import Batch, FromFiles, KnownMechanism, SelfFitting, Unsupported
from bench.passes.layout import runs_fast
from bench.passes.resets import belongs_to_owner, own_parameters, reset_of, unreset

#: builds a network for (in_shape, outputs)
Build = Callable[[tuple[int, int, int], int], nn.Module]
#: raises AssertionError, or may say what it found
Check = Callable[[Build], str | None]

SHAPE = (16, 24, 16)
#: names of the eight regions, so that networks that read regions by name find theirs
REGIONS = (
    "left hippocampus",
    "right hippocampus",
    "left amygdala",
    "left putamen",
    "right insula",
    "left superior frontal gyrus",
    "right precentral gyrus",
    "right thalamus",
)


@dataclass(frozen=True)
class ProbeTask:
    """The task a network is built for, in place of a simulator: a grid, outputs and eight regions."""

    shape: tuple[int, int, int]
    outputs: int
    region_names: tuple[str, ...] = REGIONS

    @property
    def atlas(self) -> Tensor:
        """(D, H, W) int64: one region an octant of what is left without the outermost voxels, 0 outside."""
        label, inside = torch.ones(self.shape, dtype=torch.long), torch.ones(self.shape, dtype=torch.bool)
        for axis, length in enumerate(self.shape):
            place = torch.arange(length).reshape([-1 if axis == a else 1 for a in range(3)])
            label += 2**axis * (place >= length // 2)
            inside &= (place > 0) & (place < length - 1)
        return label * inside


def applicable(build: Build) -> list[Check]:
    """The checks a network has to pass."""
    return [
        check_outputs,
        check_input,
        check_determinism,
        check_batch,
        check_gradient,
        check_initialisation,
        check_state,
        check_reset,
        check_intrinsic,
        check_fit,
        check_mechanism,
    ]


def check_outputs(build: Build) -> str | None:
    """(N, 1, D, H, W) gives finite (N, K) for the K asked for; said where it does so in contiguous memory alone."""
    for outputs in (2, 3):
        values = _built(build, outputs)(_images())
        assert values.shape == (3, outputs), f"outputs have shape {tuple(values.shape)}, not (3, {outputs})"
        assert values.isfinite().all(), "outputs are not finite"
    if runs_fast(_built(build), SHAPE):
        return None
    return (
        "in contiguous memory alone, in which convolutions are slower on a CPU: channels last it raises or gives other "
        "numbers, as with x.view(x.size(0), -1) in place of x.flatten(1)"
    )


def check_input(build: Build) -> None:
    """The images are not written into, in evaluation mode and in training mode."""
    for mode in (False, True):
        images = _images()
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            _built(build).train(mode)(images)
        assert torch.equal(images, _images()), (
            "it writes into its images, as x -= x.mean() does; write x = x - x.mean()"
        )


def check_determinism(build: Build) -> None:
    """In evaluation mode the same images have the same outputs, whatever the global random state."""
    model = _built(build)
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        first, again = (model(_images()) for _ in range(2))
    assert torch.equal(first, again), "in evaluation mode a second call gives other outputs"


def check_batch(build: Build) -> None:
    """In evaluation mode an image's outputs do not depend on its batch."""
    _same_in_any_batch(_built(build), "outputs")


def check_gradient(build: Build) -> None:
    """Some weights change: training has something to learn, and every trained weight reaches the outputs.

    A network that fits itself need not have a gradient.
    """
    model = _built(build).train()
    if isinstance(model, SelfFitting):
        return
    model(_images()).square().sum().backward()
    silent = [name for name, p in model.named_parameters() if p.grad is None]
    assert not silent, f"no gradient reaches {silent[0]}"


def check_initialisation(build: Build) -> None:
    """The same seed gives the same weights, another seed others; a network that fits itself may start from none."""
    first, again, other = (_weights(_built(build, seed=s)) for s in (0, 0, 1))
    assert torch.equal(first, again), "the same seed gives other weights: draw from torch's global generator"
    assert not len(first) or not torch.equal(first, other), (
        "another seed gives the same weights: draw them from torch's global generator in __init__, and load weights of "
        "yours in fit(train, validation, generator), as bench/networks/README.md shows"
    )


def check_state(build: Build) -> None:
    """What a model has learnt is all in its state, which is stored as tensors that share no memory."""
    model = _built(build)
    state = model.state_dict()
    odd = [name for name, value in state.items() if not isinstance(value, Tensor)]
    assert not odd, f"{odd[0]} of its state is no tensor, and tensors alone are stored: leave out get_extra_state"
    owners: dict[int, str] = {}
    for name, value in state.items():
        owner = owners.setdefault(value.untyped_storage().data_ptr(), name) if value.numel() else name
        assert owner == name, f"{owner} and {name} are one tensor, and each is stored by itself: use one under one name"
    if isinstance(model, SelfFitting):
        return
    other = _built(build, seed=1)
    other.load_state_dict(state)
    assert _alike(model, other), (
        "a model given the state of another has other outputs: not all it draws is in the state_dict"
    )
    _train_a_little(model)
    other.load_state_dict(model.state_dict())
    assert _alike(model, other), (
        "a model given the state of a trained one has other outputs: not all that training changes is in the state_dict"
    )


def _alike(one: nn.Module, other: nn.Module) -> bool:
    """Whether two models have the same outputs."""
    outputs = []
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        for each in (one, other):
            torch.manual_seed(0)
            # a network that ends as no number is one all the same; training tells that aloud
            outputs.append(each(_images()).nan_to_num())
    return torch.equal(*outputs)


def _train_a_little(model: nn.Module) -> None:
    """Two steps of gradient descent, as in training."""
    model.train()
    learnt = [p for p in model.parameters() if p.requires_grad]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for _ in range(2 if learnt else 0):
            gradients = torch.autograd.grad(model(_images()).square().mean(), learnt, allow_unused=True)
            with torch.no_grad():
                for weight, gradient in zip(learnt, gradients, strict=True):
                    if gradient is not None:
                        weight.sub_(0.01 * gradient)
    model.eval()


def check_reset(build: Build) -> None:
    """Every module with weights of its own can draw all of them anew, which randomisation needs."""
    model = _built(build)
    parts = {name: m for name, m in model.named_modules() if own_parameters(m) and not belongs_to_owner(m)}
    for name, module in parts.items():
        assert reset_of(module), (
            f"{name or 'the network'} ({type(module).__name__}) has no reset_parameters; give it one that draws its "
            "weights anew"
        )
    try:
        left = unreset(model, parts) if parts else []
    except Unsupported as error:
        raise AssertionError(f"it cannot be randomised: {error}") from error
    assert not left, f"reset_parameters leaves {left[0]} as it was, which randomisation needs to change"


def check_intrinsic(build: Build) -> None:
    """Maps a network shows are finite, on the grid of the images, one or one per output, whatever the batch."""
    model, images = _built(build, outputs=3), _images()
    show: Callable[[Tensor], dict[str, Tensor]] = getattr(model, "intrinsic", lambda _: {})
    with torch.no_grad():
        maps = show(images)
    for name, volume in maps.items():
        fits = (
            volume.ndim == 5 and volume.shape[1] in (1, 3) and volume.shape[2:] == SHAPE and len(volume) == len(images)
        )
        assert fits, f"map '{name}' has shape {tuple(volume.shape)}, not (3, 1 or outputs, *{SHAPE})"
        assert volume.isfinite().all(), f"map '{name}' is not finite"
        _same_in_any_batch(_named(show, name), f"map '{name}'")


def check_fit(build: Build) -> str | None:
    """A network that fits itself tells a bright half apart, repeats itself, and has all it learnt in its state.

    One of known mechanism computes what it does, whatever there is to tell apart; so does one whose weights come from
    a file, which says here where they were made for another grid.
    """
    model = _built(build)
    if not isinstance(model, SelfFitting):
        return None
    train, validation, test = (_halves(seed) for seed in (1, 2, 3))
    try:
        fitted = [_fitted(_built(build), train, validation) for _ in range(2)]
    except Exception as error:
        if not isinstance(model, FromFiles):
            raise
        grid = " x ".join(map(str, SHAPE))
        return (
            f"left out, as the weights of its file do not fit the grid of the checks, {grid} ({type(error).__name__})"
        )
    with torch.no_grad():
        outputs, again = (network(test.images) for network in fitted)
        accuracy = (outputs.argmax(1) == test.targets).float().mean()
        learns = not isinstance(model, KnownMechanism | FromFiles)
        assert accuracy > 0.9 or not learns, "fit does not learn a half that is brighter"
        assert torch.equal(outputs, again), "a second fit of the same subjects gives another network"
        model.load_state_dict(fitted[0].state_dict())
        assert torch.equal(model(test.images), outputs), "what fit learnt is not all in the state_dict"
    return None


def check_mechanism(build: Build) -> None:
    """A network of known mechanism gives what its formula does, and reads no voxel beside those it names."""
    model = _built(build)
    if not (isinstance(model, KnownMechanism) and isinstance(model, SelfFitting)):
        return
    model, images = _fitted(model, _halves(1), _halves(2)), _halves(3).images
    assert isinstance(model, KnownMechanism)
    wanted = model.score(model.readings(images))
    with torch.no_grad():
        outputs, moved = model(images), model(torch.where(model.voxels.any(0), images, 1 - images))
    difference = (outputs[:, 1] - outputs[:, 0]).double() - wanted
    assert difference.abs().max() < 1e-3, "the outputs differ by another number than its formula gives"
    assert torch.allclose(outputs, moved, atol=1e-3), "it reads voxels that it does not name"


def _images(count: int = 3) -> Tensor:
    return torch.rand(count, 1, *SHAPE, generator=torch.Generator().manual_seed(0))


def _built(build: Build, outputs: int = 2, seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build(SHAPE, outputs).eval()


def _weights(model: nn.Module) -> Tensor:
    return torch.cat([torch.empty(0), *(p.detach().flatten() for p in model.parameters())])


def _named(show: Callable[[Tensor], dict[str, Tensor]], name: str) -> Callable[[Tensor], Tensor]:
    return lambda images: show(images)[name]


def _same_in_any_batch(run: Callable[[Tensor], Tensor], what: str) -> None:
    with torch.no_grad():
        together, apart = run(_images()), torch.cat([run(image[None]) for image in _images()])
    assert torch.allclose(together, apart, rtol=1e-4, atol=1e-5), f"{what} of an image depend on its batch"


def _halves(seed: int, count: int = 40) -> Batch:
    """Noise, brighter in the first half of the grid in every second image; two images a year apart of each person."""
    draw = torch.Generator().manual_seed(seed)
    targets = torch.arange(count) % 2
    images = 0.3 + 0.1 * torch.randn(count, 1, *SHAPE, generator=draw)
    images[:, :, : SHAPE[0] // 2] += 0.2 * targets.reshape(-1, 1, 1, 1, 1)
    return Batch(images, targets, torch.arange(count), visit=seen_twice)


def _fitted(model: nn.Module, train: Batch, validation: Batch) -> nn.Module:
    assert isinstance(model, SelfFitting)
    model.fit(train, validation, torch.Generator().manual_seed(0))
    return model.eval()
