"""Protocols that plug-ins are asked for, answered once a class."""

from abc import ABCMeta
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    Checked = ABCMeta
else:
    Checked = type(Protocol)

#: whether instances of a class are of a protocol, by both; not kept on the protocol, where it would be a member
_known: dict[tuple[type, type], bool] = {}


class Kind(Checked):
    """Metaclass of runtime protocols that keep what they answered for a class.

    All of a class have the same members, and looking for them takes longer than much of what is done for a subject.
    """

    def __instancecheck__(cls, instance: Any) -> bool:
        pair = cls, type(instance)
        if pair not in _known:
            _known[pair] = super().__instancecheck__(instance)
        return _known[pair]
