"""Places as keys: what is slow to compute from a subject's anatomy is kept for its next render."""

from hashlib import blake2b

from simulators.space.place import Place


class Kept:
    """A place that equals every place of the same content, so that `lru_cache` finds what it computed for it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        digest = blake2b(repr((place.names, place.voxel_mm, place.warped.labels.shape)).encode())
        for part in place.warped:
            digest.update(part.tobytes())
        self.digest = digest.digest()

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kept) and self.digest == other.digest
