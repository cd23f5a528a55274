"""Effects of a region's pathology on a trained model: switched on its own, and in every coalition of regions."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from itertools import combinations
from math import factorial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from bench.contracts import Cohort, Simulator, Unsupported
from bench.contracts.plugins import ELSEWHERE, Target
from bench.passes.forward import forward
from bench.passes.scores import explained
from bench.stages.context import EVALUATION

#: coalitions that are rendered at a time
CHUNK = 256


class Effects(NamedTuple):
    """Changes of the explained score, float32; NaN for regions that were not switched, as too little lies in them.

    off: (S, R) f(sick) - f(sick with the region's pathology off). on: (S, R) f(well with the region's pathology on)
    - f(well). shapley: (S, R) the region's Shapley value between well and sick, exact; with `elsewhere` (S,), what
    lies outside all players, these sum to f(sick) - f(well). interaction: (S, R, R) Shapley interaction index.
    """

    off: Tensor
    on: Tensor
    shapley: Tensor
    elsewhere: Tensor
    interaction: Tensor


def effects(
    model: nn.Module,
    simulator: Simulator,
    cohort: Cohort,
    sick: Tensor,
    target: Target,
    players: int,
    progress: Callable[[float], None] = lambda _: None,
) -> Effects:
    """Effects of the regions' pathology on the first subjects of a cohort.

    sick: (S,) bool, whether a subject's own image is the one with the pathology; its twin is the other. A subject's
    players are the regions whose pathology, alone in the healthy brain, changes most of its image, at most `players`
    of them. Every coalition is rendered by the simulator from the subject's latents in its own scan.

    Raises:
        Unsupported: for a simulator that cannot switch single regions.
    """
    subjects = []
    for row, ill in enumerate(sick.tolist()):
        subjects.append(_subject(model, simulator, cohort.take(torch.tensor([row])), ill, target, players))
        progress((row + 1) / len(sick))
    return Effects(*(torch.stack(parts).float() for parts in zip(*subjects, strict=True)))


def sick(cohort: Cohort) -> Tensor:
    """(N,) bool: whether a subject's own image, and not its twin, is the one with the pathology.

    Raises:
        Unsupported: for a cohort without the truth `counterfactual`, which says so.
    """
    if "counterfactual" not in cohort.truths or cohort.truths["counterfactual"].volume is None:
        raise Unsupported("the simulator has no truth 'counterfactual', so nobody knows which image is the sick one")
    agreement = (cohort.images - cohort.twins) * cohort.truths["counterfactual"].volume
    return agreement.flatten(1).double().sum(1) >= 0


def _subject(
    model: nn.Module, simulator: Simulator, cohort: Cohort, sick: bool, target: Target, players: int
) -> Effects:
    names, regions = cohort.region_names, len(cohort.region_names)
    render = partial(_rendered, simulator, int(cohort.subjects[0]), (*names, ELSEWHERE), sick)
    chosen = _players(render, cohort, players)
    others = {*names, ELSEWHERE} - {names[r] for r in chosen}
    blocks = [*({names[r]} for r in chosen), others]
    count = len(blocks)
    coalitions = [set().union(*(blocks[p] for p in range(count) if s >> p & 1)) for s in range(2**count)]
    chunks = (coalitions[start : start + CHUNK] for start in range(0, 2**count, CHUNK))
    value = np.concatenate([explained(forward(model, render(some)), target).double().numpy() for some in chunks])
    index = torch.tensor(chosen, dtype=torch.long)
    off, on, shapley = (torch.full((regions,), torch.nan, dtype=torch.float64) for _ in range(3))
    shares, pairs = _shapley(value, count), _interaction(value, count)
    bits = 2 ** np.arange(len(chosen))
    off[index] = torch.from_numpy(value[-1] - value[2**count - 1 - bits])
    on[index] = torch.from_numpy(value[bits] - value[0])
    shapley[index] = torch.from_numpy(shares[:-1])
    interaction = torch.full((regions, regions), torch.nan, dtype=torch.float64)
    interaction[index[:, None], index] = torch.from_numpy(pairs[:-1, :-1])
    return Effects(off, on, shapley, torch.tensor(shares[-1]), interaction)


def _rendered(
    simulator: Simulator, subject: int, everywhere: Collection[str], sick: bool, ill: Sequence[Collection[str]]
) -> Tensor:
    """The subject (C, 1, D, H, W) with the pathology in each of these sets of regions and nowhere else."""
    return simulator.switches(subject, EVALUATION, [set(everywhere) - set(i) if sick else i for i in ill])


def _players(render: Callable[[Sequence[Collection[str]]], Tensor], cohort: Cohort, players: int) -> list[int]:
    """Places of the regions whose pathology alone changes most of the image, of those that change any of it."""
    change = (cohort.images - cohort.twins)[0, 0].abs()
    within = torch.bincount(cohort.regions.flatten().long(), change.flatten().double(), minlength=1)
    candidates = [int(label) - 1 for label in within.nonzero() if label > 0]
    well, *alone = render([(), *([cohort.region_names[r]] for r in candidates)])
    mass = torch.tensor([float((image - well).abs().double().sum()) for image in alone])
    largest = mass.argsort(descending=True, stable=True)[:players]
    return [candidates[i] for i in largest.tolist() if mass[i] > 0]


def _shapley(value: np.ndarray, players: int) -> np.ndarray:
    """Exact Shapley values (P,) of a game given as the value of every coalition, bit p of the index for player p."""
    sizes = np.array([s.bit_count() for s in range(2**players)])
    weight = np.array([factorial(k) * factorial(players - k - 1) / factorial(players) for k in range(players)])
    shares = []
    for p in range(players):
        without = np.flatnonzero(~(np.arange(2**players) >> p & 1).astype(bool))
        shares.append((weight[sizes[without]] * (value[without + 2**p] - value[without])).sum())
    return np.array(shares)


def _interaction(value: np.ndarray, players: int) -> np.ndarray:
    """Shapley interaction index (P, P), 0 on the diagonal (Grabisch & Roubens 1999)."""
    sizes = np.array([s.bit_count() for s in range(2**players)])
    every, index = np.arange(2**players), np.zeros((players, players))
    for p, q in combinations(range(players), 2):
        weight = np.array([factorial(k) * factorial(players - k - 2) / factorial(players - 1)
                           for k in range(players - 1)])  # fmt: skip
        w = every[((every >> p | every >> q) & 1) == 0]
        change = value[w + 2**p + 2**q] - value[w + 2**p] - value[w + 2**q] + value[w]
        index[p, q] = index[q, p] = (weight[sizes[w]] * change).sum()
    return index
