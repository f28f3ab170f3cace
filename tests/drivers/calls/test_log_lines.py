"""
Ordinary log lines of our own calls are kept, and not mistaken for a sign of a cause.
"""

from __future__ import annotations

import json

import pytest

from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.drivers.calls.log_lines import LINES_OF_A_CALL, record_call_lines
from livekit_conformance.drivers.logs import LogTail
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.phone_numbers import NumberMask
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.secrets.scrubber import Scrubber
from livekit_conformance.verdict import CheckRecord, Verdict
from tests.observed import observed

PROBE = {"call": "conformance-1", "purpose": "probe"}
CALL = {"sipCallID": "conformance-1", "callID": "SCL_1"}
ROOM = "voice-ai-call-1"


class Scene:
    """Logs of both services, and a recorder that has seen our call."""

    def __init__(self, folder):
        self.tails = {}
        self.paths = {}
        for service in ("livekit-server", "livekit-sip"):
            self.paths[service] = path = folder / f"{service}.log"
            path.touch()
            self.tails[service] = LogTail(service, path)
        self.recorder = Recorder(Redactor(["hunter2-hunter2"]))
        self.recorder.record(observed(1.0, "sip-call", "INVITE", PROBE))

    def write(self, service, message, level="info", **fields):
        line = {"level": level, "ts": 1.5, "msg": message, **fields}
        with self.paths[service].open("a") as log:
            log.write(json.dumps(line) + "\n")

    def record(self):
        for tail in self.tails.values():
            tail.report(self.recorder)
        record_call_lines(self.tails.values(), self.recorder)
        return [o for o in self.recorder.observations if o.kind in {"log", "call-line"}]


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def test_lines_of_the_call_are_kept_by_all_its_names_and_those_of_others_are_not(scene):
    scene.write("livekit-server", "participant active", room=ROOM, participant="sip_1")
    scene.write("livekit-server", "participant active", room="another", participant="x")
    scene.write("livekit-server", "API RoomService.ListRooms", room=[])
    scene.write("livekit-sip", "Joining room", **CALL, room=ROOM, stats={"much": 1})
    scene.write("livekit-sip", "processing invite", sipCallID="of-another", callID="SCL_2")

    seen = scene.record()

    assert [(o.kind, o.service, o.message) for o in seen] == [
        ("call-line", "livekit-server", "participant active"),
        ("call-line", "livekit-sip", "Joining room"),
    ]
    assert seen[1].at == 1.5
    assert "stats" not in seen[1].fields
    assert seen[1].fields["room"] == ROOM


def test_a_warning_stays_a_warning_and_is_told_once(scene):
    scene.write("livekit-sip", "auth check failed", "warn", **CALL, error="hunter2-hunter2")
    scene.tails["livekit-sip"].report(scene.recorder)

    (seen,) = scene.record()

    assert (seen.kind, seen.fields["error"]) == ("log", "***")


def test_what_the_suite_lets_fail_is_kept_for_its_call_and_not_as_a_warning(scene):
    tail = scene.tails["livekit-sip"]
    tail.report_no_more()
    scene.write("livekit-sip", "auth check failed", "warn", **CALL)

    (seen,) = scene.record()

    assert (seen.kind, seen.level) == ("call-line", "warn")


def test_the_lines_of_one_call_are_limited_and_the_rest_is_counted(scene):
    for number in range(LINES_OF_A_CALL + 7):
        scene.write("livekit-sip", f"line {number}", **CALL)

    *kept, last = scene.record()

    assert len(kept) == LINES_OF_A_CALL
    assert last.left_out == 7
    assert last.summary == "7 more lines about call conformance-1 are in the logs"


def test_lines_that_every_call_has_and_nobody_needs_are_left_out(scene):
    scene.write("livekit-sip", "call statistics", **CALL)

    assert scene.record() == []


def test_a_caller_that_was_found_leads_to_the_lines_behind_a_provider(scene):
    details = {"call": "conformance-1", "room": ROOM, "identity": "sip_1", "sid": "PA_1"}
    scene.recorder.record(observed(1.2, "caller", "found", details))
    scene.write("livekit-sip", "processing invite", callID="SCL_9", sipCallID="of-the-provider")
    scene.write(
        "livekit-sip",
        "SIP participant joined room",
        callID="SCL_9",
        sipCallID="of-the-provider",
        participantID="PA_1",
    )

    assert [o.message for o in scene.record()] == [
        "processing invite",
        "SIP participant joined room",
    ]


def test_a_room_whose_name_holds_a_number_is_found_in_the_log_of_the_server_alone(scene):
    number = "voice-ai-call-_+4930123456_abc"
    scene.recorder.redact = Scrubber(also=NumberMask())
    room = scene.recorder.redact(number)
    details = {"call": "conformance-1", "sid": "PA_1", "room": room}
    scene.recorder.record(observed(1.2, "caller", "found", details))
    scene.write("livekit-server", "participant active", room=number, participant="sip_x")

    (seen,) = scene.record()

    assert room != number
    assert (seen.kind, seen.fields["room"]) == ("call-line", room)


def test_an_ordinary_line_is_no_sign_of_a_cause(scene):
    scene.write("livekit-sip", "Joining room", **CALL, error="no response from servers")
    (seen,) = scene.record()
    unhappy = CheckRecord(
        "1.5-invite-is-not-rejected", "", "1.5", "sip", "MUST", "", Verdict.FAIL, broken_link="bus"
    )

    assert seen.kind == "call-line"
    without = [o for o in scene.recorder.observations if o is not seen]
    assert diagnose([unhappy], [*without, seen]) == diagnose([unhappy], without)


def test_what_livekit_sip_counted_of_the_probe_call_is_media(scene):
    stats = {"port": {"packets_input": 0, "audio_out_frames": 50}, "room": {"input_packets": 49}}
    scene.write("livekit-sip", "call statistics", **CALL, stats=stats)
    scene.write("livekit-sip", "call statistics", sipCallID="of-another", stats=stats)
    details = {"call": "of-another", "purpose": "repeated"}
    scene.recorder.record(observed(1.0, "sip-call", "INVITE", details))

    scene.record()

    [media] = [seen for seen in scene.recorder.observations if seen.kind == "media"]
    assert (media.call, media.side) == ("conformance-1", "livekit-sip")
    assert (media.packets, media.sent, media.from_room) == (0, 50, 49)
