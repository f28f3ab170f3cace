"""
Ask any LiveKit the same questions: the real one to record its answers, the mock to compare.

Answers are normalised: times, ports and random characters are removed, identifiers become `<RM:1>`,
so that the relations between values are still compared.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from livekit_conformance.protocol import token, webhook
from tests.http_server import serving

API_KEY = "APIkeyForRecording"
API_SECRET = "recording-secret-recording-secret-00"
NUMBER, CALLER, STRANGER = "+15550123", "+15550100", "+15550199"
USERNAME, PASSWORD = "trunk-user", "trunk-password"

_EVERYTHING = {
    "video": {"roomCreate": True, "roomList": True, "roomAdmin": True, "room": "replay"},
    "sip": {"admin": True, "call": True},
}
_TRUNK = {
    "trunk": {
        "name": "replay",
        "numbers": [NUMBER],
        "auth_username": USERNAME,
        "auth_password": PASSWORD,
    }
}
_INDIVIDUAL = {"dispatchRuleIndividual": {"roomPrefix": "voice-ai-call-"}}
_ROOMS, _SIP = "/twirp/livekit.RoomService/", "/twirp/livekit.SIP/"


@dataclass(frozen=True, slots=True)
class Target:
    """
    Addresses and log files of a LiveKit.
    """

    url: str
    sip_address: tuple[str, int]
    server_log: Path
    sip_log: Path


def make_token(
    *,
    secret: str = API_SECRET,
    issuer: str = API_KEY,
    expires: int | None = 600,
    starts: int = -5,
    algorithm: token.Algorithm = "HS256",
    grants: dict[str, Any] | None = None,
    subject: str = "replay",
) -> str:
    """
    Return a token that is valid unless the arguments spoil it; times are seconds from now.
    """
    now = int(time.time())
    claims = {"iss": issuer, "sub": subject, "nbf": now + starts, **(grants or {})}
    if expires is not None:
        claims["exp"] = now + expires
    return token.sign(claims, secret, algorithm=algorithm)


@dataclass(frozen=True, slots=True)
class Question:
    """
    One HTTP request; `bearer` makes its token. `is_logged` False: the real log line is random.
    """

    id: str
    path: str
    body: Any = field(default_factory=dict)
    bearer: Callable[[], str] | None = lambda: make_token(grants=_EVERYTHING)
    prefix: str = "Bearer "
    method: str = "POST"
    content_type: str | None = "application/json"
    is_logged: bool = True


def _get(id_: str, path: str, bearer: Callable[[], str] | None = None) -> Question:
    return Question(id_, path, None, bearer, method="GET", content_type=None)


def _joins(room: str, subject: str = "replay") -> Callable[[], str]:
    grants = {"video": {"roomJoin": True, "room": room}}
    return lambda: make_token(grants=grants, subject=subject)


_OTHER_SECRET = "another-secret-another-secret-000000"

QUESTIONS = (
    _get("health", "/"),
    _get("health-with-wrong-secret", "/", lambda: make_token(secret=_OTHER_SECRET)),
    _get("unknown-path", "/nowhere"),
    Question("no-token", f"{_ROOMS}ListRooms", bearer=None),
    Question("no-bearer", f"{_ROOMS}ListRooms", prefix=""),
    Question("malformed-token", f"{_ROOMS}ListRooms", bearer=lambda: "nonsense"),
    Question("unknown-key", f"{_ROOMS}ListRooms", bearer=lambda: make_token(issuer="APInobody")),
    Question("wrong-secret", f"{_ROOMS}ListRooms", bearer=lambda: make_token(secret=_OTHER_SECRET)),
    Question("expired", f"{_ROOMS}ListRooms", bearer=lambda: make_token(expires=-120)),
    Question(
        "expired-within-leeway",
        f"{_ROOMS}ListRooms",
        bearer=lambda: make_token(expires=-30, grants=_EVERYTHING),
    ),
    Question(
        "without-expiry",
        f"{_ROOMS}ListRooms",
        bearer=lambda: make_token(expires=None, grants=_EVERYTHING),
    ),
    Question("not-valid-yet", f"{_ROOMS}ListRooms", bearer=lambda: make_token(starts=300)),
    Question(
        "expired-and-not-valid-yet",
        f"{_ROOMS}ListRooms",
        bearer=lambda: make_token(expires=-120, starts=300),
    ),
    Question("other-algorithm", f"{_ROOMS}ListRooms", bearer=lambda: make_token(algorithm="HS512")),
    Question("unsigned", f"{_ROOMS}ListRooms", bearer=lambda: make_token(algorithm="none")),
    Question("missing-grant", f"{_ROOMS}ListRooms", bearer=make_token),
    Question("list-no-rooms", f"{_ROOMS}ListRooms"),
    Question("create-without-grant", f"{_ROOMS}CreateRoom", {"name": "x"}, bearer=make_token),
    Question("create", f"{_ROOMS}CreateRoom", {"name": "replay", "metadata": "abc"}),
    Question("create-again", f"{_ROOMS}CreateRoom", {"name": "replay", "empty_timeout": 7}),
    Question("create-unknown-field", f"{_ROOMS}CreateRoom", {"name": "replay", "bogus": 1}),
    Question("create-too-long", f"{_ROOMS}CreateRoom", {"name": "é" * 129}),
    Question("list-rooms", f"{_ROOMS}ListRooms"),
    Question("list-by-name", f"{_ROOMS}ListRooms", {"names": ["replay", "absent"]}),
    Question("list-absent", f"{_ROOMS}ListRooms", {"names": ["absent"]}),
    Question("participants", f"{_ROOMS}ListParticipants", {"room": "replay"}),
    Question("participants-of-other-room", f"{_ROOMS}ListParticipants", {"room": "other"}),
    Question(
        "participants-of-no-room",
        f"{_ROOMS}ListParticipants",
        {"room": "absent"},
        bearer=lambda: make_token(grants={"video": {"roomAdmin": True, "room": "absent"}}),
    ),
    Question("no-participant", f"{_ROOMS}GetParticipant", {"room": "replay", "identity": "x"}),
    Question("remove-nobody", f"{_ROOMS}RemoveParticipant", {"room": "replay", "identity": "x"}),
    Question(
        "update-nobody",
        f"{_ROOMS}UpdateParticipant",
        {"room": "replay", "identity": "x", "metadata": "y"},
    ),
    Question(
        "mute-nobody",
        f"{_ROOMS}MutePublishedTrack",
        {"room": "replay", "identity": "x", "track_sid": "TR_x", "muted": True},
    ),
    Question(
        "unsubscribe-nobody",
        f"{_ROOMS}UpdateSubscriptions",
        {"room": "replay", "identity": "x", "track_sids": ["TR_x"]},
    ),
    Question(
        "send-data", f"{_ROOMS}SendData", {"room": "replay", "data": "eA==", "kind": "RELIABLE"}
    ),
    Question("send-data-to-other-room", f"{_ROOMS}SendData", {"room": "other", "data": "eA=="}),
    Question(
        "update-metadata", f"{_ROOMS}UpdateRoomMetadata", {"room": "replay", "metadata": "new"}
    ),
    Question(
        "update-metadata-of-no-room",
        f"{_ROOMS}UpdateRoomMetadata",
        {"room": "absent"},
        bearer=lambda: make_token(grants={"video": {"roomAdmin": True, "room": "absent"}}),
    ),
    Question("bad-json", f"{_ROOMS}CreateRoom", b"{"),
    Question(
        "bad-protobuf", f"{_ROOMS}CreateRoom", b"\xff\xff", content_type="application/protobuf"
    ),
    Question("bad-content-type", f"{_ROOMS}CreateRoom", content_type="text/plain", is_logged=False),
    Question("get-a-method", f"{_ROOMS}CreateRoom", b"", method="GET", is_logged=False),
    Question("unknown-method", f"{_ROOMS}Nothing", is_logged=False),
    Question("unknown-service", "/twirp/livekit.Nothing/Nothing"),
    Question("delete", f"{_ROOMS}DeleteRoom", {"room": "replay"}),
    Question("delete-again", f"{_ROOMS}DeleteRoom", {"room": "replay"}),
    _get("validate-no-token", "/rtc/validate"),
    _get("validate-wrong-secret", "/rtc/validate", lambda: make_token(secret=_OTHER_SECRET)),
    _get("validate-no-grant", "/rtc/validate", make_token),
    _get(
        "validate-no-join-grant",
        "/rtc/validate",
        lambda: make_token(grants={"video": {"roomAdmin": True, "room": "replay"}}),
    ),
    _get("validate-no-join-request", "/rtc/v1/validate", _joins("replay")),
    _get("validate-no-identity", "/rtc/validate", _joins("replay", "")),
    _get("validate-no-room", "/rtc/validate", _joins("")),
    _get("validate", "/rtc/validate", _joins("replay")),
    Question("trunks-no-token", f"{_SIP}ListSIPInboundTrunk", bearer=None),
    Question("trunks-without-grant", f"{_SIP}ListSIPInboundTrunk", bearer=make_token),
    Question("trunk-missing", f"{_SIP}CreateSIPInboundTrunk"),
    Question("trunk-open-to-all", f"{_SIP}CreateSIPInboundTrunk", {"trunk": {"name": "x"}}),
    Question("trunk", f"{_SIP}CreateSIPInboundTrunk", _TRUNK),
    Question("trunk-conflict", f"{_SIP}CreateSIPInboundTrunk", _TRUNK),
    Question("trunks", f"{_SIP}ListSIPInboundTrunk"),
    Question("rule-missing", f"{_SIP}CreateSIPDispatchRule"),
    Question(
        "rule",
        f"{_SIP}CreateSIPDispatchRule",
        {"dispatch_rule": {"name": "r", "rule": _INDIVIDUAL}},
    ),
    Question("rule-conflict", f"{_SIP}CreateSIPDispatchRule", {"name": "r", "rule": _INDIVIDUAL}),
    Question("rules", f"{_SIP}ListSIPDispatchRule"),
    Question("delete-rule", f"{_SIP}DeleteSIPDispatchRule", {"sip_dispatch_rule_id": "{rule}"}),
    Question("delete-no-rule", f"{_SIP}DeleteSIPDispatchRule", {"sip_dispatch_rule_id": "SDR_x"}),
    Question("delete-trunk", f"{_SIP}DeleteSIPTrunk", {"sip_trunk_id": "{trunk}"}),
    Question("delete-no-trunk", f"{_SIP}DeleteSIPTrunk", {"sip_trunk_id": "ST_x"}),
    Question("delete-trunk-without-id", f"{_SIP}DeleteSIPTrunk"),
    Question("delete-rule-without-id", f"{_SIP}DeleteSIPDispatchRule"),
    Question("update-trunk-without-id", f"{_SIP}UpdateSIPInboundTrunk"),
    Question("update-outbound-trunk-without-id", f"{_SIP}UpdateSIPOutboundTrunk"),
    Question("update-rule-without-id", f"{_SIP}UpdateSIPDispatchRule"),
)

_VOLATILE = frozenset({"creation_time", "creation_time_ms", "turn_password", "ts", "caller"}) | {
    *("duration", "nodeID", "selectedNodeID", "created_at", "updated_at"),
    # Only the messages of newer versions have this field.
    "ringing_timeout_status",
}
_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_IDENTIFIER = re.compile(r"\b(RM|ST|SDR|PA|TR|SCL|EV)_[A-Za-z0-9]{12,16}\b")


class Normaliser:
    """
    Replaces values that differ from run to run; equal identifiers get equal names.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def __call__(self, value: Any) -> Any:
        match value:
            case str():
                return _IDENTIFIER.sub(self._name, _TOKEN.sub("<token>", value))
            case dict():
                # The real server writes null for an unset field, the mock leaves it out.
                return {
                    key: self(inner)
                    for key, inner in value.items()
                    if key not in _VOLATILE and inner is not None
                }
            case list():
                return [self(inner) for inner in value]
            case _:
                return value

    def _name(self, match: re.Match[str]) -> str:
        kind = match[1]
        count = sum(name.startswith(f"<{kind}:") for name in self._names.values())
        return self._names.setdefault(match[0], f"<{kind}:{count + 1}>")


