"""Orientation of a brain, told from where its tissues lie: upright, turned over, on its side or tilted."""

import itertools
from collections.abc import Iterator, Mapping
from functools import lru_cache

import numpy as np
from scipy.ndimage import affine_transform, center_of_mass, shift
from scipy.spatial.transform import Rotation

from simulators.anatomy.mni152 import MNI152

#: centroid and standard deviation along each axis of the ICBM152 2009a brain (MNI mm)
CENTRE, SPREAD = np.array([0.0, -21.9, 9.6]), np.array([33.5, 40.7, 31.5])
#: mm of the grid on which orientations are compared
COARSE = 7.0
#: degrees: what is tilted by more than half of these is nearer to a tilted brain than to an upright one
TILT = 30.0
#: ends of a brain that may be taken for each other, by axis; its left and right look the same
ENDS = {1: "front and back", 2: "top and bottom"}

Shares = Mapping[str, np.ndarray]


def average() -> dict[str, np.ndarray]:
    """Shares of tissue in the average brain, `COARSE`; the brightest in T1 first, then the darkest."""
    gm, wm, brain, _ = MNI152(COARSE).template.maps
    return {"white matter": wm, "fluid": brain - gm - wm, "grey matter": gm}


def misplaced(shares: Shares, alignment: str) -> str:
    """What is wrong with how a brain of these shares, `COARSE`, lies, as a clause; empty for one that is upright."""
    here = _pattern(shares)
    likeness = {clause: max(float(here @ one) for one in them) for clause, them in _turned(alignment).items()}
    return max(likeness, key=lambda clause: likeness[clause])


@lru_cache
def _turned(alignment: str) -> dict[str, list[np.ndarray]]:
    """Patterns of the average brain by how it is turned, each as the alignment would place it."""
    patterns: dict[str, list[np.ndarray]] = {}
    for clause, turn in _turns():
        scale = SPREAD / np.sqrt(turn**2 @ SPREAD**2) if alignment == "moments" else np.ones(3)
        patterns.setdefault(clause, []).append(_pattern(_placed(average(), np.diag(scale) @ turn)))
    return patterns


def _turns() -> Iterator[tuple[str, np.ndarray]]:
    """Clauses with rotations and reflections (3, 3): upright first; what differs by left and right stands once."""
    for axes, signs in itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=2)):
        turn = np.eye(3)[list(axes)] * (1, *signs)
        over = [ends for axis, ends in ENDS.items() if turn[axis, axis] == -1]
        upright = f"its {' and its '.join(over)} look swapped" if over else ""
        yield upright if axes == (0, 1, 2) else "its axes look exchanged", turn
    for axis, way in itertools.product("xyz", (1, -1)):
        yield (
            f"it looks tilted by about {TILT:g} degrees",
            Rotation.from_euler(axis, way * TILT, degrees=True).as_matrix(),
        )


def _placed(shares: Shares, change: np.ndarray) -> dict[str, np.ndarray]:
    """Shares about the middle of the grid, changed by a matrix (3, 3) there."""
    middle = (np.array(next(iter(shares.values())).shape) - 1) / 2
    back = np.linalg.inv(change)
    centred = _centred(shares)
    return {name: affine_transform(one, back, middle - back @ middle, order=1) for name, one in centred.items()}


def _pattern(shares: Shares) -> np.ndarray:
    """Shares about the middle of the grid as one vector of length 1."""
    vector = np.concatenate([one.ravel() for one in _centred(shares).values()])
    return vector / np.linalg.norm(vector)


def _centred(shares: Shares) -> dict[str, np.ndarray]:
    brain = sum(shares.values())
    middle = (np.array(np.shape(brain)) - 1) / 2
    return {name: shift(one, middle - center_of_mass(brain), order=1) for name, one in shares.items()}
