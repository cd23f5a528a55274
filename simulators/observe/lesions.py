"""Reference observers of lesions that may lie anywhere: balls looked for in what healthy brains do not explain."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from scipy.fft import irfftn, next_fast_len, rfftn
from scipy.special import logsumexp

from simulators.anatomy.protocol import Warped
from simulators.effects import cosines
from simulators.observe.observers import Known
from simulators.space.place import Place

#: healthy subjects by whom the spread of healthy tissue is known
HEALTHY = 200
#: fits of a subject's healthy intensities, and how many SDs a voxel may pull the next one
FITS, PULL = 3, 2.0
#: spread that no voxel is below, on the image's scale; least spread of a filter's answers, in units of its mean square
LEAST_SPREAD, LEAST_ANSWER = 0.01, 0.7
#: places whose answers are averaged beside the highest one
FOREMOST = 4


class Filters:
    """Kernels that volumes of one grid are convolved with, zero beyond the grid; their transforms are kept."""

    def __init__(self, kernels: Sequence[np.ndarray], grid: tuple[int, ...]) -> None:
        reach = np.max([kernel.shape for kernel in kernels], axis=0)
        self.size = [next_fast_len(int(n + k - 1), real=True) for n, k in zip(grid, reach, strict=True)]
        self.transforms = [rfftn(kernel, self.size) for kernel in kernels]
        self.crops = [
            tuple(slice((k - 1) // 2, (k - 1) // 2 + n) for n, k in zip(grid, kernel.shape, strict=True))
            for kernel in kernels
        ]

    def apply(self, volume: np.ndarray) -> np.ndarray:
        """The volume (D, H, W) convolved with each of K kernels, on its own grid: (K, D, H, W)."""
        transform = rfftn(volume, self.size)
        return np.stack(
            [irfftn(transform * h, self.size)[crop] for h, crop in zip(self.transforms, self.crops, strict=True)]
        )


def unexplained(image: np.ndarray, warped: Warped) -> np.ndarray:
    """The rest (D, H, W) of an image inside the brain after the subject's own tissues and bias field.

    Tissues have one intensity each; the field, nine cosines, multiplies what they give. A voxel that stays far from the
    fit pulls the next one no more than one of `PULL` SDs does, so that a lesion is not explained in part.
    """
    inside = warped.maps[2] > 0.5
    seen = image[inside].astype(np.float64)
    terms = _healthy_terms(seen, warped, inside)
    inverse = np.linalg.pinv(terms)
    target = seen
    for _ in range(FITS):
        fitted = terms @ (inverse @ target)
        apart = seen - fitted
        most = PULL * 1.4826 * np.median(np.abs(apart))
        target = fitted + np.clip(apart, -most, most)
    left = np.zeros_like(image)
    left[inside] = apart
    return left


def _healthy_terms(seen: np.ndarray, warped: Warped, inside: np.ndarray) -> np.ndarray:
    """Tissues (n, 4) of the voxels inside, and what they give together times each cosine (n, 9)."""
    gm, wm, brain, detail = (part[inside] for part in warped.maps)
    tissues = np.stack([gm, wm, brain - gm - wm, detail], -1).astype(np.float64)
    given = tissues @ np.linalg.lstsq(tissues, seen, rcond=None)[0]
    return np.concatenate([tissues, given[:, None] * cosines(inside.shape)[:, inside].T], axis=1)


class RandomPlace:
    """For a lesion anywhere: balls of the law's sizes looked for in what the healthy brain does not explain.

    What is unexplained (`unexplained`) is divided by its spread in healthy subjects, and so is each ball's answer: it
    counts how unlikely a place looks there, not how bright. Each size is read by its highest answer over the prior of
    places, the mean of the foremost, and the log-sum-exp of it at two temperatures, as the log-likelihood ratio of one
    lesion would be read; all sizes together by that of the answers' squares. It is no ideal observer: outlines,
    rims, oedema and how neighbouring voxels of anatomy vary together are not looked at.
    """

    def __init__(self, known: Known) -> None:
        law, contrast = known.pathology, known.contrast
        self.known, self.sign = known, np.sign(contrast.lesion - (contrast.gm + contrast.wm) / 2) or 1.0
        kernels = [ball(radius, law.edge_mm, known.voxel_mm) for radius in law.radii_mm]
        rest = [unexplained(image, warped) for image, warped in known.healthy(HEALTHY)]
        self.spread = np.sqrt(np.mean(np.square(rest), axis=0)) + LEAST_SPREAD
        self.filters = Filters([kernel / kernel.sum() for kernel in kernels], self.spread.shape)
        # filtered twice, because the answers of all subjects fill memory on a fine grid
        whole: Any = 0.0
        squares: Any = 0.0
        for answer in self._answers(rest):
            whole, squares = whole + answer, squares + np.square(answer).sum((1, 2, 3))
        mean, common = whole / len(rest), np.sqrt(squares / (len(rest) * whole[0].size))
        scale = np.sqrt(sum(np.square(answer - mean) for answer in self._answers(rest)) / len(rest))
        self.scale = np.maximum(scale, LEAST_ANSWER * common[:, None, None, None])

    def _answers(self, rest: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
        """Answers (K, D, H, W) to what each subject's healthy anatomy leaves over."""
        return (self.filters.apply(left / self.spread) for left in rest)

    @classmethod
    def of(cls, known: Known) -> "RandomPlace":
        """The observer of a pathology with `radii_mm`, `edge_mm` and a prior `places`."""
        return cls(known)

    def features(self, image: np.ndarray, warped: Warped, shape: Mapping[str, np.ndarray]) -> np.ndarray:
        """(F,): readings of the answers of every size, of all sizes together, the brain's mean."""
        place = Place(warped, self.known.names, self.known.voxel_mm)
        prior = self.known.pathology.places(place)
        places = prior > 0
        weight = prior[places] / prior[places].sum()
        left = self.sign * unexplained(image, warped) / self.spread
        answers = (self.filters.apply(left) / self.scale)[:, places]
        values = [value for answer in answers for value in self.read(answer, weight)]
        rise = np.maximum(answers, 0) ** 2 / 2
        together = float(logsumexp(rise, b=np.broadcast_to(weight, rise.shape)))
        return np.array([*values, float(answers.max()), together, image[warped.maps[2] > 0.5].mean()], np.float64)

    def read(self, answer: np.ndarray, weight: np.ndarray) -> list[float]:
        """Statistics of a filter's answers (n,) over the prior's weights (n,)."""
        foremost = np.partition(answer, max(len(answer) - FOREMOST, 0))[-FOREMOST:]
        sums = [float(logsumexp(t * answer, b=weight) / t) for t in (1.0, 2.0)]
        return [float(answer.max()), float(foremost.mean()), *sums]


class ManyPlaces(RandomPlace):
    """For several lesions: as for one, but answers below the highest count too, and how many stand out."""

    STANDS_OUT: ClassVar[tuple[float, ...]] = (2.0, 3.0, 4.0)

    def read(self, answer: np.ndarray, weight: np.ndarray) -> list[float]:
        """Those of one lesion, the weighted mean, upper quantiles, and the weight of places that stand out."""
        shares = [float(weight[answer > least].sum()) for least in self.STANDS_OUT]
        quantiles = np.quantile(answer, (0.75, 0.9, 0.97))
        return [*super().read(answer, weight), float(answer @ weight), *map(float, quantiles), *shares]


def ball(radius_mm: float, edge_mm: float, voxel_mm: float) -> np.ndarray:
    """A soft ball (k, k, k), 1 inside and fading over its edge."""
    reach = int(np.ceil((radius_mm + edge_mm) / voxel_mm))
    axes = np.ogrid[(slice(-reach, reach + 1),) * 3]
    distance = voxel_mm * np.sqrt(sum(a**2 for a in axes))
    return 0.5 - 0.5 * np.tanh((distance - radius_mm) / edge_mm)