async def ask_all(target: Target, *, settle: float = 0.0) -> dict[str, Any]:
    """
    Ask all QUESTIONS in order; the target gets `settle` seconds to write a log line.
    """
    normalise = Normaliser()
    answers: dict[str, Any] = {}
    created: dict[str, str] = {}
    async with aiohttp.ClientSession(target.url) as client:
        for question in QUESTIONS:
            start = target.server_log.stat().st_size
            status, content_type, body = await _ask(client, question, created)
            await asyncio.sleep(settle)
            if content_type == "application/json":
                body = json.loads(body)
                created |= {
                    name: body[key]
                    for name, key in (("trunk", "sip_trunk_id"), ("rule", "sip_dispatch_rule_id"))
                    if key in body
                }
            lines = [
                line
                for line in read_log(target.server_log, start)
                if line["msg"].startswith("API ") or line["msg"] == "error handling request"
            ]
            answers[question.id] = normalise(
                {
                    "status": status,
                    "content_type": content_type,
                    "body": body,
                    "log": lines if question.is_logged else "not compared",
                }
            )
    return answers


async def _ask(
    client: aiohttp.ClientSession, question: Question, created: dict[str, str]
) -> tuple[int, str, Any]:
    headers = {}
    if question.content_type:
        headers["Content-Type"] = question.content_type
    if question.bearer:
        headers["Authorization"] = question.prefix + question.bearer()
    data = question.body
    if isinstance(data, dict):
        filled = {
            key: created.get(value.strip("{}"), value) if isinstance(value, str) else value
            for key, value in data.items()
        }
        data = json.dumps(filled).encode()
    async with client.request(question.method, question.path, data=data, headers=headers) as answer:
        kind = answer.headers["Content-Type"]
        return answer.status, kind.partition(";")[0], (await answer.read()).decode()


