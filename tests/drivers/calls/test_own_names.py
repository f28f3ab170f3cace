"""
Log lines about the run are told from those about other users of the deployment.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from livekit_conformance.drivers.calls.log_lines import own_names
from livekit_conformance.drivers.logs import LogTail
from livekit_conformance.observations import Observation, Recorder
from livekit_conformance.protocol.own_names import OwnNames
from livekit_conformance.secrets.patterns import Redactor
from suites.errors.test_logs import read_logs
from suites.errors.test_logs import test_the_logs_hold_no_known_error as logs_are_clean
from tests.observed import observed

NOW = 1_000_000.0
MARK = "lkc-1a2b3c4d"
LIST_ROOMS = "/twirp/livekit.RoomService/ListRooms"
FAILED = "Rejecting inbound, auth check failed"


class Logs:
    """
    Logs of both services, and the recorder of a run that has placed one call.
    """

    def __init__(self, folder: Path, *, provider: bool = False) -> None:
        self.recorder = Recorder(Redactor())
        call = {"call": "conformance-1", "purpose": "probe"}
        self.recorder.record(observed(NOW, "sip-call", "INVITE", call))
        url = f"http://127.0.0.1:7880{LIST_ROOMS}"
        request = {"url": url, "method": "POST", "status": 200}
        self.recorder.record(observed(NOW, "http", "POST", request))
        self.tails: dict[str, LogTail] = {}
        self._paths: dict[str, Path] = {}
        self._provider = provider
        for service in ("livekit-server", "livekit-sip"):
            path = self._paths[service] = folder / f"{service}.log"
            path.touch()
            self.tails[service] = LogTail(service, path)

    def write(self, service: str, message: str, *, at: float = NOW, **fields: object) -> None:
        line = {"level": "error", "ts": at, "msg": message, **fields}
        with self._paths[service].open("a") as log:
            log.write(json.dumps(line) + "\n")

    @property
    def own(self) -> OwnNames:
        for tail in self.tails.values():
            tail.read()
        return own_names(
            self.tails.values(), self.recorder, mark=MARK, since=NOW - 10, provider=self._provider
        )

    async def hits(self) -> str:
        """
        Return what 1.5-logs-are-clean holds against the deployment.
        """
        try:
            await logs_are_clean(self.tails, self.own)
        except AssertionError as violated:
            return str(violated)
        return ""

    def recorded(self) -> Mapping[str, list[Observation]]:
        """
        Return the observations at the end of the run, by kind.
        """
        own = self.own
        for tail in self.tails.values():
            tail.report(self.recorder, own)
            tail.report_others(self.recorder)
        kinds: defaultdict[str, list[Observation]] = defaultdict(list)
        for seen in self.recorder.observations:
            kinds[seen.kind].append(seen)
        return kinds


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    return Logs(tmp_path)


def inbound(call: str, **fields: object) -> Mapping[str, Any]:
    return {"sipCallID": call, "callID": f"SCL_{call}", "error": "deadline exceeded", **fields}


# Names of the run and of others in the same line of a log.
PAIRS = {
    "call": ("livekit-sip", FAILED, inbound("conformance-1"), inbound("other")),
    "room": (
        "livekit-server",
        "failed to send webhook",
        {"room": f"voice-ai-call-{MARK}-3"},
        {"room": "voice-ai-call-lkc-other-3"},
    ),
    "nested": (
        "livekit-server",
        "client error",
        {"error": "no response from servers", "request": {"room_name": f"{MARK}-1"}},
        {"error": "no response from servers", "request": {"room_name": "other"}},
    ),
    "time": (
        "livekit-sip",
        FAILED,
        {"at": NOW, **inbound("conformance-1")},
        {"at": NOW - 86_400, "error": "deadline exceeded"},
    ),
}


@pytest.mark.parametrize("pair", PAIRS)
async def test_a_failure_of_ours_is_a_violation_beside_those_of_others(logs, pair):
    service, message, ours, others = PAIRS[pair]
    logs.write(service, message, **others)
    clean = await logs.hits()
    counted = logs.recorded()["others"]

    logs.write("livekit-sip", "Joining room", **inbound("conformance-1"))
    logs.write(service, message, **ours)

    assert clean == ""
    assert [seen.lines for seen in counted] == [1]
    assert message in await logs.hits()


async def test_an_outbound_call_is_known_by_its_room(logs):
    # Its Call-ID is livekit-sip's, and nobody received it.
    logs.write("livekit-sip", "SIP invite failed", **inbound("of-livekit-sip", room="voice-1"))
    others = logs.recorded()["others"]

    call = {"call": None, "room": "voice-1"}
    logs.recorder.record(observed(NOW, "sip-call", "CreateSIPParticipant", call))
    logs.write("livekit-sip", FAILED, **inbound("of-livekit-sip", room="voice-1"))

    assert [seen.lines for seen in others] == [1]
    assert FAILED in await logs.hits()


def test_every_log_is_read_before_silence_counts(logs):
    logs.write("livekit-server", "starting RTC session")
    logs.write("livekit-sip", FAILED, **inbound("conformance-1"))

    assert [len(tail.lines) for tail in read_logs(logs.tails).values()] == [1, 1]


async def test_others_are_no_evidence_of_a_cause(logs):
    logs.write("livekit-sip", FAILED, **inbound("other-1"))
    logs.write("livekit-sip", FAILED, **inbound("other-2"))
    logs.write("livekit-sip", FAILED, **inbound("conformance-1"))

    recorded = logs.recorded()
    (ours,), (others,) = recorded["log"], recorded["others"]

    assert ours.fields["sipCallID"] == "conformance-1"
    assert (others.service, others.message) == ("livekit-sip", f"{FAILED} (deadline exceeded)")
    assert (others.lines, others.calls) == (2, 2)


async def test_a_line_that_names_nobody_is_ours_if_nobody_else_was_there(logs):
    logs.write("livekit-server", "could not find any available nodes")
    alone = await logs.hits()

    logs.write("livekit-sip", "processing invite", **inbound("other"))

    assert "could not find any available nodes" in alone
    assert await logs.hits() == ""


@pytest.mark.parametrize("others", [True, False])
@pytest.mark.parametrize(
    ("line", "can_be_unclear"),
    [
        ({"message": "could not find any available nodes"}, True),
        ({"message": "high cpu load", "load": 0.97}, False),
        ({"message": "panic: runtime error"}, False),
        ({"message": FAILED, **inbound("conformance-1")}, False),
    ],
)
async def test_a_line_is_unclear_if_it_may_be_about_others(logs, line, can_be_unclear, others):
    if others:
        logs.write("livekit-sip", "processing invite", **inbound("other"))
    logs.write("livekit-sip", **line)

    (seen,) = logs.recorded()["log"]

    assert seen.unclear is (others and can_be_unclear)


@pytest.mark.parametrize(("path", "is_ours"), [(LIST_ROOMS, True), ("/twirp/livekit.X/Y", False)])
async def test_a_request_that_we_did_not_send_is_not_ours(logs, path, is_ours):
    failed = {"error": "no response from servers", "path": path}
    logs.write("livekit-server", "error handling request", **failed)

    assert bool(await logs.hits()) is is_ours


async def test_a_crash_is_everybodys(logs):
    logs.write("livekit-sip", "processing invite", **inbound("other"))
    logs.write("livekit-sip", "panic: runtime error")

    assert "panic" in await logs.hits()


async def test_a_call_of_others_in_the_room_of_ours_is_not_ours(logs):
    found = {"call": "conformance-1", "room": "shared", "sid": "PA_1", "identity": "sip_1"}
    logs.recorder.record(observed(NOW, "caller", "found", found))
    logs.write("livekit-sip", FAILED, **inbound("other", room="shared"))

    assert await logs.hits() == ""


async def test_without_the_log_of_livekit_sip_the_room_of_our_call_may_have_any_name(logs):
    del logs.tails["livekit-sip"]
    logs.write("livekit-server", "failed to send webhook", at=NOW - 1, room="of-our-call")

    assert "failed to send webhook" in await logs.hits()


@pytest.mark.parametrize(("at", "found"), [(NOW - 1, True), (NOW + 60, False)])
async def test_behind_a_provider_our_failed_call_has_another_name(tmp_path, at, found):
    logs = Logs(tmp_path, provider=True)
    logs.write("livekit-sip", FAILED, at=at, **inbound("made-by-the-provider"))

    assert bool(await logs.hits()) is found


def test_a_failure_of_our_call_is_a_finding_of_its_link(logs):
    call = inbound("conformance-1", error="boom")
    logs.write("livekit-sip", "Joining room", level="info", **inbound("conformance-1", room="r"))
    logs.write("livekit-sip", "nobody knows this line", sipTrunk="ST_1", **call)
    logs.write("livekit-sip", "nor this one", level="info", **call)
    logs.write("livekit-server", "could not join room", room="r", participant="agent-1")
    # These name no call of ours.
    logs.write("livekit-sip", "a witness", error="boom")
    logs.write("livekit-sip", "of another", **inbound("other"))

    links = {seen.message: seen.link for seen in logs.recorded()["log"]}

    assert links == {
        "nobody knows this line": "dispatch-rule",
        "nor this one": "trunk-match",
        "could not join room": "agent",
        "a witness": None,
    }


def test_what_a_call_that_should_fail_reports_is_no_sign_of_a_cause(logs):
    call = {"call": "conformance-2", "fails_at": "trunk-credentials"}
    logs.recorder.record(observed(NOW, "sip-call", "INVITE", call))
    refused = {"error": "response mismatch"}
    message = "Authentication failed - response mismatch"
    logs.write("livekit-sip", message, **inbound("conformance-2", **refused))
    logs.write("livekit-sip", FAILED, **inbound("conformance-2"))
    logs.write("livekit-sip", message, **inbound("conformance-1", **refused))

    seen = [(seen.message, seen.fields["sipCallID"]) for seen in logs.recorded()["log"]]

    # It failed at another link, too.
    assert seen == [(FAILED, "conformance-2"), (message, "conformance-1")]
