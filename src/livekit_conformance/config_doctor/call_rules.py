"""
Rules for values with which livekit-server starts, and which no call survives.

Seen with livekit-server 1.13.5 and livekit-sip 1.8.0: tests/scenarios/failures/join.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from livekit_conformance.config_doctor.findings import ConfigFinding
from livekit_conformance.config_doctor.settings import Settings
from livekit_conformance.wording import phrase


@dataclass(frozen=True, slots=True)
class Limit:
    """
    Limit below which a usual call fails: its keys, the least good value, and what needs that.

    0 switches a limit off. `because` is a code in `words.PARTS`.
    """

    keys: tuple[tuple[str, str], ...]
    least: int
    because: str


_BOTH_SECTIONS = ("room", "limit")
_LIMITS = (
    Limit((("room", "max_participants"),), 2, "because.two"),
    Limit(
        tuple((section, "max_participant_identity_length") for section in _BOTH_SECTIONS),
        20,
        "because.identity",
    ),
    Limit(
        tuple((section, "max_room_name_length") for section in _BOTH_SECTIONS),
        45,
        "because.room-name",
    ),
    Limit(
        (("limit", "max_attributes_size"),),
        1000,
        "because.attributes",
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
                # A warning: room names and numbers of this deployment may be shorter.
                because = phrase(limit.because)
                value = server.number(*path)
                what = phrase("limit.too-low", value=value, least=limit.least, because=because)
                yield server.warning(*path, what=what)
    codecs = [codec.get("mime", "").lower() for codec in server.mappings("room", "enabled_codecs")]
    if codecs and _OPUS not in codecs:
        yield server.error("room", "enabled_codecs", what=phrase("codec.no-opus", codec=_OPUS))
