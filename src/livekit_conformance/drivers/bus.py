"""
Read-only view of the Redis bus between livekit-sip and livekit-server.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, Final, TypeVar

import redis.asyncio
from pydantic import TypeAdapter
from redis.exceptions import (
    AuthenticationError,
    InvalidResponse,
    NoPermissionError,
    RedisError,
    ResponseError,
)

from livekit_conformance import run_clock
from livekit_conformance.errors import Blocked, Unreachable, failure_of
from livekit_conformance.observations import BusAnswer, Recorder

T = TypeVar("T")

# Channels that psrpc subscribes to, named as in Redis (psrpc pkg/info/channels.go).
TRUNK_AUTHENTICATION = "IOInfo|GetSIPTrunkAuthentication|REQ"
DISPATCH_RULES = "IOInfo|EvaluateSIPDispatchRules|REQ"
CREATE_PARTICIPANT = "SIPInternal|CreateSIPParticipant|REQ"

# Key for the version of livekit-server; an older server that starts later does not overwrite it
# (livekit-server pkg/service/redisstore.go, Start).
_VERSION_KEY = "livekit_version"

# Channel on which each livekit-server answers the keepalive of its own node.
_OF_NODE = "Keepalive|Ping|{}|REQ"

CHANNELS = MappingProxyType(
    {
        TRUNK_AUTHENTICATION: "livekit-server, for the trunk of an inbound call",
        DISPATCH_RULES: "livekit-server, for the dispatch rule of an inbound call",
        CREATE_PARTICIPANT: "livekit-sip, for outbound calls",
    }
)


# Answers as they are read here, if it is Redis that answers.
_COUNTS: Final = TypeAdapter(list[tuple[str, int]])
_NAMES: Final = TypeAdapter(list[str])
_TEXT: Final = TypeAdapter(str | None)
_FACTS: Final = TypeAdapter(dict[str, Any])


class Bus:
    """
    Subscribers of the bus, and its registered nodes. It writes nothing.
    """

    def __init__(self, url: str, recorder: Recorder, *, timeout: float = 2.0) -> None:
        self.endpoint = recorder.redact(url)
        self._url = url
        self._recorder = recorder
        self._timeout = timeout

    async def listeners(self) -> dict[str, int]:
        """
        Return the number of subscribers of each channel (PUBSUB NUMSUB); raises Unreachable.
        """
        async with self._connected() as client:
            found = await _read(client.pubsub_numsub(*CHANNELS), _COUNTS)
        counts = dict(found)
        for channel, count in counts.items():
            text = f"{count} listen on {channel}"
            self._recorder.record(
                BusAnswer(run_clock.now(), text, channel=channel, subscribers=count)
            )
        return counts

    async def nodes(self) -> list[str]:
        """
        Return the ids of the livekit-servers registered in this database that listen on the bus.

        A server that is killed stays in the hash (HKEYS nodes), but no longer listens on the
        channel of its node (PUBSUB NUMSUB); raises Unreachable.
        """
        async with self._connected() as client:
            found = await _read(client.hkeys("nodes"), _NAMES)
            channels = map(_OF_NODE.format, found)
            counts = await _read(client.pubsub_numsub(*channels), _COUNTS)
        listening = {channel for channel, count in counts if count}
        ids = sorted(node for node in found if _OF_NODE.format(node) in listening)
        text = f"registered nodes: {', '.join(ids) or 'none'}"
        self._recorder.record(
            BusAnswer(run_clock.now(), text, nodes=tuple(ids), registered=len(ids))
        )
        return ids

    async def server_version(self) -> str | None:
        """
        Return the newest livekit-server that ever ran on this Redis (GET livekit_version).

        None when there was none; raises Unreachable.
        """
        async with self._connected() as client:
            version = await _read(client.get(_VERSION_KEY), _TEXT) or None
        text = f"newest livekit-server so far: {version}"
        self._recorder.record(BusAnswer(run_clock.now(), text, version=version))
        return version

    async def instance(self) -> str | None:
        """
        Return the id that Redis draws when it starts (INFO server); raises Unreachable.

        None when this account may not ask for it.
        """
        async with self._connected() as client:
            try:
                answer = await _read(client.info("server"), _FACTS)
            except NoPermissionError:
                answer = {}
        found: str | None = answer.get("run_id")
        text = f"run_id of Redis: {found}"
        self._recorder.record(BusAnswer(run_clock.now(), text, run_id=found))
        return found

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[redis.asyncio.Redis]:
        started = time.perf_counter()
        try:
            connection = redis.asyncio.Redis.from_url(
                self._url,
                protocol=2,
                socket_timeout=self._timeout,
                socket_connect_timeout=self._timeout,
            )
        except ValueError as error:
            raise Blocked(
                f"this is no URL of a Redis: {error}", remedy="Correct `redis` in the profile"
            ) from error
        try:
            async with connection as client:
                yield client
        except (RedisError, OSError) as error:
            remedy = (
                "Put the password of Redis into the URL: redis://:PASSWORD@host"
                if isinstance(error, AuthenticationError)
                else "Check that Redis runs and that `redis` in the profile is its URL"
            )
            if not isinstance(error, AuthenticationError | ResponseError):
                text = f"Redis does not answer: {error}"
                failure = failure_of(error)
                self._recorder.record(
                    BusAnswer(run_clock.now(), text, error=str(error), failure=failure)
                )
            raise Unreachable(
                self.endpoint,
                phase="connect",
                detail=str(error),
                waited=time.perf_counter() - started,
                remedy=remedy,
                failure=failure_of(error),
            ) from error


async def _read(answer: Awaitable[Any], wanted: TypeAdapter[T]) -> T:
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
