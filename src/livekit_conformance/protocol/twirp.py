"""
Errors of the Twirp wire protocol (version 7): codes, their HTTP status, and the JSON body.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Code(StrEnum):
    """
    Error codes of the Twirp specification, as written in the body.
    """

    CANCELED = "canceled"
    UNKNOWN = "unknown"
    INVALID_ARGUMENT = "invalid_argument"
    MALFORMED = "malformed"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    NOT_FOUND = "not_found"
    BAD_ROUTE = "bad_route"
    ALREADY_EXISTS = "already_exists"
    PERMISSION_DENIED = "permission_denied"
    UNAUTHENTICATED = "unauthenticated"
    RESOURCE_EXHAUSTED = "resource_exhausted"
    FAILED_PRECONDITION = "failed_precondition"
    ABORTED = "aborted"
    OUT_OF_RANGE = "out_of_range"
    UNIMPLEMENTED = "unimplemented"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"
    DATALOSS = "dataloss"


# https://twitchtv.github.io/twirp/docs/spec_v7.html, as mapped by livekit-server's Go library.
HTTP_STATUS: Final[Mapping[Code, int]] = MappingProxyType(
    {
        Code.CANCELED: 408,
        Code.UNKNOWN: 500,
        Code.INVALID_ARGUMENT: 400,
        Code.MALFORMED: 400,
        Code.DEADLINE_EXCEEDED: 408,
        Code.NOT_FOUND: 404,
        Code.BAD_ROUTE: 404,
        Code.ALREADY_EXISTS: 409,
        Code.PERMISSION_DENIED: 403,
        Code.UNAUTHENTICATED: 401,
        Code.RESOURCE_EXHAUSTED: 429,
        Code.FAILED_PRECONDITION: 412,
        Code.ABORTED: 409,
        Code.OUT_OF_RANGE: 400,
        Code.UNIMPLEMENTED: 501,
        Code.INTERNAL: 500,
        Code.UNAVAILABLE: 503,
        Code.DATALOSS: 500,
    }
)


class TwirpError(Exception):
    """
    Error response of a Twirp method: its code, its message, and further strings in `meta`.
    """

    def __init__(self, code: Code, msg: str, meta: Mapping[str, str] | None = None) -> None:
        super().__init__(f"twirp error {code}: {msg}")
        self.code = code
        self.msg = msg
        self.meta = dict(meta or {})

    @property
    def status(self) -> int:
        """
        HTTP status that carries this error.
        """
        return HTTP_STATUS[self.code]

    def body(self) -> bytes:
        """
        Return the error as JSON, which is also used for protobuf requests.
        """
        value: dict[str, object] = {"code": self.code.value, "msg": self.msg}
        if self.meta:
            value["meta"] = self.meta
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def parse_error(body: bytes) -> TwirpError | None:
    """
    Return the Twirp error in `body`, or None if it is something else.

    livekit-server refuses tokens in plain text, so None is an ordinary outcome.
    """
    try:
        value = json.loads(body)
        return TwirpError(Code(value["code"]), str(value.get("msg", "")), value.get("meta"))
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None
