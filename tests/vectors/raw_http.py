"""
HTTP/1.1 by hand, for malformed requests that no library would send.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass

# No request may take longer.
DEADLINE_S = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """
    The answer; `status` is 0 when the connection was closed without one.
    """

    status: int
    content_type: str = ""
    body: bytes = b""

    @property
    def code(self) -> str | None:
        """
        Twirp code of the body, when it is a Twirp error.
        """
        if self.content_type.partition(";")[0] != "application/json":
            return None
        try:
            value = json.loads(self.body)
        except ValueError:
            return None
        return value.get("code") if isinstance(value, dict) and "msg" in value else None

    def __str__(self) -> str:
        return f"{self.status} {self.code or self.content_type}: {self.body[:160]!r}"


async def exchange(address: tuple[str, int], request: bytes) -> Answer:
    """
    Send the bytes on a new connection and read until the server closes it.

    Raises TimeoutError after DEADLINE_S.
    """
    async with asyncio.timeout(DEADLINE_S):
        reader, writer = await asyncio.open_connection(*address)
        try:
            sending = asyncio.create_task(_send(writer, request))
            received = await _received(reader)
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending
        finally:
            writer.transport.abort()
    return _parse(received)


async def _send(writer: asyncio.StreamWriter, request: bytes) -> None:
    # A server may answer and close before it has read the whole request.
    with suppress(ConnectionError):
        writer.write(request)
        await writer.drain()


async def _received(reader: asyncio.StreamReader) -> bytes:
    received = bytearray()
    with suppress(ConnectionError):
        while chunk := await reader.read(65536):
            received += chunk
    return bytes(received)


def _parse(raw: bytes) -> Answer:
    head, _, body = raw.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1."):
        return Answer(0, "", raw)
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (s.partition(":") for s in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = _dechunked(body)
    return Answer(int(status_line.split(" ")[1]), headers.get("content-type", ""), body)


def _dechunked(body: bytes) -> bytes:
    whole = bytearray()
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        whole += rest[:length]
        body = rest[length + 2 :]
        if length == 0:
            break
    return bytes(whole)
