"""
Several calls: repeated, simultaneous, and cancelled by the caller.
"""

import asyncio

import pytest

from livekit_conformance.drivers.calls.inbound_probe import Prober, callers_at_once
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import NotConfigured, blocked, violated
from livekit_conformance.judges.calls import NOT_CANCELLED, SEVERAL_UNANSWERED
from livekit_conformance.judges.preconditions import (
    ANSWERED_TOO_SOON,
    agent_failed,
    room_not_found,
)
from livekit_conformance.protocol.sip.outcome import CallOutcome

_IN_A_ROW = 3
_AT_ONCE = 10
# An agent may answer before we cancel, or while CANCEL is on its way (RFC 3261 section 9.1).
_TRIES = 3


@pytest.mark.clause("1.5-cancelled-call-ends-cleanly")
async def test_cancelling_a_ringing_call_ends_it(prober: Prober, profile: Profile) -> None:
    """
    CANCEL gets 200, the INVITE 487, and the caller leaves the room that it was in.
    """
    for tried in range(1, _TRIES + 1):
        # The last one does not wait until its room was seen: a fast agent would answer it too.
        [ringing] = await prober.ring(
            profile.sip.caller, purpose="cancelled", rings_only=tried == _TRIES
        )
        cancel, final = ringing.call.cancel_response, ringing.call.final
        if final is None or not final.is_success:
            break
    # A service that answers every time despite the CANCEL was not merely faster.
    if not ringing.call.cancelled:
        raise blocked(
            ANSWERED_TOO_SOON,
            f"the agent answered {_TRIES} calls before they could be cancelled ({ringing.story})",
            remedy="Make the agent wait a second before it speaks, or accept this check as BLOCKED",
            tries=_TRIES,
        )
    if ringing.left is None and tried < _TRIES:
        reason = f"the caller was seen in no room ({ringing.not_seen or ringing.story})"
        raise room_not_found(reason, ringing.statuses)

    statuses = (cancel.status if cancel else None, final.status if final else None)
    # One that was cancelled before it was in a room has none to leave.
    has_left = ringing.left is None or ringing.left.came_true

    if statuses != (200, 487) or not has_left:
        seen = (
            f"received {statuses[0] or 'nothing'} for CANCEL and {statuses[1] or 'nothing'} for "
            f"the INVITE, expected 200 and 487; the caller's departure was "
            f"{ringing.left or 'not looked at'}"
        )
        raise violated(
            NOT_CANCELLED,
            seen,
            cancel=statuses[0],
            invite=statuses[1],
            has_left=has_left,
        )


@pytest.mark.clause("1.5-repeated-calls-succeed")
@pytest.mark.parametrize("order", ["in-a-row", "at-once"])
async def test_every_one_of_several_calls_is_answered(
    prober: Prober, profile: Profile, order: str
) -> None:
    """
    All calls are answered: as many at once as the profile allows, and as many in a row, or three.
    """
    limit = profile.limits.calls
    if order == "in-a-row":
        calls = [
            await prober.call_through(purpose="one of several")
            for _ in range(max(_IN_A_ROW, limit))
        ]
    elif limit > 1:
        callers = callers_at_once(profile, min(limit, _AT_ONCE))
        calls = await asyncio.gather(
            *(prober.call_through(purpose="one of several", caller=caller) for caller in callers)
        )
    else:
        raise NotConfigured("limits: {calls: 2}")

    unanswered = [call for call in calls if call.outcome is not CallOutcome.ANSWERED]
    if problem := next((call.agent_problem for call in unanswered if call.agent_problem), None):
        raise agent_failed(problem)

    if unanswered:
        stories = "; ".join(f"{call.outcome} ({call.story})" for call in unanswered)
        raise violated(
            SEVERAL_UNANSWERED,
            f"{len(unanswered)} of {len(calls)} calls {order.replace('-', ' ')} were not "
            f"answered: {stories}",
            unanswered=len(unanswered),
            calls=len(calls),
            order=order,
            outcomes=[call.outcome.value for call in unanswered],
        )
