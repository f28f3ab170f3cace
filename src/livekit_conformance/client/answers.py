"""
Send the requests of livekit-api, and read their answers as those of anybody.

livekit-api follows redirects to any host, with the body; takes every 200 for an answer; reads
bodies of any length; and assumes that a JSON answer has the form of a Twirp error.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, cast

import aiohttp
from pydantic import BaseModel, ConfigDict

from livekit_conformance.client.exchange import BODY_KEPT

# The limit of gRPC: some ten thousand rooms.
LONGEST_ANSWER: Final = 4 * 1024 * 1024
# In bytes, on average over a message. A room or participant with an id and a name has more; an
# empty one takes 2 bytes here and 330 bytes of memory.
_SHORTEST_ENTRY: Final = 32
_LONGEST_VARINT: Final = 63
_PROTOBUF: Final = "application/protobuf"


class UnreadableAnswerError(Exception):
    """
    The server answered 200, but not with the message that was requested: the text is what it is.
    """


class _TwirpError(BaseModel):
    model_config = ConfigDict(strict=True)

    code: str = "unknown"
    msg: str = ""
    meta: dict[str, str] = {}


class BoundedSession:
    """
    The part of aiohttp's session that livekit-api uses, on a session that may be somebody else's.

    `longest` limits the bytes of a message.
    """

    def __init__(self, session: aiohttp.ClientSession, longest: int) -> None:
        self._session = session
        self._longest = longest

    @property
    def timeout(self) -> aiohttp.ClientTimeout:
        """
        The time limits of the session.
        """
        return self._session.timeout

    @asynccontextmanager
    async def post(self, url: str, **options: Any) -> AsyncIterator[Answer]:
        """
        Send POST and yield the answer; a redirect is an answer like any other.

        Raises aiohttp.InvalidURL for a URL that aiohttp, IDNA or the resolver cannot encode.
        """
        try:
            response = await self._session.post(url, allow_redirects=False, **options)
        except ValueError as error:
            raise aiohttp.InvalidURL(url, "no URL that can be requested") from error
        try:
            yield Answer(response, self._longest)
        finally:
            response.release()


class Answer:
    """
    HTTP answer, of which no more is read than has a use.
    """

    def __init__(self, response: aiohttp.ClientResponse, longest: int) -> None:
        self._response = response
        self._longest = longest
        self.status = response.status

    async def read(self) -> bytes:
        """
        Return the protobuf message of a 200; raise UnreadableAnswerError if it holds none.

        An empty body is an empty message, but only if its type is protobuf.
        """
        content_type = self._response.headers.get("Content-Type", "")
        is_message = content_type.partition(";")[0].strip().lower() == _PROTOBUF
        body, is_whole = await self.first_bytes(self._longest if is_message else BODY_KEPT)
        if not is_message:
            raise UnreadableAnswerError(f"is of another type than LiveKit's: {content_type!a:.100}")
        if not is_whole:
            raise UnreadableAnswerError(f"is longer than {self._longest} bytes")
        most = self._longest // _SHORTEST_ENTRY
        if _has_more_entries(body, most):
            raise UnreadableAnswerError(f"has more than {most} entries, most of them empty")
        return body

    async def json(self) -> dict[str, Any]:
        """
        Return the Twirp error in the body.

        Raises ValueError for any other content; livekit-api then raises an error without a text,
        and ours has the content as its text.
        """
        body, _ = await self.first_bytes(BODY_KEPT)
        return _TwirpError.model_validate_json(body).model_dump()

    async def first_bytes(self, most: int) -> tuple[bytes, bool]:
        """
        Return the first `most` bytes of the body, decompressed, and whether they are all of it.
        """
        # aiohttp reads, traces and closes as always, but sees the end of the body after `most`.
        content = _Bounded(self._response.content, most)
        self._response.content = cast("aiohttp.StreamReader", content)
        return await self._response.read(), content.is_whole


class _Bounded:
    """
    Stream that ends after `most` bytes.
    """

    def __init__(self, stream: aiohttp.StreamReader, most: int) -> None:
        self._stream = stream
        self._most = most
        self.is_whole = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    async def read(self) -> bytes:
        received = bytearray()
        async for piece in self._stream.iter_any():
            received += piece
            if len(received) > self._most:
                self.is_whole = False
                break
        del received[self._most :]
        return bytes(received)


def _has_more_entries(message: bytes, most: int) -> bool:
    """
    Return whether a protobuf message has more than `most` fields; False if it is unreadable.
    """
    # A field has two bytes or more.
    if len(message) <= 2 * most:
        return False
    at = count = 0
    try:
        while at < len(message) and count <= most:
            at = _end_of_field(message, at)
            count += 1
    except (IndexError, ValueError):
        return False  # the parser reports it
    return count > most


def _end_of_field(message: bytes, at: int) -> int:
    """
    Return the offset behind the field at an offset (protobuf's encoding: tag, value).
    """
    tag, at = _varint(message, at)
    match tag & 7:
        case 0:
            return _varint(message, at)[1]
        case 1:
            return at + 8
        case 2:
            length, at = _varint(message, at)
            return at + length
        case 5:
            return at + 4
        case other:
            raise ValueError(f"wire type {other}")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """
    Return the number at an offset, and the offset behind it.
    """
    value = shift = 0
    while (byte := message[at]) & 0x80:
        value |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if shift > _LONGEST_VARINT:
            raise ValueError("a number of more than 64 bits")
    return value | byte << shift, at + 1
