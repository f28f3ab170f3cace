"""
Versions of the running services, as far as they are known without access to their machines.

livekit-server writes its version to its log and to Redis; its API never reports it. livekit-sip
writes its version to its log at DEBUG only, and to no SIP message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import Need
from livekit_conformance.catalogue.log_lines import of_server, of_sip
from livekit_conformance.doctor.findings import LinkFinding, not_checked, ok, warning
from livekit_conformance.environments.needs import LINES
from livekit_conformance.protocol.logline import LogLine
from livekit_conformance.wording import phrase

_NUMBERS = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


def server_version_in(lines: Iterable[LogLine]) -> str | None:
    """
    Return the version that livekit-server logged when it last started.
    """
    return _last(lines, of_server.STARTS.message)


def sip_version_in(lines: Iterable[LogLine]) -> str | None:
    """
    Return the version that livekit-sip logged when it last started.
    """
    return _last(lines, of_sip.VERSION.message)


def _last(lines: Iterable[LogLine], message: str) -> str | None:
    found = [str(line.fields.get("version") or "") for line in lines if line.message == message]
    return found[-1] or None if found else None


def judge_versions(
    *, in_log: str | None, in_redis: str | None, sip_in_log: str | None, oldest: str
) -> Iterator[LinkFinding]:
    """
    Judge the known versions; `oldest` is the oldest livekit-server that the suite is tested with.
    """
    yield _server(in_log, in_redis, oldest)
    if sip_in_log is not None:
        yield ok(Link.SIP_SOCKET, phrase("sip-version.in-log", version=sip_in_log))
    else:
        yield not_checked(Link.SIP_SOCKET, phrase("sip-version.unknown"))


def _server(in_log: str | None, in_redis: str | None, oldest: str) -> LinkFinding:
    version = in_log or in_redis
    if version is None:
        lines = {"log": LINES[Need.SERVER_LOG], "redis": LINES[Need.REDIS]}
        return not_checked(Link.SERVER, phrase("server-version.unknown", **lines))
    found = phrase(
        "server-version.in-log" if in_log else "server-version.in-redis", version=version
    )
    if _numbers(version) and _numbers(version) < _numbers(oldest):
        what = phrase("server-version.too-old", found=found, oldest=oldest)
        return warning(Link.SERVER, what)
    return ok(Link.SERVER, found)


def _numbers(version: str) -> tuple[int, ...]:
    match = _NUMBERS.match(version)
    return tuple(map(int, match.groups())) if match else ()
