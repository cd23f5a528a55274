"""Regions in states of their own: the pathology switched in some, local latents redrawn in some.

Both are set in `do` beside the task's own interventions, and re-render the same subject in the same scan:

regions: by region, how much of the pathology acts there: `off`, `on`, `swap` (the twin's), or a strength from 0 to 1.
`elsewhere` is all that lies in no region. redraw: by region, the number k of the draw of its local latents, as in
`redraws`.

Given anatomy, all but displacements act on the signal within a region, so the signal that takes each region's voxels
from the one in its state *is* the signal of that subject; the scan, which may mix voxels, comes after, with noise taken
the same way. Anatomy is displaced once for all of them: a pathology that moves regions acts in those where it is on.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.contracts import BadInput, impossible, known
from bench.contracts.plugins import ELSEWHERE
from simulators.draw.scene import Scene
from simulators.intervene.redraw import State, in_place_of, redrawn
from simulators.intervene.scan import number
from simulators.parts import Parts
from simulators.render.planting import Move
from simulators.render.signal import moving, scanned, signal

KEYS = ("regions", "redraw")
#: interventions of a task on all of the pathology, in whose place a region has its own
WHOLE = ("pathology", "strength", "parts")


def regional_image(parts: Parts, scene: Scene, do: Mapping[str, Any], regional: Mapping[str, Any]) -> np.ndarray:
    """The image (D, H, W) under the task's interventions and those on single regions.

    Raises:
        BadInput: for a region that does not exist, or a state that it cannot have.
        Unsupported: where a pathology that moves anatomy cannot act in some of its regions alone.
    """
    switched, drawn = (_named(regional, key) for key in KEYS)
    _check(parts, switched, drawn)
    rest = {k: v for k, v in do.items() if k not in WHOLE}
    others = {k: redrawn(parts, scene, k) for k in set(drawn.values())}
    states = {region: _state(parts, scene, rest | _asked(to)) for region, to in switched.items()}
    states |= {region: others[k] for region, k in drawn.items()}
    return _image(parts, _state(parts, scene, do), states)


def switches(parts: Parts, scene: Scene, sets: Sequence[Collection[str]]) -> Tensor:
    """The subject with its twin's pathology in each set of regions, its own everywhere else: (C, 1, D, H, W)."""
    state, twin = (_state(parts, scene, do) for do in ({}, {"pathology": "swap"}))
    for region in {region for chosen in sets for region in chosen}:
        known("switches", "region", region, (*parts.names, ELSEWHERE))
    return torch.from_numpy(np.stack([_image(parts, state, dict.fromkeys(chosen, twin)) for chosen in sets]))[:, None]


def _state(parts: Parts, scene: Scene, do: Mapping[str, Any]) -> State:
    return State(scene, parts.strengths(scene.subject, scene.stream, do))


def _image(parts: Parts, base: State, states: Mapping[str, State]) -> np.ndarray:
    """The image of a subject of whom the named regions are in other states."""
    scene, moves = base.scene, _moving(parts, base, states)
    seen, noise = signal(parts, *base, moves), scene.local.noise
    groups: dict[tuple[int, Any], list[str]] = {}
    for region, state in states.items():
        groups.setdefault((id(state.scene), state.strengths), []).append(region)
    for regions in groups.values():
        inside, state = _inside(scene, regions), states[regions[0]]
        seen = np.where(inside, signal(parts, *state, moves), seen)
        noise = np.where(inside, state.scene.local.noise, noise)
    return scanned(parts, scene, seen, noise)


def _moving(parts: Parts, base: State, states: Mapping[str, State]) -> list[Move]:
    """Displacements of anatomy, in each region as it is redrawn or switched."""
    switched = {region: state.strengths for region, state in states.items() if state.scene is base.scene}
    moves = moving(parts, *base, switched)
    for region in sorted(parts.displaced & set(states) - set(switched)):
        moves = in_place_of(moves, moving(parts, *states[region]), region)
    return moves


def _inside(scene: Scene, regions: Sequence[str]) -> np.ndarray:
    inside = scene.place.within(tuple(region for region in regions if region != ELSEWHERE))
    return inside | (scene.warped.labels == 0) if ELSEWHERE in regions else inside


def _named(regional: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    values = regional.get(key, {})
    if not isinstance(values, Mapping):
        example = {"regions": {"left hippocampus": "off"}, "redraw": {"left hippocampus": 0}}[key]
        raise impossible("do", key, values, f"values by region, such as {example}")
    return values


def _asked(to: Any) -> dict[str, Any]:
    return {"pathology": to} if isinstance(to, str) else {"strength": to}


def _check(parts: Parts, switched: Mapping[str, Any], redrawn: Mapping[str, Any]) -> None:
    """Refuse regions that do not exist, and two answers to where anatomy moves; raises BadInput."""
    for region in switched:
        known("do.regions", "region", region, (*parts.names, ELSEWHERE))
    for region, draw in redrawn.items():
        known("do.redraw", "region", region, parts.names)
        number(f"redraw[{region!r}]", draw)
    if both := sorted(set(switched) & set(redrawn)):
        raise BadInput(f"do: {both[0]!r} stands in regions and in redraw; name it in one of them")
    for part in (one for one in parts.moving if not one.dividing):
        draws = {redrawn[region] for region in part.regions if region in redrawn}
        if len(draws) > 1 or (draws and set(part.regions) & set(switched)):
            together = (
                f"one draw to all of {', '.join(sorted(part.regions))}, which move together, and switch none of them"
            )
            raise impossible("do", "redraw", dict(redrawn), together)
