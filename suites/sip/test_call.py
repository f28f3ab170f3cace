"""
Phone call from OPTIONS to the response to BYE.
"""

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.drivers.api.trunks_and_rules import Telephony
from livekit_conformance.drivers.calls.call_problems import judge_invite
from livekit_conformance.drivers.calls.inbound_probe import (
    AGENT_TONE_HZ,
    ANSWER_BUDGET_S,
    CALLER_TONE_HZ,
    LEAVE_WITHIN_S,
    ProbeCall,
    rings_for_s,
)
from livekit_conformance.drivers.calls.pressing import PRESSED
from livekit_conformance.drivers.calls.room_participants import Company
from livekit_conformance.drivers.sip.caller import SipAgent
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import (
    Blocked,
    Unreachable,
    Violation,
    blocked,
    require,
    violated,
)
from livekit_conformance.findings import Finding
from livekit_conformance.judges.calls import (
    ANSWERED_LATE,
    BYE_NOT_CONFIRMED,
    CONTACT_IS_SILENT,
    HUNG_UP_EARLY,
    LEFT_LATE,
    MUTED,
    NO_RTP,
    NO_TRACK,
    NOBODY_SPOKE,
    NOT_ANSWERED,
    NOT_LISTED,
    PACKETS_TWICE,
    TOO_QUIET,
    UNHEARD,
    judge_agents,
    judge_echo,
    judge_messages,
)
from livekit_conformance.judges.keys import judge_keys
from livekit_conformance.judges.preconditions import (
    AGENT_ABSENT,
    nothing_heard,
    search_failed,
    too_few_packets,
)
from livekit_conformance.judges.quality import judge_quality
from livekit_conformance.judges.sip_socket import judge_options, judge_silence
from livekit_conformance.judges.waits import Awaited, judge_wait
from livekit_conformance.protocol.dispatch import IncomingCall
from livekit_conformance.protocol.sip.ladder import repeated
from livekit_conformance.protocol.sip.outcome import CallOutcome

_OPTIONS_WITHIN_S = 3.0
# A tone at full scale is 1; silence and comfort noise stay far below this.
_AUDIBLE = 0.05
# A shorter call proves nothing about its audio.
_LISTENED_S = 0.5
# Half a second of sound.
_LEAST_PACKETS = 25


@pytest.mark.clause("1.5-sip-answers-options")
async def test_livekit_sip_answers_options(sip: SipAgent, profile: Profile) -> None:
    """
    OPTIONS gets 200. It proves the socket only, never that calls work.
    """
    earlier = len(sip.violations)
    try:
        response = await sip.options(within=_OPTIONS_WITHIN_S)
    except Unreachable as silence:
        require(judge_messages(sip.violations[earlier:], seen=silence.detail))
        if silence.phase != "answer" or profile.sip.transport != "udp":
            raise
        finding = judge_silence(silence, await sip.answer_over_tcp())
        raise Blocked(finding.seen, remedy=silence.remedy, findings=[finding]) from silence

    require(judge_options(response))


@pytest.mark.clause("1.5-invite-is-not-rejected")
async def test_the_invite_is_neither_rejected_nor_ignored(
    probe_call: ProbeCall,
    listed_telephony: Telephony | Blocked,
    call_to_number: IncomingCall,
    profile: Profile,
) -> None:
    """
    The call is answered or kept ringing, not refused with 503 or 486, and not ignored.
    """
    require(judge_invite(probe_call, listed_telephony, call_to_number, profile.sip))


@pytest.mark.clause("1.5-sip-packets-come-once")
async def test_packets_come_once(probe_call: ProbeCall) -> None:
    """
    No response arrives again sooner than any retransmission.

    livekit-sip takes a duplicated INVITE as two calls, which spoil each other: whether the call
    succeeds is then a matter of chance.
    """
    twice = repeated(probe_call.call.ladder)

    if twice:
        seen = f"responses that arrived twice at the same moment: {twice}"
        raise violated(PACKETS_TWICE, seen, count=twice)


@pytest.mark.clause("1.5-sip-messages-are-valid")
async def test_the_messages_of_the_call_are_valid(probe_call: ProbeCall) -> None:
    """
    No message of the call breaks a rule of RFC 3261, and none is unreadable.
    """
    require(judge_messages(probe_call.call.violations))


@pytest.mark.clause("1.1-sip-service-joins-the-server")
async def test_livekit_sip_joins_the_room_of_the_call(probe_call: ProbeCall) -> None:
    """
    The caller appears as a SIP participant in a room of livekit-server.
    """
    if probe_call.participant is None and probe_call.not_seen is not None:
        raise search_failed(probe_call.not_seen)

    if probe_call.participant is not None and not probe_call.participant.tracks:
        seen = (
            "livekit-sip joined and published no track: its signalling works, its WebRTC "
            f"connection does not; the caller received {probe_call.story}"
        )
        raise violated(NO_TRACK, seen, statuses=probe_call.statuses)

    if probe_call.participant is None:
        seen = (
            f"no participant with sip.callIDFull {probe_call.call.call_id} was listed; the caller "
            f"received {probe_call.story}"
        )
        raise violated(NOT_LISTED, seen, statuses=probe_call.statuses)


