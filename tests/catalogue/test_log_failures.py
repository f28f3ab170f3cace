"""
Lines that report a failure, known or not, and the link that each tells of.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import SERVER, SIP, errors
from livekit_conformance.catalogue.log_lines.failures import failed_link, link_of, reports_failure
from livekit_conformance.protocol.logline import parse

HEALTHY = Path(__file__).parents[1] / "log_diagnosis" / "recordings" / "healthy.log"
CALL = {"callID": "SCL_1", "sipCallID": "c-1", "direction": "inbound"}


def line(message, level="info", **fields):
    return parse(json.dumps({"level": level, "ts": 1.0, "msg": message, **fields}))


@pytest.mark.parametrize(
    ("service", "message", "fields"),
    [
        (SIP, "a line that nobody has seen", {"level": "warn"}),
        (SIP, "a line that nobody has seen", {"error": "boom"}),
        (SIP, "a line that nobody has seen", {"err": "boom"}),
        (SIP, "a line that nobody has seen", {"reason": "ran into a wall"}),
        (SIP, "SIP call ended", {"reason": "flood"}),
        (SIP, "BYE from remote", {"reason-raw": "Q.850;cause=127"}),
        (SIP, "inbound call failed to transfer", {"error": "sip status: 405"}),
        (SERVER, "could not join room", {"level": "error", "error": errors.ROOM_IS_FULL}),
    ],
)
def test_a_failure_is_one_at_any_level(service, message, fields):
    assert reports_failure(service, line(message, **fields))


@pytest.mark.parametrize(
    ("service", "message", "fields"),
    [
        (SIP, "a line that nobody has seen", {}),
        (SIP, "a line that nobody has seen", {"error": "", "reason": "CLIENT_INITIATED"}),
        (SIP, "SIP call ended", {"reason": "hangup"}),
        (SIP, "BYE from remote", {"reason-raw": "Q.850;cause=16;text=Normal"}),
        (SIP, "Stopped discarding packets", {"error": "read udp: i/o timeout"}),
        (SERVER, "API RoomService.CreateRoom", {"error": "permissions denied"}),
        (SERVER, "error writing to websocket", {"level": "error", "error": "closed"}),
        (SERVER, "participant closing", {"reason": "CLIENT_REQUEST_LEAVE"}),
        (SIP, "Closing inbound call with error", {"level": "warn", "result": "server_error"}),
        (SERVER, "could not handle it", {"level": "error", "error": "context canceled"}),
        (SERVER, "trying to create answer on closed peer connection", {"level": "warn"}),
        (SIP, "could not send ICE candidate", {"level": "warn", "error": "close sent"}),
    ],
)
def test_what_healthy_calls_have_is_no_failure(service, message, fields):
    assert not reports_failure(service, line(message, **fields))


def test_no_line_about_a_healthy_call_is_a_failure():
    services = {"sip": SIP, "livekit": SERVER}
    lines = [parse(raw) for raw in HEALTHY.read_text(encoding="utf-8").splitlines()]
    about_a_call = [each for each in lines if each.fields.get("callID") or each.fields.get("room")]

    failures = [
        each.message
        for each in about_a_call
        if reports_failure(services[str(each.fields["logger"]).partition(".")[0]], each)
    ]

    assert len(about_a_call) > 200
    assert failures == []


@pytest.mark.parametrize(
    ("service", "message", "fields", "link"),
    [
        # Known.
        (SIP, "Cannot create LiveKit participant", {}, Link.JOIN),
        (SIP, "SIP call ended", {"reason": "media-timeout"}, Link.MEDIA),
        (SIP, "SIP call ended", {"reason": "flood"}, Link.TRUNK),
        # By the error.
        (SIP, "no", {"error": f"psrpc: {errors.NO_RESPONSE}", **CALL}, Link.BUS),
        # By logger and source.
        (SIP, "no", {"logger": "sip.pion.ice", **CALL}, Link.WEBRTC),
        (SIP, "no", {"logger": "sip", "caller": "sip/media_port.go:1", **CALL}, Link.MEDIA),
        (SIP, "no", {"logger": "sip", "caller": "sip/room.go:1", **CALL}, Link.JOIN),
        (SERVER, "no", {"logger": "livekit.webhook", "room": "r"}, Link.DELIVERY),
        (SERVER, "no", {"logger": "livekit.agents", "room": "r"}, Link.AGENT),
        (SERVER, "no", {"logger": "livekit.psrpc.SIPInternal.X"}, Link.BUS_SIP),
        # By how far the call had come.
        (SIP, "no", CALL, Link.TRUNK),
        (SIP, "no", {**CALL, "sipTrunk": "ST_1", "passwordHash": "1"}, Link.CREDENTIALS),
        (SIP, "no", {**CALL, "sipTrunk": "ST_1"}, Link.DISPATCH),
        (SIP, "no", {**CALL, "sipTrunk": "ST_1", "sipRule": "SDR_1"}, Link.OFFER),
        (SIP, "no", {**CALL, "sipTrunk": "ST_1", "sipRule": "SDR_1", "room": "r"}, Link.JOIN),
        (SIP, "no", {**CALL, "direction": "outbound"}, Link.OUTBOUND),
        (SIP, "no", {}, Link.SIP_SOCKET),
        # By whom it is about.
        (SERVER, "could not join room", {"room": "r", "participant": "sip_+15550142"}, Link.JOIN),
        (SERVER, "could not join room", {"room": "r", "participant": "agent-1"}, Link.AGENT),
        (SERVER, "error handling request", {"path": "/rtc", "status": 401}, Link.JOIN),
        (SERVER, "error handling request", {"path": "/twirp/x", "status": 401}, Link.API_KEY),
        (SERVER, "no", {"room": "r"}, Link.ROOM_LIFE),
        (SERVER, "no", {}, Link.SERVER),
    ],
)
def test_a_line_belongs_to_a_link(service, message, fields, link):
    assert link_of(service, line(message, **fields), lambda who: who.startswith("sip_")) is link


def test_the_result_of_a_call_tells_of_no_link():
    result = line("signaling timestamps", result="server_error", room="r", **CALL)

    assert reports_failure(SIP, result)
    assert failed_link(SIP, result) is None


def test_only_a_failure_breaks_a_link():
    assert failed_link(SIP, line("nobody knows this line", **CALL)) is None
    assert failed_link(SIP, line("nobody knows this line", "warn", **CALL)) is Link.TRUNK
    assert failed_link(SIP, line("SIP call ended", reason="flood")) is Link.TRUNK
