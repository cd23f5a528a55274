"""Completion in bash of `python -m bench ...`: verbs, then what Hydra knows of groups and keys, and names in lists."""

import importlib
import os
import re
from collections.abc import Sequence

from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from hydra.plugins.completion_plugin import DefaultCompletionPlugin
from omegaconf.errors import OmegaConfBaseException

from bench.config.search import searched
from bench.provenance import ROOT

CONF = ROOT / "conf"
#: python has no completion of its own in bash, and any that it was given comes back by what `uninstall` prints
INSTALL = r"""_plumbline() {
    local line=${COMP_LINE:0:COMP_POINT}
    [[ $line =~ ^[[:space:]]*([^[:space:]]*python[0-9.]*)[[:space:]]+-m[[:space:]]+bench[[:space:]] ]] || return
    mapfile -t COMPREPLY < <(COMP_LINE=$line "${BASH_REMATCH[1]}" -m bench -sc query=bash 2> /dev/null)
}
COMP_WORDBREAKS=${COMP_WORDBREAKS//=}
complete -o nospace -o default -F _plumbline python python3"""
UNINSTALL = "complete -r python python3; unset -f _plumbline"
#: a value of a group, in a list or after others that are swept
_VALUE = re.compile(r"(?P<head>(?P<group>\w+)=\[?(?:[\w.-]+,)*)(?P<begun>[\w.-]*)")


def for_shell(which: str, verbs: Sequence[str]) -> str:
    """What the shell is given: lines that begin or end completion, or what the word at its cursor may be."""
    if which == "query=bash":
        return "\n".join(completions(os.environ.get("COMP_LINE", ""), verbs))
    return INSTALL if which == "install=bash" else UNINSTALL


def completions(line: str, verbs: Sequence[str]) -> list[str]:
    """What the last word of a command line may be, as far as it is typed."""
    typed = line.partition(" bench ")[2]
    *before, word = typed.split(" ")
    begun = [f"{verb} " for verb in verbs if verb.startswith(word) and not any(before)]
    if (value := _VALUE.fullmatch(word)) and (CONF / value["group"]).is_dir():
        names = sorted(path.stem for path in (CONF / value["group"]).glob(f"{value['begun']}*.yaml"))
        return [value["head"] + name for name in names]
    return begun + _of_hydra([word for word in before if "=" in word], word)


def _of_hydra(before: Sequence[str], word: str) -> list[str]:
    """Groups and keys; none where what stands before cannot be composed."""
    # takes torch in, which names of verbs and files do without; what it keeps for Hydra is the schema of a study
    importlib.import_module("bench.config.compose")
    with searched(CONF):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None, "searched() makes it"
        try:
            return DefaultCompletionPlugin(hydra.config_loader)._query("config", " ".join([*before, word]))
        except (HydraException, OmegaConfBaseException):
            return []
