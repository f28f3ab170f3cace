"""
One try of one request, and its failure in our words.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

import aiohttp
from google.protobuf.message import DecodeError
from livekit import api

from livekit_conformance.client.error_advice import hint
from livekit_conformance.client.errors import (
    LiveKitConnectionError,
    LiveKitError,
    LiveKitTimeoutError,
    class_for,
)
from livekit_conformance.client.exchange import Exchange, exchange
from livekit_conformance.client.network import REMEDIES, is_lasting, loss_of
from livekit_conformance.secrets.patterns import Redactor

T = TypeVar("T")

_ANSWERED = 400


@dataclass(frozen=True, slots=True)
class ErrorMapper:
    """
    Who asks: the masked API `key`, and what must not stand in an error.
    """

    key: str
    redact: Redactor = field(repr=False)

    async def attempt(
        self, method: str, url: str, request: Awaitable[T], *, within: float | None
    ) -> T:
        """
        The answer to `request`, which is sent by a session that has `trace()`.

        `url` is told where the request did not come so far as to have one. Raises LiveKitError.
        """
        started = time.perf_counter()
        with exchange(url) as seen:
            try:
                # livekit-api 1.2 hands aiohttp `timeout=None`, which switches the session's off.
                async with asyncio.timeout(within):
                    return await request
            except api.ServerError as error:
                answered = (error.status, error.code, error.message, error.metadata)
                # Not `from error`: it holds the text as it came, which may be the whole token.
                raise self.refused(method, seen, *answered) from None
            except DecodeError:
                text = f"the answer to {method} is of another type than LiveKit's"
                raise self.refused(method, seen, seen.status, "", text) from None
            except (aiohttp.ClientError, TimeoutError) as error:
                waited = time.perf_counter() - started
                raise self.lost(method, seen, error, waited=waited) from error
            except (AttributeError, TypeError):
                # livekit-api takes every JSON answer for an object.
                if seen.status < _ANSWERED:
                    raise
                raise self.refused(method, seen, seen.status) from None

    def refused(
        self,
        method: str,
        seen: Exchange,
        status: int,
        code: str = "",
        message: str = "",
        metadata: Mapping[str, str] = MappingProxyType({}),
    ) -> LiveKitError:
        """
        The server answered with an error.
        """
        text = self.redact(message or seen.text)
        kind = class_for(status, metadata)
        return kind(
            method=method,
            status=status,
            code=code,
            text=text,
            hint=hint(status, text, metadata),
            metadata={name: self.redact(str(value)) for name, value in metadata.items()},
            retry_after=seen.retry_after,
            may_have_arrived=True,
            **self._common(seen),
        )

    def lost(
        self, method: str, seen: Exchange, error: BaseException, *, waited: float
    ) -> LiveKitError:
        """
        No answer came.
        """
        loss = loss_of(error, seen.phase)
        told: dict[str, Any] = {
            "method": method,
            "text": self.redact(loss.words),
            "hint": REMEDIES[loss.phase],
            "phase": loss.phase,
            "may_have_arrived": seen.may_have_arrived,
            "waited": waited,
            **self._common(seen),
        }
        if isinstance(error, TimeoutError):
            return LiveKitTimeoutError(**told)
        return LiveKitConnectionError(**told, is_lasting=is_lasting(error))

    def _common(self, seen: Exchange) -> dict[str, Any]:
        return {"url": self.redact(seen.url), "key": self.key}
