"""
Outbound calls in one line.
"""

import pytest

from livekit_conformance.drivers.calls.outbound_probe import OutboundCall
from livekit_conformance.protocol.sip.violations import SipViolation


@pytest.mark.parametrize(
    ("violations", "seen"),
    [
        ((), "no INVITE reached the listener"),
        (
            (SipViolation("8.1.1.8", "INVITE: no Contact"),),
            (
                "no INVITE that can be acted on reached the listener: "
                "INVITE: no Contact (RFC 3261 section 8.1.1.8)"
            ),
        ),
    ],
)
def test_a_call_that_never_came_says_what_came_instead(
    violations: tuple[SipViolation, ...], seen: str
) -> None:
    call = OutboundCall("room", "caller", violations=violations)

    assert call.story == f"CreateSIPParticipant answered 200 after 0.00 s; {seen}"
