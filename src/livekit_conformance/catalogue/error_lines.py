"""
Error texts in the logs of livekit-server and livekit-sip that mean a broken call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

# Part of the names of rooms in which the suite itself makes calls or webhooks fail: a line
# that contains it proves nothing about the deployment.
ON_PURPOSE = "on-purpose"

# livekit-server and livekit-sip, at most once a minute: livekit/protocol utils/hwstats/cpu.go.
HIGH_CPU_LOAD = "high cpu load"

# Lines below warning level that still report a failed call, or explain one: the message, the
# decisive field, and its pattern.
TELLING: Mapping[str, tuple[str, re.Pattern[str]]] = MappingProxyType(
    {
        # The result that the other side of an outbound call led to: livekit-sip
        # pkg/sip/signaling_timestamps.go.
        "signaling timestamps": ("result", re.compile(r"^(?!success$).")),
        "SIP call ended": (
            "reason",
            re.compile(r"^(media-timeout|media-failed|cannot-subscribe|no-common-c\w+|sdp-error)$"),
        ),
        # Each room requests an agent without a name, whether there are workers or not.
        "not dispatching agent job since no worker is available": ("agentName", re.compile(".")),
        HIGH_CPU_LOAD: ("load", re.compile(".")),
    }
)

# livekit-server requests workers of each kind of job where there is one of any kind, and then
# finds none: pkg/agent/client.go. Healthy calls have this line where agents run.
HARMLESS = frozenset({"failed to send job request"})

# A crash ends the calls of everybody.
CRASH = "panic:"

# Lines of a service about itself: all of its users share what they report.
OF_ALL = (CRASH, HIGH_CPU_LOAD)

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
    CRASH,
)
