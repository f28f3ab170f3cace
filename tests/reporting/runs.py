"""
Made-up runs: a healthy, a broken and an incomplete one, each with every clause of the catalogue.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clauses import BY_ID, CLAUSES
from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.reporting.result.model import Result, Run, never_ran
from livekit_conformance.reporting.writers import results_json
from livekit_conformance.timeline.story import timelines
from livekit_conformance.verdict import CheckRecord, Verdict
from tests.timeline import witnesses
from tests.timeline.witnesses import ended, of_server, of_sip, sip

STARTED = "2026-11-23T0{hour}:00:00Z"
RUN = Run(
    id="20261123T050000Z-staging-00000005",
    environment="staging",
    kind="live",
    started=STARTED.format(hour=5),
    suite_version="0",
    duration_s=12.5,
    url="wss://livekit.example.com",
    versions={"livekit_server": "1.13.5", "livekit_sip": "1.8.0"},
    variables={"LIVEKIT_URL": "environment", "SIP_NUMBER": ".env"},
    again=(".venv/bin/pytest", "{node_id}", "--env=staging"),
)
NOT_TESTED = "1.2-created-room-is-listed"
KNOWN = "1.4-logs-hold-no-tokens"
REFUSED = "1.5-invite-is-not-rejected"
BLOCKED = "1.5-call-is-answered"
KEY = "1.1-key-is-accepted"
JOINED = "1.1-sip-service-joins-the-server"


def record(clause):
    words = clause.id[4:].replace("-", "_")
    return CheckRecord(
        clause.id,
        f"suites/{clause.area}/test_{clause.area}.py::test_{words}[of a call]",
        clause.requirement,
        clause.area,
        clause.level,
        clause.statement,
        Verdict.PASS,
        started="2026-11-23T05:00:01.000Z",
        duration_s=0.125,
        evidence=(f"evidence/{clause.id}.json", "evidence/probe call.json"),
    )


def records(**changes):
    return tuple(replace(record(clause), **changes.get(clause.id, {})) for clause in CLAUSES)


def result(changes, observations, run=RUN):
    checks = records(**changes)
    made = [check for check in checks if not never_ran(check)]
    found = tuple(diagnose(made, observations, CAUSES))
    return Result(run, checks, found, timelines(observations))


ALWAYS = {
    NOT_TESTED: {
        "verdict": Verdict.SKIPPED,
        "reason": "not-permitted",
        "message": "the profile does not permit the effect create-rooms",
        "evidence": (),
    },
    KNOWN: {
        "verdict": Verdict.KNOWN,
        "message": "known until 2026-12-31 (operations): upgrade is planned; 2 lines with one",
    },
}


@cache
def healthy():
    return result(ALWAYS, witnesses.healthy())


@cache
def broken():
    """Return a run in which livekit-server does not know the key of livekit-sip."""
    refused = "unauthorized: invalid token: <token>, error: signature is invalid"
    seen = [
        sip(0.000, ">INVITE"),
        sip(0.002, "<100 Processing"),
        sip(0.030, "<180 Ringing"),
        sip(0.190, "<486 Rejected"),
        sip(0.191, ">ACK", method="ACK"),
        ended(0.200, "refused", final_status=486),
        of_sip(0.005, "Starting SIP invite authentication", sipTrunk="ST_1"),
        of_sip(0.020, "Joining room", room=witnesses.ROOM, participant=witnesses.CALLER),
        of_server(0.025, "error handling request", level="warn", status=401, error=refused),
        of_sip(0.026, "Cannot create LiveKit participant", level="error", error=refused),
    ]
    fails = {"verdict": Verdict.FAIL}
    return result(
        ALWAYS
        | {
            REFUSED: fails | {"message": f"{BY_ID[REFUSED].statement}; 486 at 0.19 s"},
            JOINED: fails | {"message": f"{BY_ID[JOINED].statement}; nobody came"},
            BLOCKED: {"verdict": Verdict.BLOCKED, "blocked_by": REFUSED, "message": "no call"},
        },
        seen,
    )


@cache
def incomplete():
    """Return a run that was killed when it had just begun."""
    left = {
        "verdict": Verdict.BLOCKED,
        "message": "not run: killed at 1.2-created-room-is-listed",
        "started": None,
        "duration_s": 0.0,
    }
    changes = {clause.id: left for clause in CLAUSES if clause.requirement > "1.1"}
    return result(
        changes, [], replace(RUN, versions={}, interrupted="killed at 1.2-created-room-is-listed")
    )


@cache
def dead():
    """Return a run with a wrong API secret: every check that needs a token is blocked."""
    blocked = {"verdict": Verdict.BLOCKED, "message": "no token is taken", "blocked_by": KEY}
    changes = {clause.id: blocked for clause in CLAUSES if Link.API_KEY in clause.crosses}
    refused = f"{BY_ID[KEY].statement}; received 401"
    return result(changes | {KEY: {"verdict": Verdict.FAIL, "message": refused}}, [])


RUNS = {"healthy": healthy, "broken": broken, "dead": dead, "incomplete": incomplete}


def write_former_runs(reports):
    """Write the result files of four earlier runs."""
    for hour in range(1, 5):
        run = replace(RUN, id=f"20261123T0{hour}0000Z-staging-0000000{hour}")
        former = replace(healthy(), run=replace(run, started=STARTED.format(hour=hour)))
        (reports / run.id).mkdir(parents=True)
        results_json.write(former, reports / run.id / "results.json")
