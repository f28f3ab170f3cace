"""
Log lines of livekit-server and livekit-sip that are known, each once, and what they mean.

A new line is one entry in the module of its service; the tables here follow from the entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from livekit_conformance.catalogue.log_lines import errors, of_both, of_server, of_sip
from livekit_conformance.catalogue.log_lines.line import (
    SERVER,
    SIP,
    Form,
    KnownLine,
    Lane,
    Means,
    Telling,
)

__all__ = [
    "ALL",
    "KNOWN_ERRORS",
    "ON_PURPOSE",
    "SERVER",
    "SIP",
    "STARTS",
    "KnownLine",
    "Lane",
    "Means",
    "Telling",
    "errors",
    "known_line",
    "messages",
    "of_both",
    "of_server",
    "of_sip",
]

# Part of the names of rooms in which the suite itself makes calls or webhooks fail: a line
# that contains it proves nothing about the deployment.
ON_PURPOSE: Final = "on-purpose"

ALL: Final[tuple[KnownLine, ...]] = tuple(
    line
    for module in (of_sip, of_server, of_both)
    for line in vars(module).values()
    if isinstance(line, KnownLine)
)
_WHOLE: Final[Mapping[tuple[str, str], KnownLine]] = MappingProxyType(
    {(line.service, line.message): line for line in ALL if line.form is Form.WHOLE}
)
_PARTS: Final = tuple(line for line in ALL if line.form is not Form.WHOLE)

# The line that each service writes once when it starts.
STARTS: Final[Mapping[str, KnownLine]] = MappingProxyType(
    {SERVER: of_server.STARTS, SIP: of_sip.STARTS}
)

# Texts of failed calls, messages and errors, that no log of a run may hold.
KNOWN_ERRORS: Final = (
    "auth check failed",
    errors.NO_RESPONSE,
    "dispatch evaluation failed",
    of_sip.NOT_JOINED.message,
    of_sip.NO_MEDIA.message,
    of_sip.NO_ACK.message,
    errors.NO_NODE,
    of_server.NOT_SENT.message,
    of_server.DROPPED.message,
    of_both.CRASH.message,
)


def known_line(service: str, message: str) -> KnownLine | None:
    """
    Return the line of a service with this message, None if it is not known.
    """
    return (
        _WHOLE.get((service, message))
        or _WHOLE.get(("", message))
        or next(
            (line for line in _PARTS if line.service in {"", service} and line.is_in(message)),
            None,
        )
    )


def messages(*means: Means) -> frozenset[str]:
    """
    Return the messages of the lines that mean one of these.
    """
    return frozenset(line.message for line in ALL if line.means in means)
