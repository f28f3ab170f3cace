"""
Outbound calls and the reports of their outcome.
"""

from dataclasses import dataclass

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.drivers.calls.outbound_probe import RINGING_S, OutboundCall, OutboundProber
from livekit_conformance.drivers.sip.callee import (
    ANSWER,
    BUSY,
    DECLINE,
    RING,
    SILENT,
    Behaviour,
)
from livekit_conformance.drivers.sip.caller import Credentials
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import Blocked, Violation, require, violated
from livekit_conformance.findings import Finding, Json, Says
from livekit_conformance.judges.calls import (
    NO_BYE,
    NOT_IN_NAMED_ROOM,
    OTHER_REPORT,
    OUTBOUND_NOT_ANSWERED,
    judge_caller,
    judge_messages,
)
from livekit_conformance.judges.preconditions import NOTHING_RECEIVED
from livekit_conformance.protocol.twirp import Code


@dataclass(frozen=True, slots=True)
class Failure:
    """
    Behaviour of the callee, with the Twirp code and SIP status that must be reported for it.

    There is no SIP status where no final response of the callee ended the call.
    """

    callee: Behaviour
    code: Code
    sip_status: str | None = None
    ringing: float = RINGING_S


_STRANGER = Credentials("conformance-stranger", "not-the-password-of-the-trunk")

# livekit/protocol livekit/sip.go sipCodeToGRPCCode; seen on livekit-server 1.13.5 with
# livekit-sip 1.8.0.
FAILURES = {
    "busy": Failure(BUSY, Code.RESOURCE_EXHAUSTED, "486"),
    "declined": Failure(DECLINE, Code.PERMISSION_DENIED, "603"),
    "unknown-number": Failure(Behaviour(404), Code.NOT_FOUND, "404"),
    "unavailable": Failure(Behaviour(480), Code.RESOURCE_EXHAUSTED, "480"),
    "provider-down": Failure(Behaviour(503), Code.FAILED_PRECONDITION, "503"),
    "no-answer": Failure(RING, Code.CANCELED, ringing=1.0),
    "unreachable": Failure(SILENT, Code.CANCELED, ringing=1.0),
    "wrong-credentials": Failure(ANSWER.asking(_STRANGER), Code.FAILED_PRECONDITION),
}


@pytest.mark.clause("1.5-outbound-call-is-answered")
async def test_an_outbound_call_is_answered(outbound_call: OutboundCall, profile: Profile) -> None:
    """
    The call reaches our listener, which answers it, and CreateSIPParticipant reports success.
    """
    received = outbound_call.received
    if outbound_call.info is None or received is None or not received.acknowledged:
        seen = outbound_call.story
        raise Violation(
            seen, findings=[Finding(OUTBOUND_NOT_ANSWERED, seen, data=outbound_call.report)]
        )

    require(judge_caller(received.caller, profile.sip.outbound.caller))


@pytest.mark.clause("1.2-outbound-call-uses-the-room")
async def test_an_outbound_call_joins_the_named_room(outbound_call: OutboundCall) -> None:
    """
    The SIP participant is in exactly the room that CreateSIPParticipant named.
    """
    if outbound_call.participant is None:
        seen = f"its participant in {outbound_call.room} was {outbound_call.joined}"
        raise violated(NOT_IN_NAMED_ROOM, seen, room=outbound_call.room)


@pytest.mark.clause("1.5-outbound-call-ends-cleanly")
async def test_removing_the_participant_hangs_up(outbound_call: OutboundCall) -> None:
    """
    After RemoveParticipant the callee gets a BYE.
    """
    hung_up = outbound_call.hung_up
    if hung_up is None or not hung_up.came_true:
        raise violated(NO_BYE, f"the BYE was {hung_up}")


@pytest.mark.clause("1.5-outbound-sip-messages-are-valid")
async def test_the_messages_of_an_outbound_call_are_valid(outbound_call: OutboundCall) -> None:
    """
    No message of the call breaks a rule of RFC 3261.
    """
    if outbound_call.received is None:
        raise nothing_received(f"no INVITE came: {outbound_call.story}", outbound_call)

    require(judge_messages(outbound_call.received.violations))


@pytest.mark.clause("1.5-outbound-failure-is-mapped")
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
async def test_a_failed_outbound_call_is_reported_with_its_status(
    failure: Failure,
    outbound_prober: OutboundProber,
    outbound_call: OutboundCall,
    request: pytest.FixtureRequest,
) -> None:
    """
    The callee does not answer the call, and CreateSIPParticipant reports the outcome.
    """
    if outbound_call.info is None:
        reason = f"positive control: no call was answered ({outbound_call.story})"
        raise nothing_received(reason, outbound_call)

    purpose = request.node.callspec.id
    call = await outbound_prober.dial(
        failure.callee, purpose=purpose, ringing=failure.ringing, fails_at=Link.OUTBOUND
    )

    if call.received is None:
        raise nothing_received(f"the call did not reach the listener ({call.story})", call)
    if (call.answer, call.sip_status) != (failure.code, failure.sip_status):
        seen = (
            f"{call.story}; expected {failure.code} with sip_status_code {failure.sip_status} for "
            f"{purpose}"
        )
        expected: dict[str, Json] = {
            "expected": failure.code.value,
            "expected_status": failure.sip_status,
        }
        require([Finding(OTHER_REPORT, seen, data=call.report | expected)])


def nothing_received(reason: str, call: OutboundCall) -> Blocked:
    """
    Return that no outbound call came, so nothing can be said about one.
    """
    see = "1.5-outbound-call-is-answered"
    data = call.report | {"see": see}
    found = Finding(NOTHING_RECEIVED, reason, says=Says.UNSEEN, data=data)
    return Blocked(reason, remedy=f"See {see}", findings=[found])