@pytest.mark.clause("1.5-call-is-answered")
async def test_the_call_is_answered(probe_call: ProbeCall, profile: Profile) -> None:
    """
    200 OK comes within the answer budget.
    """
    is_late = probe_call.agent_problem and not probe_call.call.answered
    if profile.agent == "stand-in" and (probe_call.agent_heard is None or is_late):
        raise blocked(
            AGENT_ABSENT,
            probe_call.agent_problem
            or "our agent never joined the room: no webhook reported the caller's arrival",
            remedy="See 1.3-server-delivers-room-events and evidence/probe-call.json",
            link=Link.AGENT,
        )

    company, rang = probe_call.company, rings_for_s(profile)
    if probe_call.outcome is CallOutcome.KEPT_RINGING and company is not None and not company.audio:
        seen = (
            f"it kept ringing for {rang:g} s, and nobody published audio: {company}; "
            f"received {probe_call.story}"
        )
        statuses = probe_call.statuses
        raise violated(NOBODY_SPOKE, seen, link=Link.AGENT, within_s=rang, statuses=statuses)

    if probe_call.outcome is not CallOutcome.ANSWERED:
        seen = f"within {rang:g} s the caller received {probe_call.story}"
        statuses = probe_call.statuses
        raise violated(NOT_ANSWERED, seen, within_s=rang, statuses=statuses)

    after = probe_call.call.final_at_s
    if after is not None and after > ANSWER_BUDGET_S:
        seen = f"answered after {after:.1f} s, {company}; received {probe_call.story}"
        raise violated(
            ANSWERED_LATE, seen, link=Link.AGENT, within_s=ANSWER_BUDGET_S, after_s=round(after, 1)
        )


@pytest.mark.clause("1.5-audio-flows-both-ways")
async def test_both_sides_hear_each_other(probe_call: ProbeCall, profile: Profile) -> None:
    """
    The caller hears the other side; where the agent is ours, both hear the right tone.
    """
    heard = probe_call.caller_heard
    if (lasted := probe_call.ended_by_them_after_s) is not None and lasted < _LISTENED_S:
        raise hung_up_early(lasted, link=Link.HANG_UP)
    if heard is None or not heard.packets:
        raise violated(NO_RTP, "no RTP reached the caller", link=Link.MEDIA)
    if heard.dominant_hz is None and probe_call.company and probe_call.company.is_muted:
        raise violated(MUTED, f"the caller heard {heard}; {probe_call.company}")
    if (company := probe_call.company) is not None and company.hears_nothing:
        seen = f"no agent may subscribe to the audio of the caller; {company}"
        raise violated(UNHEARD, seen, room=company.room)
    if profile.agent == "deployed":
        room = company or Company()
        require(
            judge_agents(
                heard.silent_s,
                room.speakers,
                room.room,
                is_alone=room.is_alone,
                speaks_first=profile.agent_speaks_first,
            )
        )
        require(judge_echo(heard.share(CALLER_TONE_HZ)))
        return

    agent = probe_call.agent_heard
    levels = heard.level(AGENT_TONE_HZ), agent.level if agent else 0.0
    if min(levels) < _AUDIBLE:
        seen = (
            f"the caller heard {heard}, the agent {agent}; expected a level of {_AUDIBLE} or more "
            "on both sides"
        )
        caller_level, agent_level = (round(level, 3) for level in levels)
        raise violated(TOO_QUIET, seen, caller=caller_level, agent=agent_level, least=_AUDIBLE)


@pytest.mark.clause("1.5-caller-hears-well")
async def test_the_caller_hears_well(probe_call: ProbeCall, profile: Profile) -> None:
    """
    MOS, loss and jitter are within the limits of the profile.
    """
    quality = probe_call.quality
    if quality is None:
        raise nothing_heard()
    if quality.expected < _LEAST_PACKETS:
        raise too_few_packets(quality.expected, _LEAST_PACKETS)

    require(judge_quality(quality, profile.quality.limits))


@pytest.mark.clause("1.5-keys-reach-the-agent")
async def test_keys_reach_the_agent(probe_call: ProbeCall) -> None:
    """
    The answer takes telephone-event, and our agent receives each key once.

    An agent of the deployment is pressed no keys.
    """
    if probe_call.call.described is None:
        raise nothing_heard()

    require(judge_keys(probe_call.call.described, PRESSED, probe_call.keys_arrived))


@pytest.mark.clause("1.5-call-ends-cleanly")
async def test_hanging_up_ends_the_call(probe_call: ProbeCall, profile: Profile) -> None:
    """
    BYE gets 200 and the caller leaves the room.
    """
    bye, left = probe_call.bye, probe_call.left
    if (lasted := probe_call.ended_by_them_after_s) is not None:
        raise hung_up_early(lasted)
    if (hop := probe_call.call.silent_hop) is not None:
        silent, server = f"{hop[0]}:{hop[1]}", profile.sip.server
        seen = (
            f"the Contact of the 200 OK leads to {silent}, and nothing there answered BYE; at "
            f"{server} it was answered"
        )
        raise violated(CONTACT_IS_SILENT, seen, hop=silent, server=server)
    status = bye.status if bye else None
    if status != 200:
        seen = f"received {status or 'nothing'} for BYE, expected 200"
        raise violated(BYE_NOT_CONFIRMED, seen, status=status)

    if left is None:
        raise search_failed(probe_call.not_seen)
    if left.came_true and left.seconds > LEAVE_WITHIN_S:
        seen = (
            f"the caller's departure was {left}: livekit-server lost the leave request of "
            "livekit-sip, and noticed the loss of the connection"
        )
        data = {"seconds": round(left.seconds, 2)}
        require([Finding(LEFT_LATE, seen, level="SHOULD", data=data)])
    require(
        judge_wait(Awaited.CALLER_LEFT, left, seen=f"the caller's departure was {left}"),
        otherwise="See 1.1-server-answers",
    )


def hung_up_early(lasted: float, *, link: Link | None = None) -> Violation:
    """
    Return the violation that livekit-sip ended the call `lasted` seconds after its answer.
    """
    seen = f"livekit-sip hung up {lasted:.2f} s after its answer, before the caller"
    return violated(HUNG_UP_EARLY, seen, link=link, after_s=round(lasted, 2))
