"""
Judge how trunks and dispatch rules route a call: without ambiguity, into a room of the right name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from livekit_conformance.findings import Code, Finding, Json, Says
from livekit_conformance.protocol.dispatch import (
    RANDOM_LENGTH,
    DispatchOutcome,
    IncomingCall,
    Rule,
    Trunk,
    conflict_of,
    own_conflict_of,
)
from livekit_conformance.protocol.room_name import is_named

# livekit-server cannot choose between trunks, or between rules. Data of both: conflict, trunks.
TWO_TRUNKS: Final = Code("line.two-trunks-match")
TWO_RULES: Final = Code("line.two-rules-match")
# The room of the call has another name. Data: room, pattern, call_id, rule, field and its value.
OTHER_ROOM: Final = Code("line.other-room-name")
# Data: pattern, call_id.
NO_ROOM: Final = Code("line.no-rule-takes-the-call")

# Example of the random characters in a room name.
_RANDOM: Final = "AbCdEfGh2345"


def judge_conflict(
    trunks: Sequence[Trunk], rules: Sequence[Rule], call: IncomingCall
) -> Iterator[Finding]:
    """
    Yield a violation if `call`, or that of another caller of its number, runs into a conflict.

    It is unseen if only the source address of the call, which is unknown, could decide.
    """
    own = own_conflict_of(trunks, rules, call)
    conflict = own or conflict_of(trunks, rules, call)
    if conflict is None:
        return
    matching = conflict.trunks
    code = TWO_TRUNKS if matching else TWO_RULES
    data: dict[str, Json] = {
        "conflict": str(conflict),
        "trunks": [trunk.id for trunk in matching],
    }
    broken = "trunk-match" if matching else "dispatch-rule"
    if not call.source_ip and any(trunk.allowed_addresses for trunk in matching):
        seen = (
            f"{conflict}: only the source address of the call, which is unknown here, could tell "
            f"{', '.join(trunk.id for trunk in matching)} apart"
        )
        yield Finding(code, seen, says=Says.UNSEEN, data=data)
        return
    yield Finding(
        code,
        f"livekit-server refuses such calls with 503: {conflict}"
        + "".join(f"; {trunk.id} {trunk.name!r} matches" for trunk in matching),
        # A conflict for other callers only does not keep our calls from being tested.
        broken if own is not None else "line",
        data=data,
    )


def judge_room(
    outcome: DispatchOutcome, call: IncomingCall, pattern: str, *, call_id: str, story: str
) -> Iterator[Finding]:
    """
    Yield a violation unless the room of `call` fits `pattern`, filled in as `call_id` says.

    `story` describes the outcome.
    """
    seen = f"expected {pattern} with call_id {call_id}; {story}"
    data: dict[str, Json] = {"pattern": pattern, "call_id": call_id}
    room, rule = outcome.room, outcome.rule
    if room is None or rule is None:
        yield Finding(NO_ROOM, seen, data=data)
    elif not is_named(
        room.make(_RANDOM),
        pattern,
        call_id=call_id,
        # No rule puts the SIP Call-ID into a room name.
        sip_call_id="",
        caller=call.caller,
        dialled=call.called,
    ):
        field = "room_name" if rule.kind == "direct" else "room_prefix"
        named = room.make("*" * RANDOM_LENGTH)
        data |= {"room": named, "rule": rule.id, "field": field, "value": rule.room}
        yield Finding(OTHER_ROOM, seen, data=data)
