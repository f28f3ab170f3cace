"""
Words in the logs of livekit-server and livekit-sip that mean a broken call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

# Stands in the names of the rooms whose calls or webhooks the suite itself lets fail: a line that
# holds it tells nothing about the deployment.
ON_PURPOSE = "on-purpose"

# Lines that warn of nothing and yet tell how a call failed: the message, and the field that says
# so, with what it says then.
TELLING: Mapping[str, tuple[str, re.Pattern[str]]] = MappingProxyType(
    {
        # Whether the other side of an outbound call said anything: livekit-sip
        # pkg/sip/signaling_timestamps.go.
        "signaling timestamps": ("result", re.compile(r"^(?!success$).")),
        "SIP call ended": (
            "reason",
            re.compile(r"^(media-timeout|media-failed|cannot-subscribe|no-common-c\w+|sdp-error)$"),
        ),
        # Each room sends for an agent without a name, whether there are workers or not.
        "not dispatching agent job since no worker is available": ("agentName", re.compile(".")),
    }
)

# livekit-server asks for workers of each kind of job where there is one of any kind, and finds out
# that there is none: pkg/agent/client.go. A healthy call has this line where agents are at work.
HARMLESS = frozenset({"failed to send job request"})

# livekit/sip pkg/sip/inbound.go, livekit/protocol webhook, livekit/psrpc errors.go.
KNOWN_ERRORS = (
    "auth check failed",
    "no response from servers",
    "dispatch evaluation failed",
    "Cannot create LiveKit participant",
    "Cannot start media",
    "Call accepted, but no ACK received",
    "could not find any available nodes",
    "failed to send webhook",
    "dropped webhook",
    "panic:",
)
