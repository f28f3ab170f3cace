"""
Connections to Redis, and its answers as values.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import redis.asyncio
from pydantic import TypeAdapter
from redis.exceptions import (
    AuthenticationError,
    InvalidResponse,
    NoPermissionError,
    RedisError,
    ResponseError,
)
from redis.exceptions import TimeoutError as TimedOut

from livekit_conformance import run_clock
from livekit_conformance.errors import Blocked, Failure, Unreachable, blocked
from livekit_conformance.findings import Says
from livekit_conformance.judges.bus import other_tls
from livekit_conformance.judges.preconditions import NO_REDIS_URL
from livekit_conformance.lost_requests import failure_of
from livekit_conformance.observations import BusAnswer, Recorder

T = TypeVar("T")

_PORT: Final = 6379
# An answer to it tells Redis from a server that waits for TLS.
_PING: Final = b"PING\r\n"
_REMEDIES: Final[Mapping[type[RedisError], str]] = MappingProxyType(
    {
        AuthenticationError: "Put the password of Redis into the URL: redis://:PASSWORD@host",
        NoPermissionError: "Let the user of `redis` in the profile give this command (ACL SETUSER)",
    }
)
# Ends of a connection that was there. Clients do not always pass on how the system put it.
_LOST: Final = frozenset({Failure.RESET, Failure.ENDED, Failure.OTHER})


class OtherProtocol(Blocked):
    """
    Redis speaks TLS and the URL of the profile does not, or the other way round.
    """

    def __init__(self, endpoint: str, *, speaks_tls: bool) -> None:
        right = "rediss://" if speaks_tls else "redis://"
        found = other_tls(endpoint, "the profile", speaks_tls=speaks_tls, says=Says.UNSEEN)
        remedy = f"Begin `redis` in the profile with {right}"
        super().__init__(found.seen, remedy=remedy, link=found.link, findings=[found])
        self.speaks_tls = speaks_tls


@dataclass(frozen=True, slots=True)
class Connections:
    """
    Connections to the Redis of a URL, and to other instances with the same account.
    """

    url: str
    recorder: Recorder
    timeout: float

    @property
    def address(self) -> str:
        """
        Host and port of the URL.
        """
        host, port = self._place()
        return f"{host}:{port}"

    @property
    def port(self) -> int:
        """
        Port of the URL.
        """
        return self._place()[1]

    @property
    def is_secure(self) -> bool:
        """
        True if the URL asks for TLS.
        """
        return urlsplit(self.url).scheme == "rediss"

    @asynccontextmanager
    async def open(self, instance: str | None = None) -> AsyncIterator[redis.asyncio.Redis]:
        """
        Yield a client of the URL's Redis, or of another `instance` (host:port).

        Raises Unreachable, and OtherProtocol where only the scheme of the URL is wrong.
        """
        url = self.url if instance is None else self._at(instance)
        started = time.perf_counter()
        try:
            connection = redis.asyncio.Redis.from_url(
                url,
                protocol=2,
                socket_timeout=self.timeout,
                socket_connect_timeout=self.timeout,
            )
        except ValueError as error:
            reason, remedy = f"this is no URL of a Redis: {error}", "Correct `redis` in the profile"
            raise blocked(NO_REDIS_URL, reason, remedy=remedy, error=str(error)) from error
        try:
            async with connection as client:
                yield client
        except (RedisError, OSError) as error:
            refusal = None
            has_answered = isinstance(error, AuthenticationError | ResponseError)
            if instance is None and not has_answered:
                if await self._speaks_the_other(error):
                    raise OtherProtocol(
                        self.recorder.redact(self.address), speaks_tls=not self.is_secure
                    ) from error
                failure = failure_of(error)
                refusal = await self._refusal() if failure in _LOST else None
                text = f"Redis does not answer: {refusal or error}"
                self.recorder.record(
                    BusAnswer(
                        run_clock.now(),
                        text,
                        error=str(error),
                        failure=failure,
                        refusal=refusal,
                    )
                )
            remedy = next(
                (words for kind, words in _REMEDIES.items() if isinstance(error, kind)),
                "Check that Redis runs and that `redis` in the profile is its URL",
            )
            raise Unreachable(
                self.recorder.redact(url),
                phase="connect",
                detail=refusal or str(error),
                waited=time.perf_counter() - started,
                remedy=remedy,
                failure=failure_of(error),
            ) from error

    def _place(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return parts.hostname or "localhost", parts.port or _PORT

    def _at(self, instance: str) -> str:
        parts = urlsplit(self.url)
        account, at, _ = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{account}{at}{instance}").geturl()

    async def _speaks_the_other(self, error: Exception) -> bool:
        """
        Return whether the port speaks plain text where the URL asks for TLS, or TLS where not.
        """
        # A port that speaks TLS refuses plain text at once.
        if not self.is_secure and isinstance(error, TimedOut):
            return False
        context = None
        if not self.is_secure:
            context = ssl.create_default_context()
            # Nothing is sent: it only has to shake hands.
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            async with asyncio.timeout(self.timeout):
                reader, writer = await asyncio.open_connection(*self._place(), ssl=context)
                try:
                    if context is not None:
                        return True
                    writer.write(_PING)
                    # It wants a password, or it answers PONG.
                    return (await reader.read(1)) in {b"+", b"-"}
                finally:
                    writer.close()
        except OSError:
            return False

    async def _refusal(self) -> str | None:
        """
        Return the error with which Redis closes a new connection before anything is asked.

        A client that asks at once does not see it: its request meets the closed connection.
        """
        try:
            async with asyncio.timeout(self.timeout):
                reader, writer = await asyncio.open_connection(*self._place())
                try:
                    words = await reader.readline()
                finally:
                    writer.close()
        except OSError:
            return None
        return words.decode(errors="replace")[1:].strip() if words.startswith(b"-") else None


async def read(answer: Awaitable[Any], wanted: TypeAdapter[T]) -> T:
    """
    Return the answer to a command; raise RedisError, or OSError if it was lost.

    redis-py takes for granted that Redis answers: what anything else sends makes it raise errors of
    any kind, or is returned as it is.
    """
    try:
        return wanted.validate_python(await answer)
    except (RedisError, OSError):
        raise
    except Exception as error:
        raise InvalidResponse("the answer is not that of a Redis") from error


async def read_if_allowed(answer: Awaitable[Any], wanted: TypeAdapter[T]) -> T | None:
    """
    Return the answer to a command; None if the account may not give it, or Redis does not know it.
    """
    try:
        return await read(answer, wanted)
    except (ResponseError, InvalidResponse):
        return None
