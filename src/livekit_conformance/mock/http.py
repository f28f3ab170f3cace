"""
The HTTP side of livekit-server: tokens are verified for every path, then Twirp and a few others.
"""

from __future__ import annotations

import asyncio
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler
from google.protobuf.json_format import MessageToDict, Parse, ParseError
from google.protobuf.message import DecodeError, Message

from livekit_conformance.mock.config import MockConfig
from livekit_conformance.mock.logs import ServiceLog
from livekit_conformance.mock.rooms import Rooms
from livekit_conformance.mock.telephony import Telephony
from livekit_conformance.mock.twirp_api import METHODS, SERVICES, Call
from livekit_conformance.protocol.token import Refusal, TokenRefused, verify
from livekit_conformance.protocol.twirp import Code, TwirpError

# `limit.max_api_request_body_size`.
MAX_BODY: Final = 10 * 1024 * 1024

_BEARER: Final = "Bearer "
_CLAIMS: Final = web.RequestKey("claims", dict)


class HttpSide:
    """
    Routes of livekit-server over the state of the mock.
    """

    def __init__(
        self, config: MockConfig, log: ServiceLog, rooms: Rooms, telephony: Telephony
    ) -> None:
        self._config = config
        self._log = log
        self._rooms = rooms
        self._telephony = telephony

    def application(self) -> web.Application:
        """
        The routes, behind the middleware that verifies tokens.
        """
        app = web.Application(middlewares=[self._authenticate], client_max_size=MAX_BODY)
        app.on_response_prepare.append(_without_server_header)
        app.router.add_get("/", self._health)
        for path in ("/rtc/validate", "/rtc/v1/validate"):
            app.router.add_get(path, self._validate)
        app.router.add_route("*", "/twirp/livekit.{service}/{method}", self._twirp)
        app.router.add_route("*", "/{path:.*}", _not_found)
        return app

    @web.middleware
    async def _authenticate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._config.faults.secret_logged:
            self._log.write("debug", "verifying token", secret=self._config.api_secret)
        try:
            request[_CLAIMS] = self._claims(request)
            return await handler(request)
        except _RefusedError as refusal:
            return self._refuse(request, refusal.status, refusal.text)
        except web.HTTPRequestEntityTooLarge:
            return self._refuse(request, 413, "request body too large")

    def _claims(self, request: web.Request) -> dict[str, Any]:
        """
        The claims of the request's token; none where there is no token, which is for handlers.
        """
        header = request.headers.get("Authorization", "")
        if header and not header.startswith(_BEARER):
            raise _RefusedError(401, "invalid authorization header. Must start with Bearer ")
        token = header.removeprefix(_BEARER) or request.query.get("access_token", "")
        if not token:
            return {}
        try:
            return verify(
                token, keys={self._config.api_key: self._config.api_secret}, now=time.time()
            )
        except TokenRefused as refused:
            if refused.reason in self._forgiven:
                return _unverified(token)
            shown = token if self._config.repeats_refused_tokens else "(not shown)"
            raise _RefusedError(401, _refusal_text(shown, refused)) from refused

    @property
    def _forgiven(self) -> frozenset[Refusal]:
        faults = self._config.faults
        pairs = (
            (faults.wrong_secret_accepted, Refusal.SIGNATURE),
            (faults.unknown_key_accepted, Refusal.UNKNOWN_KEY),
            (faults.expired_accepted, Refusal.EXPIRED),
        )
        return frozenset(reason for forgives, reason in pairs if forgives)

    def _refuse(self, request: web.Request, status: int, text: str) -> web.Response:
        if not self._config.faults.refusals_not_logged:
            self._log.write(
                "warn",
                "error handling request",
                status=status,
                method=request.method,
                path=request.path,
                error=text,
            )
        return web.Response(status=status, text=text)

    async def _health(self, _request: web.Request) -> web.Response:
        if self._config.faults.http_silent:
            await asyncio.get_running_loop().create_future()
        if self._config.faults.not_ready:
            return web.Response(status=406, text="Not Ready")
        return web.Response(text="OK")

    async def _validate(self, request: web.Request) -> web.Response:
        claims = request[_CLAIMS]
        video = claims.get("video") or {}
        if not video.get("roomJoin"):
            raise _RefusedError(401, "no permissions to access the room")
        if not (claims.get("sub") or claims.get("jti")):
            raise _RefusedError(400, "identity cannot be empty")
        if not video.get("room"):
            raise _RefusedError(400, "no room name")
        return web.Response(text="success", headers={"Access-Control-Allow-Origin": "*"})

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
        # The log knows a method only once it is routed.
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
        call = Call(message, self._rooms, self._telephony, self._config.faults)
        log_fields |= entry.logs(message)
        claims: dict[str, Any] = request[_CLAIMS]
        if not entry.allows(claims, message):
            raise TwirpError(Code.UNAUTHENTICATED, "permissions denied")
        try:
            answer = entry.handle(call)
        finally:
            log_fields |= call.log_fields
        body = _as_json(answer) if as_json else answer.SerializeToString()
        return web.Response(body=body, content_type=content_type)


class _RefusedError(Exception):
    """
    A request that is answered with a status and a sentence in plain text.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def _refusal_text(shown: str, refused: TokenRefused) -> str:
    match refused.reason:
        case Refusal.MALFORMED:
            return "invalid authorization token"
        case Refusal.UNKNOWN_KEY:
            return refused.text
        case _:
            return f"invalid token: {shown}, error: {refused.text}"


def _unverified(token: str) -> dict[str, Any]:
    """
    The claims of a token that a fault lets in.
    """
    raw = token.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
    return claims


def _bad_route(request: web.Request, text: str) -> TwirpError:
    route = f"{request.method} {request.path}"
    return TwirpError(Code.BAD_ROUTE, text, {"twirp_invalid_route": route})


def _decoded(message: Message, body: bytes, *, as_json: bool) -> Message:
    try:
        if as_json:
            return Parse(body, message, ignore_unknown_fields=True)
        message.ParseFromString(body)
    except (ParseError, DecodeError, UnicodeDecodeError) as error:
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
