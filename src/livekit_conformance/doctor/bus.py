"""
Redis bus between livekit-sip and livekit-server: the findings of its judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.config_doctor import redis_uses
from livekit_conformance.doctor.findings import LinkFinding, of_judge, ok, problem
from livekit_conformance.drivers.bus import Bus, servers_among, sip_services_among
from livekit_conformance.environments.profile import DeploymentFiles
from livekit_conformance.errors import Blocked, Unreachable
from livekit_conformance.findings import Says
from livekit_conformance.judges import bus as judge
from livekit_conformance.wording import phrase

_REFUSED_WORDS = ("noauth", "wrongpass", "authentication", "password", "username", "noperm")


async def ask_bus(bus: Bus, files: DeploymentFiles) -> tuple[str | None, Sequence[LinkFinding]]:
    """
    Ask Redis as the suites do: return the recorded livekit-server version, and the findings.
    """
    uses = redis_uses(files.texts())
    found: list[LinkFinding] = []
    try:
        state, accounts = await bus.look({use.service: use.user for use in uses})
        found += map(of_judge, judge.judge_redis(state, uses, accounts))
        listeners = await bus.listeners()
        nodes = await bus.nodes()
        version = await bus.server_version()
    except Unreachable as failed:
        return None, [*found, judge_failure(failed)]
    except Blocked as failed:
        # The profile is wrong, so nothing else can be seen.
        wrong = (replace(each, says=Says.VIOLATED) for each in failed.findings)
        return None, [*found, *map(of_judge, wrong)]
    return version, [*found, *judge_listeners(bus.endpoint, listeners, nodes)]


# -- judgement


def judge_failure(failed: Unreachable) -> LinkFinding:
    """
    Return the problem that Redis refused or failed to answer.
    """
    is_refusal = any(word in failed.detail.lower() for word in _REFUSED_WORDS)
    what = phrase(
        "bus.account-refused" if is_refusal else "bus.silent",
        endpoint=failed.endpoint,
        reason=failed.detail,
    )
    return problem(Link.BUS, what)


def judge_listeners(
    redis: str, listeners: Mapping[str, int], nodes: Sequence[str]
) -> Iterator[LinkFinding]:
    """
    Check that both sides of the bus have subscribed.
    """
    servers, services = servers_among(listeners), sip_services_among(listeners)
    for link, service, count, found in (
        (Link.BUS, "livekit-server", servers, judge.judge_server(redis, servers, nodes)),
        (Link.BUS_SIP, "livekit-sip", services, judge.judge_sip_service(redis, services)),
    ):
        yield from map(of_judge, found)
        if count:
            yield ok(link, phrase("bus.has-listeners", service=service, count=str(count)))
