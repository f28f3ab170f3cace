"""
Interpret the exceptions of libraries that no driver has turned into one of ours.

A library raises them about the network or the other side. They block a check, like those that the
drivers interpret; a misused library, like any other defect, raises Python's own errors.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.errors import NOT_CARRIED, Blocked, in_system_words
from livekit_conformance.findings import Finding, Says
from livekit_conformance.lost_requests import failure_of

# Packages that carry our requests, each with the link on its other side; None: that of the clause.
LIBRARIES: Final[Mapping[str, Link | None]] = MappingProxyType(
    {
        "aiohttp": None,
        "anyio": None,
        "google.protobuf": None,
        "h11": None,
        "httpcore": None,
        "httpx": None,
        "livekit": None,
        "redis": Link.BUS,
    }
)
_OF_PYTHON: Final = (
    ConnectionError,
    TimeoutError,
    asyncio.IncompleteReadError,
    socket.gaierror,
    socket.herror,
    ssl.SSLError,
)
_OF_THE_NETWORK: Final = frozenset(
    {
        errno.EADDRNOTAVAIL,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.ENETUNREACH,
    }
)
# httpx, for one, raises RuntimeErrors of its own about a misuse of it.
_DEFECTS: Final = (AssertionError, AttributeError, LookupError, RuntimeError, TypeError)


def blocked_by_library(error: BaseException | None) -> Blocked | None:
    """
    Return the obstacle that an exception stands for; None for one of ours, or a defect.
    """
    if not isinstance(error, Exception) or isinstance(error, _DEFECTS):
        return None
    library = next(filter(None, map(_library, type(error).__mro__)), None)
    if library is None and not _is_about_the_network(error):
        return None
    name = f"{library or 'Python'}: {type(error).__name__}"
    reason = ": ".join(filter(None, (name, " ".join(in_system_words(error).split()))))
    data = {"failure": failure_of(error), "library": library or "Python"}
    return Blocked(
        reason,
        remedy="The connection broke at an unusual moment: check that the service and the network "
        "on the way to it run, and repeat the run",
        link=LIBRARIES.get(library) if library is not None else None,
        findings=[Finding(NOT_CARRIED, reason, says=Says.UNSEEN, data=data)],
    )


def _library(kind: type) -> str | None:
    return next((name for name in LIBRARIES if f"{kind.__module__}.".startswith(f"{name}.")), None)


def _is_about_the_network(error: Exception) -> bool:
    return isinstance(error, _OF_PYTHON) or (
        isinstance(error, OSError) and error.errno in _OF_THE_NETWORK
    )
