"""
Bad requests in families, each with the status and the Twirp code that must answer it.

Expectations that follow from the Twirp specification (version 7) are given once per family; those
of a single request are livekit-server 1.13.5's answers. `by_twirp` is False for answers that the
server's HTTP library gives before Twirp sees the request: another server may use another status.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from livekit_conformance.protocol.token import Issuer
from tests.vectors.bad_tokens import ROOM, good

ROOM_SERVICE, SIP = "/twirp/livekit.RoomService", "/twirp/livekit.SIP"
JSON, PROTOBUF = "application/json", "application/protobuf"
_LONG = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BadRequest:
    """
    One request: `make` writes it with a good token, `status` and `code` must answer it.

    `code` None: the answer is not a Twirp error.
    """

    id: str
    make: Callable[[Issuer], bytes]
    status: int
    code: str | None
    by_twirp: bool = True


def written(
    issuer: Issuer,
    *,
    method: str = "POST",
    path: str = f"{ROOM_SERVICE}/ListRooms",
    body: bytes = b"{}",
    headers: Mapping[str, str | None] | None = None,
    version: str = "HTTP/1.1",
) -> bytes:
    """
    Return a request as bytes; a header of None is left out.
    """
    fields: dict[str, str | None] = {
        "Host": "livekit.example",
        "Authorization": f"Bearer {good(issuer)}",
        "Content-Type": JSON,
        "Content-Length": str(len(body)),
        "Connection": "close",
        **(headers or {}),
    }
    lines = [f"{method} {path} {version}"]
    lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body


def _raw(request: bytes) -> Callable[[Issuer], bytes]:
    return lambda _: request


def _request(
    name: str, status: int, code: str | None, *, by_twirp: bool = True, **parts: Any
) -> BadRequest:
    return BadRequest(name, lambda issuer: written(issuer, **parts), status, code, by_twirp)


_PATHS = {
    "list-rooms": f"{ROOM_SERVICE}/ListRooms",
    "create-room": f"{ROOM_SERVICE}/CreateRoom",
    "delete-room": f"{ROOM_SERVICE}/DeleteRoom",
    "list-participants": f"{ROOM_SERVICE}/ListParticipants",
    "list-trunks": f"{SIP}/ListSIPInboundTrunk",
    "create-rule": f"{SIP}/CreateSIPDispatchRule",
}


def _methods() -> Iterator[BadRequest]:
    """
    Yield wrong HTTP methods. Twirp: only POST is a method; anything else is bad_route.
    """
    for name, path in _PATHS.items():
        for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "post"):
            yield _request(f"{method}-{name}", 404, "bad_route", method=method, path=path)


_CONTENT_TYPES = {
    "none": None,
    "empty": "",
    "text": "text/plain",
    "html": "text/html",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data; boundary=x",
    "octets": "application/octet-stream",
    "xml": "application/xml",
    "webhook": "application/webhook+json",
    "grpc": "application/grpc",
    "connect": "application/connect+proto",
    "x-protobuf": "application/x-protobuf",
    "json-suffix": "application/jsonx",
    "json-without-type": "json",
    "text-json": "text/json",
    "wildcard": "*/*",
    "two": "text/plain, application/json",
    "comma-first": ",application/json",
    "quoted": '"application/json"',
    "not-ascii": "application/jsön",
}


def _content_types() -> Iterator[BadRequest]:
    """
    Yield wrong content types. Twirp: any other than JSON and protobuf is bad_route.
    """
    for service, path in (("rooms", "list-rooms"), ("sip", "list-trunks")):
        for name, value in _CONTENT_TYPES.items():
            yield _request(
                f"content-type-{name}-{service}",
                404,
                "bad_route",
                path=_PATHS[path],
                headers={"Content-Type": value},
            )


_NOT_JSON: Mapping[str, bytes] = {
    "empty": b"",
    "blank": b"  \r\n",
    "brace": b"{",
    "closing-brace": b"}",
    "word": b"nonsense",
    "single-quotes": b"{'names':[]}",
    "bare-key": b"{names:[]}",
    "trailing-comma": b'{"names":[],}',
    "missing-colon": b'{"names" []}',
    "unclosed-string": b'{"names":["a}',
    "comment": b'/* no */{"names":[]}',
    "nan": b'{"names":NaN}',
    "byte-order-mark": b"\xef\xbb\xbf{}",
    "utf-16": "{}".encode("utf-16"),
    "nul-first": b"\0{}",
    "nul-within": b'{"names":["\0"]}',
    "control-character": b'{"names":["\x01"]}',
    "bad-escape": b'{"names":["\\x41"]}',
    "bad-unicode-escape": b'{"names":["\\uZZZZ"]}',
    "nested-deeply": b'{"names":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "leading-zero": b'{"names":01}',
    "hexadecimal": b'{"names":0x1}',
    "yaml": b"names: []",
    "xml": b"<names/>",
    "protobuf": b"\x0a\x01a",
    "gzip": gzip.compress(b"{}", mtime=0),
}
_WRONG_JSON: Mapping[str, bytes] = {
    "null": b"null",
    "true": b"true",
    "number": b"7",
    "string": b'"names"',
    "list": b"[]",
    "list-of-objects": b"[{}]",
    "names-string": b'{"names":"a"}',
    "names-object": b'{"names":{}}',
    "names-number": b'{"names":7}',
    "names-of-numbers": b'{"names":[7]}',
    "names-of-null": b'{"names":[null]}',
    "names-nested": b'{"names":[["a"]]}',
    "names-twice": b'{"names":[],"names":[]}',
    "name-not-utf8": b'{"names":["\xff"]}',
    "name-lone-surrogate": b'{"names":["\\ud800"]}',
}
_WRONG_FIELDS: Mapping[str, tuple[str, Any]] = {
    "name-number": ("CreateRoom", {"name": 7}),
    "name-list": ("CreateRoom", {"name": ["a"]}),
    "name-object": ("CreateRoom", {"name": {}}),
    "timeout-negative": ("CreateRoom", {"empty_timeout": -1}),
    "timeout-fraction": ("CreateRoom", {"empty_timeout": 1.5}),
    "timeout-too-big": ("CreateRoom", {"empty_timeout": 2**32}),
    "timeout-word": ("CreateRoom", {"empty_timeout": "soon"}),
    "timeout-true": ("CreateRoom", {"empty_timeout": True}),
    "timeout-list": ("CreateRoom", {"empty_timeout": [1]}),
    "participants-exponent": ("CreateRoom", {"max_participants": 1e30}),
    "agents-object": ("CreateRoom", {"agents": {"a": 1}}),
    "egress-string": ("CreateRoom", {"egress": "x"}),
    "flag-string": ("CreateRoom", {"sync_streams": "true"}),
    "flag-number": ("CreateRoom", {"sync_streams": 1}),
    "data-not-base64": ("SendData", {"room": ROOM, "data": "*"}),
    "data-number": ("SendData", {"room": ROOM, "data": 7}),
    "kind-object": ("SendData", {"room": ROOM, "kind": {}}),
    "room-number": ("DeleteRoom", {"room": 7}),
    "room-list": ("ListParticipants", {"room": [ROOM]}),
    "metadata-object": ("UpdateRoomMetadata", {"room": ROOM, "metadata": {}}),
}


def _json_bodies() -> Iterator[BadRequest]:
    """
    Yield broken JSON bodies. Twirp: a body that cannot be decoded is malformed.
    """
    for name, body in {**_NOT_JSON, **_WRONG_JSON}.items():
        yield _request(f"json-{name}", 400, "malformed", body=body)
    for name, (method, value) in _WRONG_FIELDS.items():
        yield _request(
            f"field-{name}",
            400,
            "malformed",
            path=f"{ROOM_SERVICE}/{method}",
            body=json.dumps(value).encode(),
        )
    for name, body in _NOT_JSON.items():
        if len(body) < 64:
            yield _request(
                f"sip-json-{name}", 400, "malformed", path=_PATHS["create-rule"], body=body
            )


# Field 1 of ListRoomsRequest is `names`, of CreateRoomRequest `name`, both strings; field 2 of
# CreateRoomRequest is `empty_timeout`, a varint.
_NOT_PROTOBUF: Mapping[str, bytes] = {
    "tag-alone": b"\x0a",
    "length-beyond-end": b"\x0a\x05ab",
    "length-huge": b"\x0a\xff\xff\xff\xff\x0f",
    "length-negative": b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    "varint-unfinished": b"\x10\x80",
    "varint-too-long": b"\x10" + b"\xff" * 11,
    "tag-too-long": b"\xff" * 11,
    "field-zero": b"\x02\x00",
    "wire-type-6": b"\x0e\x00",
    "wire-type-7": b"\x0f\x00",
    "fixed32-cut-off": b"\x1d\x00\x00",
    "fixed64-cut-off": b"\x19\x00\x00\x00",
    "group-unclosed": b"\x1b\x08\x01",
    "group-end-alone": b"\x1c",
    "string-not-utf8": b"\x0a\x02\xff\xfe",
    "string-surrogate": b"\x0a\x03\xed\xa0\x80",
    "json": b'{"names":[]}',
    "text": b"nonsense",
    "gzip": gzip.compress(b"", mtime=0),
}


def _protobuf_bodies() -> Iterator[BadRequest]:
    """
    Yield broken protobuf bodies. Twirp: a body that cannot be decoded is malformed.
    """
    for service, path in (("list", "list-rooms"), ("create", "create-room")):
        for name, body in _NOT_PROTOBUF.items():
            yield _request(
                f"protobuf-{name}-{service}",
                400,
                "malformed",
                path=_PATHS[path],
                body=body,
                headers={"Content-Type": PROTOBUF},
            )


_UNKNOWN_METHODS = {
    "unknown-method": f"{ROOM_SERVICE}/Nothing",
    "method-lower-case": f"{ROOM_SERVICE}/listrooms",
    "method-upper-case": f"{ROOM_SERVICE}/LISTROOMS",
    "method-snake-case": f"{ROOM_SERVICE}/list_rooms",
    "method-empty": f"{ROOM_SERVICE}/",
    "method-with-slash": f"{ROOM_SERVICE}/ListRooms/",
    "method-with-suffix": f"{ROOM_SERVICE}/ListRooms.json",
    "method-with-blank": f"{ROOM_SERVICE}/ListRooms%20",
    "method-with-nul": f"{ROOM_SERVICE}/ListRooms%00",
    "method-not-ascii": f"{ROOM_SERVICE}/ListR%C3%B6oms",
    "method-not-utf8": f"{ROOM_SERVICE}/ListRooms%FF",
    "method-below-method": f"{ROOM_SERVICE}/ListRooms/More",
    "method-very-long": f"{ROOM_SERVICE}/{'x' * 4000}",
    "method-of-sip": f"{ROOM_SERVICE}/ListSIPInboundTrunk",
    "sip-unknown-method": f"{SIP}/Nothing",
    "sip-method-of-rooms": f"{SIP}/ListRooms",
    "sip-method-empty": f"{SIP}/",
}
_UNKNOWN_SERVICES = {
    "unknown-service": "/twirp/livekit.Nothing/ListRooms",
    "service-lower-case": "/twirp/livekit.roomservice/ListRooms",
    "other-package": "/twirp/other.RoomService/ListRooms",
    "no-package": "/twirp/RoomService/ListRooms",
    "twirp-alone": "/twirp",
    "twirp-slash": "/twirp/",
    "other-prefix": "/api/livekit.RoomService/ListRooms",
    "prefix-upper-case": "/TWIRP/livekit.RoomService/ListRooms",
    "no-prefix": "/livekit.RoomService/ListRooms",
    "prefix-twice": "/twirp/twirp/livekit.RoomService/ListRooms",
    "grpc-path": "/livekit.RoomService/ListRooms/",
    "rpc-version": "/twirp/livekit.RoomService.v1/ListRooms",
    "nowhere": "/nowhere",
    "favicon": "/favicon.ico",
    "dotfile": "/.env",
    "debug": "/debug/pprof/",
    "metrics": "/metrics",
}


def _paths() -> Iterator[BadRequest]:
    """
    Yield wrong paths. Twirp: an unknown method is bad_route; a path outside a service is plain 404.
    """
    for name, path in _UNKNOWN_METHODS.items():
        yield _request(f"path-{name}", 404, "bad_route", path=path)
    for name, path in _UNKNOWN_SERVICES.items():
        yield _request(f"path-{name}", 404, None, path=path)


def _argument(
    name: str, status: int, code: str, method: str, value: Mapping[str, Any], service: str = ""
) -> BadRequest:
    return _request(
        f"argument-{name}",
        status,
        code,
        path=f"{service or ROOM_SERVICE}/{method}",
        body=json.dumps(value).encode(),
    )


_NOBODY = {"room": ROOM, "identity": "nobody"}


def _arguments() -> Iterator[BadRequest]:
    """
    Yield well-formed requests that cannot be fulfilled.
    """
    bad, absent = (400, "invalid_argument"), (404, "not_found")
    yield _argument("name-257-bytes", *bad, "CreateRoom", {"name": "n" * 257})
    yield _argument("name-129-characters", *bad, "CreateRoom", {"name": "é" * 129})
    yield _argument("name-one-mebibyte", *bad, "CreateRoom", {"name": "n" * 1024 * 1024})
    yield _argument("no-such-room", *absent, "DeleteRoom", {"room": "conformance-absent"})
    yield _argument("room-empty", *absent, "DeleteRoom", {"room": ""})
    yield _argument("room-other-case", *absent, "DeleteRoom", {"room": ROOM.upper()})
    yield _argument("nobody", *absent, "GetParticipant", _NOBODY)
    yield _argument("nobody-removed", *absent, "RemoveParticipant", _NOBODY)
    yield _argument("nobody-updated", *absent, "UpdateParticipant", _NOBODY)
    yield _argument("trunk-missing", *bad, "CreateSIPInboundTrunk", {}, SIP)
    yield _argument("trunk-open", *bad, "CreateSIPInboundTrunk", {"trunk": {"name": "x"}}, SIP)
    yield _argument("outbound-trunk-missing", *bad, "CreateSIPOutboundTrunk", {}, SIP)
    yield _argument("rule-missing", *bad, "CreateSIPDispatchRule", {}, SIP)
    yield _argument("trunk-id-missing", *bad, "DeleteSIPTrunk", {}, SIP)
    yield _argument("rule-id-missing", *bad, "DeleteSIPDispatchRule", {}, SIP)
    yield _argument(
        "no-such-rule",
        *absent,
        "DeleteSIPDispatchRule",
        {"sip_dispatch_rule_id": "SDR_absent"},
        SIP,
    )


def _sizes() -> Iterator[BadRequest]:
    """
    Yield long requests. livekit-server up to 1.13.5 reads a body of any size to its end.
    """
    for name, body, content_type in (
        ("json", b'{"x":"' + b"x" * _LONG, JSON),
        ("json-of-blanks", b" " * _LONG, JSON),
        ("protobuf", b"\x0a" + b"\xff" * _LONG, PROTOBUF),
    ):
        headers = {"Content-Type": content_type}
        yield _request(f"size-{name}", 400, "malformed", body=body, headers=headers)
    yield _request("size-header", 431, None, by_twirp=False, headers={"X-Long": "x" * 2_000_000})
    yield _request("size-path", 431, None, by_twirp=False, path=f"/{'x' * 2_000_000}")


def _grammar() -> Iterator[BadRequest]:
    """
    Yield requests that violate HTTP/1.1 (RFC 9112).
    """
    no = False
    yield _request("http-no-host", 400, None, by_twirp=no, headers={"Host": None})
    yield _request("http-host-with-blank", 400, None, by_twirp=no, headers={"Host": "a b"})
    yield _request("http-host-with-slash", 400, None, by_twirp=no, headers={"Host": "a/b"})
    yield _request("http-length-word", 400, None, by_twirp=no, headers={"Content-Length": "two"})
    yield _request("http-length-negative", 400, None, by_twirp=no, headers={"Content-Length": "-1"})
    yield _request("http-length-plus", 400, None, by_twirp=no, headers={"Content-Length": "+2"})
    yield _request("http-length-list", 400, None, by_twirp=no, headers={"Content-Length": "2, 3"})
    yield _request("http-length-twice", 400, None, by_twirp=no, headers={"content-length": "3"})
    yield _request("http-length-huge", 400, None, by_twirp=no, headers={"Content-Length": "9" * 30})
    yield _request(
        "http-chunk-size-word",
        400,
        "malformed",
        by_twirp=no,
        body=b"zz\r\n{}\r\n0\r\n\r\n",
        headers={"Content-Length": None, "Transfer-Encoding": "chunked"},
    )
    yield _request(
        "http-encoding-unknown",
        501,
        None,
        by_twirp=no,
        headers={"Content-Length": None, "Transfer-Encoding": "gzip"},
    )
    yield _request(
        "http-encoding-twice",
        501,
        None,
        by_twirp=no,
        headers={"Content-Length": None, "Transfer-Encoding": "chunked, chunked"},
    )
    yield _request("http-version-2", 505, None, by_twirp=no, version="HTTP/2.0")
    yield _request("http-version-3", 505, None, by_twirp=no, version="HTTP/3.0")
    yield _request("http-version-0.9", 505, None, by_twirp=no, version="HTTP/0.9")
    yield _request("http-version-word", 400, None, by_twirp=no, version="HTTP/one")
    yield _request("http-version-lower-case", 400, None, by_twirp=no, version="http/1.1")
    yield _request("http-version-missing", 400, None, by_twirp=no, version="")
    yield _request("http-method-with-colon", 400, None, by_twirp=no, method="PO:ST")
    yield _request("http-method-empty", 400, None, by_twirp=no, method="")
    yield _request("http-path-without-slash", 400, None, by_twirp=no, path="twirp")
    yield _request("http-path-bad-escape", 400, None, by_twirp=no, path="/twirp/%zz")
    yield _request("http-path-with-blank", 400, None, by_twirp=no, path="/twirp /x")
    yield _request("http-path-control", 400, None, by_twirp=no, path="/twirp\x01")
    yield _request("http-field-name-blank", 400, None, by_twirp=no, headers={"X Y": "1"})
    yield _request("http-field-name-blank-after", 400, None, by_twirp=no, headers={"X ": "1"})
    yield _request("http-field-name-empty", 400, None, by_twirp=no, headers={"": "1"})
    yield _request("http-field-nul", 400, None, by_twirp=no, headers={"X": "a\0b"})
    yield _request("http-field-control", 400, None, by_twirp=no, headers={"X": "a\x01b"})
    yield _request("http-expect-unknown", 417, None, by_twirp=no, headers={"Expect": "200-ok"})
    for name, raw in {
        "http-garbage": b"\0\1\2\3\r\n\r\n",
        "http-tls-hello": b"\x16\x03\x01\x00\x05hello\r\n\r\n",
        "http-sip": b"OPTIONS sip:livekit.example SIP/2.0\r\nVia: SIP/2.0/TCP a\r\n\r\n",
        "http-redis": b"*1\r\n$4\r\nPING\r\n\r\n",
        "http-smtp": b"EHLO livekit.example\r\n\r\n",
        "http-field-without-colon": b"POST / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n",
    }.items():
        yield BadRequest(name, _raw(raw), 400, None, by_twirp=False)


BAD_REQUESTS: tuple[BadRequest, ...] = (
    *_methods(),
    *_content_types(),
    *_json_bodies(),
    *_protobuf_bodies(),
    *_paths(),
    *_arguments(),
    *_sizes(),
    *_grammar(),
)
