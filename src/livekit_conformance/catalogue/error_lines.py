"""
Words in the logs of livekit-server and livekit-sip that mean a broken call.
"""

from __future__ import annotations

# Stands in the names of the rooms whose calls or webhooks the suite itself lets fail: a line that
# holds it tells nothing about the deployment.
ON_PURPOSE = "on-purpose"

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
