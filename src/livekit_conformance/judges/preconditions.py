"""
Reasons why a claim could not be tested, or does not apply. Data `see`: the check to look at first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from livekit_conformance.errors import Blocked, NotApplicable, blocked, not_applicable
from livekit_conformance.findings import Code, Json

# -- calls. Data of all: see; of those with an answer also statuses.
SEARCH_FAILED: Final = Code("check.caller-search-failed")
ROOM_NOT_FOUND: Final = Code("check.room-not-found")
ENDED_UNCHALLENGED: Final = Code("check.call-ended-unchallenged")
CALL_IGNORED: Final = Code("check.call-ignored")
CALLER_NOT_REFUSED: Final = Code("check.caller-not-refused")
# Data: see, conflict.
NOT_PREDICTABLE: Final = Code("check.call-not-predictable")
# Data: caller, room.
SAME_CALLER: Final = Code("check.callers-are-alike")
# Data: tries.
ANSWERED_TOO_SOON: Final = Code("check.answered-before-cancel")
AGENT_ABSENT: Final = Code("check.agent-not-in-room")
AGENT_FAILED: Final = Code("check.agent-failed")
# Data: see.
NOTHING_HEARD: Final = Code("check.caller-heard-nothing")
# An outbound call. Data: see, answer, sip_status, reached.
NOTHING_RECEIVED: Final = Code("check.no-outbound-call")
# A call was answered during a failure. Data: during.
NO_FAILURE: Final = Code("check.failure-not-felt")
# -- the API and rooms. Data: see, status.
GOOD_TOKEN_FAILS: Final = Code("check.good-token-fails")
# Data: see, method, status.
OWN_GRANT_FAILS: Final = Code("check.own-grant-fails")
# Data: answer.
NOT_LISTABLE: Final = Code("check.trunks-not-listable")
# Data: see, room.
ROOM_NOT_LISTED: Final = Code("check.room-not-listed")
# Data: room, visitors.
ROOM_NOT_EMPTY: Final = Code("check.room-not-empty")
# Data: see.
LIMIT_UNKNOWN: Final = Code("check.limit-unknown")
# -- webhooks. Data: see, status.
SIGNED_EVENT_REFUSED: Final = Code("check.signed-event-refused")
FORGERY_NOT_REFUSED: Final = Code("check.forgery-not-refused")
# Data of both: see.
NOTHING_DELIVERED: Final = Code("check.no-event-delivered")
NO_NEXT_EVENT: Final = Code("check.no-next-event")
# -- logs, files and ports. Data: services.
LOG_EMPTY: Final = Code("check.log-empty")
# Data: service, error.
LOG_UNREADABLE: Final = Code("check.log-unreadable")
# Data: service.
LOG_HAS_GAPS: Final = Code("check.log-has-gaps")
# Lines of others look the same. Data: service, others.
NOT_TOLD_APART: Final = Code("check.lines-of-others")
# Data of both: path, error.
FILE_UNREADABLE: Final = Code("check.file-unreadable")
LEDGER_NOT_WRITABLE: Final = Code("check.ledger-not-writable")
# Data: key, listen, error.
CANNOT_LISTEN: Final = Code("check.cannot-listen")
# Data: error.
NO_REDIS_URL: Final = Code("check.no-redis-url")
# -- the claim does not apply
# Data: departure_s, watched_s.
ROOM_OUTLIVES: Final = Code("not-applicable.room-outlives-the-run")
NO_CHALLENGE_ASKED: Final = Code("not-applicable.no-challenge")
# Data: number.
NO_CREDENTIALS: Final = Code("not-applicable.no-trunk-credentials")
# Data: expected, least (numbers of packets).
TOO_FEW_PACKETS: Final = Code("not-applicable.too-few-packets")
SAME_MACHINE: Final = Code("not-applicable.same-machine")
# Data: key, of the profile.
NO_CERTIFICATE: Final = Code("not-applicable.no-certificate")
NO_ENV_FILE: Final = Code("not-applicable.no-env-file")
VARIABLE_NOT_USED: Final = Code("not-applicable.variable-not-used")
SECRET_ACCEPTED: Final = Code("not-applicable.wrong-secret-accepted")
# Data: status, see.
NOTHING_REFUSED: Final = Code("not-applicable.nothing-refused")
# Data: method.
NO_SUCH_METHOD: Final = Code("not-applicable.no-such-method")
# Data: text.
NO_JOINING: Final = Code("not-applicable.no-joining")
# Data: key.
OWN_DEVELOPMENT_KEY: Final = Code("not-applicable.development-key-in-use")

_KEY: Final = "1.1-key-is-accepted"
_JOINS: Final = "1.1-sip-service-joins-the-server"


def search_failed(why: object, *, whom: str = "caller") -> Blocked:
    """
    Return that the rooms could not be searched for the caller of a call.
    """
    reason = f"the search for the {whom} failed: {why}"
    return blocked(SEARCH_FAILED, reason, remedy=f"See {_KEY}", see=_KEY)


def room_not_found(reason: str, statuses: Sequence[Json]) -> Blocked:
    """
    Return that the room of a call, which got these answers, is not known.
    """
    remedy = f"See {_JOINS}"
    return blocked(ROOM_NOT_FOUND, reason, remedy=remedy, see=_JOINS, statuses=list(statuses))


def room_outlives_the_run(departure_s: int, watched_s: int) -> NotApplicable:
    """
    Return that the empty room of a call stays open, as it should, for longer than it is watched.
    """
    return not_applicable(
        ROOM_OUTLIVES,
        f"the departure timeout of the room is {departure_s} s, and a run watches an empty room "
        f"for {watched_s} s",
        departure_s=departure_s,
        watched_s=watched_s,
    )


def not_predictable(what: str, conflict: object) -> Blocked:
    """
    Return that the trunk or the rule of a call is a matter of chance.
    """
    see = "1.2-no-two-trunks-match"
    reason = f"the {what} for the call cannot be predicted: {conflict}"
    return blocked(NOT_PREDICTABLE, reason, remedy=f"See {see}", see=see, conflict=str(conflict))


def room_not_listed(reason: str, room: str) -> Blocked:
    """
    Return that a room of ours, which was created, is not listed.
    """
    see = "1.2-created-room-is-listed"
    return blocked(ROOM_NOT_LISTED, reason, remedy=f"See {see}", see=see, room=room)


def nothing_delivered(reason: str) -> Blocked:
    """
    Return that livekit-server delivered no event to our endpoint.
    """
    see = "1.3-server-delivers-room-events"
    return blocked(NOTHING_DELIVERED, reason, remedy=f"See {see}", see=see)


def agent_failed(problem: str) -> Blocked:
    """
    Return that the agent of the suite failed, which says nothing about the deployment.
    """
    remedy = "Run `livekit-conformance doctor`: the agent is the suite's own, not the deployment's"
    return blocked(AGENT_FAILED, problem, remedy=remedy)


def not_challenged() -> NotApplicable:
    """
    Return that the trunk asks nobody for credentials, so it can refuse none.
    """
    reason = "the trunk asked for no credentials: see 1.1-trunk-challenges"
    return not_applicable(NO_CHALLENGE_ASKED, reason)


def nothing_heard() -> Blocked:
    """
    Return that no packet reached the caller, so there is nothing to rate.
    """
    see = "1.5-audio-flows-both-ways"
    return blocked(NOTHING_HEARD, "the caller heard nothing", remedy=f"See {see}", see=see)


def too_few_packets(expected: int, least: int) -> NotApplicable:
    """
    Return that the other side sent so few packets that a rate of them proves nothing.
    """
    reason = f"the other side sent {expected} packets, and fewer than {least} prove nothing"
    return not_applicable(TOO_FEW_PACKETS, reason, expected=expected, least=least)


def variable_not_used() -> NotApplicable:
    """
    Return that nothing in the profile needs the variable.
    """
    return not_applicable(VARIABLE_NOT_USED, "the profile does not use this variable")


def log_empty(reason: str, *services: str, remedy: str) -> Blocked:
    """
    Return that the logs of these services have no line from this run.
    """
    return blocked(LOG_EMPTY, reason, remedy=remedy, services=list(services))
