"""
Clause: one claim of requirements 1.1-1.5 about the target.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.effects import Effect

REQUIREMENTS = MappingProxyType(
    {
        "1.1": "Authentication succeeds",
        "1.2": "Rooms are created with proper names",
        "1.3": "Webhooks reach the right endpoint",
        "1.4": "Authentication errors are logged in detail",
        "1.5": 'No "auth check failed", no "no response from servers"',
    }
)

AREAS = (
    "configuration",
    "environment",
    "connectivity",
    "authentication",
    "rooms",
    "webhooks",
    "sip",
    "retry",
    "errors",
)


class Need(StrEnum):
    """
    Prerequisite of the test of a clause; the value is the profile key that provides it.
    """

    REDIS = "redis"
    SERVER_LOG = "logs (service: livekit-server)"
    SIP_LOG = "logs (service: livekit-sip)"
    APPLICATION_LOG = "logs (service: application)"
    ANY_LOG = "logs"
    RECEIVER = "webhook.listen"
    ENDPOINT = "webhook.url"
    SIP = "sip.server"
    SIP_CREDENTIALS = "sip.username"
    # No provider between us and livekit-sip: its own responses reach us.
    DIRECT_SIP = "sip.provider"
    AGENT = "agent"
    OUTBOUND = "sip.outbound"
    SERVER_CONFIG = "deployment.livekit_server_config"
    SIP_CONFIG = "deployment.livekit_sip_config"
    STACK = "kind: local"


# Effects that a nightly job may have on any deployment: no calls, no events to the application.
_SMOKE = frozenset({Effect.READ, Effect.CREATE_ROOMS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """
    One claim about the target, with the effect of its test on the target and its prerequisites.

    `link` is the link of the chain that breaks when the claim is violated; `crosses` are the
    links that have to work before the claim can be tested at all. `in_chain` selects it with
    `-m chain`: one check per link, for the moment in which a phone line is dead. `in_smoke` is
    false for families of checks that need more than the default limit of requests per minute: they
    are left to the nightly run.
    """

    id: str
    level: Literal["MUST", "SHOULD"]
    area: str
    effect: Effect
    link: Link
    statement: str
    crosses: tuple[Link, ...] = ()
    needs: tuple[Need, ...] = ()
    in_chain: bool = False
    in_smoke: bool = True

    @property
    def is_smoke(self) -> bool:
        """
        True if `-m smoke` selects the clause.
        """
        return self.in_smoke and self.effect in _SMOKE

    @property
    def requirement(self) -> str:
        """
        Number of the requirement: the part of the id before the first hyphen.
        """
        return self.id.partition("-")[0]

    @property
    def is_about_client(self) -> bool:
        """
        True if the claim is about our own client, so that it proves nothing about a deployment.
        """
        return self.link is Link.CLIENT


# Links required for any API request, and for checks of tokens that must not open it.
API = (Link.SERVER, Link.API_KEY)
# Links required to see the room of a call through the API.
LISTED_ROOM = (*API, Link.ROOMS)
# Links that a call has crossed when it rings in a room, and when it is answered.
DIALLED = (Link.SIP_SOCKET, Link.BUS, Link.TRUNK, Link.CREDENTIALS, Link.DISPATCH, Link.OFFER)
JOINED = (*DIALLED, Link.JOIN)
ANSWERED = (*JOINED, Link.AGENT, Link.ANSWER)
# Links required before an outbound call can be placed: livekit-sip joins the room first.
DIALS_OUT = (Link.BUS, Link.BUS_SIP, Link.JOIN, Link.OUTBOUND)
ENDPOINT = (Link.ENDPOINT_DNS, Link.ENDPOINT_SOCKET, Link.ENDPOINT_TLS, Link.ENDPOINT)
