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
from livekit_conformance.catalogue.text import Text
from livekit_conformance.doctor.findings import LinkFinding, not_checked, ok, warning
from livekit_conformance.environments.needs import LINES
from livekit_conformance.protocol.logline import LogLine

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
        text = f"livekit-sip {sip_in_log}"
        yield ok(Link.SIP_SOCKET, Text(en=f"{text} (its log)", ru=f"{text} (из его лога)"))
    else:
        yield not_checked(
            Link.SIP_SOCKET,
            Text(
                en="the version of livekit-sip: it does not report it over the network",
                ru="версия livekit-sip: по сети он её не сообщает",
            ),
            Text(
                en="Run `livekit-sip --version` on its machine, or read the tag of its image",
                ru="Узнайте на его машине: `livekit-sip --version` или по тегу образа",
            ),
        )


def _server(in_log: str | None, in_redis: str | None, oldest: str) -> LinkFinding:
    version = in_log or in_redis
    if version is None:
        return not_checked(
            Link.SERVER,
            Text(
                en="the version of livekit-server: neither its log nor Redis shows it",
                ru="версия livekit-server: её не видно ни в его логе, ни в Redis",
            ),
            Text(
                en=f"Add to the profile: `{LINES[Need.SERVER_LOG]}` or `{LINES[Need.REDIS]}`",
                ru=f"Добавьте в профиль: `{LINES[Need.SERVER_LOG]}` или `{LINES[Need.REDIS]}`",
            ),
        )
    text = (
        Text(
            en=f"livekit-server {version} (the last start in its log)",
            ru=f"livekit-server {version} (последний запуск по его логу)",
        )
        if in_log
        else Text(
            en=f"livekit-server {version} (the newest that ever ran on this Redis)",
            ru=f"livekit-server {version} (самая новая версия, работавшая с этим Redis)",
        )
    )
    if _numbers(version) and _numbers(version) < _numbers(oldest):
        return warning(
            Link.SERVER,
            text,
            Text(
                en=f"Upgrade it: versions before {oldest} have known defects (up to 1.5.2 it does "
                "not recover from a restart of Redis), and this suite is not tested with them",
                ru=f"Обновите его: в версиях до {oldest} есть известные ошибки (до 1.5.2 "
                "включительно он не оживает после перезапуска Redis), и тесты с ними не проверены",
            ),
        )
    return ok(Link.SERVER, text)


def _numbers(version: str) -> tuple[int, ...]:
    match = _NUMBERS.match(version)
    return tuple(map(int, match.groups())) if match else ()
