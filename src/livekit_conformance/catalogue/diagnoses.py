"""
What breaks a call, as data: how a cause shows, what makes it certain, and what mends it.

Order is rank: of two causes that are equally certain, the earlier one is told first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.observations import Kind


@dataclass(frozen=True, slots=True)
class Between:
    """
    A number from `low` to `high`, both included.
    """

    low: float
    high: float


Condition = str | int | bool | None | re.Pattern[str] | Between


@dataclass(frozen=True, slots=True)
class Sign:
    """
    One thing that may be seen: an observation (or check record) of a kind whose details match.

    A detail matches by equality, by a pattern that is found in it, or by a range.
    """

    kind: Kind
    where: Mapping[str, Condition] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cause:
    """
    One root cause.

    It is considered when one of `shows` was seen and none of `excludes`; it is certain when one of
    `proofs` was seen, else it has the confidence `otherwise`. `source` says where it was learnt.
    """

    id: str
    link: Link
    title: str
    cause: str
    fix: str
    shows: tuple[Sign, ...]
    source: str
    proofs: tuple[Sign, ...] = ()
    excludes: tuple[Sign, ...] = ()
    otherwise: Literal["likely", "possible"] = "likely"


def _log(service: str, **where: Condition) -> Sign:
    return Sign("log", {"service": service, **where})


def _probe(**where: Condition) -> Sign:
    return Sign("sip-call", {"purpose": "probe", **where})


_NO_RESPONSE = _log("livekit-sip", error=re.compile(r"no response from servers"))
_BUS_IS_EMPTY = Sign("bus", {"channel": re.compile(r"^IOInfo\|"), "subscribers": 0})
# psrpc waits 1 s for somebody to claim a request; a refusal that was decided comes within ms.
_REFUSED_AFTER_SELECTION = _probe(final_status=503, final_at_s=Between(0.8, 3.5))

_JOIN_UNAUTHORIZED = _log(
    "livekit-sip",
    message=re.compile(r"Cannot create LiveKit participant|validation error"),
    error=re.compile(r"unauthorized|bad handshake|invalid token|invalid API key", re.IGNORECASE),
)
_RTC_REFUSED = _log(
    "livekit-server",
    message="error handling request",
    status=401,
    path=re.compile(r"^/rtc"),
)
_JOIN_CANNOT_DIAL = _log(
    "livekit-sip",
    error=re.compile(
        r"connection refused|no such host|could not dial signal connection|i/o timeout"
    ),
)
_REJECTED_AFTER_RINGING = _probe(final_status=486, final_at_s=Between(0.0, 30.0))

_SERVER_SILENT = Sign("check", {"id": "1.1-server-answers", "verdict": "BLOCKED"})
_NOT_DELIVERED = Sign("check", {"id": "1.3-server-delivers-room-events", "verdict": "FAIL"})
_KEY_REFUSED = Sign("check", {"id": "1.1-key-is-accepted", "verdict": "FAIL"})

CAUSES: tuple[Cause, ...] = (
    Cause(
        "sip-bus-has-no-server",
        Link.BUS,
        "No livekit-server answers livekit-sip on the Redis bus",
        "livekit-sip asked over Redis which trunk the call belongs to, and no livekit-server "
        'answered, so it refused the call ("auth check failed", "no response from servers"). '
        "API keys have nothing to do with this.",
        "Start livekit-server, or restart it if it hangs. If it runs: `redis.address` (and "
        "`username`, `password`, `sentinel_*`) in livekit.yaml and livekit-sip.yaml must name the "
        "same Redis, and livekit.yaml must have a `redis:` section at all.",
        shows=(_BUS_IS_EMPTY, _NO_RESPONSE, _REFUSED_AFTER_SELECTION),
        proofs=(_BUS_IS_EMPTY, _NO_RESPONSE),
        source="livekit/sip pkg/sip/inbound.go; livekit/psrpc errors.go; livekit/sip#256",
    ),
    Cause(
        "sip-service-key-refused",
        Link.JOIN,
        "livekit-server refuses the API key or secret of livekit-sip",
        "livekit-sip accepted the call, then could not join its room: livekit-server answered its "
        "token with 401. The Redis bus works.",
        "Set `api_key` and `api_secret` in livekit-sip.yaml (or LIVEKIT_API_KEY and "
        "LIVEKIT_API_SECRET of its process) to one pair of `keys` in livekit.yaml, then restart "
        "livekit-sip.",
        shows=(_JOIN_UNAUTHORIZED, _RTC_REFUSED, _REJECTED_AFTER_RINGING),
        proofs=(_JOIN_UNAUTHORIZED, _RTC_REFUSED),
        excludes=(_JOIN_CANNOT_DIAL,),
        otherwise="possible",
        source="livekit/sip pkg/sip/inbound.go; livekit pkg/service/auth.go",
    ),
    Cause(
        "sip-service-cannot-reach-server",
        Link.JOIN,
        "livekit-sip cannot connect to livekit-server",
        "livekit-sip accepted the call, then could not open the signal connection to the URL in "
        "its `ws_url`.",
        "Set `ws_url` in livekit-sip.yaml to the address and port of livekit-server as seen from "
        "livekit-sip's machine, then restart livekit-sip.",
        shows=(_JOIN_CANNOT_DIAL,),
        proofs=(_JOIN_CANNOT_DIAL,),
        source="livekit/sip pkg/sip/inbound.go",
    ),
    Cause(
        "server-unreachable",
        Link.SERVER,
        "livekit-server does not answer HTTP at livekit.url",
        "No answer came to GET / from the URL in the profile: nothing listens there, the network "
        "is cut, or the process hangs.",
        "Check that livekit-server runs and that `livekit.url` of the profile is its address; "
        "`curl -i` of the same URL must answer 200 OK.",
        shows=(_SERVER_SILENT,),
        proofs=(_SERVER_SILENT,),
        source="livekit pkg/service/server.go",
    ),
    Cause(
        "api-key-refused",
        Link.API_KEY,
        "livekit-server refuses the API key or secret of the profile",
        "A token signed with livekit.api_key and livekit.api_secret of the profile was refused.",
        "Compare LIVEKIT_API_KEY and LIVEKIT_API_SECRET with `keys` in livekit.yaml: not swapped, "
        "no quotes, no blanks, the same deployment; the clock must agree within 60 s.",
        shows=(_KEY_REFUSED,),
        proofs=(_KEY_REFUSED,),
        source="livekit pkg/service/auth.go",
    ),
    Cause(
        "sip-unreachable",
        Link.SIP_SOCKET,
        "livekit-sip does not answer SIP at sip.server",
        "Nothing answered OPTIONS at the address in the profile.",
        "Check that livekit-sip runs, that `sip.server` and `sip.transport` of the profile are "
        "its `listen_ip` and `sip_port`, and that no firewall is between.",
        shows=(Sign("check", {"id": "1.5-sip-answers-options", "verdict": "BLOCKED"}),),
        source="livekit/sip pkg/sip/server.go",
    ),
    Cause(
        "trunk-refuses-credentials",
        Link.TRUNK,
        "The SIP trunk refuses the profile's user name or password",
        "The INVITE was challenged with 407 and refused when it came with the credentials.",
        "Compare `sip.username` and `sip.password` of the profile with `auth_username` and "
        "`auth_password` of the inbound trunk: lk sip inbound list",
        shows=(_probe(final_status=401), _probe(final_status=407)),
        proofs=(_probe(final_status=401),),
        source="livekit/sip pkg/sip/inbound.go handleInviteAuth",
    ),
    Cause(
        "no-trunk-or-rule-matches",
        Link.DISPATCH,
        "No SIP trunk or dispatch rule matches the call",
        "livekit-sip sent one 180 Ringing and then nothing: it treats a call that no trunk and "
        "rule want as a flood and leaves it ringing.",
        "Create a dispatch rule for the trunk of this number, or correct its numbers (rules "
        "compare them literally, with the plus sign): lk sip dispatch list",
        shows=(_probe(outcome="ringing-stopped"),),
        source="livekit/sip pkg/sip/inbound.go; livekit/sip#825",
    ),
    Cause(
        "webhooks-are-not-delivered",
        Link.DELIVERY,
        "livekit-server does not deliver its webhooks to the endpoint",
        "A room was created and deleted, and its events did not arrive, signed with the profile's "
        "key, at the endpoint that the suite listens on.",
        "Let `webhook.urls` in livekit.yaml hold the URL in `webhook.url` of the profile, as it is "
        "reached from livekit-server's machine, and `webhook.api_key` be one of `keys`; then "
        'restart livekit-server. Its log says "sent webhook" or "failed to send webhook".',
        shows=(_NOT_DELIVERED,),
        proofs=(_NOT_DELIVERED,),
        source="livekit/protocol webhook/resource_url_notifier.go",
    ),
    Cause(
        "agent-does-not-speak",
        Link.ANSWER,
        "No agent speaks in the room of the call",
        "livekit-sip joined the room and kept the caller ringing: it answers only when another "
        "participant publishes audio, and none did.",
        "Check that the application got the webhook room_started or the agent dispatch, and that "
        "the agent joins the room and publishes an audio track; see the agent's log.",
        shows=(_probe(outcome="kept-ringing"),),
        # Then nobody told the agent that there is a call.
        excludes=(_NOT_DELIVERED,),
        source="livekit/sip pkg/sip/inbound.go; livekit/sip#231",
    ),
)
