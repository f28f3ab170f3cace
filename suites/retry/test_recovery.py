"""
Recovery of calls after a failure has ended.
"""

import pytest

from livekit_conformance import run_clock
from livekit_conformance.drivers.calls.inbound_probe import Prober
from livekit_conformance.errors import Unreachable, blocked, violated
from livekit_conformance.judges.calls import NOT_RECOVERED
from livekit_conformance.judges.preconditions import NO_FAILURE
from livekit_conformance.observations import Recorder, ServiceProcess
from livekit_conformance.protocol.sip.outcome import CallOutcome
from livekit_conformance.provisioners.failures import Failure, FailureControl
from livekit_conformance.waiting import POLITE_S, wait_until

_RECOVERED_WITHIN_S = 30.0
_RETURNING = tuple(failure for failure in Failure if failure is not Failure.WRONG_SIP_SECRET)


@pytest.mark.clause("1.5-recovers-from")
@pytest.mark.parametrize("failure", _RETURNING, ids=lambda failure: failure.value)
async def test_calls_succeed_again_after_a_failure(
    failure: Failure, failures: FailureControl, prober: Prober, recorder: Recorder
) -> None:
    """
    During the failure no call succeeds; within 30 s of its end one does. The time is reported.
    """
    async with failures.during(failure):
        during = await _try_a_call(prober, f"during {failure}")
    if during is None:
        raise blocked(
            NO_FAILURE,
            f"positive control: a call was answered during the {failure}",
            remedy="Report this as a defect of the suite",
            during=failure.value,
        )
    returned = run_clock.now()

    recovered = await wait_until(
        lambda: _try_a_call(prober, f"after {failure}"),
        within=_RECOVERED_WITHIN_S,
        slowest=POLITE_S,
    )

    took = run_clock.now() - returned
    text = f"recovered from {failure} in {took:.1f} s"
    recorder.record(ServiceProcess(run_clock.now(), text))
    if not recovered.came_true or took > _RECOVERED_WITHIN_S:
        seen = f"after the end of the {failure} an answered call was {recovered}"
        raise violated(NOT_RECOVERED, seen, during=failure.value, seconds=round(took, 1))


async def _try_a_call(prober: Prober, purpose: str) -> str | None:
    """
    Return the reason why a call was not answered; None when it was.
    """
    try:
        call = await prober.call_through(purpose=purpose)
    except Unreachable as error:
        return str(error)
    return None if call.outcome is CallOutcome.ANSWERED else f"{call.outcome}: {call.story}"
