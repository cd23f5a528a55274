"""Changes that a call makes to what the files it chooses say, and the name of the study that follows from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.config import changes
from bench.config.changes import Changes, chooses
from bench.config.compositions import Compositions
from bench.config.literals import element
from bench.config.nodes import Node
from bench.config.overrides import AXES, LISTS, Typed, in_groups, options
from bench.config.pairs import CHOICES
from bench.names import VariantLabels, slug


@dataclass
class Called:
    """given: axes of the study's files."""

    typed: Typed
    compositions: Compositions
    given: dict[str, list[str]] = field(default_factory=dict)

    def changes_of(self, groups: Sequence[str], chosen: Mapping[str, str], now: Node) -> Changes:
        """What the call changes below some groups of what the files say that it chose; chosen: lines of an axis."""
        typed = {k: line for k, line in self.typed.fixed.items() if in_groups(k, groups) and k not in LISTS}
        files = [key for key in typed if chooses(key)]
        changed: Changes = {}
        if files:
            before = self.compositions.of_files({**self.typed.fixed, **chosen}, without=files)
            changed |= changes.of_choices([typed[key] for key in files], before, now)
        if values := [key for key in typed if key not in files]:
            before = self.compositions.of_files({**self.typed.fixed, **chosen})
            changed |= changes.of_values(values, before, now)
            # an axis of the study is always shown, so that the same has one label in it and in a part of it
            changed |= changes.of_values([key for key in values if key in self.given], {}, now)
        return changed

    def name(self, typed: Sequence[str], now: Node, of_labels: Changes) -> str:
        """The name that the call gives the study, or that of its files, with all that the call changes of them.

        typed: keys that were typed. now: the configuration. of_labels: changes that labels tell.
        """
        name: str = now["name"]
        if "name" in typed:
            return name
        files = self.compositions.of_files({})
        settings = [key for key in typed if not in_groups(key, (*AXES, *changes.HOW))]
        changed = of_labels | changes.of_values(settings, files, now)
        for group in (group for group in LISTS if any(in_groups(key, (group,)) for key in typed)):
            before = with_bars(files) if group == "method" and files["headline"] else chosen_of(files, group)
            changed |= changes.of_axis(group, before, chosen_of(now, group), options(group, self.compositions.folders))
        for key, values in self.typed.sweeps.items():
            choice = [str(files[CHOICES][key])] if key in files[CHOICES] else []
            before = [element(v) for v in files["axes"].get(key, choice)]
            changed |= changes.of_axis(key, before, values)
        # a name that is impossible is refused as it is
        return (
            name
            if not changed or name != slug(name)
            else VariantLabels().of(name, {key.replace("/", "."): value for key, value in changed.items()})
        )


def chosen_of(config: Node, group: str) -> list[str]:
    """The methods or metrics that are chosen, and not only set."""
    return [name for name, node in config[group].items() if "_target_" in node]


def with_bars(config: Node) -> list[str]:
    """The methods of a study with rankings: those it names, then its bars."""
    return list(dict.fromkeys([*chosen_of(config, "method"), *config["bars"]]))
