"""
Asks a LiveKit the same questions, whichever it is: the real one to record it, the mock to compare.

What comes back is normalised: times, ports and random characters are taken out, identifiers become
`<RM:1>`, so that the relations between values are still compared.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from livekit_conformance.protocol import token, webhook
from livekit_conformance.protocol.sip import dialog, digest, sdp
from livekit_conformance.protocol.sip.message import (
    NO_HEADERS,
    Headers,
    NameAddr,
    Request,
    Response,
    Via,
    parse,
)
from livekit_conformance.protocol.sip.syntax import Parameters

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
    Where a LiveKit is, and where it logs.
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
    A token that is right unless told otherwise; times are seconds from now.
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
    # Known to the messages of newer versions only.
    "ringing_timeout_status",
}
_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_IDENTIFIER = re.compile(r"\b(RM|ST|SDR|PA|TR|SCL|EV)_[A-Za-z0-9]{12,16}\b")


class Normaliser:
    """
    Replaces what differs from run to run; the same identifier gets the same name again.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def __call__(self, value: Any) -> Any:
        match value:
            case str():
                return _IDENTIFIER.sub(self._name, _TOKEN.sub("<token>", value))
            case dict():
                # JSON of the real server holds null for what is not set, ours leaves it out.
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
    Ask all QUESTIONS in order; `settle` is how long the target may take to write a log line.
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
    The lines of a JSON log from a byte offset on.
    """
    with path.open("rb") as file:
        file.seek(start)
        return [json.loads(line) for line in file.read().decode().splitlines()]


@dataclass(frozen=True, slots=True)
class Scenario:
    """
    What a caller does. It gives up after `patience` seconds without anything new.
    """

    id: str
    number: str = NUMBER
    username: str = USERNAME
    password: str = PASSWORD
    method: str = "INVITE"
    patience: float = 2.5
    cancels_after_ringing: bool = False
    offer: bool = True


HEALTHY = (
    Scenario("answered"),
    Scenario("wrong-password", password="wrong"),
    Scenario("wrong-user", username="stranger"),
    Scenario("cancelled-while-ringing", cancels_after_ringing=True),
    Scenario("without-offer", offer=False),
    Scenario("options", method="OPTIONS"),
    Scenario("register", method="REGISTER"),
    Scenario("bye-of-no-call", method="BYE"),
    Scenario("cancel-of-no-call", method="CANCEL", patience=1.0),
)
WITHOUT_RULE = (Scenario("no-rule"), Scenario("no-trunk-no-rule", number=STRANGER))
WITHOUT_SERVER = (Scenario("bus-down"),)
WITH_WRONG_SECRET = (Scenario("sip-wrong-secret"),)


@asynccontextmanager
async def receiving(port: int = 0) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """
    A webhook endpoint on loopback: its URL, and the events as they come, each proven by its token.
    """
    events: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        authorization = request.headers.get("Authorization")
        webhook.verify(body, authorization, keys={API_KEY: API_SECRET}, now=time.time())
        assert request.headers["Content-Type"] == webhook.CONTENT_TYPE
        events.append(json.loads(body))
        return web.Response()

    app = web.Application()
    app.router.add_post("/webhooks/livekit", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks/livekit", events
    finally:
        await runner.cleanup()


async def until_finished(events: list[dict[str, Any]], rooms: int = 1) -> None:
    """
    Wait until that many rooms are told to be finished.
    """
    async with asyncio.timeout(10):
        while sum(event["event"] == "room_finished" for event in events) < rooms:  # noqa: ASYNC110 - the list is filled by other tasks
            await asyncio.sleep(0.01)


def told(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """
    What the events of one call say, by who caused them; agents come and go on their own clock.
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
    bodies = {"CreateSIPInboundTrunk": _TRUNK}
    if rule:
        bodies["CreateSIPDispatchRule"] = {"dispatch_rule": {"name": "r", "rule": _INDIVIDUAL}}
    async with aiohttp.ClientSession(url, headers=headers) as client:
        for method, body in bodies.items():
            async with client.post(f"{_SIP}{method}", json=body) as answer:
                assert answer.status == 200, await answer.text()


