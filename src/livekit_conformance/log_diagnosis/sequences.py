"""
Find a line that follows another one of the same call within moments.

Such a line gets the field `after`, with the message of the earlier one, for signs to match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from livekit_conformance.catalogue.log_lines import of_sip
from livekit_conformance.protocol.logline import LogLine

# The carrier's answer to what it was told: a person needs longer.
_WITHIN_S = 2.0
_FIRST, _SECOND = of_sip.REINVITED, of_sip.BYE_CAME
# A line with this part is worth parsing as the first of two.
MARK = _FIRST.message
_FOLLOWS = _SECOND.message.encode()
_AT = re.compile(rb'"ts\\?": ?([\d.]+)')
# A log without times would never forget a call.
_MOST_CALLS = 1_000


@dataclass(slots=True)
class Sequences:
    """
    Calls that were put on hold a moment ago, with the times of the re-INVITE in Unix seconds.
    """

    waiting: dict[str, float] = field(default_factory=dict)

    def begin(self, line: LogLine) -> None:
        """
        Note a line that may be the first of two.
        """
        call = line.fields.get("callID")
        is_first = line.message == _FIRST.message and line.at is not None
        if is_first and isinstance(call, str) and len(self.waiting) < _MOST_CALLS:
            self.waiting[call] = line.at or 0.0

    def places(self, block: bytes) -> Iterator[int]:
        """
        Yield the places of a block at which there may be a second line; nearly always none.
        """
        if not self.waiting:
            return
        place = block.find(_FOLLOWS)
        while place >= 0:
            yield place
            place = block.find(_FOLLOWS, place + 1)

    def is_wanted(self, raw: bytes) -> bool:
        """
        Return whether a line names a call that waits; forget those that have waited too long.
        """
        if found := _AT.search(raw):
            at = float(found[1])
            self.waiting = {
                call: since for call, since in self.waiting.items() if at - since <= _WITHIN_S
            }
        return any(call.encode() in raw for call in self.waiting)

    def end(self, line: LogLine) -> LogLine | None:
        """
        Return the second line of two, with the field `after`.
        """
        began = self.waiting.get(str(line.fields.get("callID")))
        if line.message != _SECOND.message or began is None or line.at is None:
            return None
        if not 0 <= line.at - began <= _WITHIN_S:
            return None
        fields: Mapping[str, Any] = MappingProxyType({**line.fields, "after": _FIRST.message})
        return replace(line, fields=fields)
