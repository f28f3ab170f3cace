"""
Judge calls that did not meet their claim: what was seen of them, and where they broke.

Also raise why a claim could not be tested at all. The checks only place the calls and report.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.api.trunks_and_rules import (
    Telephony,
    describe_outcome,
    read_telephony,
)
from livekit_conformance.drivers.calls.inbound_probe import ProbeCall
from livekit_conformance.environments.profile import Profile, Sip
from livekit_conformance.errors import Blocked, blocked, not_applicable
from livekit_conformance.findings import Finding, Json
from livekit_conformance.judges.calls import (
    NO_CHALLENGE,
    NOT_TAKEN,
    ROOM_SHARED,
    SHARED_BY_A_DIRECT_RULE,
    judge_account,
    judge_limits,
    judge_open_trunk,
)
from livekit_conformance.judges.preconditions import (
    CALL_IGNORED,
    NO_CREDENTIALS,
    SAME_CALLER,
    not_predictable,
    search_failed,
)
from livekit_conformance.protocol.dispatch import IncomingCall, Rule, Trunk
from livekit_conformance.protocol.sip.digest import Challenge
from livekit_conformance.protocol.sip.ladder import repeated
from livekit_conformance.protocol.sip.message import Response, SipSyntaxError
from livekit_conformance.protocol.sip.outcome import CallOutcome, broken_link

_CHALLENGED = 407
_AFTER_THE_TRUNK = frozenset({Link.JOIN, Link.AGENT})


def judge_invite(
    probe: ProbeCall, listed: Telephony | Blocked, call: IncomingCall, sip: Sip
) -> Iterator[Finding]:
    """
    Yield how the INVITE of `probe` ended, at the link that this points at, and why.

    Nothing if it was answered or kept ringing. `listed` are the trunks and rules, which tell the
    link better than the answers where they can be read; `call` is the call as they see it.
    """
    if probe.outcome in {CallOutcome.ANSWERED, CallOutcome.KEPT_RINGING}:
        return
    link, why = broken_link(probe.answers), None
    more: Sequence[Finding] = ()
    if probe.participant is not None and probe.participant.tracks:
        # Its caller was in the room: it was given up while it waited for an agent.
        link = Link.AGENT
    if isinstance(listed, Telephony):
        link, why, more = _predicted(link, listed, call, sip, probe.call.final_at_s)
    if twice := repeated(probe.call.ladder):
        # Two INVITEs are two calls to livekit-sip, and each spoils the other.
        link, why = Link.SIP_SOCKET, f"responses that arrived twice at the same moment: {twice}"
        more = ()
    seen = "; ".join(filter(None, (f"{probe.outcome}: {probe.story}", why)))
    data: dict[str, Json] = {"outcome": probe.outcome, "statuses": probe.statuses}
    yield Finding(NOT_TAKEN, seen, link, data=data)
    yield from more


def _predicted(
    link: str | None,
    listed: Telephony,
    call: IncomingCall,
    sip: Sip,
    ended_at_s: float | None,
) -> tuple[str | None, str | None, Sequence[Finding]]:
    """
    Return the broken link as the trunks and rules foretell it, their reason if they have one, and
    what is wrong with the account or the limits of the trunk.
    """
    if (conflict := listed.own_conflict_of(call)) is not None:
        # Which of the two refusals with 503 it was: one that was decided.
        if link != Link.BUS:
            return link, None, ()
        return (Link.TRUNK if conflict.trunks else Link.DISPATCH), str(conflict), ()
    if link == Link.DISPATCH:
        outcome = listed.predict(call, ignored=True)
        # Where both are foretold and the call was ignored, the source address did not fit.
        no_trunk = outcome.trunk is None or outcome.rule is not None
        return (Link.TRUNK if no_trunk else link), describe_outcome(outcome), ()
    if link == Link.CREDENTIALS and (trunk := listed.predict(call).trunk) is not None:
        return (
            link,
            None,
            tuple(judge_account(trunk, sip.username, sip.password.get_secret_value())),
        )
    if link in _AFTER_THE_TRUNK and ended_at_s is not None:
        trunk = listed.predict(call).trunk
        limits = tuple(judge_limits(trunk, ended_at_s)) if trunk is not None else ()
        return (Link.AGENT if limits else link), None, limits
    return link, None, ()


async def challenge_findings(
    stranger: ProbeCall, client: LiveKitClient, profile: Profile
) -> Sequence[Finding]:
    """
    Return why a call without credentials was not challenged; nothing if it was.

    Raises NotApplicable if its trunk has no credentials, Blocked if no trunk is known to take it.
    """
    problem = no_challenge(stranger.call.final)
    if problem is None:
        return ()
    trunk = await _trunk_of_call(client, profile)
    is_open = judge_open_trunk(trunk, profile.sip.username) if trunk is not None else ()
    return [*is_open] or [unchallenged(stranger, problem, trunk, number=profile.sip.number)]


def no_challenge(final: Response | None) -> str | None:
    """
    Return why the final answer does not ask for an MD5 digest; None if it does.
    """
    if final is None or final.status != _CHALLENGED:
        answer = f"{final.status} {final.reason}" if final else "missing"
        return f"the final answer is {answer}, not 407"
    try:
        challenge = Challenge.parse(final.headers.get("Proxy-Authenticate") or "")
    except SipSyntaxError as error:
        return f"Proxy-Authenticate cannot be read: {error}"
    if not challenge.realm or not challenge.nonce:
        return f"realm or nonce is empty: {challenge}"
    algorithm = challenge.algorithm
    return None if algorithm == "MD5" else f"the algorithm is {algorithm}, not MD5"


def unchallenged(stranger: ProbeCall, problem: str, trunk: Trunk | None, *, number: str) -> Finding:
    """
    Return what was seen of a call to `number` that `trunk` takes and did not challenge.
    """
    if trunk is None or not trunk.asks_for_credentials:
        raise not_applicable(
            NO_CREDENTIALS,
            f"no trunk for {number} has credentials. Set auth_username and auth_password on the "
            "trunk, or empty sip.username in the profile",
            number=number,
        )
    if stranger.outcome is CallOutcome.RINGING_STOPPED:
        see = "1.5-invite-is-not-rejected"
        raise blocked(
            CALL_IGNORED,
            f"livekit-sip ignored the call, as it does when no trunk matches: {stranger.story}",
            remedy=f"See {see}",
            see=see,
            statuses=stranger.statuses,
        )
    return Finding(NO_CHALLENGE, f"{problem}; received {stranger.story}")


async def _trunk_of_call(client: LiveKitClient, profile: Profile) -> Trunk | None:
    """
    Return the trunk that the listed trunks and rules choose for the profile's call.
    """
    telephony = await read_telephony(client)
    call = IncomingCall(profile.sip.caller, profile.sip.number)
    if (conflict := telephony.own_conflict_of(call)) is not None:
        raise not_predictable("trunk", conflict)
    return telephony.predict(call).trunk


async def sharing_findings(calls: Sequence[ProbeCall], client: LiveKitClient) -> Sequence[Finding]:
    """
    Return the rooms of two calls at once if they are not one each, else nothing.

    Raises Blocked if the callers could not be looked for, or could not be told apart.
    """
    if not_seen := next((call.not_seen for call in calls if call.not_seen), None):
        raise search_failed(not_seen, whom="callers")
    sids = [call.room.sid for call in calls if call.room is not None]
    if len(set(sids)) == len(calls):
        return ()
    if len(sids) < len(calls):
        return [Finding(ROOM_SHARED, _rooms_of(calls))]
    return [shared_room(calls, (await read_telephony(client)).rules)]


def shared_room(calls: Sequence[ProbeCall], rules: Sequence[Rule]) -> Finding:
    """
    Return what was seen of calls that are in one room, where these dispatch rules are listed.
    """
    first = calls[0]
    name = first.room.name if first.room is not None else ""
    if _is_direct(first, rules):
        return Finding(
            SHARED_BY_A_DIRECT_RULE,
            f"a Direct rule puts every caller into {name}: callers hear each other, and "
            "a second call from the same number disconnects the first one",
            level="SHOULD",
        )
    came_from = {_caller_as_received(call) for call in calls}
    if len(came_from) == 1:
        caller = came_from.pop()
        raise blocked(
            SAME_CALLER,
            f"both calls arrived with the caller {caller}, which may be why they share {name}",
            remedy='Set sip.caller: "+15550100" if the trunk accepts it; if a provider replaces '
            "the caller, set limits: {calls: 1}",
            caller=caller,
            room=name,
        )
    return Finding(ROOM_SHARED, _rooms_of(calls))


def _rooms_of(calls: Sequence[ProbeCall]) -> str:
    return "; ".join(
        f"{call.caller}: {call.room.name if call.room else f'none ({call.story})'}"
        for call in calls
    )


def _is_direct(call: ProbeCall, rules: Sequence[Rule]) -> bool:
    """
    Return whether the rule that took the call is a Direct one.
    """
    rule_id = call.participant.attributes.get("sip.ruleID") if call.participant else None
    return any(rule.id == rule_id and rule.kind == "direct" for rule in rules)


def _caller_as_received(call: ProbeCall) -> str:
    """
    Return the caller as livekit-sip received it, which a provider may have changed.
    """
    shown = call.participant.attributes if call.participant else {}
    return shown.get("sip.phoneNumber", call.caller)