async def call_all(
    target: Target, scenarios: Iterable[Scenario], *, settle: float = 0.0
) -> dict[str, Any]:
    """
    Play the scenarios one after the other: the ladder of each, and what livekit-sip logged.
    """
    played: dict[str, Any] = {}
    for scenario in scenarios:
        start = target.sip_log.stat().st_size
        caller = await Caller.open(target.sip_address)
        try:
            await caller.play(scenario)
        finally:
            caller.transport.close()
        await asyncio.sleep(settle)
        lines = [
            line
            for line in read_log(target.sip_log, start)
            # The media engine talks to itself, and the machine is not what is compared.
            if not line["logger"].startswith("sip.pion") and line["msg"] != "high cpu load"
        ]
        played[scenario.id] = {
            "ladder": caller.ladder,
            "log": [_shown(line) for line in lines],
        }
    return played


def _shown(line: dict[str, Any]) -> dict[str, Any]:
    texts = {key: line[key] for key in ("error", "reason", "status", "result") if key in line}
    return Normaliser()(
        {
            "level": line["level"],
            "msg": line["msg"],
            "fields": sorted(line.keys() - {"level", "ts", "logger", "caller", "msg"}),
            **texts,
        }
    )


@asynccontextmanager
async def answered_call(server: tuple[str, int]) -> AsyncIterator[Caller]:
    """
    A call that is up while this is entered; the caller hangs up at the end if it still can.
    """
    caller = await Caller.open(server)
    try:
        invite, answer = await caller.until_answered(Scenario("answered"))
        caller.acknowledge(invite, answer)
        yield caller
        await caller.hang_up(invite, answer)
    finally:
        caller.transport.close()


