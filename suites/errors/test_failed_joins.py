"""
Log lines of both sides about a failed join.
"""

import time
from collections.abc import Mapping

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.drivers.calls.inbound_probe import Prober, credentials
from livekit_conformance.drivers.logs import LogTail
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import blocked, violated
from livekit_conformance.judges.logs import NOT_LOGGED
from livekit_conformance.judges.preconditions import NO_FAILURE, NOT_TOLD_APART
from livekit_conformance.protocol.logline import LogLine
from livekit_conformance.protocol.sip.outcome import CallOutcome
from livekit_conformance.provisioners.failures import Failure, FailureControl

_LOGGED_WITHIN_S = 5.0
_JOIN_PATH = "/rtc"


@pytest.mark.clause("1.4-failed-join-is-logged")
async def test_a_failed_join_is_logged_on_both_sides(
    failures: FailureControl, prober: Prober, logs: Mapping[str, LogTail], profile: Profile
) -> None:
    """
    livekit-sip logs the call, the room and the reason; livekit-server logs the same refusal.
    """
    async with failures.during(Failure.WRONG_SIP_SECRET):
        since = time.time()
        failed = await prober.attempt(
            credentials(profile), purpose="failed join", fails_at=Link.JOIN
        )
        if failed.outcome is CallOutcome.ANSWERED:
            raise blocked(
                NO_FAILURE,
                f"positive control: the call was answered although livekit-sip has a wrong secret "
                f"({failed.story})",
                remedy="Report this as a defect of the suite",
                during=Failure.WRONG_SIP_SECRET.value,
            )

        def reports_the_call(line: LogLine) -> bool:
            fields = line.fields
            is_failure = line.level == "error" and fields.get("room") and line.error
            return bool(is_failure) and fields.get("sipCallID") == failed.call.call_id

        sip_line, sip_waited = await logs["livekit-sip"].wait_for(
            reports_the_call,
            within=_LOGGED_WITHIN_S,
            holding=[failed.call.call_id],
            what="an error with the Call-ID and the room",
        )

        def reports_the_refusal(line: LogLine) -> bool:
            return (
                line.at is not None
                and line.at >= since
                and line.fields.get("status") == 401
                and str(line.fields.get("path", "")).startswith(_JOIN_PATH)
                and bool(line.error)
                # The two lines are matched by the same error text.
                and sip_line is not None
                and line.error in sip_line.error
            )

        server_line, server_waited = await logs["livekit-server"].wait_for(
            reports_the_refusal,
            within=_LOGGED_WITHIN_S,
            holding=[_JOIN_PATH],
            what="a 401 for /rtc with the error of livekit-sip",
        )

    if server_line is not None and (others := _others(logs, server_line, failed.call.call_id)):
        raise blocked(
            NOT_TOLD_APART,
            f"the refusal in the log of livekit-server cannot be told apart from others': "
            f"{len(others)} calls of others failed with the same error",
            remedy="Run the check when nobody else calls",
            service="livekit-server",
            others=len(others),
        )
    lines = {"livekit-sip": sip_line, "livekit-server": server_line}
    if silent := [service for service, line in lines.items() if line is None]:
        seen = (
            f"in the log of livekit-sip: {sip_waited}; in the log of livekit-server: "
            f"{server_waited}"
        )
        raise violated(NOT_LOGGED, seen, services=[*silent], about="failed-join")


def _others(logs: Mapping[str, LogTail], refusal: LogLine, call: str) -> set[object]:
    """
    Return the Call-IDs of other calls that livekit-sip says to have failed with the same error.
    """
    alike = logs["livekit-sip"].lines.holding([refusal.error])
    return {line.fields.get("sipCallID") for _, line in alike} - {call, None}
