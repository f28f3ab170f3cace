"""
What keeps a call from being answered, and heard.
"""

from __future__ import annotations

from livekit_conformance.catalogue.cause import Cause, Sign, probe
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text

_NOT_DELIVERED = Sign("check", {"id": "1.3-server-delivers-room-events", "verdict": "FAIL"})

CAUSES: tuple[Cause, ...] = (
    Cause(
        "agent-does-not-speak",
        Link.AGENT,
        Text(en="No agent speaks in the room of the call", ru=""),
        Text(
            en=(
                "livekit-sip joined the room and kept the caller ringing: it answers only when "
                "another participant publishes audio, and none did."
            ),
            ru="",
        ),
        Text(
            en=(
                "Check that the application got the webhook room_started or the agent dispatch, "
                "and that the agent joins the room and publishes an audio track; see the agent's "
                "log."
            ),
            ru="",
        ),
        shows=(probe(outcome="kept-ringing"),),
        # Then nobody told the agent that there is a call.
        excludes=(_NOT_DELIVERED,),
        source="livekit/sip pkg/sip/inbound.go; livekit/sip#231",
    ),
)
