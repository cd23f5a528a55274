"""Parts of transformers: places of tokens, attention whose weights can be read, and blocks of it."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import pad


class Places(nn.Module):
    """Learned places, added to tokens (N, T, width). A class token is one more in front, of a place and nothing else.

    tokens: T. first: 1 with a class token, else 0.
    """

    def __init__(self, tokens: int, width: int, first: int) -> None:
        super().__init__()
        self.first = first
        self.places = nn.Parameter(torch.empty(first + tokens, width))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the places anew, as loud as tokens are: faint ones are not told apart by so few subjects."""
        nn.init.normal_(self.places)

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, T, width) -> (N, first + T, width)."""
        return pad(tokens, (0, 0, self.first, 0)) + self.places


class Attention(nn.Module):
    """Softmax attention in several heads, written out: a fused kernel is faster and shows no weights."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, T, width) -> (N, T, width)."""
        apart = self.project(tokens).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = apart.unbind(0)
        scores = query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5
        return self.mix((torch.softmax(scores, -1) @ value).transpose(1, 2).flatten(2))


class TransformerBlock(nn.Module):
    """Attention and a hidden layer of GELUs, each added to the layer norm that it reads (pre-norm)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(width), Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.hidden = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, T, width) -> (N, T, width)."""
        tokens = tokens + self.attention(self.norm1(tokens))
        return cast(Tensor, tokens + self.hidden(self.norm2(tokens)))


def blocks(width: int, heads: int, depth: int) -> nn.Sequential:
    """Blocks, one after the other, and a layer norm."""
    return nn.Sequential(*(TransformerBlock(width, heads) for _ in range(depth)), nn.LayerNorm(width))
