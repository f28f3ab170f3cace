"""
Effects of a bad network on an otherwise healthy deployment; tests/faults has more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from livekit_conformance.catalogue.chain import Link
from tests.faults.fault import Kind
from tests.faults.faults import FAULTS
from tests.faults.places import Place, stand_at
from tests.scenarios.failures.scenario import Scenario
from tests.scenarios.real_stack import Scene


def _bad(place: Place, kind: Kind) -> Callable[[Scene], Awaitable[None]]:
    async def act(broken: Scene) -> None:
        proxy = await stand_at(place, broken)
        await proxy.switch(FAULTS[place][kind])

    return act


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "server-connections-dropped",
        "The connections to livekit.url are reset: nobody is behind a published port.",
        "server-drops-connections",
        Link.SERVER,
        act=_bad(Place.API, Kind.RESET),
        row=17,
    ),
    Scenario(
        "server-one-of-three-dead",
        "A load balancer leads every third connection to a livekit-server that is dead.",
        "some-connections-get-no-answer",
        Link.ROOM_LIFE,
        act=_bad(Place.API, Kind.DROP),
    ),
    Scenario(
        "webhook-connections-dropped",
        "The connections to the webhook endpoint are closed without an answer.",
        "endpoint-drops-connections",
        Link.ENDPOINT,
        act=_bad(Place.WEBHOOK, Kind.HANG_UP),
    ),
    Scenario(
        "webhook-sent-twice",
        "A proxy before the webhook endpoint sends each request twice.",
        "webhooks-come-twice",
        Link.DELIVERY,
        act=_bad(Place.WEBHOOK, Kind.DUPLICATE),
    ),
    Scenario(
        "sip-answered-by-a-proxy",
        "A SIP proxy stands at sip.server and finds no livekit-sip behind it.",
        "sip-answered-in-between",
        Link.SIP_SOCKET,
        act=_bad(Place.SIP, Kind.ANSWER),
    ),
    Scenario(
        "sip-over-a-doubling-network",
        "Every UDP packet between the caller and livekit-sip arrives twice.",
        "sip-datagrams-come-twice",
        Link.SIP_SOCKET,
        act=_bad(Place.SIP, Kind.DUPLICATE),
    ),
    Scenario(
        "sip-over-a-lossy-network",
        "Every third UDP packet between the caller and livekit-sip gets lost.",
        "sip-answers-get-lost",
        Link.SIP_SOCKET,
        act=_bad(Place.SIP, Kind.DROP),
    ),
)
