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
_NO_SIP_ON_BUS = Sign("bus", {"channel": re.compile(r"^SIPInternal\|"), "subscribers": 0})
_NOBODY_DIALS = Sign(
    "http",
    {
        "url": re.compile(r"/livekit\.SIP/CreateSIPParticipant$"),
        "status": 503,
        "body": re.compile(r"no response from servers"),
    },
)
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
    # The suite itself asks /rtc/validate and /rtc/v1/validate with tokens that must be refused.
    path=re.compile(r"^/rtc(/v\d+)?$"),
)
_JOIN_CANNOT_DIAL = _log(
    "livekit-sip",
    error=re.compile(
        r"connection refused|no such host|could not dial signal connection|i/o timeout"
    ),
)
_REJECTED_AFTER_RINGING = _probe(final_status=486, final_at_s=Between(0.0, 30.0))

_SERVER_SILENT = Sign("check", {"id": "1.1-server-answers", "verdict": "BLOCKED"})
_NO_ENDPOINT_HOST = Sign("check", {"id": "1.3-endpoint-resolves", "verdict": "FAIL"})
_NOT_TRUSTED = Sign("check", {"id": "1.1-tls-is-trusted", "verdict": "FAIL"})
_NOT_DELIVERED = Sign("check", {"id": "1.3-server-delivers-room-events", "verdict": "FAIL"})
_NOT_SANE = Sign("check", {"id": re.compile(r"^1\.1-variables-are-sane"), "verdict": "FAIL"})
_KEY_REFUSED = Sign("check", {"id": "1.1-key-is-accepted", "verdict": "FAIL"})

CAUSES: tuple[Cause, ...] = (
    Cause(
        "variable-holds-something-else",
        Link.CONFIGURATION,
        "A variable does not hold the value that it is named after",
        "The profile is filled from the environment or .env, and what stands there cannot be "
        "meant: quotes that became part of the value, a placeholder, or another variable's value.",
        "Set the variable again, without quotes and blanks; the check names it and what is odd.",
        shows=(_NOT_SANE,),
        proofs=(_NOT_SANE,),
        source="environments/sanity.py",
    ),
    Cause(
        "certificate-not-trusted",
        Link.TLS,
        "The certificate of livekit.url is not trusted",
        "TLS with the server of livekit.url failed: the certificate has expired, is for another "
        "host name or from an unknown authority, or TLS 1.2 is not spoken. Other clients of "
        "livekit-server refuse to connect for the same reason.",
        "Renew the certificate, or let livekit.url name the host that it is for. A private "
        "authority has to be trusted on this machine: SSL_CERT_FILE=/path/to/authority.pem",
        shows=(_NOT_TRUSTED,),
        proofs=(_NOT_TRUSTED,),
        source="drivers/transport.py",
    ),
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
        "bus-has-no-sip-service",
        Link.OUTBOUND,
        "No livekit-sip listens on the Redis bus for outbound calls",
        "livekit-server asks over Redis who places an outbound call, and no livekit-sip answers: "
        'CreateSIPParticipant fails with 503 "no response from servers".',
        "Start livekit-sip, or restart it if it hangs. If it runs: `redis` in livekit-sip.yaml "
        "must name the Redis of livekit-server, and `cluster_id` must not be set (livekit-server "
        "asks without one).",
        shows=(_NO_SIP_ON_BUS, _NOBODY_DIALS),
        proofs=(_NO_SIP_ON_BUS,),
        source="livekit pkg/service/sip.go; livekit/psrpc errors.go; livekit/livekit#3875",
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
        excludes=(_NOT_TRUSTED,),
        source="livekit pkg/service/server.go",
    ),
    Cause(
        "server-not-ready",
        Link.NODE,
        "livekit-server runs and says that it is not ready",
        "GET / is answered with 406: the server's figures about itself are older than 4 s, which "
        "it keeps in Redis. It has lost Redis, or the machine is overloaded.",
        "See its log for errors of Redis; check that Redis runs and that `redis` in livekit.yaml "
        "leads to it, then restart livekit-server.",
        shows=(Sign("check", {"id": "1.1-server-is-ready", "verdict": "FAIL"}),),
        source="livekit pkg/service/server.go healthCheck",
    ),
    Cause(
        "clocks-disagree",
        Link.CLOCK,
        "The clocks of livekit-server and of this machine differ by more than a minute",
        "A token is valid from and until a time; with such clocks it has not begun or has ended "
        "when the server looks at it.",
        "Set both clocks by NTP (timedatectl set-ntp true) and compare: date -u",
        shows=(Sign("check", {"id": "1.1-clock-agrees", "verdict": "FAIL"}),),
        source="livekit/protocol auth/verifier.go",
    ),
    Cause(
        "service-files-disagree",
        Link.CONFIGURATION,
        "livekit.yaml and livekit-sip.yaml do not fit together",
        "A key that does not exist, a value of the wrong type, or two settings that contradict "
        "each other: livekit-sip ignores unknown keys without a word, livekit-server does not "
        "start with them.",
        "Correct what the check lists, with file, line and column, and restart both services.",
        shows=(Sign("check", {"id": "1.5-configs-agree", "verdict": "FAIL"}),),
        source="livekit/sip pkg/config/config.go; livekit pkg/config/config.go",
    ),
    Cause(
        "webhook-host-does-not-resolve",
        Link.ENDPOINT_DNS,
        "The host of the webhook endpoint has no address",
        "The resolver of this machine knows no such name, so nothing can be delivered there.",
        "Correct `webhook.url` of the profile (the variable DOMAIN) or the DNS record.",
        shows=(_NO_ENDPOINT_HOST,),
        source="drivers/transport.py",
    ),
    Cause(
        "webhook-endpoint-unreachable",
        Link.ENDPOINT_SOCKET,
        "The webhook endpoint does not accept connections",
        "Nothing accepted a connection at the host and port of webhook.url.",
        "Check that the application runs and listens on this port (the variable PORT), and that no "
        "firewall is between.",
        shows=(Sign("check", {"id": "1.3-endpoint-accepts-connections", "verdict": "BLOCKED"}),),
        excludes=(_NO_ENDPOINT_HOST,),
        source="drivers/transport.py",
    ),
    Cause(
        "webhook-certificate-not-trusted",
        Link.ENDPOINT_TLS,
        "The certificate of the webhook endpoint is not trusted",
        "TLS with the endpoint failed, and livekit-server verifies certificates too: it delivers "
        "nothing there.",
        "Renew the certificate of the application, with its whole chain and for this host name.",
        shows=(Sign("check", {"id": "1.3-endpoint-tls-is-trusted", "verdict": "FAIL"}),),
        source="livekit/protocol webhook/resource_url_notifier.go",
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
