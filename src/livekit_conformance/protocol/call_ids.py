"""
Names of one call: each service knows it by another name, and only some log lines hold two.

The caller knows the Call-ID. livekit-sip logs it (`sipCallID`) beside an id of its own (`callID`,
which is also the To tag of its responses), from `Joining room` on with the `room`, and once with
the caller's `participantID`. livekit-server knows rooms and participants, but no calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_NAMES = ("sipCallID", "callID", "participantID")

# Fields of a log line, and whether its `participantID` is always that of the caller.
Line = tuple[bool, Mapping[str, Any]]


@dataclass(slots=True)
class CallIds:
    """
    Names of one call: `ids` (Call-ID, `SCL_...`, the caller's `PA_...`), and its rooms by name.
    """

    ids: set[str] = field(default_factory=set)
    rooms: set[str] = field(default_factory=set)

    def names(self, fields: Mapping[str, Any]) -> bool:
        """
        Return True if a log line with these fields is about this call.
        """
        return not self.ids.isdisjoint(ids_in(fields))

    def is_in_room(self, fields: Mapping[str, Any]) -> bool:
        """
        Return True if the line is about a room of this call; under a direct rule others share it.
        """
        return room_in(fields) in self.rooms

    def learn(self, lines: Mapping[str, Sequence[Line]]) -> None:
        """
        Add every name that `lines`, log lines by name, link to this call.
        """
        asked, waiting = set[str](), list(self.ids)
        while waiting:
            name = waiting.pop()
            asked.add(name)
            for names_caller, fields in lines.get(name, ()):
                self.ids |= set(ids_in(fields, also_participant=names_caller))
                self.rooms |= {room_in(fields)} - {""}
            waiting = list(self.ids - asked)


def by_name(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """
    Return the lines by each id that occurs in them.
    """
    found: dict[str, list[Line]] = {}
    for line in lines:
        for name in ids_in(line[1]):
            found.setdefault(name, []).append(line)
    return found


def ids_in(fields: Mapping[str, Any], *, also_participant: bool = True) -> list[str]:
    """
    Return the ids of calls and participants in the fields of a line.
    """
    wanted = _NAMES if also_participant else _NAMES[:-1]
    return [name for key in wanted if isinstance(name := fields.get(key), str) and name]


def room_in(fields: Mapping[str, Any]) -> str:
    """
    Return the name of the one room that a line is about; empty if it is about none or several.
    """
    room = fields.get("room")
    return room if isinstance(room, str) else ""
