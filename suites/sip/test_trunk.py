"""
Admission of callers by the trunk: known ones only.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import of_sip
from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.calls.call_problems import challenge_findings
from livekit_conformance.drivers.calls.inbound_probe import ProbeCall, Prober, wrong_accounts
from livekit_conformance.drivers.logs import LogTail
from livekit_conformance.drivers.sip.caller import new_call_id
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import Blocked, Violation, blocked, require, violated
from livekit_conformance.judges.calls import (
    OTHER_NUMBER_TAKEN,
    OWN_ACCOUNT_REFUSED,
    WRONG_ACCOUNT_TAKEN,
)
from livekit_conformance.judges.preconditions import (
    ENDED_UNCHALLENGED,
    not_challenged,
    room_not_found,
    search_failed,
)
from livekit_conformance.protocol.logline import LogLine
from livekit_conformance.protocol.sip.outcome import CallOutcome

# Numbers that are reserved for examples, and not assigned.
_NUMBERS_OF_NOBODY = ("+15550199", "+15550198")
# Duration of listening to an unwanted call where no log reports its end.
_SILENCE_S = 3.0


@pytest.mark.clause("1.1-trunk-challenges")
async def test_the_trunk_challenges_a_caller_without_credentials(
    prober: Prober, client: LiveKitClient, profile: Profile
) -> None:
    """
    407 comes with realm and nonce of an MD5 digest.
    """
    stranger = await prober.attempt(None, purpose="no credentials", fails_at=Link.CREDENTIALS)

    require(await challenge_findings(stranger, client, profile))


@pytest.mark.clause("1.1-trunk-accepts-right-password")
async def test_the_trunk_accepts_its_own_password(probe_call: ProbeCall) -> None:
    """
    After one challenge the INVITE with credentials is not challenged or refused again.
    """
    require_challenge(probe_call)

    statuses = {answer.status for answer in probe_call.answers}

    if statuses & {401, 403, 407}:
        seen = f"with the profile's credentials the caller received {probe_call.story}"
        raise violated(OWN_ACCOUNT_REFUSED, seen, statuses=probe_call.statuses)


@pytest.mark.clause("1.1-trunk-refuses-wrong-password")
async def test_the_trunk_refuses_a_wrong_password(
    prober: Prober, probe_call: ProbeCall, profile: Profile
) -> None:
    """
    The same user with another password gets a final refusal, no ringing and no room.
    """
    require_challenge(probe_call)

    refused = await prober.attempt(
        wrong_accounts(profile)["password"], purpose="wrong password", fails_at=Link.CREDENTIALS
    )

    if not is_refused(refused):
        raise not_kept_out(refused)


@pytest.mark.clause("1.1-trunk-refuses-wrong-user")
async def test_the_trunk_refuses_a_wrong_user(
    prober: Prober, probe_call: ProbeCall, profile: Profile
) -> None:
    """
    Another user with the right password gets a final refusal, no ringing and no room.
    """
    require_challenge(probe_call)

    refused = await prober.attempt(
        wrong_accounts(profile)["user"], purpose="wrong user", fails_at=Link.CREDENTIALS
    )

    if not is_refused(refused):
        raise not_kept_out(refused)


@pytest.mark.clause("1.1-unknown-caller-is-kept-out")
async def test_a_call_for_a_number_of_no_trunk_opens_no_room(
    prober: Prober, probe_call: ProbeCall, profile: Profile, logs: Mapping[str, LogTail]
) -> None:
    """
    The call may be refused or left ringing; a log line, or silence, shows that it was dropped.
    """
    if probe_call.room is None:
        raise room_not_found(
            f"positive control: the call to the profile's own number was found in no room "
            f"({probe_call.not_seen or probe_call.story})",
            probe_call.statuses,
        )
    number = next(other for other in _NUMBERS_OF_NOBODY if other != profile.sip.number)
    call_id = new_call_id()

    dropped = asyncio.get_running_loop().create_future()
    watching = asyncio.create_task(signal_end(logs.get("livekit-sip"), call_id, dropped))
    try:
        call = await prober.attempt(
            None,
            purpose="number of no trunk",
            fails_at=Link.TRUNK,
            call_id=call_id,
            number=number,
            within=_SILENCE_S,
            give_up=dropped,
        )
    finally:
        watching.cancel()
        await asyncio.wait([watching])

    if call.not_seen is not None:
        raise search_failed(call.not_seen)
    if call.room is not None:
        seen = (
            f"called {number}; {observed(call)}. A dispatch rule without trunk_ids takes "
            "everybody's calls: bind it to the trunk"
        )
        room, statuses = call.room.name, call.statuses
        raise violated(OTHER_NUMBER_TAKEN, seen, number=number, statuses=statuses, room=room)


def require_challenge(probe_call: ProbeCall) -> None:
    """
    Check the positive control: a trunk that challenges nobody refuses nobody.
    """
    if probe_call.call.challenges:
        return
    if probe_call.outcome in {CallOutcome.ANSWERED, CallOutcome.KEPT_RINGING}:
        raise not_challenged()
    see = "1.5-invite-is-not-rejected"
    raise blocked(
        ENDED_UNCHALLENGED,
        f"the call ended before any challenge ({probe_call.outcome}: {probe_call.story})",
        remedy=f"See {see}",
        see=see,
        statuses=probe_call.statuses,
    )


def is_refused(call: ProbeCall) -> bool:
    """
    Return whether the credentials were refused, without ringing and without a room.
    """
    statuses = {answer.status for answer in call.answers if answer.status >= 180}
    return bool(statuses) and statuses <= {401, 403, 407} and call.room is None


def not_kept_out(call: ProbeCall) -> Violation:
    """
    Return what was seen of a call with a wrong account that was not refused.
    """
    seen = f"{observed(call)}; expected a refusal before it rings"
    room = call.room.name if call.room else None
    return violated(WRONG_ACCOUNT_TAKEN, seen, statuses=call.statuses, room=room)


def observed(call: ProbeCall) -> str:
    """
    Return the observations of a call that should have been kept out.
    """
    return f"received {call.story}; room: {call.room.name if call.room else 'none'}"


async def signal_end(tail: LogTail | None, call_id: str, over: asyncio.Future[None]) -> None:
    """
    Set `over` when livekit-sip's log reports the end of the call; never where there is no log.
    """
    if tail is None:
        return
    own_ids: set[object] = set()

    def is_the_end(line: LogLine) -> bool:
        """
        Recognise the line of the end: it has livekit-sip's own id of the call, others have both.
        """
        if line.fields.get("sipCallID") == call_id:
            own_ids.add(line.fields.get("callID"))
        return line.message == of_sip.ENDED.message and line.fields.get("callID") in own_ids

    with suppress(Blocked):  # An unreadable log blocks the checks that need it.
        _, waited = await tail.wait_for(
            is_the_end,
            within=_SILENCE_S,
            holding=[call_id, of_sip.ENDED.message],
            what=f"the end of {call_id}",
        )
        if waited.came_true and not over.done():
            over.set_result(None)
