"""Configurations as Hydra composes them of override lines, each once; all that it raises is one sentence."""

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hydra import compose
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from bench.config import launcher
from bench.config.changes import chooses
from bench.config.nodes import Node, as_node, composed_of
from bench.config.overrides import AXES, Typed
from bench.config.pairs import CHOICES
from bench.config.sentences import say, unreadable
from bench.contracts import BadInput


@dataclass
class Compositions:
    """Configurations by the lines that choose and set them, within the search path of a call."""

    typed: Typed
    folders: Sequence[Path]
    _by_lines: dict[tuple[str, ...], Node] = field(default_factory=dict)

    def of(self, chosen: Mapping[str, str], complete: bool = True) -> Node:
        """The configuration that lines give, by their keys; complete: whether each key must have a value."""
        given = tuple(chosen.values())
        if given not in self._by_lines:
            with self._one_sentence(chosen.values()):
                self._by_lines[given] = composed_of(list(given), complete)
            _check_trust(self._by_lines[given])
        return self._by_lines[given]

    def of_files(self, lines: Mapping[str, str], without: Collection[str] = ()) -> Node:
        """The configuration of the files that the study and lines choose, without any value typed.

        Of files that need one there is nothing to say.
        """
        study = {k: line for k, line in self.typed.fixed.items() if k == "study"}
        chosen = study | {k: line for k, line in lines.items() if chooses(k) and k not in without}
        with contextlib.suppress(BadInput):
            return self.of(chosen, complete=False)
        return {CHOICES: {}}

    def check_launcher(self) -> None:
        """Refuse lines for Hydra that its launcher would refuse later."""
        if self.typed.launch:
            with self._one_sentence(self.typed.launch):
                launcher.workers_of(self.typed.launch)

    @contextlib.contextmanager
    def _one_sentence(self, lines: Iterable[str]) -> Iterator[None]:
        try:
            yield
        except (HydraException, OmegaConfBaseException) as error:
            raise BadInput(say(error, lines, self.folders, self._known)) from error
        except BadInput:
            raise
        except YAMLError as error:
            raise BadInput(f"a configuration file is not YAML: {' '.join(str(error).split())}") from error
        except RecursionError as error:
            raise BadInput(
                "the configuration has no end: a defaults list includes itself, or an interpolation asks for itself; "
                f"mend the files that {', '.join(lines)} chooses"
            ) from error
        except Exception as error:  # Hydra and OmegaConf raise whatever a value of another kind leads them to
            raise BadInput(unreadable(error, list(lines))) from error

    def _known(self) -> Node:
        """The configuration of the groups chosen, the first of several, without any value set in them."""
        chosen = [v for k, v in self.typed.fixed.items() if k in (*AXES, "study")]
        chosen += [f"{k}={values[0]}" for k, values in self.typed.sweeps.items() if k in AXES]
        try:
            return as_node(compose("config", overrides=chosen))
        except (HydraException, OmegaConfBaseException):
            return {}


def _check_trust(config: Node) -> None:
    """Refuse trust that a file gives: whose code may run is said by who runs it."""
    if given := config["trusted"]:
        raise BadInput(
            f"trusted: a configuration file asks that {', '.join(map(str, given))} may run; take 'trusted' out of "
            "it, and name packages that you trust on the command line"
        )
