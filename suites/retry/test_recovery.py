"""
Recovery of calls after a failure has ended.
"""

import pytest

from fixtures.recoveries import Recoveries
from livekit_conformance import run_clock
from livekit_conformance.errors import blocked, violated
from livekit_conformance.judges.calls import NOT_RECOVERED
from livekit_conformance.judges.preconditions import NO_FAILURE
from livekit_conformance.observations import Recorder, ServiceProcess
from livekit_conformance.provisioners.failures import Failure

_RETURNING = tuple(failure for failure in Failure if failure is not Failure.WRONG_SIP_SECRET)


@pytest.mark.clause("1.5-recovers-from")
@pytest.mark.parametrize("failure", _RETURNING, ids=lambda failure: failure.value)
async def test_calls_succeed_again_after_a_failure(
    failure: Failure, recoveries: Recoveries, recorder: Recorder
) -> None:
    """
    During the failure no call succeeds; within 30 s of its end one does. The time is reported.
    """
    recovery = await recoveries.of(failure)
    for seen in recovery.observations:
        recorder.record(seen)
    if recovery.during is None:
        raise blocked(
            NO_FAILURE,
            f"positive control: a call was answered during the {failure}",
            remedy="Report this as a defect of the suite",
            during=failure.value,
        )

    took = recovery.took_s
    text = f"recovered from {failure} in {took:.1f} s"
    recorder.record(ServiceProcess(run_clock.now(), text))
    if not recovery.is_in_time:
        seen_after = f"after the end of the {failure} an answered call was {recovery.recovered}"
        raise violated(NOT_RECOVERED, seen_after, during=failure.value, seconds=round(took, 1))
