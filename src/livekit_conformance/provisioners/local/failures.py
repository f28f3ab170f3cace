"""
Failures of the real services: killed, frozen, cut off, misconfigured.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import redis.asyncio
import yaml

from livekit_conformance.provisioners.failures import Failure
from livekit_conformance.provisioners.local.stack import REDIS_PORT, Stack

# Duration of a Redis pause; shorter ones happen every day on a busy host.
_PAUSE_S: Final = 2.0
_PARTITION_S: Final = 5.0
# Port of Redis while it is cut off; no other run uses the address.
_ELSEWHERE: Final = REDIS_PORT + 1


class LocalFailures:
    """
    Failures of a running stack.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    @asynccontextmanager
    async def during(self, failure: Failure) -> AsyncIterator[None]:
        """
        Let the stack fail inside the context; on exit the failed service is back and listens.
        """
        stack = self._stack
        match failure:
            case Failure.SERVER_RESTART:
                await stack.server.kill()
                yield
                await stack.start(stack.server)
            case Failure.SIP_RESTART:
                await stack.sip.kill()
                yield
                await stack.start(stack.sip)
            case Failure.REDIS_RESTART:
                # Like a Redis with persistence, which has its data again.
                async with self._redis() as client:
                    await client.save()
                await stack.redis.kill()
                yield
                await stack.start(stack.redis)
            case Failure.REDIS_PAUSE:
                stack.redis.signal(signal.SIGSTOP)
                yield
                await asyncio.sleep(_PAUSE_S)
                stack.redis.signal(signal.SIGCONT)
            case Failure.BUS_PARTITION:
                async with self._redis() as client:
                    await client.config_set("port", _ELSEWHERE)
                    # Existing connections are closed, except for the one that sends the command.
                    await client.client_kill_filter(skipme=True)
                    yield
                    await asyncio.sleep(_PARTITION_S)
                    await client.config_set("port", REDIS_PORT)
            case Failure.WRONG_SIP_SECRET:
                await self._restart_sip_with(api_secret=stack.keys.secret[::-1])
                yield
                await self._restart_sip_with(api_secret=stack.keys.secret)

    def _redis(self) -> redis.asyncio.Redis:
        return redis.asyncio.Redis.from_url(self._stack.redis_url, protocol=2)

    async def _restart_sip_with(self, **settings: str) -> None:
        path = self._stack.sip_config_file
        config = yaml.safe_load(path.read_text()) | settings
        path.write_text(yaml.safe_dump(config, sort_keys=False))
        await self._stack.sip.kill()
        await self._stack.start(self._stack.sip)
