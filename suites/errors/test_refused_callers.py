"""
Log lines of livekit-sip about callers that it refuses.
"""

from collections.abc import Mapping

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.drivers.calls.inbound_probe import Prober, wrong_accounts
from livekit_conformance.drivers.logs import LogTail
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import blocked, violated
from livekit_conformance.judges.logs import NOT_LOGGED
from livekit_conformance.judges.preconditions import (
    CALLER_NOT_REFUSED,
    log_empty,
    not_challenged,
)
from livekit_conformance.protocol.logline import LogLine
from livekit_conformance.protocol.sip.outcome import CallOutcome

_LOGGED_WITHIN_S = 5.0


@pytest.mark.clause("1.4-refused-caller-is-logged")
@pytest.mark.parametrize("wrong", ["password", "user"])
async def test_a_refused_caller_is_logged(
    prober: Prober, profile: Profile, logs: Mapping[str, LogTail], wrong: str
) -> None:
    """
    A warning of livekit-sip has the reason, From, To and Call-ID of the refused INVITE.
    """
    tail = logs["livekit-sip"]
    refused = await prober.attempt(
        wrong_accounts(profile)[wrong],
        purpose=f"wrong {wrong}, for the log",
        fails_at=Link.CREDENTIALS,
    )
    if refused.outcome is not CallOutcome.REFUSED and not refused.call.challenges:
        raise not_challenged()
    if refused.outcome is not CallOutcome.REFUSED:
        see = f"1.1-trunk-refuses-wrong-{wrong}"
        raise blocked(
            CALLER_NOT_REFUSED,
            f"positive control: the caller was not refused ({refused.story})",
            remedy=f"See {see}",
            see=see,
            statuses=refused.statuses,
        )
    values = (profile.sip.caller, profile.sip.number, refused.call.call_id)

    def is_complete(line: LogLine) -> bool:
        is_reason = line.level in {"warn", "error"} and bool(line.error)
        return is_reason and all(value in line.raw for value in values)

    line, waited = await tail.wait_for(
        is_complete,
        within=_LOGGED_WITHIN_S,
        holding=[refused.call.call_id],
        what=f"a refusal of {refused.call.call_id}",
    )
    if not tail.lines:
        raise log_empty(
            "the log of livekit-sip has no line from this run",
            tail.service,
            remedy="Check that `logs` in the profile names the file that livekit-sip writes to",
        )

    about = [other.message for _, other in tail.lines.holding([refused.call.call_id])]
    if line is None:
        seen = f"in its log: {waited}; its lines about this call: {about or 'none'}"
        raise violated(NOT_LOGGED, seen, services=[tail.service], about="refused-caller")
