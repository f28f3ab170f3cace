"""
Problems of calls, by what was seen of each.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit import api
from livekit.protocol.models import ParticipantInfo, TrackInfo
from pydantic import SecretStr

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.api.trunks_and_rules import Telephony
from livekit_conformance.drivers.calls.call_problems import (
    judge_invite,
    no_challenge,
    shared_room,
    sharing_findings,
    unchallenged,
)
from livekit_conformance.drivers.calls.inbound_probe import ProbeCall
from livekit_conformance.environments.profile import Sip
from livekit_conformance.errors import Blocked, NotApplicable
from livekit_conformance.findings import Finding
from livekit_conformance.judges.calls import (
    HALF_AN_ACCOUNT,
    NO_CHALLENGE,
    NO_USERNAME,
    NOT_TAKEN,
    OTHER_PASSWORD,
    OTHER_USERNAME,
    ROOM_SHARED,
    SHARED_BY_A_DIRECT_RULE,
    TAKES_ANYBODY,
    TRUNK_LIMIT,
    judge_open_trunk,
)
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.dispatch import IncomingCall, Rule, Terms, Trunk
from livekit_conformance.protocol.sip.ladder import LadderStep
from livekit_conformance.protocol.sip.message import Headers, Response
from livekit_conformance.protocol.sip.outcome import Answer
from livekit_conformance.secrets.patterns import Redactor

NUMBER = "+15550123"
CALL = IncomingCall("+15550100", NUMBER)
SIP = Sip(server="sip.example.com", number=NUMBER, username="alice", password=SecretStr("right"))
TRUNK = Trunk("ST_1", numbers=(NUMBER,), auth_username="alice", auth_password="other")
OPEN = Trunk("ST_2", numbers=(NUMBER,))
RULE = Rule("SDR_1", "individual", "voice")
DIRECT = Rule("SDR_2", "direct", "lobby")
UNREADABLE = Blocked("not listed", remedy="")
DOUBLED = [LadderStep(0.1, "received", "180 Ringing", "the same")] * 9
DIGEST = 'Digest realm="livekit", nonce="abc", algorithm={}'


def probe(*statuses: int, ladder: Any = (), caller: str = CALL.caller, **seen: Any) -> ProbeCall:
    """
    A call that got these answers.
    """
    answers = tuple(Answer(status, float(at)) for at, status in enumerate(statuses))
    ended = answers[-1].at_s if answers else None
    call = cast("Any", SimpleNamespace(ladder=ladder, violations=[], final_at_s=ended))
    return ProbeCall(call, 0.0, caller, answers=answers, **seen)


def listed(*trunks: Trunk, rules: tuple[Rule, ...] = (RULE,)) -> Telephony:
    return Telephony(trunks, rules, Recorder(Redactor()))


def in_room(sid: str, *, number: str, rule: str = "SDR_1") -> ProbeCall:
    """
    A call whose caller is in this room; livekit-sip was told `number` of it.
    """
    told = {"sip.phoneNumber": number, "sip.ruleID": rule}
    return probe(
        *(180, 180, 180),
        room=api.Room(sid=sid, name=f"room-{sid}"),
        participant=ParticipantInfo(attributes=told),
    )


@pytest.mark.parametrize("statuses", [(100, 180, 200), (100, 180, 180, 180)])
def test_an_invite_that_is_answered_or_rings_has_no_problem(statuses):
    assert list(judge_invite(probe(*statuses), listed(TRUNK), CALL, SIP)) == []


@pytest.mark.parametrize(
    ("statuses", "telephony", "link", "seen"),
    [
        ((503,), UNREADABLE, Link.BUS, "refused: 503 at 0.00 s"),
        ((486,), listed(OPEN), Link.JOIN, "refused: 486 at 0.00 s"),
        ((180,), UNREADABLE, Link.DISPATCH, "ringing-stopped: 180 at 0.00 s"),
        ((180,), listed(), Link.TRUNK, "no trunk and rule SDR_1 take the call"),
        ((180,), listed(OPEN), Link.TRUNK, "trunk ST_2 and rule SDR_1 take the call"),
        ((180,), listed(OPEN, rules=()), Link.DISPATCH, "trunk ST_2 and no rule take the call"),
        ((401,), listed(TRUNK), Link.CREDENTIALS, "sip.password is not auth_password of trunk"),
        ((401,), listed(OPEN), Link.CREDENTIALS, "refused: 401 at 0.00 s"),
        ((503,), listed(OPEN, OPEN), Link.TRUNK, "Multiple SIP Trunks matched"),
        ((503,), listed(OPEN, rules=(RULE, RULE)), Link.DISPATCH, "Dispatch rule for the same"),
        ((486,), listed(OPEN, OPEN), Link.JOIN, "refused: 486 at 0.00 s"),
    ],
)
def test_the_answers_and_the_trunks_and_rules_tell_where_an_invite_broke(
    statuses, telephony, link, seen
):
    first, *more = judge_invite(probe(*statuses), telephony, CALL, SIP)

    assert (first.code, first.link, first.data["statuses"]) == (NOT_TAKEN, link, [*statuses])
    assert seen in "; ".join(each.seen for each in (first, *more))


@pytest.mark.parametrize(
    ("account", "codes"),
    [
        ({"username": "alice", "password": SecretStr("other")}, []),
        ({"username": "alice", "password": SecretStr("right")}, [OTHER_PASSWORD]),
        ({"username": "bob", "password": SecretStr("other")}, [OTHER_USERNAME]),
        ({"username": "bob", "password": SecretStr("x")}, [OTHER_USERNAME, OTHER_PASSWORD]),
        ({}, [NO_USERNAME]),
    ],
)
def test_each_difference_of_the_accounts_is_a_finding(account, codes):
    sip = Sip(server="sip.example.com", number=NUMBER, **account)

    found = judge_invite(probe(401), listed(TRUNK), CALL, sip)

    assert [each.code for each in found] == [NOT_TAKEN, *codes]
    assert [each.code for each in judge_invite(probe(401), listed(OPEN), CALL, sip)] == [NOT_TAKEN]


@pytest.mark.parametrize(
    ("terms", "limits"),
    [
        (Terms(ringing_timeout_s=1.0), ["ringing_timeout"]),
        (Terms(ringing_timeout_s=0.001), ["ringing_timeout"]),
        (Terms(max_call_duration_s=0.5), ["max_call_duration"]),
        (Terms(ringing_timeout_s=1.1), []),
        (Terms(), []),
    ],
)
def test_a_call_that_ends_when_its_trunk_says_so_is_ended_by_its_trunk(terms, limits):
    trunk = Trunk("ST_2", numbers=(NUMBER,), terms=terms)

    first, *more = judge_invite(probe(180, 486), listed(trunk), CALL, SIP)

    assert first.link == (Link.AGENT if limits else Link.JOIN)
    assert [(each.code, each.data["limit"]) for each in more] == [
        (TRUNK_LIMIT, limit) for limit in limits
    ]


def test_a_call_that_ends_long_after_a_limit_of_its_trunk_ended_for_another_reason():
    trunk = Trunk("ST_2", numbers=(NUMBER,), terms=Terms(ringing_timeout_s=1.0))
    late = (180, 180, 180, 180, 486)

    assert [each.code for each in judge_invite(probe(*late), listed(trunk), CALL, SIP)] == [
        NOT_TAKEN
    ]


def test_a_caller_that_was_in_the_room_waited_for_an_agent():
    inside = ParticipantInfo(tracks=[TrackInfo()])

    (found,) = judge_invite(probe(180, 480, participant=inside), UNREADABLE, CALL, SIP)

    assert (found.seen, found.link) == ("refused: 180 at 0.00 s, 480 at 1.00 s", Link.AGENT)


def test_an_invite_that_came_twice_breaks_the_socket_whatever_was_foretold():
    (found,) = judge_invite(probe(401, ladder=DOUBLED), listed(TRUNK), CALL, SIP)

    seen = "refused: 401 at 0.00 s; responses that arrived twice at the same moment: 8"
    assert (found.seen, found.link) == (seen, Link.SIP_SOCKET)


@pytest.mark.parametrize(
    ("final", "problem"),
    [
        (None, "the final answer is missing, not 407"),
        (Response(200, "OK"), "the final answer is 200 OK, not 407"),
        (Response(407, "Auth"), "Proxy-Authenticate cannot be read"),
        (DIGEST.format("SHA-256"), "the algorithm is SHA-256, not MD5"),
        ('Digest realm="", nonce="abc"', "realm or nonce is empty"),
    ],
)
def test_an_answer_that_asks_for_no_md5_digest_is_no_challenge(final, problem):
    if isinstance(final, str):
        final = Response(407, "Auth", Headers([("Proxy-Authenticate", final)]))

    assert problem in (no_challenge(final) or "")


def test_407_with_realm_and_nonce_is_a_challenge():
    headers = Headers([("Proxy-Authenticate", DIGEST.format("MD5"))])

    assert no_challenge(Response(407, "Auth", headers)) is None


@pytest.mark.parametrize(
    ("account", "seen"),
    [
        ({"auth_username": "alice"}, "trunk ST_3 has auth_username and no auth_password"),
        ({"auth_password": "right"}, "trunk ST_3 has auth_password and no auth_username"),
    ],
)
def test_a_trunk_with_half_an_account_lets_strangers_in(account, seen):
    (found,) = judge_open_trunk(Trunk("ST_3", **account), "")

    assert (found.code, found.link) == (HALF_AN_ACCOUNT, Link.STRANGERS)
    assert found.seen == f"{seen}, so livekit-sip challenges nobody"


@pytest.mark.parametrize(
    ("trunk", "username", "codes"),
    [
        (OPEN, "alice", [TAKES_ANYBODY]),
        (OPEN, "", []),
        (replace(OPEN, allowed_addresses=("192.0.2.1",)), "alice", []),
        (TRUNK, "alice", []),
    ],
)
def test_a_trunk_that_asks_nobody_is_open_unless_it_is_meant_so(trunk, username, codes):
    found = [*judge_open_trunk(trunk, username)]

    assert [each.code for each in found] == codes
    assert {each.link for each in found} <= {Link.STRANGERS}


@pytest.mark.parametrize("trunk", [None, OPEN])
def test_the_claim_does_not_apply_where_no_trunk_has_credentials(trunk):
    with pytest.raises(NotApplicable, match=r"no trunk for \+15550123 has credentials"):
        unchallenged(probe(180), "no 407", trunk, number=NUMBER)


def test_a_call_that_is_ignored_tells_nothing_of_a_challenge():
    with pytest.raises(Blocked, match="livekit-sip ignored the call"):
        unchallenged(probe(180), "no 407", TRUNK, number=NUMBER)


def test_a_trunk_with_credentials_that_asks_for_none_is_a_problem_of_the_clause():
    problem = unchallenged(probe(200), "no 407", TRUNK, number=NUMBER)

    assert problem == Finding(NO_CHALLENGE, "no 407; received 200 at 0.00 s")


def test_callers_in_one_room_of_a_direct_rule_are_a_choice():
    calls = [in_room("RM_1", number=number, rule="SDR_2") for number in ("+15550100", "+15550101")]

    problem = shared_room(calls, [RULE, DIRECT])

    assert (problem.code, problem.level) == (SHARED_BY_A_DIRECT_RULE, "SHOULD")
    assert "a Direct rule puts every caller into room-RM_1" in problem.seen


def test_callers_who_look_alike_may_share_a_room():
    with pytest.raises(Blocked, match=r"both calls arrived with the caller \+15550100"):
        shared_room([in_room("RM_1", number="+15550100")] * 2, [RULE, DIRECT])


def test_callers_told_apart_must_not_share_a_room():
    calls = [in_room("RM_1", number=number) for number in ("+15550100", "+15550101")]

    problem = shared_room(calls, [RULE, DIRECT])

    assert problem == Finding(ROOM_SHARED, "+15550100: room-RM_1; +15550100: room-RM_1")


async def test_calls_are_judged_by_the_rooms_that_were_seen():
    nobody = cast("LiveKitClient", None)
    one, other = (in_room(sid, number="+15550100") for sid in ("RM_1", "RM_2"))

    assert await sharing_findings([one, other], nobody) == ()
    assert await sharing_findings([one, probe(486)], nobody) == [
        Finding(ROOM_SHARED, "+15550100: room-RM_1; +15550100: none (486 at 0.00 s)")
    ]
    with pytest.raises(Blocked, match="the search for the callers failed: HTTP 500"):
        await sharing_findings([one, probe(486, not_seen="HTTP 500")], nobody)