class Caller(asyncio.DatagramProtocol):
    """
    A caller in few lines, independent of the transaction layer that the mock is built on.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._inbox: asyncio.Queue[Response] = asyncio.Queue()
        self._requests: asyncio.Queue[Request] = asyncio.Queue()
        self._answer: Response | None = None
        self._call_id = f"call-{time.time_ns()}"
        self._me = NameAddr(f"sip:{CALLER}@127.0.0.1").with_tag(f"tag{time.time_ns()}")
        self.ladder: list[str] = []
        self.transport: asyncio.DatagramTransport

    @classmethod
    async def open(cls, server: tuple[str, int]) -> Caller:
        transport, caller = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: cls(server), local_addr=("127.0.0.1", 0)
        )
        caller.transport = transport
        return caller

    def datagram_received(self, data: bytes, _addr: Any) -> None:
        message = parse(data)
        if isinstance(message, Response):
            self._inbox.put_nowait(message)
        else:
            self._requests.put_nowait(message)

    async def next_request(self, *, within: float) -> Request:
        """
        What the other side asks for, a BYE as a rule; it is answered with 200.
        """
        async with asyncio.timeout(within):
            request = await self._requests.get()
        self.transport.sendto(dialog.response_to(request, 200, "OK").to_bytes(), self._server)
        return request

    async def until_answered(self, scenario: Scenario) -> tuple[Request, Response]:
        """
        Call with credentials; the answer is still to be acknowledged.
        """
        invite = self._request("INVITE", scenario, cseq=1)
        self._send(invite)
        while response := await self.next_response(scenario.patience):
            self.ladder.append(f"<- {response.label}")
            if response.status == 407:
                self._send(self._ack(invite, response), quiet=True)
                invite = self._with_credentials(invite, response, scenario)
                self._send(invite)
            elif response.status == 200:
                self._answer = response
                return invite, response
        raise AssertionError(f"not answered: {self.ladder}")

    def acknowledge(self, invite: Request, answer: Response) -> None:
        """
        Send the ACK of the answer.
        """
        confirmed = dialog.Dialog.of_caller(invite, answer)
        self._send(confirmed.ack(invite, via=self._via()))

    async def hang_up(self, invite: Request, answer: Response) -> None:
        """
        Send BYE and wait for what is answered.
        """
        _, bye = dialog.Dialog.of_caller(invite, answer).request("BYE", via=self._via())
        self._send(bye)
        assert await self.next_response(2.0), "BYE was not answered"

    async def heard(self, packet: bytes, *, within: float) -> bytes | None:
        """
        Send one RTP packet to where the answer says; return what comes back.
        """
        assert self._answer is not None
        described = sdp.parse(self._answer.body)
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
            ear.settimeout(0)
            ear.bind(("127.0.0.1", 0))
            await loop.sock_sendto(ear, packet, (described.address, described.port))
            try:
                async with asyncio.timeout(within):
                    return await loop.sock_recv(ear, 2048)
            except TimeoutError:
                return None

    async def play(self, scenario: Scenario) -> None:
        invite = self._request(scenario.method, scenario, cseq=1)
        self._send(invite)
        while response := await self.next_response(scenario.patience):
            line = f"<- {response.label}"
            # How often it rings depends on the clock, and answers to requests that are
            # repeated are repeated.
            if not self.ladder or self.ladder[-1] != line:
                self.ladder.append(line)
            if scenario.method != "INVITE":
                return
            if response.cseq.method != "INVITE":
                continue
            if response.status >= 300:
                self._send(self._ack(invite, response), quiet=True)
            if response.status == 407:
                invite = self._with_credentials(invite, response, scenario)
                self._send(invite)
            elif response.status == 180 and scenario.cancels_after_ringing:
                self._send(dialog.cancel(invite))
            elif response.status == 200:
                await self._hang_up(invite, response, scenario)
                return
            elif response.status >= 300:
                return
        self.ladder.append("silence")

    async def _hang_up(self, invite: Request, response: Response, scenario: Scenario) -> None:
        confirmed = dialog.Dialog.of_caller(invite, response)
        self._send(confirmed.ack(invite, via=self._via()))
        _, bye = confirmed.request("BYE", via=self._via())
        self._send(bye)
        answer = await self.next_response(scenario.patience)
        self.ladder.append(f"<- {answer.label}" if answer else "silence")

    def _send(self, request: Request, *, quiet: bool = False) -> None:
        if not quiet:
            self.ladder.append(f"-> {request.label}")
        self.transport.sendto(request.to_bytes(), self._server)

    async def next_response(self, patience: float) -> Response | None:
        """
        What is answered next; None when nothing comes.
        """
        try:
            async with asyncio.timeout(patience):
                return await self._inbox.get()
        except TimeoutError:
            return None

    def _request(self, method: str, scenario: Scenario, *, cseq: int) -> Request:
        host, port = self._server
        to = NameAddr(f"sip:{scenario.number}@{host}")
        offer = sdp.offer("127.0.0.1", 40000, session_id=1, codecs=(sdp.PCMU,))
        has_body = method == "INVITE" and scenario.offer
        return dialog.new_request(
            method,
            f"sip:{scenario.number}@{host}:{port}",
            via=self._via(),
            caller=self._me,
            callee=to.with_tag("nobody") if method == "BYE" else to,
            call_id=self._call_id,
            cseq=cseq,
            contact=NameAddr(f"sip:{CALLER}@127.0.0.1:{self._port}"),
            extra=Headers.of(("Content-Type", sdp.CONTENT_TYPE)) if has_body else NO_HEADERS,
            body=str(offer).encode() if has_body else b"",
        )

    def _ack(self, invite: Request, response: Response) -> Request:
        headers = (
            invite.headers.without("Content-Type", "Contact")
            .replacing("To", response.headers.one("To"))
            .replacing("CSeq", f"{invite.cseq.number} ACK")
        )
        return Request("ACK", invite.uri, headers)

    def _with_credentials(self, invite: Request, response: Response, scenario: Scenario) -> Request:
        value = digest.authorization(
            digest.Challenge.parse(response.headers.one("Proxy-Authenticate")),
            username=scenario.username,
            password=scenario.password,
            method="INVITE",
            uri=invite.uri,
            cnonce="0",
        )
        header = ("Proxy-Authorization", value)
        return dialog.again_with(invite, via=self._via(), header=header)

    def _via(self) -> Via:
        branch = f"{dialog.MAGIC_COOKIE}{time.time_ns()}"
        return Via("UDP", "127.0.0.1", self._port, Parameters((("branch", branch),)))

    @property
    def _port(self) -> int:
        port: int = self.transport.get_extra_info("sockname")[1]
        return port
