"""One subject whose regions are in states of their own: the pathology switched in some, local latents redrawn in some.

Both are set in `do` beside the task's own interventions, and re-render the same subject in the same scan:

regions: by region, how much of the pathology acts there: `off`, `on`, `swap` (the twin's), or a strength from 0 to 1.
`elsewhere` is all that lies in no region. redraw: by region, the number k of the draw of its local latents, as in
`redraws`.

Given anatomy, all but displacements act on the signal within a region, so the signal that takes each region's voxels
from the one in its state *is* the signal of that subject; the scan, which may mix voxels, comes after, with noise taken
the same way. Anatomy is displaced once for all of them: a pathology that moves regions acts in those where it is on.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from bench.contracts import BadInput
from bench.contracts.plugins import ELSEWHERE
from simulators.choose import known
from simulators.draw.scene import Scene
from simulators.intervene.redraw import World, other
from simulators.intervene.scan import number
from simulators.render.planting import Present
from simulators.render.signal import moving, signal

if TYPE_CHECKING:
    from simulators.brain import Brain

KEYS = ("regions", "redraw")
#: interventions of a task on all of the pathology, in whose place a region has its own
WHOLE = ("pathology", "strength", "parts")


def split(do: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Interventions on single regions, and all others."""
    return {k: v for k, v in do.items() if k in KEYS}, {k: v for k, v in do.items() if k not in KEYS}


def rendered(brain: "Brain", scene: Scene, do: Mapping[str, Any], regional: Mapping[str, Any]) -> np.ndarray:
    """The image (D, H, W) under the task's interventions and those on single regions.

    Raises:
        BadInput: for a region that does not exist, or a state that it cannot have.
        Unsupported: where a pathology that moves anatomy cannot act in some of its regions alone.
    """
    switched, redrawn = (_named(regional, key) for key in KEYS)
    _check(brain, switched, redrawn)
    rest = {k: v for k, v in do.items() if k not in WHOLE}
    others = {k: other(brain, scene, k) for k in set(redrawn.values())}
    worlds = {region: World(scene, brain.state(scene, rest | _asked(to))) for region, to in switched.items()}
    return _image(
        brain,
        World(scene, brain.state(scene, do)),
        worlds | {region: others[k] for region, k in redrawn.items()},
    )


def switches(brain: "Brain", subject: int, stream: str, sets: Sequence[Collection[str]]) -> Tensor:
    """The subject with its twin's pathology in each set of regions, its own everywhere else: (C, 1, D, H, W)."""
    scene = brain.scene(subject, stream)
    own, twin = (World(scene, brain.state(scene, do)) for do in ({}, {"pathology": "swap"}))
    for region in {region for chosen in sets for region in chosen}:
        known("a region of switches", region, (*brain.region_names, ELSEWHERE))
    return torch.from_numpy(np.stack([_image(brain, own, dict.fromkeys(chosen, twin)) for chosen in sets]))[:, None]


def _image(brain: "Brain", base: World, worlds: Mapping[str, World]) -> np.ndarray:
    """The image of a subject of whom the named regions come from other worlds."""
    scene, moves = base.scene, _moving(brain, base, worlds)
    seen, noise = signal(brain, *base, moves), scene.local.noise
    groups: dict[tuple[int, Any], list[str]] = {}
    for region, world in worlds.items():
        groups.setdefault((id(world.scene), world.strength), []).append(region)
    for regions in groups.values():
        inside, world = _inside(brain, scene, regions), worlds[regions[0]]
        seen = np.where(inside, signal(brain, *world, moves), seen)
        noise = np.where(inside, world.scene.local.noise, noise)
    return brain.scan(scene, seen, noise)


def _moving(brain: "Brain", base: World, worlds: Mapping[str, World]) -> list[Present]:
    """What displaces anatomy: as it was redrawn with a region that moves, else in each region as it is switched."""
    for region in brain.displaced & set(worlds):
        if worlds[region].scene is not base.scene:
            return moving(brain, *worlds[region])
    return moving(brain, *base, {region: w.strength for region, w in worlds.items() if w.scene is base.scene})


def _inside(brain: "Brain", scene: Scene, regions: Sequence[str]) -> np.ndarray:
    inside = brain.place(scene.warped).within(tuple(region for region in regions if region != ELSEWHERE))
    return inside | (scene.warped.labels == 0) if ELSEWHERE in regions else inside


def _named(regional: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = regional.get(key, {})
    if not isinstance(found, Mapping):
        example = {"regions": {"left hippocampus": "off"}, "redraw": {"left hippocampus": 0}}[key]
        raise BadInput(f"do {key}={found!r} is not possible: give values by region, such as {example}.")
    return found


def _asked(to: Any) -> dict[str, Any]:
    return {"pathology": to} if isinstance(to, str) else {"strength": to}


def _check(brain: "Brain", switched: Mapping[str, Any], redrawn: Mapping[str, Any]) -> None:
    """Refuse regions that do not exist, and two answers to where anatomy moves; raises BadInput."""
    for region in switched:
        known("do regions", region, (*brain.region_names, ELSEWHERE))
    for region, draw in redrawn.items():
        known("do redraw", region, brain.region_names)
        number(f"redraw[{region!r}]", draw)
    if both := sorted(set(switched) & set(redrawn)):
        raise BadInput(f"do has {both[0]!r} in regions and in redraw: name it in one of them.")
    draws = {redrawn[region] for region in brain.displaced & set(redrawn)}
    if len(draws) > 1 or (draws and brain.displaced & set(switched)):
        raise BadInput(
            f"do redraw={dict(redrawn)!r} is not possible: a draw moves all of {', '.join(sorted(brain.displaced))} "
            "together, so give these regions one draw and switch none of them."
        )
