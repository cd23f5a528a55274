"""Streams in which a cue goes with the label, against it, or neither."""

#: where a model learns and is judged: what goes with the label does so here
CORRELATED = ("train", "validation", "test")
#: test streams for what a model learnt of a cue: it says nothing, or the opposite
SHIFTED = ("decorrelated", "reversed")


def sign(stream: str) -> int:
    """1 where a cue goes with the label, -1 where it is reversed, 0 in all other streams."""
    name = stream.split("/")[0]
    return 1 if name in CORRELATED else -1 if name == "reversed" else 0
