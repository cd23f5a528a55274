"""The configuration of a study's first pair, and how Hydra finds it, as its --cfg and --info show them."""

import contextlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from omegaconf import Container, DictConfig, OmegaConf

from bench.config.compose import CONF, study
from bench.config.launcher import hydra_of
from bench.config.search import searched
from bench.contracts import BadInput
from bench.contracts.names import nearest


def configuration(
    arguments: Sequence[str], config_dirs: Sequence[Path], which: str, package: str = "", resolve: bool = False
) -> str:
    """The configuration of the first pair of simulator and network as YAML; which: job, hydra or all.

    package: the key below which it is shown. resolve: interpolations as their values.
    """
    composed = study(arguments, config_dirs)
    with searched(CONF, config_dirs):
        config = _of(composed.lines, composed.launch, which)
        part = _below(config, package) if package and package != "_global_" else config
        heads = [f"# the first of {len(composed.pairs)} pairs of simulator and network"] * (len(composed.pairs) > 1)
        heads += [f"# @package {package}"] * bool(package)
        text = OmegaConf.to_yaml(part, resolve=resolve) if isinstance(part, Container) else f"{part}\n"
        return "\n".join([*heads, text])


def _of(lines: Sequence[str], launch: Sequence[str], which: str) -> DictConfig:
    parts: dict[object, Any] = {}
    if which in ("job", "all"):
        parts |= dict(compose("config", overrides=list(lines)).items_ex(resolve=False))
    if which in ("hydra", "all"):
        parts["hydra"] = hydra_of(launch)
    return OmegaConf.create(parts)


def _below(config: DictConfig, key: str) -> object:
    """What stands below a key; raises BadInput where nothing does."""
    inner: object = config
    done: list[str] = []
    for part in key.split("."):
        if not isinstance(inner, DictConfig) or part not in inner:
            valid = [str(name) for name in inner] if isinstance(inner, DictConfig) else []
            raise BadInput(f"--package {'.'.join([*done, part])}: there is no key '{part}'{nearest(part, valid)}")
        inner, done = inner[part], [*done, part]
    return inner


def information(arguments: Sequence[str], config_dirs: Sequence[Path], which: str) -> None:
    """Print what Hydra's --info tells of the first pair: its defaults, search path or plug-ins."""
    composed = study(arguments, config_dirs)
    with searched(CONF, config_dirs), _logging_of_hydra():
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None, "searched() makes it"
        hydra.show_info(which, "config", composed.lines)


@contextlib.contextmanager
def _logging_of_hydra() -> Iterator[None]:
    """Logging as it was afterwards: Hydra prints through a handler of its own, and leaves it and its level behind."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers.clear()
    try:
        yield
    finally:
        root.handlers[:] = before
        root.setLevel(level)
