"""
What keeps the two services from finding each other in Redis.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Between, Cause, Sign, log, probe
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text

_NO_RESPONSE = log("livekit-sip", error=re.compile(r"no response from servers"))
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
_REFUSED_AFTER_SELECTION = probe(final_status=503, final_at_s=Between(0.8, 3.5))

CAUSES: tuple[Cause, ...] = (
    Cause(
        "sip-bus-has-no-server",
        Link.BUS,
        Text(en="No livekit-server answers livekit-sip on the Redis bus", ru=""),
        Text(
            en=(
                "livekit-sip asked over Redis which trunk the call belongs to, and no "
                'livekit-server answered, so it refused the call ("auth check failed", "no '
                'response from servers"). API keys have nothing to do with this.'
            ),
            ru="",
        ),
        Text(
            en=(
                "Start livekit-server, or restart it if it hangs. If it runs: `redis.address` "
                "(and `username`, `password`, `sentinel_*`) in livekit.yaml and livekit-sip.yaml "
                "must name the same Redis, and livekit.yaml must have a `redis:` section at all."
            ),
            ru="",
        ),
        shows=(_BUS_IS_EMPTY, _NO_RESPONSE, _REFUSED_AFTER_SELECTION),
        proofs=(_BUS_IS_EMPTY, _NO_RESPONSE),
        source="livekit/sip pkg/sip/inbound.go; livekit/psrpc errors.go; livekit/sip#256",
    ),
    Cause(
        "bus-has-no-sip-service",
        Link.BUS_SIP,
        Text(en="No livekit-sip listens on the Redis bus for outbound calls", ru=""),
        Text(
            en=(
                "livekit-server asks over Redis who places an outbound call, and no livekit-sip "
                'answers: CreateSIPParticipant fails with 503 "no response from servers".'
            ),
            ru="",
        ),
        Text(
            en=(
                "Start livekit-sip, or restart it if it hangs. If it runs: `redis` in "
                "livekit-sip.yaml must name the Redis of livekit-server, and `cluster_id` must "
                "not be set (livekit-server asks without one)."
            ),
            ru="",
        ),
        shows=(_NO_SIP_ON_BUS, _NOBODY_DIALS),
        proofs=(_NO_SIP_ON_BUS,),
        source="livekit pkg/service/sip.go; livekit/psrpc errors.go; livekit/livekit#3875",
    ),
)
