"""The share of a map that is wrong, under a network whose mechanism is known."""

import torch
from torch import Tensor

from bench.contracts import Attribution, KnownMechanism
from bench.contracts.data import spread_of
from bench.contracts.tags import MethodTags
from bench.stages.enumeration import between, exact_shapley, exact_slopes, population_game

#: below this share of the largest answer of any subject, an answer is none
NOTHING = 1e-4


def shares_wrong(
    model: KnownMechanism, images: Tensor, attribution: Attribution, tags: MethodTags
) -> dict[str, Tensor]:
    """By question, the share of each map that is wrong, (N,) from 0 to 1, NaN where the answer is that nothing counts.

    `own`: what the method says it shows, with signs. Of a sensitivity that is the derivative of the score by region; of
    a contribution the exact Shapley values between the image and the method's own baseline. A location says neither.
    `subject`: the exact Shapley values of regions against the population, sizes alone; a sensitivity is first
    multiplied by the spread of each voxel between the images, as metrics of regions do.
    """
    readings, players = model.readings(images), len(model.parts)
    shares = {"subject": region_shares(model, attribution.map)}
    answer = {"subject": exact_shapley(population_game(model, readings), players).abs()}
    if tags.quantity == "sensitivity":
        shares |= {"own": shares["subject"], "subject": region_shares(model, attribution.map * spread_of(images))}
        answer["own"] = exact_slopes(model, images)
    elif tags.quantity == "contribution":
        shares["own"] = shares["subject"]
        answer["own"] = exact_shapley(between(model, readings, model.readings(attribution.start)), players)
    if not tags.signed:
        answer = {question: value.abs() for question, value in answer.items()}
    shares |= {question: value.abs() for question, value in shares.items() if question == "subject" or not tags.signed}
    return {question: share_wrong(shares[question], answer[question], empty=question == "own") for question in answer}


def region_shares(model: KnownMechanism, maps: Tensor) -> Tensor:
    """Sums of maps (N, 1, D, H, W) over the regions read, and of their size everywhere else: (N, P + 1) float64."""
    flat, inside = maps.flatten(1).double(), model.voxels.flatten(1)
    elsewhere = flat[:, ~inside.any(0)].abs().sum(1, keepdim=True)
    return torch.cat([flat @ inside.double().T, elsewhere], 1)


def share_wrong(shares: Tensor, answer: Tensor, empty: bool) -> Tensor:
    """Half the sum of differences between the shares found (N, P + 1) and the answer (N, P), each scaled to sum to 1.

    0 is a right map, at whatever scale; 1 has no share in the right place. A map of nothing is wrong by 1 where the
    answer is something. Where the answer is that nothing counts, `empty` says whether that is a question: then a map of
    nothing is right and every other wrong; else NaN. NaN also where a share is, as the spread between two images is.
    """
    answer = torch.nn.functional.pad(answer.double(), (0, 1))
    sizes = [part.abs().sum(1, keepdim=True) for part in (shares, answer)]
    marked, known = ((size > NOTHING * size.max()).squeeze(1) & (size > 0).squeeze(1) for size in sizes)
    scaled = [part / size.where(size > 0, 1.0) for part, size in zip((shares, answer), sizes, strict=True)]
    share = (scaled[0] - scaled[1]).abs().sum(1) / 2
    share = torch.where(marked, share, 1.0)
    nothing = marked.double() if empty else torch.full_like(share, torch.nan)
    return torch.where(shares.isnan().any(1), torch.nan, torch.where(known, share, nothing))
