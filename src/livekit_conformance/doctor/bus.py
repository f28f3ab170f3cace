"""
Redis bus between livekit-sip and livekit-server: its subscribers, and the recorded version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text
from livekit_conformance.doctor.findings import LinkFinding, ok, problem
from livekit_conformance.drivers.bus import (
    CREATE_PARTICIPANT,
    DISPATCH_RULES,
    TRUNK_AUTHENTICATION,
    Bus,
)
from livekit_conformance.errors import Unreachable

_REFUSED_WORDS = ("noauth", "wrongpass", "authentication", "password", "username", "noperm")


async def ask_bus(bus: Bus) -> tuple[str | None, Sequence[LinkFinding]]:
    """
    Send PUBSUB NUMSUB and two reads: return the recorded livekit-server version, and the findings.
    """
    try:
        listeners = await bus.listeners()
        nodes = await bus.nodes()
        version = await bus.server_version()
    except Unreachable as failed:
        return None, [judge_failure(failed)]
    return version, list(judge_listeners(listeners, nodes))


# -- judgement


def judge_failure(failed: Unreachable) -> LinkFinding:
    """
    Return the problem that Redis refused or failed to answer.
    """
    is_refusal = any(word in failed.detail.lower() for word in _REFUSED_WORDS)
    return problem(
        Link.BUS,
        Text(
            en=f"Redis at `{failed.endpoint}` does not answer queries: `{failed.detail}`",
            ru=f"Redis на `{failed.endpoint}` не отвечает на запросы: `{failed.detail}`",
        ),
        Text(
            en="Put the account into the URL of the profile, as in livekit.yaml: "
            "`redis: redis://USER:PASSWORD@HOST:6379`; permission to read is enough",
            ru="Укажите в URL профиля учётную запись, как в livekit.yaml: "
            "`redis: redis://USER:PASSWORD@HOST:6379`; права на чтение достаточно",
        )
        if is_refusal
        else Text(
            en="Check that Redis runs there and does not hang: `redis-cli -u URL ping`; with TLS "
            "the URL begins with `rediss://`",
            ru="Проверьте, что Redis там работает и не завис: `redis-cli -u URL ping`; с TLS URL "
            "начинается с `rediss://`",
        ),
    )


def judge_listeners(listeners: Mapping[str, int], nodes: Sequence[str]) -> Iterator[LinkFinding]:
    """
    Check that both sides of the bus have subscribed.
    """
    servers = min(listeners[TRUNK_AUTHENTICATION], listeners[DISPATCH_RULES])
    if servers:
        yield ok(
            Link.BUS,
            Text(
                en=f"livekit-server listens on the bus ({servers})",
                ru=f"livekit-server слушает шину ({servers})",
            ),
        )
    else:
        known = len(nodes)
        yield problem(
            Link.BUS,
            Text(
                en="no livekit-server listens on the bus: calls get 503, `auth check failed`, "
                f"`no response from servers` (registered nodes: {known})",
                ru="ни один livekit-server не слушает шину: на вызовы придёт 503, `auth check "
                f"failed`, `no response from servers` (зарегистрировано узлов: {known})",
            ),
            Text(
                en="Start or restart livekit-server. If it runs: `redis.address` in livekit.yaml "
                "must name this Redis, the same as in livekit-sip.yaml",
                ru="Запустите или перезапустите livekit-server. Если он работает: `redis.address` "
                "в livekit.yaml должен указывать на этот Redis, тот же, что в livekit-sip.yaml",
            ),
        )
    if services := listeners[CREATE_PARTICIPANT]:
        yield ok(
            Link.BUS_SIP,
            Text(
                en=f"livekit-sip listens on the bus ({services})",
                ru=f"livekit-sip слушает шину ({services})",
            ),
        )
    else:
        yield problem(
            Link.BUS_SIP,
            Text(
                en="no livekit-sip listens on the bus: outbound calls get 503 after 1 s",
                ru="ни один livekit-sip не слушает шину: исходящие вызовы получат 503 через 1 с",
            ),
            Text(
                en="Start or restart livekit-sip. If it runs: `redis.address` in livekit-sip.yaml "
                "must name this Redis, the same as in livekit.yaml",
                ru="Запустите или перезапустите livekit-sip. Если он работает: `redis.address` в "
                "livekit-sip.yaml должен указывать на этот Redis, тот же, что в livekit.yaml",
            ),
        )
