"""
HTTP side of livekit-server: token check on every path, Twirp methods and a few other routes.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.message import DecodeError, Message

from livekit_conformance.mock.authentication import Authentication, RequestRefused
from livekit_conformance.mock.config import MockConfig
from livekit_conformance.mock.logs import ServiceLog
from livekit_conformance.mock.outbound import OutboundCalls
from livekit_conformance.mock.rooms import RoomStore
from livekit_conformance.mock.telephony import TelephonyStore
from livekit_conformance.mock.twirp_api import METHODS, SERVICES, Method, TwirpRequest
from livekit_conformance.protocol.twirp import Code, TwirpError

# Limit of Go's net/http for all headers of a request; aiohttp applies it to each header.
MAX_HEADER: Final = 1 << 20

_CLAIMS: Final = web.RequestKey("claims", dict)


NO_WEBRTC: Final = "no WebRTC: nobody can join a room of this server"

_VALIDATE: Final = "/rtc/validate"
_VALIDATE_V1: Final = "/rtc/v1/validate"


class HttpSide:
    """
    HTTP routes of livekit-server over the state of the mock.
    """

    def __init__(
        self,
        config: MockConfig,
        log: ServiceLog,
        rooms: RoomStore,
        telephony: TelephonyStore,
        outbound: OutboundCalls,
    ) -> None:
        self._config = config
        self._log = log
        self._rooms = rooms
        self._telephony = telephony
        self._outbound = outbound
        self._authentication = Authentication(config)

    def application(self) -> web.Application:
        """
        Return the routes, behind the middleware that verifies tokens.
        """
        # livekit-server up to 1.13.5 has no limit for the body of a request.
        app = web.Application(middlewares=[self._authenticate], client_max_size=0)
        app.on_response_prepare.append(_without_server_header)
        app.on_response_prepare.append(self._vary)
        app.on_response_prepare.append(self._date)
        app.router.add_get("/", self._health)
        for path in (_VALIDATE, _VALIDATE_V1):
            app.router.add_get(path, self._validate)
        for path in ("/rtc", "/rtc/v1"):
            app.router.add_get(path, self._join)
        app.router.add_route("*", "/twirp/livekit.{service}/{method:.*}", self._twirp)
        app.router.add_route("*", "/{path:.*}", _not_found)
        return app

    @web.middleware
    async def _authenticate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._config.faults.secret_logged:
            self._log.write("debug", "verifying token", secret=self._config.api_secret)
        try:
            await self._config.variations.before_http()
            request[_CLAIMS] = self._authentication.claims(
                request.headers.get("Authorization", ""), request.query.get("access_token", "")
            )
            return await handler(request)
        except RequestRefused as refusal:
            return self._refuse(request, refusal.status, refusal.text)

    def _refuse(self, request: web.Request, status: int, text: str) -> web.Response:
        if not self._config.faults.refusals_not_logged:
            self._log.write(
                "warn",
                "error handling request",
                status=status,
                method=request.method,
                path=request.path,
                error="invalid token" if self._hides(text) else text,
            )
        if self._config.faults.refusals_unexplained:
            text = ""
        return web.Response(status=status, text=text)

    def _hides(self, text: str) -> bool:
        return self._config.faults.expiry_not_logged and "expired" in text

    async def _vary(self, _request: web.Request, response: web.StreamResponse) -> None:
        self._config.variations.http_response(response)

    async def _health(self, _request: web.Request) -> web.Response:
        if self._config.faults.http_silent:
            await asyncio.get_running_loop().create_future()
        if self._config.faults.not_ready:
            return web.Response(status=406, text="Not Ready")
        return web.Response(text="OK")

    async def _date(self, _request: web.Request, response: web.StreamResponse) -> None:
        faults = self._config.faults
        if behind := 90 * faults.clock_behind + 10 * faults.clock_inexact:
            response.headers["Date"] = formatdate(time.time() - behind, usegmt=True)

    async def _validate(self, request: web.Request) -> web.Response:
        claims = request[_CLAIMS]
        video = claims.get("video")
        answer = web.Response(text="success", headers={"Access-Control-Allow-Origin": "*"})
        if self._config.faults.validate_accepts_everything:
            return answer
        if video is None:
            raise RequestRefused(401, "no permissions to access the room")
        if request.path == _VALIDATE_V1 and not request.query.get("join_request"):
            raise RequestRefused(400, "join_request is required")
        if not video.get("roomJoin"):
            raise RequestRefused(401, "permissions denied")
        if not (claims.get("sub") or claims.get("jti")):
            raise RequestRefused(400, "identity cannot be empty")
        if not video.get("room"):
            raise RequestRefused(400, "no room name")
        return answer

    async def _join(self, _request: web.Request) -> web.Response:
        if self._config.faults.websocket_refused:
            return web.Response(status=404)
        # RFC 9110 section 15.6.2: the server does not support what the request needs.
        return web.Response(status=HTTPStatus.NOT_IMPLEMENTED, text=NO_WEBRTC)

    async def _twirp(self, request: web.Request) -> web.Response:
        service, method = request.match_info["service"], request.match_info["method"]
        if service not in SERVICES:
            return await _not_found(request)
        started = time.monotonic()
        log_fields: dict[str, Any] = {"service": service}
        try:
            response = await self._call(request, service, method, log_fields)
            outcome: dict[str, Any] = {"status": "200"}
        except TwirpError as error:
            response = web.Response(
                status=error.status, body=error.body(), content_type="application/json"
            )
            outcome = {"status": str(error.status), "error": error.msg, "code": error.code.value}
        duration = time.monotonic() - started
        # A method appears in the log only once it is routed.
        message = f"API {service}.{log_fields.get('method', '')}"
        is_refusal = response.status == HTTPStatus.UNAUTHORIZED
        if not (is_refusal and self._config.faults.refusals_not_logged):
            self._log.write("info", message, part="api", **log_fields, duration=duration, **outcome)
        return response

    async def _call(
        self, request: web.Request, service: str, method: str, log_fields: dict[str, Any]
    ) -> web.Response:
        content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if request.method != "POST":
            text = f'unsupported method "{request.method}" (only POST is allowed)'
            raise _bad_route(request, text)
        if (service, method) not in METHODS:
            raise _bad_route(request, f'no handler for path "{request.path}"')
        if content_type not in {"application/json", "application/protobuf"}:
            raise _bad_route(request, f'unexpected Content-Type: "{content_type}"')
        as_json = content_type == "application/json"
        entry = METHODS[service, method]
        log_fields["method"] = method
        message = _decoded(entry.request(), await request.read(), as_json=as_json)
        call = TwirpRequest(
            message,
            self._rooms,
            self._telephony,
            self._outbound,
            self._config.faults,
            request.keep_alive,
        )
        log_fields |= entry.logs(message)
        claims: dict[str, Any] = request[_CLAIMS]
        if not (entry.allows(claims, message) or self._overlooks(entry, claims, message)):
            raise TwirpError(Code.UNAUTHENTICATED, "permissions denied")
        try:
            handled = entry.handle(call)
            answer = await handled if isinstance(handled, Awaitable) else handled
        finally:
            log_fields |= call.log_fields
        self._config.variations.order(answer)
        body = _as_json(answer) if as_json else answer.SerializeToString()
        body = self._config.variations.message(body, as_json=as_json)
        return web.Response(body=body, content_type=content_type)

    def _overlooks(self, entry: Method, claims: Mapping[str, Any], message: Any) -> bool:
        """
        Return True if a fault opens a method to a token without its grant.
        """
        if self._config.faults.grants_ignored:
            return bool(claims)
        video = claims.get("video") or {}
        if not (self._config.faults.other_room_allowed and "room" in video):
            return False
        everywhere = {"video": {**video, "room": getattr(message, "room", "")}}
        return entry.allows({**claims, **everywhere}, message)


def _json_object(body: bytes) -> dict[str, Any]:
    """
    Return the JSON object in the body, parsed as strictly as Go's protojson does.
    """
    value = json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_no_number)
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) < len(pairs):
        raise ValueError("a key stands twice")
    return unique


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _bad_route(request: web.Request, text: str) -> TwirpError:
    route = f"{request.method} {request.path}"
    return TwirpError(Code.BAD_ROUTE, text, {"twirp_invalid_route": route})


def _decoded(message: Message, body: bytes, *, as_json: bool) -> Message:
    try:
        if as_json:
            return ParseDict(_json_object(body), message, ignore_unknown_fields=True)
        message.ParseFromString(body)
    except (ParseError, DecodeError, TypeError, ValueError, RecursionError) as error:
        kind = "json" if as_json else "protobuf"
        text = f"the {kind} request could not be decoded"
        raise TwirpError(Code.MALFORMED, text) from error
    return message


def _as_json(message: Message) -> bytes:
    value: Mapping[str, Any] = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


async def _not_found(_request: web.Request) -> web.Response:
    return web.Response(status=404, text="404 page not found\n")


async def _without_server_header(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.popall("Server", None)