def read_log(path: Path, start: int) -> list[dict[str, Any]]:
    """
    Return the lines of a JSON log from a byte offset on.
    """
    with path.open("rb") as file:
        file.seek(start)
        return [json.loads(line) for line in file.read().decode().splitlines()]


@asynccontextmanager
async def receiving(port: int = 0) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """
    Run a webhook endpoint on loopback; yield its URL, and the list of verified events.
    """
    events: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        authorization = request.headers.get("Authorization")
        webhook.verify(body, authorization, keys={API_KEY: API_SECRET}, now=time.time())
        assert request.headers["Content-Type"] == webhook.CONTENT_TYPE
        events.append(json.loads(body))
        return web.Response()

    async with serving(take, port=port) as url:
        yield f"{url}/webhooks/livekit", events


async def until_finished(events: list[dict[str, Any]], rooms: int = 1) -> None:
    """
    Wait for room_finished events of this many rooms.
    """
    async with asyncio.timeout(10):
        while sum(event["event"] == "room_finished" for event in events) < rooms:  # noqa: ASYNC110 - the list is filled by other tasks
            await asyncio.sleep(0.01)


def told(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """
    Return the normalised events of one call, without those of agents, whose timing varies.
    """
    sip = [e for e in events if not e.get("participant", {}).get("identity", "").endswith("agent")]
    return [
        Normaliser()(
            {
                "event": event["event"],
                "has": {
                    key: sorted(value)
                    for key, value in event.items()
                    if isinstance(value, dict) and key != "track"
                },
                "participant": {
                    key: event["participant"].get(key)
                    for key in ("identity", "name", "kind", "state", "disconnectReason")
                }
                if "participant" in event
                else None,
                "status": event.get("participant", {}).get("attributes", {}).get("sip.callStatus"),
                "attributes": sorted(event.get("participant", {}).get("attributes", {})),
            }
        )
        for event in sip
    ]


async def provide_sip(
    url: str, *, rule: bool = True, key: str = API_KEY, secret: str = API_SECRET
) -> None:
    """
    Create the trunk that the scenarios call, and a dispatch rule.
    """
    bearer = make_token(grants=_EVERYTHING, issuer=key, secret=secret)
    headers = {"Authorization": f"Bearer {bearer}"}
    bodies: dict[str, dict[str, Any]] = {"CreateSIPInboundTrunk": _TRUNK}
    if rule:
        bodies["CreateSIPDispatchRule"] = {"dispatch_rule": {"name": "r", "rule": _INDIVIDUAL}}
    async with aiohttp.ClientSession(url, headers=headers) as client:
        for method, body in bodies.items():
            async with client.post(f"{_SIP}{method}", json=body) as answer:
                assert answer.status == 200, await answer.text()
