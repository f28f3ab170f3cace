"""
Hostile HTTP answers: status x headers x body, sent byte by byte as written here.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

PROTOBUF = "Content-Type: application/protobuf"
JSON = "Content-Type: application/json"
HTML = "Content-Type: text/html; charset=utf-8"
# Sent until the client hangs up.
ENDLESS = b"\n" * 64 * 1024


@dataclass
class RawServer:
    """
    Server that answers every connection with the same bytes, and keeps what it received.

    `endless` follows again and again, after `pause` seconds each.
    """

    answer: bytes
    endless: bytes = b""
    pause: float = 0.0
    url: str = ""
    received: list[bytes] = field(default_factory=list)
    sent: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                head = await reader.readuntil(b"\r\n\r\n")
                self.received.append(head)
                writer.write(self.answer)
                await writer.drain()
                while self.endless:
                    await asyncio.sleep(self.pause)
                    writer.write(self.endless)
                    await writer.drain()
                    self.sent += len(self.endless)
                writer.write_eof()
                # Ends when the client closes its side.
                await reader.read()
        finally:
            writer.close()


@asynccontextmanager
async def raw_server(
    answer: bytes, *, endless: bytes = b"", pause: float = 0.0
) -> AsyncIterator[RawServer]:
    made = RawServer(answer, endless, pause)
    server = await asyncio.start_server(made.serve, "127.0.0.1")
    async with server:
        made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield made


def answer(status: str, *headers: str, body: bytes = b"", length: str | None = None) -> bytes:
    """
    Return the bytes of an answer, with the length of its body unless another one is given.
    """
    length = f"Content-Length: {len(body)}" if length is None else length
    lines = (f"HTTP/1.1 {status}", *headers, length, "Connection: close")
    return "\r\n".join(filter(None, lines)).encode("latin-1") + b"\r\n\r\n" + body


def twirp_error(**fields: object) -> bytes:
    return json.dumps({"code": "internal", "msg": "made up", **fields}).encode()


def bomb(megabytes: int, pack: Callable[[bytes], bytes] = gzip.compress) -> bytes:
    return pack(bytes(megabytes * 1024 * 1024))


STATUSES = (
    *("200 OK", "204 No Content", "301 Moved", "302 Found", "307 Temporary Redirect"),
    *("400 Bad Request", "401 Unauthorized", "404 Not Found", "429 Slow Down", "503 Unavailable"),
)
# Name of the shape, headers, body.
SHAPES: dict[str, tuple[tuple[str, ...], bytes]] = {
    "empty": ((), b""),
    "web-page": ((HTML,), b"<html>Log in</html>"),
    "not-protobuf": ((PROTOBUF,), b"\xff" * 64),
    "deep-protobuf": ((PROTOBUF,), b"\x0a\x7f" * 4000),
    "json-list": ((JSON,), b"[1]"),
    "json-null": ((JSON,), b"null"),
    "deep-json": ((JSON,), b"[" * 60_000),
    "big-number": ((JSON,), b'{"code": ' + b"9" * 6000 + b"}"),
    "meta-list": ((JSON,), twirp_error(meta=["x"])),
    "meta-text": ((JSON,), twirp_error(meta="x")),
    "meta-nested": ((JSON,), twirp_error(meta={"sip_status_code": {"a": 1}, "b": None})),
    "meta-number": ((JSON,), twirp_error(meta={"sip_status_code": 486})),
    "long-sip-status": ((JSON,), twirp_error(meta={"sip_status_code": "4" * 5000})),
    "foreign-digits": ((JSON,), twirp_error(meta={"sip_status_code": "٤٨٦"})),
    "code-and-msg-of-other-types": ((JSON,), twirp_error(code=5, msg={"a": []})),
    "half-a-surrogate": ((JSON,), b'{"code": "internal", "msg": "\\ud800"}'),
    "odd-type": (("Content-Type: text/\xff" + "x" * 4000,), b""),
    "odd-charset": (("Content-Type: application/json; charset=rot13",), twirp_error()),
    "two-types": ((JSON, HTML), twirp_error()),
    "gzip-that-is-none": ((JSON, "Content-Encoding: gzip"), b"not gzip"),
    "gzip-bomb": ((JSON, "Content-Encoding: gzip"), bomb(8)),
    "deflate-bomb": ((HTML, "Content-Encoding: deflate"), bomb(8, zlib.compress)),
    "odd-location": ((HTML, "Location: http://[::bad/\x7f"), b""),
    "location-of-another-scheme": ((HTML, "Location: file:///etc/hostname"), b""),
    "endless-wait": ((JSON, "Retry-After: " + "9" * 4000), twirp_error()),
    "not-utf-8-in-protobuf": ((PROTOBUF,), b"\x0a\x04\x12\x02\xff\xfe"),
    "long-message": ((JSON,), twirp_error(msg="x" * 60_000)),
    "controls-in-message": ((JSON,), twirp_error(msg="\x00\x1b[2J\r\n\u2028")),
    "many-keys": ((JSON,), twirp_error(meta={str(number): "x" for number in range(3000)})),
    "key-twice": ((JSON,), b'{"code": "internal", "code": [], "msg": 1, "msg": {}}'),
    "infinite-number": ((JSON,), b'{"code": 1e999, "msg": NaN, "meta": {"sip_status_code": -1}}'),
    "gzip-twice": ((JSON, "Content-Encoding: gzip, gzip"), gzip.compress(gzip.compress(b"{}"))),
    "unknown-encoding": ((JSON, "Content-Encoding: rot13"), twirp_error()),
    "negative-wait": ((JSON, "Retry-After: -5"), twirp_error()),
    "wait-until-the-year-0": ((JSON, "Retry-After: Sat, 00 Jan 0000 00:00:00 GMT"), twirp_error()),
    "odd-cookie": ((JSON, "Set-Cookie: \x01=;;;=,\xff"), twirp_error()),
}
# Answers that are broken as a whole.
BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "no-http": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "half-a-status-line": b"HTTP/1.1 2",
    "status-0": answer("000 Zero"),
    "status-999": answer("999 Odd"),
    "status-of-five-digits": answer("20000 Odd"),
    "no-status": b"HTTP/1.1 \r\n\r\n",
    "upgrade": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "only-continue": b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
    "negative-length": answer("200 OK", PROTOBUF, length="Content-Length: -1"),
    "two-lengths": answer("200 OK", PROTOBUF, "Content-Length: 5", length="Content-Length: 0"),
    "cut-body": answer("200 OK", PROTOBUF, length="Content-Length: 99", body=b"\x0a"),
    "cut-error": answer("503 No", JSON, length="Content-Length: 99", body=b"{"),
    "bad-chunk": answer("200 OK", PROTOBUF, length="Transfer-Encoding: chunked", body=b"zz\r\n"),
    "cut-chunk": answer("200 OK", PROTOBUF, length="Transfer-Encoding: chunked", body=b"5\r\na"),
    "long-header": answer("200 OK", PROTOBUF, "X: " + "x" * 100_000),
    "many-headers": answer("200 OK", PROTOBUF, *(f"X-{n}: x" for n in range(5000))),
    "header-without-colon": answer("200 OK", PROTOBUF, "odd"),
    "folded-header": answer("200 OK", PROTOBUF, "X: a\r\n b"),
    "blank-before-colon": answer("200 OK", "Content-Type : application/protobuf"),
    "huge-chunk": answer(
        "200 OK", PROTOBUF, length="Transfer-Encoding: chunked", body=b"f" * 15 + b"\r\na"
    ),
    "negative-chunk": answer(
        "200 OK", PROTOBUF, length="Transfer-Encoding: chunked", body=b"-1\r\na\r\n0\r\n\r\n"
    ),
    "chunks-and-a-length": answer(
        "200 OK", PROTOBUF, "Transfer-Encoding: chunked", body=b"1\r\n\x0a\r\n0\r\n\r\n"
    ),
    "http-0.9": b"<html>Log in</html>",
    "http-2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "http-3-version": b"HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "alert-of-tls": b"\x15\x03\x03\x00\x02\x02\x46",
    "nul-in-header": answer("200 OK", PROTOBUF, "X: \x00"),
}


def hostile_answers() -> Iterator[tuple[str, int, bytes]]:
    """
    Yield the name, the HTTP status (0: none that can be read) and the bytes of each answer.
    """
    for status in STATUSES:
        for name, (headers, body) in SHAPES.items():
            code = int(status.partition(" ")[0])
            # A 204 has no body, and what was not compressed cannot be decompressed.
            is_broken = (code == 204 and body) or (code, name) == (200, "gzip-that-is-none")
            yield f"{code}-{name}", 0 if is_broken else code, answer(status, *headers, body=body)
    for name, raw in BROKEN.items():
        yield name, 0, raw
