"""The words that the user typed after the verb."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.front import Asked
from bench.plan import plan
from bench.study import Study


@dataclass
class Command:
    """Overrides, more configuration folders, further words, and what is shown in place of doing anything."""

    overrides: Sequence[str] = ()
    config_dirs: Sequence[Path] = ()
    words: Sequence[str] = field(default_factory=list)
    asked: Asked | None = None

    def study(self) -> tuple[Study, list[str]]:
        """The planned study and Hydra's own overrides."""
        return plan.study(self.overrides, self.config_dirs)

    def taken(self, *names: str) -> tuple[dict[str, str], "Command"]:
        """The values of words that are about the verb and change no study, and the command without them."""
        words = [word.partition("=") for word in self.overrides]
        others = [word for word, (name, *_) in zip(self.overrides, words, strict=True) if name not in names]
        return {name: value for name, _, value in words if name in names}, replace(self, overrides=others)
