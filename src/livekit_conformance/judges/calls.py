"""
Judge the account of a call; codes of what is wrong with calls (drivers/calls/call_problems.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from livekit_conformance.findings import Code, Finding, Json
from livekit_conformance.protocol.dispatch import Trunk
from livekit_conformance.protocol.sip.violations import SipViolation

# The INVITE was refused, or led nowhere. Data: outcome, statuses.
NOT_TAKEN: Final = Code("call.not-taken")
# A time limit of its trunk ran out. Data: limit (its name), limit_s, after_s.
TRUNK_LIMIT: Final = Code("call.ended-by-a-limit-of-its-trunk")
# The caller got no answer in time. Data of both: within_s, statuses.
NOT_ANSWERED: Final = Code("call.not-answered")
# It came later than the budget. Data: within_s, after_s.
ANSWERED_LATE: Final = Code("call.answered-late")
NOBODY_SPOKE: Final = Code("call.nobody-spoke")
# The room has no caller, or one without sound. Data of both: statuses.
NOT_LISTED: Final = Code("call.caller-not-listed")
NO_TRACK: Final = Code("call.no-track")
# Data: after_s.
HUNG_UP_EARLY: Final = Code("call.hung-up-early")
NO_RTP: Final = Code("call.no-rtp")
# Data: caller and agent (levels of what they heard), least.
TOO_QUIET: Final = Code("call.too-quiet")
# No agent in the room may subscribe. Data: room.
UNHEARD: Final = Code("call.caller-is-not-heard")
MUTED: Final = Code("call.muted")
# RTP without sound. Data: silent_s.
SILENT: Final = Code("call.agent-is-silent")
# No agent is left in the room of an answered call. Data: silent_s, room.
ALONE: Final = Code("call.caller-is-alone")
# The caller hears the tone that it sends. Data: share (of the energy that it hears).
HEARS_ITSELF: Final = Code("call.caller-hears-itself")
# Data: agents (their number), room.
SEVERAL_AGENTS: Final = Code("call.several-agents")
# Copies that the network made. Data: count.
PACKETS_TWICE: Final = Code("sip.packets-come-twice")
# Data: sections, of RFC 3261.
INVALID_MESSAGES: Final = Code("sip.messages-are-invalid")
# The Contact (or the first route) of the answer takes no request. Data: hop, server.
CONTACT_IS_SILENT: Final = Code("call.contact-is-silent")
# Data: status.
BYE_NOT_CONFIRMED: Final = Code("call.bye-not-confirmed")
# Data: seconds.
LEFT_LATE: Final = Code("call.caller-left-late")
# Data: cancel and invite (the statuses of their responses), has_left.
NOT_CANCELLED: Final = Code("call.not-cancelled")
# Data: unanswered, calls, order, outcomes.
SEVERAL_UNANSWERED: Final = Code("call.several-unanswered")
# The outbound call as the API reported it. Data of both: answer, sip_status, reached (our
# listener); of the second also expected and expected_status.
OUTBOUND_NOT_ANSWERED: Final = Code("outbound.not-answered")
OTHER_REPORT: Final = Code("outbound.reported-otherwise")
# The callee sees another number than it should. Data: shown, expected.
OTHER_CALLER: Final = Code("outbound.shows-another-caller")
# Data: room.
NOT_IN_NAMED_ROOM: Final = Code("outbound.not-in-the-room")
NO_BYE: Final = Code("outbound.no-bye")
# The trunk refuses the account of the profile. Data: statuses.
OWN_ACCOUNT_REFUSED: Final = Code("trunk.refuses-its-account")
# A call with a wrong account, or to a number of nobody, goes on. Data of both: statuses, room; of
# the second also number.
WRONG_ACCOUNT_TAKEN: Final = Code("trunk.takes-a-wrong-account")
OTHER_NUMBER_TAKEN: Final = Code("trunk.takes-another-number")
# After a failure no call succeeds. Data: during (the failure), seconds.
NOT_RECOVERED: Final = Code("call.not-recovered")
# The account of the profile is not that of the trunk. Data of all three: trunk.
OTHER_USERNAME: Final = Code("trunk.other-username")
OTHER_PASSWORD: Final = Code("trunk.other-password")
NO_USERNAME: Final = Code("trunk.no-username")
# A user name without a password, or the other way round. Data: trunk, has, lacks.
HALF_AN_ACCOUNT: Final = Code("trunk.half-an-account")
# Neither, though the profile has an account, and callers of every address are let in. Data: trunk.
TAKES_ANYBODY: Final = Code("trunk.takes-anybody")
NO_CHALLENGE: Final = Code("trunk.no-challenge")
# Two calls are in one room, or in none.
ROOM_SHARED: Final = Code("room.shared")
SHARED_BY_A_DIRECT_RULE: Final = Code("room.shared-by-a-direct-rule")

_JOINS_WITHIN_S: Final = 2.0
_MOST: Final = 0.5


def judge_messages(broken: Sequence[SipViolation], *, seen: str = "") -> Iterator[Finding]:
    """
    Yield a violation if messages broke rules of RFC 3261; its sentence names them, or is `seen`.
    """
    if broken:
        sections: list[Json] = [*dict.fromkeys(each.section for each in broken)]
        words = seen or "; ".join(map(str, broken))
        yield Finding(INVALID_MESSAGES, words, data={"sections": sections})


def judge_agents(
    silent_s: float, speakers: Sequence[str], room: str, *, is_alone: bool, speaks_first: bool
) -> Iterator[Finding]:
    """
    Yield what a caller finds strange in the agents of a deployment: silence, or several voices.

    An agent that does not `speaks_first` waits for the caller. A conference has several voices.
    Nobody wants a caller that `is_alone` in its room.
    """
    if silent_s and is_alone:
        seen = f"RTP came, no sound in it for {silent_s:.0f} s, and nobody but the caller in {room}"
        yield Finding(ALONE, seen, data={"silent_s": round(silent_s, 1), "room": room})
    elif silent_s and speaks_first:
        seen = f"RTP came, and no sound in it for {silent_s:.0f} s"
        yield Finding(SILENT, seen, level="SHOULD", data={"silent_s": round(silent_s, 1)})
    if len(speakers) > 1:
        seen = f"{len(speakers)} participants speak to the caller in {room}: {', '.join(speakers)}"
        data: dict[str, Json] = {"agents": len(speakers), "room": room}
        yield Finding(SEVERAL_AGENTS, seen, level="SHOULD", data=data)


def judge_echo(share: float) -> Iterator[Finding]:
    """
    Yield a warning if most of what the caller hears is its own tone; `share` is of the energy.

    Speech that contains the frequency of the tone, or a line that returns a little of it, is none.
    """
    if share > _MOST:
        seen = f"{share:.0%} of what the caller heard is the tone that it sent"
        yield Finding(HEARS_ITSELF, seen, level="SHOULD", data={"share": round(share, 2)})


def judge_caller(shown: str, expected: str) -> Iterator[Finding]:
    """
    Yield a violation if an outbound call shows another number than `expected`, which may be empty.

    Providers write the same number with and without the plus sign.
    """
    if expected and shown.lstrip("+") != expected.lstrip("+"):
        seen = f"the callee saw a call from {shown or 'nobody'}, expected {expected}"
        data: dict[str, Json] = {"shown": shown, "expected": expected}
        yield Finding(OTHER_CALLER, seen, data=data)


def judge_account(trunk: Trunk, username: str, password: str) -> Iterator[Finding]:
    """
    Yield the differences between the account of the profile and that of the trunk.
    """
    if not trunk.asks_for_credentials:
        return
    data: dict[str, Json] = {"trunk": trunk.id}
    if not username:
        seen = f"sip.username is empty, and trunk {trunk.id} asks for an account"
        yield Finding(NO_USERNAME, seen, "trunk-credentials", data=data)
        return
    fields = (
        (OTHER_USERNAME, "username", username, trunk.auth_username),
        (OTHER_PASSWORD, "password", password, trunk.auth_password),
    )
    for code, name, ours, theirs in fields:
        if ours != theirs:
            seen = f"sip.{name} is not auth_{name} of trunk {trunk.id}"
            yield Finding(code, seen, "trunk-credentials", data=data)


def judge_limits(trunk: Trunk, ended_at_s: float) -> Iterator[Finding]:
    """
    Yield the time limit of the trunk that ran out when livekit-sip refused the call.

    It counts from the join of the room, which comes a moment after the INVITE.
    """
    limits = {
        "ringing_timeout": trunk.terms.ringing_timeout_s,
        "max_call_duration": trunk.terms.max_call_duration_s,
    }
    for name, limit_s in limits.items():
        if limit_s and limit_s <= ended_at_s <= limit_s + _JOINS_WITHIN_S:
            seen = f"trunk {trunk.id} ends calls after its {name} of {limit_s:g} s"
            data: dict[str, Json] = {"limit": name, "limit_s": limit_s, "after_s": ended_at_s}
            yield Finding(TRUNK_LIMIT, seen, "agent", data=data)


def judge_open_trunk(trunk: Trunk, username: str) -> Iterator[Finding]:
    """
    Yield a violation if the trunk has a user name or a password alone, or neither and is open to
    every address, though the profile has an account for it.
    """
    if not trunk.auth_username and not trunk.auth_password:
        if username and not trunk.allowed_addresses:
            yield Finding(
                TAKES_ANYBODY,
                f"trunk {trunk.id} has no auth_username and no auth_password, so livekit-sip "
                "takes calls from anybody; the profile has an account for it",
                "strangers",
                data={"trunk": trunk.id},
            )
        return
    if trunk.asks_for_credentials:
        return
    has, lacks = ("auth_username", "auth_password")[:: 1 if trunk.auth_username else -1]
    yield Finding(
        HALF_AN_ACCOUNT,
        f"trunk {trunk.id} has {has} and no {lacks}, so livekit-sip challenges nobody",
        "strangers",
        data={"trunk": trunk.id, "has": has, "lacks": lacks},
    )
