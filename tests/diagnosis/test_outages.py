"""
A service that stops during a run explains what fails afterwards, and nothing else is guessed from
observations on both sides of that moment.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from livekit_conformance.catalogue.causes import BY_ID, outages
from livekit_conformance.catalogue.clauses import BY_ID as CLAUSES
from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.diagnosis.interruptions import outage_for, root_of
from livekit_conformance.diagnosis.model import Diagnosis
from livekit_conformance.observations import Observation
from livekit_conformance.verdict import CheckRecord, Verdict
from tests.diagnosis.signs import record
from tests.observed import observed

START = 1796047380.0
LIST_TRUNKS = "http://server.example:7880/twirp/livekit.SIP/ListSIPInboundTrunk"
SERVER_CHANNEL = "IOInfo|GetSIPTrunkAuthentication|REQ"
SIP_CHANNEL = "SIPInternal|CreateSIPParticipant|REQ"


def check(at: float, name: str, verdict: Verdict = Verdict.FAIL, **more: Any) -> CheckRecord:
    began = datetime.fromtimestamp(START + at, UTC).isoformat()
    return replace(record(name, verdict, **more), started=began, duration_s=0.5)


def seen(at: float, kind: str, **details: object) -> Observation:
    return observed(START + at, kind, f"{kind} at {at}", details)  # type: ignore[arg-type]


def http(at: float, **details: object) -> Observation:
    return seen(at, "http", **{"url": LIST_TRUNKS, "status": 200, "body": ""} | details)


def listens(at: float, channel: str, subscribers: int = 1) -> Observation:
    return seen(at, "bus", channel=channel, subscribers=subscribers)


GONE = seen(6, "bus", error="Connection refused", failure="refused")
# The bus is empty, and livekit-sip was on it: together these would mean two Redis.
BOTH_SIDES = (
    http(1),
    listens(2, SIP_CHANNEL),
    listens(2, SERVER_CHANNEL),
    GONE,
    listens(8, SERVER_CHANNEL, 0),
)


def ids(found: tuple[Diagnosis, ...]) -> list[tuple[str, str]]:
    return [(each.id, each.confidence) for each in found]


def test_what_fails_after_a_stop_has_one_cause_with_its_time():
    records = [
        check(1, "1.1-server-answers", Verdict.PASS),
        check(6, "1.2-created-room-is-listed"),
        check(7, "1.5-bus-has-a-server"),
        check(8, "1.5-invite-is-not-rejected", Verdict.BLOCKED, blocked_by="1.5-bus-has-a-server"),
        check(9, "1.1-token-without-exp-is-refused", Verdict.WARN),
    ]

    (found,) = diagnose(records, [http(1), seen(5, "bus", run_id="a"), GONE])

    assert (found.id, found.confidence) == ("redis-stopped-during-the-run", "certain")
    assert found.checks == tuple(each.id for each in records[1:4])
    (said,) = found.evidence
    assert said == (
        "redis answered until 14:03:05.0 UTC, not at 14:03:06.0 UTC (Connection refused), "
        "and not since"
    )


def test_signs_from_both_sides_of_a_stop_make_no_cause():
    records = [check(8, "1.5-bus-has-a-server")]

    # Without an outage between them they do.
    still = [each for each in BOTH_SIDES if each is not GONE]
    assert ids(diagnose(records, still)) == [("server-on-another-redis", "certain")]
    assert ids(diagnose(records, BOTH_SIDES)) == [("redis-restarted-during-the-run", "likely")]


def test_what_failed_before_the_stop_keeps_its_own_cause():
    records = [
        check(1, "1.2-created-room-is-listed"),
        check(
            2, "1.2-deleted-room-is-gone", Verdict.BLOCKED, blocked_by="1.2-created-room-is-listed"
        ),
        check(8, "1.2-settings-are-kept", Verdict.BLOCKED, blocked_by="1.2-created-room-is-listed"),
        check(9, "1.5-bus-has-a-server"),
    ]

    found = diagnose(records, [http(1), seen(5, "bus", run_id="a"), GONE])

    assert ids(found) == [
        ("redis-stopped-during-the-run", "certain"),
        ("cause-unknown", "unknown"),
    ]
    assert found[0].checks == ("1.5-bus-has-a-server",)
    assert found[1].checks == ("1.2-created-room-is-listed",)


def test_what_a_restart_has_left_broken_is_no_cause_of_its_own():
    records = [check(6, "1.5-bus-has-a-server"), check(9, "1.1-trunk-accepts-right-password")]
    trunks_lost = seen(9, "dispatch", trunks=0, rules=0)
    observations = [seen(5, "bus", run_id="a"), GONE, seen(8, "bus", run_id="b"), trunks_lost]

    (found,) = diagnose(records, observations)

    assert (found.id, found.confidence) == ("redis-restarted-during-the-run", "certain")
    assert found.checks == tuple(each.id for each in records)


def test_a_stop_that_harmed_no_check_is_no_cause():
    records = [check(1, "1.1-server-answers", Verdict.PASS)]

    assert diagnose(records, [seen(5, "bus", run_id="a"), GONE]) == ()


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.FAIL])
def test_what_the_suite_stops_itself_is_no_outage(verdict):
    disrupting = check(5.5, "1.5-recovers-from[redis-restart]", verdict)
    skipped = replace(disrupting, verdict=Verdict.SKIPPED)
    failed = check(7, "1.5-logs-are-clean")
    stopped = [seen(5, "bus", run_id="a"), GONE]

    assert "redis-stopped-during-the-run" not in dict(ids(diagnose([disrupting, failed], stopped)))
    assert "redis-stopped-during-the-run" in dict(ids(diagnose([skipped, failed], stopped)))


NO_SERVER = {
    "status": None,
    "phase": "connect",
    "error": "Connection refused",
    "failure": "refused",
}


@pytest.mark.parametrize("cause", outages.CAUSES, ids=lambda cause: cause.id)
def test_each_service_has_a_cause_for_its_end_and_one_for_its_return(cause):
    service, kind = cause.id.removesuffix("-during-the-run").rsplit("-", 1)
    answers = {
        "redis": seen(1, "bus"),
        "livekit-server": http(1),
        "livekit-sip": seen(1, "sip", direction="received", status=200),
    }[service]
    fails = {
        "redis": GONE,
        "livekit-server": http(6, **NO_SERVER),
        "livekit-sip": seen(6, "sip", lost="Connection refused", failure="refused"),
    }[service]
    again = [replace(answers, at=START + 8)] if kind == "restarted" else []
    new = [seen(7, "start", service=service)] if kind == "restarted" else []
    broken = [check(6, "1.5-logs-are-clean")]

    (away,) = diagnose(broken, [answers, fails, *again])
    (found,) = diagnose(broken, [answers, fails, *new, *again])

    assert (away.id, away.confidence) == (cause.id, "likely" if again else "certain")
    assert (found.id, found.link, found.confidence) == (cause.id, cause.link, "certain")
    assert BY_ID[found.id] is cause


LOST = {"status": None, "phase": "answer", "error": "no answer in time"}
FROZEN = (http(1), http(6, **LOST), http(7, **LOST))


@pytest.mark.parametrize(
    ("observations", "needs_it", "needs_it_not"),
    [
        (FROZEN, ("1.1-key-is-accepted", "1.5-call-is-answered"), "1.5-sip-answers-options"),
        (
            (seen(1, "sip", direction="received", status=200), *[seen(6, "sip", lost="x")] * 2),
            ("1.5-call-is-answered", "1.5-outbound-call-is-answered"),
            "1.2-created-room-is-listed",
        ),
        (
            (seen(1, "bus", run_id="a"), GONE, GONE),
            ("1.2-created-room-is-listed", "1.5-invite-is-not-rejected"),
            "1.1-server-answers",
        ),
    ],
)
def test_an_outage_concerns_the_checks_that_need_the_service(observations, needs_it, needs_it_not):
    def outage(name: str) -> object:
        return outage_for(CLAUSES[name], [], observations)

    assert all(outage(name) is not None for name in needs_it)
    assert outage(needs_it_not) is None


@pytest.mark.parametrize(
    "observations",
    [
        FROZEN[:1],
        # A single lost answer may be an accident.
        FROZEN[:2],
        # It has come back.
        (*FROZEN, http(8)),
        # It was never there.
        FROZEN[1:],
    ],
)
def test_what_is_no_lasting_outage_blocks_no_check(observations):
    assert outage_for(CLAUSES["1.1-key-is-accepted"], [], observations) is None


def test_the_root_is_the_first_check_that_failed_in_the_outage():
    records = [
        check(0, "1.1-server-answers"),
        check(2, "1.1-key-is-accepted", Verdict.PASS),
        check(5, "1.2-created-room-is-listed", Verdict.BLOCKED),
        check(7, "1.2-deleted-room-is-gone"),
    ]
    outage = outage_for(CLAUSES["1.1-key-is-accepted"], records, FROZEN)

    assert outage is not None
    assert root_of(outage, records) is records[2]
