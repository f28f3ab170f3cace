"""
Under which names one call goes: each service knows another one, and only some lines know two.

The caller knows the Call-ID. livekit-sip writes it (`sipCallID`) beside an id of its own (`callID`,
which is also the tag of its answers), from `Joining room` on with the `room`, and once with the
caller's `participantID`. livekit-server knows rooms and participants, and no call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# The only line whose `participantID` is that of the caller and of nobody else.
_JOINED = "SIP participant joined room"
_NAMES = ("sipCallID", "callID", "participantID")

# Message and fields of a log line.
Line = tuple[str, Mapping[str, Any]]


@dataclass(slots=True)
class CallIds:
    """
    The names of one call: `ids` (Call-ID, `SCL_...`, the caller's `PA_...`), and its rooms by name.
    """

    ids: set[str] = field(default_factory=set)
    rooms: set[str] = field(default_factory=set)

    def names(self, fields: Mapping[str, Any]) -> bool:
        """
        Whether a log line with these fields is about this call, and no other.
        """
        return not self.ids.isdisjoint(ids_in(fields))

    def is_in_room(self, fields: Mapping[str, Any]) -> bool:
        """
        Whether it is about a room of this call; a Direct rule puts several calls into one.
        """
        return room_in(fields) in self.rooms

    def learn(self, lines: Mapping[str, Sequence[Line]]) -> None:
        """
        Take over every name that the lines, by the names in them, give to this call.
        """
        asked, waiting = set[str](), list(self.ids)
        while waiting:
            name = waiting.pop()
            asked.add(name)
            for message, fields in lines.get(name, ()):
                self.ids |= set(ids_in(fields, also_participant=message == _JOINED))
                self.rooms |= {room_in(fields)} - {""}
            waiting = list(self.ids - asked)


def by_name(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """
    The lines under each id that stands in them.
    """
    found: dict[str, list[Line]] = {}
    for line in lines:
        for name in ids_in(line[1]):
            found.setdefault(name, []).append(line)
    return found


def ids_in(fields: Mapping[str, Any], *, also_participant: bool = True) -> list[str]:
    """
    The ids of calls and participants in the fields of a line.
    """
    wanted = _NAMES if also_participant else _NAMES[:-1]
    return [name for key in wanted if isinstance(name := fields.get(key), str) and name]


def room_in(fields: Mapping[str, Any]) -> str:
    """
    The name of the one room that a line is about; empty when it is about none or several.
    """
    room = fields.get("room")
    return room if isinstance(room, str) else ""
