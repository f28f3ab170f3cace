"""
Facts about livekit-sip: its reaction to the requests of carriers within an inbound call.

Nothing of this is the fault of a deployment: it is what these versions can do.
"""

from __future__ import annotations

from dataclasses import dataclass

from livekit_conformance.provisioners.local.binaries import SIP


@dataclass(frozen=True, slots=True)
class Fact:
    """
    Act of a carrier in a call, and the reaction of livekit-sip that was seen.
    """

    id: str
    carrier: str
    seen: str
    sips: tuple[str, ...] = SIP.versions


FACTS = (
    Fact("keys", "sends DTMF as telephone-event", "the agent receives each key once"),
    Fact(
        "hold",
        "holds the call with a re-INVITE, a=sendonly",
        "200, a=sendrecv; its audio goes on",
    ),
    Fact(
        "inactive",
        "holds the call with a re-INVITE, a=inactive",
        "200, a=sendrecv; its audio goes on",
    ),
    Fact("resume", "resumes the call with a re-INVITE, a=sendrecv", "200; both hear each other"),
    Fact("timer", "demands a session timer (RFC 4028)", "200, and no session timer"),
    Fact("update", "sends UPDATE", "405"),
    Fact("options", "sends OPTIONS", "200"),
    Fact("info", "sends a key in INFO", "405"),
    Fact("refer", "sends REFER", "405"),
    Fact("message", "sends MESSAGE", "405"),
    Fact("allow", "reads the Allow of livekit-sip", "it lists INFO, MESSAGE and REFER"),
    Fact("early-media", "waits for the answer", "180 without SDP: no early media"),
    Fact("transfer", "refuses its REFER with 405", "the API returns status 405; the call goes on"),
    Fact("silence", "sends no RTP for media_timeout (15 s)", "it sends BYE"),
    Fact("removal", "is removed from the room by the API", "it sends BYE"),
)


def facts(sip: str) -> tuple[Fact, ...]:
    """
    Return the facts about a version of livekit-sip.
    """
    return tuple(fact for fact in FACTS if sip in fact.sips)
