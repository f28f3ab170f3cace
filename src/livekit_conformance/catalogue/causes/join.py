"""
What keeps livekit-sip from joining the room of a call.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Between, Cause, log, probe
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text

_JOIN_UNAUTHORIZED = log(
    "livekit-sip",
    message=re.compile(r"Cannot create LiveKit participant|validation error"),
    error=re.compile(r"unauthorized|bad handshake|invalid token|invalid API key", re.IGNORECASE),
)
_RTC_REFUSED = log(
    "livekit-server",
    message="error handling request",
    status=401,
    # The suite itself asks /rtc/validate and /rtc/v1/validate with tokens that must be refused.
    path=re.compile(r"^/rtc(/v\d+)?$"),
)
_JOIN_CANNOT_DIAL = log(
    "livekit-sip",
    error=re.compile(
        r"connection refused|no such host|could not dial signal connection|i/o timeout"
    ),
)
_REJECTED_AFTER_RINGING = probe(final_status=486, final_at_s=Between(0.0, 30.0))

CAUSES: tuple[Cause, ...] = (
    Cause(
        "sip-service-key-refused",
        Link.JOIN,
        Text(en="livekit-server refuses the API key or secret of livekit-sip", ru=""),
        Text(
            en=(
                "livekit-sip accepted the call, then could not join its room: livekit-server "
                "answered its token with 401. The Redis bus works."
            ),
            ru="",
        ),
        Text(
            en=(
                "Set `api_key` and `api_secret` in livekit-sip.yaml (or LIVEKIT_API_KEY and "
                "LIVEKIT_API_SECRET of its process) to one pair of `keys` in livekit.yaml, then "
                "restart livekit-sip."
            ),
            ru="",
        ),
        shows=(_JOIN_UNAUTHORIZED, _RTC_REFUSED, _REJECTED_AFTER_RINGING),
        proofs=(_JOIN_UNAUTHORIZED, _RTC_REFUSED),
        excludes=(_JOIN_CANNOT_DIAL,),
        otherwise="possible",
        source="livekit/sip pkg/sip/inbound.go; livekit pkg/service/auth.go",
    ),
    Cause(
        "sip-service-cannot-reach-server",
        Link.JOIN,
        Text(en="livekit-sip cannot connect to livekit-server", ru=""),
        Text(
            en=(
                "livekit-sip accepted the call, then could not open the signal connection to the "
                "URL in its `ws_url`."
            ),
            ru="",
        ),
        Text(
            en=(
                "Set `ws_url` in livekit-sip.yaml to the address and port of livekit-server as "
                "seen from livekit-sip's machine, then restart livekit-sip."
            ),
            ru="",
        ),
        shows=(_JOIN_CANNOT_DIAL,),
        proofs=(_JOIN_CANNOT_DIAL,),
        source="livekit/sip pkg/sip/inbound.go",
    ),
)
