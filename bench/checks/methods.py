"""Checks that a method keeps its contract: its map, its noise, the model it was lent, and the laws it claims."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from bench.checks.method_laws import LAWS, refuses
from bench.checks.method_probe import MethodProbe, SmallLinear
from bench.checks.method_run import attribution, distance, map_of, must_agree, result_of
from bench.checks.state import EVALUATING, IN_PLACE_OF_BACKWARD, random_state, seed_all, state, unchanged
from bench.contracts import BadInput, Method, Undefined
from bench.passes import cost_of, count_passes

Check = Callable[[Method, MethodProbe], None]


def applicable(method: Method) -> list[Check]:
    """The checks this method has to pass, from its tags and the laws it claims."""
    tags = method.tags
    chosen = list(_UNIVERSAL)
    chosen += [check_target, check_leaves_model] if tags.reads_model else []
    chosen += [check_nonnegative] if not tags.signed else []
    chosen += [check_needs] if tags.needs & {"layer", "intrinsic", "attention", "course"} else []
    unknown = tags.laws - LAWS.keys()
    if unknown:
        raise BadInput(f"there are no laws {sorted(unknown)}; a method may claim {', '.join(sorted(LAWS))}")
    return chosen + [LAWS[law] for law in sorted(tags.laws)]


def check_shape(method: Method, probe: MethodProbe) -> None:
    """The map is a detached, contiguous float32 tensor of the images' shape."""
    result = map_of(method, probe)
    assert result.shape == probe.images.shape, (
        f"the map has shape {tuple(result.shape)}, not {tuple(probe.images.shape)}"
    )
    assert result.dtype == torch.float32, f"the map is {result.dtype}, not float32"
    assert not result.requires_grad, "the map still carries its autograd graph; detach it"
    assert result.is_contiguous(), "the map is not contiguous"


def check_finite(method: Method, probe: MethodProbe) -> None:
    """Images that are empty, constant, very bright or zero outside the brain give finite maps."""
    masked = probe.images * (probe.images > 0.5)
    odd = {"zero": 0 * probe.images, "constant": 0 * probe.images + 1, "bright": 1e4 * probe.images, "masked": masked}
    for name, images in odd.items():
        if not map_of(method, probe, images=images).isfinite().all():
            assert map_of(method, probe).isfinite().any(), "no value of the map is finite, whatever the image"
            raise AssertionError(f"the map of a {name} image is not finite")


def check_nonnegative(method: Method, probe: MethodProbe) -> None:
    """A method that says its map is unsigned gives no negative value."""
    assert map_of(method, probe).min() >= 0, "tags.signed is False but the map has negative values"


def check_multiplier(method: Method, probe: MethodProbe) -> None:
    """A contribution, and nothing else, returns a multiplier M with map = M (x - b), b its baseline or zero."""
    result = result_of(method, probe)
    if method.tags.quantity != "contribution":
        assert result.multiplier is None, f"a {method.tags.quantity} has no multiplier; only a contribution has one"
        return
    assert result.multiplier is not None, "a contribution must return its multiplier"
    assert method.tags.reference_class != "none", "a contribution must declare what it is counted from"
    rebuilt = result.multiplier * (probe.images - result.start)
    must_agree(rebuilt, result.map, 1e-4, "the map is not its multiplier times (inputs - baseline)")


def check_determinism(method: Method, probe: MethodProbe) -> None:
    """The same call gives the same bytes, in every repetition."""
    model = probe.model()
    first = map_of(method, probe, model)
    for _ in range(2):
        assert torch.equal(map_of(method, probe, model), first), "a repeated call gives another map"


def check_batch(method: Method, probe: MethodProbe) -> None:
    """A row's map is the same alone, in a batch, and in another order (1e-5 of its largest value)."""
    model, whole = probe.model(), map_of(method, probe)
    for rows in [[0], [2], [2, 0, 1], [1, 2]]:
        part = map_of(method, probe, model, images=probe.images[rows], context=probe.context(method).take(rows))
        must_agree(part, whole[rows], 1e-5, f"the maps of rows {rows} depend on the batch they sit in")


def check_rng(method: Method, probe: MethodProbe) -> None:
    """The global random states neither change nor matter."""
    maps = []
    for seed in (1, 2):
        seed_all(seed)
        before = random_state()
        maps.append(map_of(method, probe))
        assert random_state() == before, "the call advances the global random state; draw from context.generator(row)"
    must_agree(maps[0], maps[1], 1e-5, "the map depends on the global random state; draw from context.generator(row)")


def check_input(method: Method, probe: MethodProbe) -> None:
    """The caller's images keep their values and flags, whether or not a gradient is asked of them."""
    for flag in (False, True):
        images = probe.images.clone().requires_grad_(flag)
        version = images._version
        result_of(method, probe, images=images)
        untouched = torch.equal(images, probe.images) and images._version == version
        assert untouched, "the call writes into the images; change a copy, inputs.clone()"
        assert images.grad is None, f"the call leaves its gradient in inputs.grad; {IN_PLACE_OF_BACKWARD}"
        assert images.requires_grad == flag, f"the call changes inputs.requires_grad; {IN_PLACE_OF_BACKWARD}"


