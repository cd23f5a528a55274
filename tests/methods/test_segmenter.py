"""The segmenter against a flood fill, and the references that know a population and no subject."""

from collections import deque
from itertools import product
from pathlib import Path

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from bench.checks.method_probe import SmallLinear, probes
from bench.contracts import Batch, Context, Truth, Undefined
from methods.group import ZMap
from methods.segmenter import Segmenter

IMAGES = probes()[0].images.double() * 2
OTHERS = torch.randn(12, 1, *IMAGES.shape[2:], generator=torch.Generator().manual_seed(3)).double()
DOMAIN = torch.ones_like(IMAGES, dtype=torch.bool)
DOMAIN[..., 6:] = False
CONTEXT = Context(domain=DOMAIN, training=lambda: Batch(OTHERS, torch.arange(12) % 2, torch.arange(12)))
STEPS = [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)]


def flooded(beyond, size):
    """Voxels of clusters of that size, found by walking from each voxel over faces."""
    kept, seen = torch.zeros_like(beyond), set()
    for start in product(*map(range, beyond.shape)):
        if not beyond[start] or start in seen:
            continue
        cluster, front = {start}, deque([start])
        while front:
            here = front.popleft()
            for step in STEPS:
                there = tuple(a + b for a, b in zip(here, step, strict=True))
                inside = all(0 <= a < n for a, n in zip(there, beyond.shape, strict=True))
                if inside and beyond[there] and there not in cluster:
                    cluster.add(there)
                    front.append(there)
        seen |= cluster
        for voxel in cluster if len(cluster) >= size else ():
            kept[voxel] = True
    return kept


@pytest.mark.parametrize(("threshold", "size"), [(1.0, 1), (1.0, 5), (2.5, 3)])
def test_it_keeps_the_z_map_in_clusters_of_one_sign_within_the_domain(threshold, size):
    z = ZMap()(SmallLinear(), IMAGES, 0, CONTEXT)
    found = Segmenter(threshold, size)(SmallLinear(), IMAGES, 0, CONTEXT)
    for row in range(len(IMAGES)):
        volume, inside = z[row, 0], DOMAIN[row, 0]
        kept = flooded((volume > threshold) & inside, size) | flooded((volume < -threshold) & inside, size)
        assert torch.equal(found[row, 0], volume * kept)
    assert 0 < (found != 0).float().mean() < 0.75


def test_it_finds_a_lesion_and_nothing_in_a_control_that_is_like_the_others():
    image = OTHERS.mean(0, keepdim=True).clone()
    context = CONTEXT.take([0])
    assert (Segmenter()(SmallLinear(), image, 0, context) == 0).all()
    image[..., 2:4, 5:8, 2:4] += 20
    found = Segmenter()(SmallLinear(), image, 0, context)
    inside = torch.zeros_like(image, dtype=torch.bool)
    inside[..., 2:4, 5:8, 2:4] = True
    assert (found[inside] > 2.5).all() and (found[~inside] == 0).all()


def test_the_template_prior_is_what_the_population_says_and_sees_nothing_of_the_subject():
    path = Path(__file__).parents[2] / "conf" / "method" / "template_prior.yaml"
    prior = instantiate(OmegaConf.load(path))
    assert prior.tags.truths == {"association"} and prior.tags.role == "control"
    context = Context(truths={"association": Truth("association", volume=IMAGES.flip(2))})
    for images in (IMAGES, 0 * IMAGES):
        assert torch.equal(prior(SmallLinear(), images, 0, context), IMAGES.flip(2))
    with pytest.raises(Undefined, match="'association'"):
        prior(SmallLinear(), IMAGES, 0, CONTEXT)
