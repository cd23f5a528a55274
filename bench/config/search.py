"""Further configuration folders in Hydra's search path, whatever their names: an override line would read `${`."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from hydra import initialize_config_dir
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

_FOLDERS: list[Path] = []


class _Folders(SearchPathPlugin):
    """Called by Hydra whenever a search path is made."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Look into the folders after ours."""
        for folder in _FOLDERS:
            search_path.append("--config-dir", f"file://{folder}")


Plugins.instance().register(_Folders)


@contextlib.contextmanager
def searched(first: Path, more: Iterable[Path] = ()) -> Iterator[None]:
    """Hydra composes from a folder, then from further ones."""
    _FOLDERS[:] = more
    try:
        with initialize_config_dir(str(first), version_base="1.3"):
            yield
    finally:
        _FOLDERS.clear()