def check_leaves_model(method: Method, probe: MethodProbe) -> None:
    """Parameters, buffers, gradients, hooks and flags stay as they were, also after an error inside the network."""
    model = probe.model().train()
    next(model.children()).eval()
    before = state(model)
    result_of(method, probe, model)
    unchanged(before, state(model), "after a call")
    handle = model.get_submodule("head").register_forward_pre_hook(_fail)
    before = state(model)
    try:
        result_of(method, probe, model)
    except _Failure:
        unchanged(before, state(model), "after an error in the network")
    else:
        raise AssertionError("an error inside the network is swallowed")
    finally:
        handle.remove()


def check_anywhere(method: Method, probe: MethodProbe) -> None:
    """The map is the same with frozen parameters, from training mode, and inside no_grad and inference_mode."""
    expected = map_of(method, probe)
    frozen = probe.model().requires_grad_(False)
    must_agree(map_of(method, probe, frozen), expected, 1e-6, "frozen parameters change the map")
    must_agree(
        map_of(method, probe, probe.model().train()),
        expected,
        1e-6,
        f"a model in training mode gives another map; {EVALUATING}",
    )
    with torch.no_grad():
        try:
            inside = map_of(method, probe)
        except RuntimeError as error:
            raise AssertionError(f"inside no_grad it fails ({error}); {IN_PLACE_OF_BACKWARD}") from error
        must_agree(inside, expected, 1e-6, "an outer no_grad changes the map")
    model = probe.model()
    with torch.inference_mode():
        result = map_of(method, probe, model, images=probe.images.clone())
        must_agree(result, expected, 1e-6, "an outer inference_mode changes the map")


def check_library_use(method: Method, probe: MethodProbe) -> None:
    """Without a context the method gives a map, or says that it needs a truth, a simulator or training images."""
    try:
        result = method(probe.model(), probe.images.clone(), probe.target)
    except Undefined:
        needs = method.tags.truths or {"redraws", "redraw_mean", "training"} & method.tags.needs
        assert needs, "without a context the method raises Undefined though it declares no need"
    else:
        relevance = attribution(result).map
        assert relevance.shape == probe.images.shape, "without a context the map has another shape"
        assert (relevance != 0).any(), "without a context the map is zero everywhere; say what is needed, as Undefined"


def check_target(method: Method, probe: MethodProbe) -> None:
    """Classes, contrasts and one class a row are told apart, or none are; a class that does not exist is refused."""
    zero, one = (map_of(method, replace(probe, target=target)) for target in (0, 1))
    if method.tags.targeted:
        assert distance(zero, one) > 1e-3, "the maps of class 0 and class 1 are the same"
    else:
        assert torch.equal(zero, one), "tags.targeted is False but the maps of class 0 and class 1 differ"
    mixed = map_of(method, replace(probe, target=torch.tensor([1, 0, 1])))
    must_agree(mixed, torch.stack([one[0], zero[1], one[2]]), 1e-5, "a target of one class a row gives other maps")
    for wrong in (2, -1, (1, 2), torch.tensor([0, 1, 2])):
        try:
            result_of(method, replace(probe, target=wrong))
        except BadInput:
            continue
        except Exception as error:
            raise AssertionError(_unrefused(wrong, f"ends as {type(error).__name__} ({error})")) from error
        raise AssertionError(_unrefused(wrong, "gives a map"))


def _unrefused(target: object, instead: str) -> str:
    return f"target {target} does not exist in a network of 2 classes and {instead}; refuse it as BadInput"


def check_randomisation(method: Method, probe: MethodProbe) -> None:
    """Other parameters give another map if the method reads the model, the same if it does not."""
    change = distance(map_of(method, probe), map_of(method, probe, probe.model(seed=1)))
    if method.tags.reads_model:
        assert change > 1e-3, "the map does not change when the network's parameters do"
    else:
        assert change == 0, "tags.reads_model is False but the map depends on the network"


def check_cost(method: Method, probe: MethodProbe) -> None:
    """The passes a map takes are those of `tags.cost`; what is kept per model (`context.memo`) is there already."""
    model, context = probe.model(), probe.context(method)
    result_of(method, probe, model, context=context)
    with count_passes(model) as passes:
        result_of(method, probe, model, context=context)
    declared = cost_of(method, probe.images.shape[2:])
    for direction in ("forward", "backward"):
        counted, expected = getattr(passes, direction) / len(probe.images), getattr(declared, direction)
        assert counted == expected, f"a map takes {counted:g} {direction} passes; tags.cost says {expected}"


def check_needs(method: Method, probe: MethodProbe) -> None:
    """A network without the feature maps, or the maps of its own, that the method needs is refused as Unsupported."""
    refuses(method, replace(probe, network=SmallLinear), "a network without what the method needs")


_UNIVERSAL: tuple[Check, ...] = (
    check_shape,
    check_finite,
    check_multiplier,
    check_determinism,
    check_batch,
    check_rng,
    check_input,
    check_anywhere,
    check_library_use,
    check_randomisation,
    check_cost,
)


class _Failure(Exception):
    """An error that comes from inside the probed network."""


def _fail(module: nn.Module, arguments: Any) -> None:
    raise _Failure
