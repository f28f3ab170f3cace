"""
Rules for values with which livekit-server starts, and which no call survives.

Seen with livekit-server 1.13.5 and livekit-sip 1.8.0: tests/scenarios/failures/join.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from livekit_conformance.config_doctor.findings import ConfigFinding, Severity
from livekit_conformance.config_doctor.settings import Settings


@dataclass(frozen=True, slots=True)
class Limit:
    """
    Limit below which a usual call fails: its keys, the least good value, and what needs that.

    0 switches a limit off.
    """

    keys: tuple[tuple[str, str], ...]
    least: int
    because: str


_BOTH_SECTIONS = ("room", "limit")
_LIMITS = (
    Limit((("room", "max_participants"),), 2, "caller and agent are two"),
    Limit(
        tuple((section, "max_participant_identity_length") for section in _BOTH_SECTIONS),
        20,
        "the identity of a caller is `sip_` and the number, up to 16 characters",
    ),
    Limit(
        tuple((section, "max_room_name_length") for section in _BOTH_SECTIONS),
        45,
        "the name of a room is the prefix of the rule, the caller's number and 13 characters",
    ),
    Limit(
        (("limit", "max_attributes_size"),),
        1000,
        "livekit-sip describes the call and its trunk in attributes of the caller",
    ),
)
_OPUS = "audio/opus"


def check_calls(server: Settings) -> Iterator[ConfigFinding]:
    """
    Yield findings on limits that are too low for a call, and on codecs without Opus.
    """
    for limit in _LIMITS:
        for path in limit.keys:
            if 0 < server.number(*path) < limit.least:
                yield server.finding(
                    # Room names and numbers of this deployment may be shorter.
                    Severity.WARNING,
                    *path,
                    problem=f"is {server.number(*path)}",
                    consequence=f"livekit-server keeps callers or agents out: {limit.because}",
                    remedy=f"Write at least {limit.least}, or delete it",
                )
    codecs = [codec.get("mime", "").lower() for codec in server.mappings("room", "enabled_codecs")]
    if codecs and _OPUS not in codecs:
        yield server.finding(
            Severity.ERROR,
            *("room", "enabled_codecs"),
            problem=f"does not contain {_OPUS}",
            consequence="livekit-sip has no codec in common with the room: nobody is heard, and "
            "no call is answered",
            remedy=f"Add `- mime: {_OPUS}`, or delete the list",
        )
