"""Names of folders, cells and labels."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

#: letters of a name, and those of a mark that tells names apart
LONGEST, MARK = 80, 8
_QUOTES = "'\""


def slug(name: str) -> str:
    """A name safe for file systems, Hydra's grammar and URLs."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-")[:LONGEST] or "x"


def marked(label: str, exact: str) -> str:
    """A label with a mark of what it stands for, as long as a label may be."""
    return f"{label[: LONGEST - MARK - 1]}-{digest_of(exact)}"


def digest_of(exact: str) -> str:
    """Letters and digits that another text does not have."""
    return hashlib.sha256(exact.encode("utf-8", "surrogateescape")).hexdigest()[:MARK]


@dataclass
class VariantLabels:
    """Labels of variants, no two alike, not even where letters in upper and lower case are one.

    A label that does not spell out what it stands for, or that another variant has, ends with a mark.
    """

    _taken: dict[str, str] = field(default_factory=dict)

    def of(self, name: str, swept: Mapping[str, str], dot: str = ".") -> str:
        """The label of a variant: its name and each key that is swept or changed, by name, as `name-key-value`.

        swept: values as elements of Hydra's grammar; of a path the label shows the last part alone. dot: what stands in
        the label in place of each dot.
        """
        exact = repr((name, dict(sorted(swept.items()))))
        values = {key: value.strip(_QUOTES) for key, value in sorted(swept.items())}
        spelt, short = (name + "".join(f"-{k}-{v}" for k, v in pairs) for pairs in (values.items(), _short(values)))
        label = slug(short).replace(".", dot)
        if slug(spelt) != spelt or self._taken.setdefault(label.casefold(), exact) != exact:
            label = marked(label, exact)
        self._taken[label.casefold()] = exact
        return label


def _short(values: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Values as labels show them: lists without brackets, and of a path its last part, as the rest is private."""
    return ((key, value.strip("[]{}").rstrip("/").rpartition("/")[2] or value) for key, value in values.items())


def variant_of(label: str, names: Iterable[str]) -> str | None:
    """The longest of these names that a label is, or is that of a variant of; None where there is none."""
    return max([name for name in names if label == name or label.startswith(f"{name}-")], key=len, default=None)
