"""
Send one try of a request and map its failure to our errors.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

import aiohttp
from google.protobuf.message import DecodeError
from livekit import api

from livekit_conformance.client.answers import UnreadableAnswerError
from livekit_conformance.client.error_advice import hint
from livekit_conformance.client.errors import (
    LiveKitConnectionError,
    LiveKitError,
    LiveKitTimeoutError,
    class_for,
)
from livekit_conformance.client.exchange import Exchange, exchange
from livekit_conformance.client.network import QUEUED, is_lasting, loss_of
from livekit_conformance.client.time_limit import TimeLimit
from livekit_conformance.secrets.patterns import Redactor

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ErrorMapper:
    """
    Map failed requests to LiveKitError, with the masked API `key` and a `redact` for secrets in
    texts.
    """

    key: str
    redact: Redactor = field(repr=False)

    async def attempt(
        self,
        method: str,
        url: str,
        request: Awaitable[T],
        *,
        within: float,
        until: float | None = None,
    ) -> T:
        """
        Return the answer to `request`, which is sent by a session that has `trace()`.

        The server has `within` seconds. A wait for a connection of our own pool comes on top, but
        nothing lasts longer than `until`, a time of the loop. An error names `url` if the request
        failed before it had a URL of its own. Raises LiveKitError.
        """
        started = time.perf_counter()
        limit = TimeLimit(within, until)
        with exchange(url, limit) as seen:
            try:
                # livekit-api 1.2 passes `timeout=None` to aiohttp; that disables its own timeout.
                async with limit.timeout:
                    return await request
            except api.ServerError as error:
                answered = (error.status, error.code, error.message, error.metadata)
                # Not `from error`: it holds the unredacted text, which may contain the whole token.
                raise self.refused(method, seen, *answered) from None
            except DecodeError:
                text = f"the answer to {method} is of another type than LiveKit's"
                raise self.refused(method, seen, seen.status, "", text) from None
            except UnreadableAnswerError as error:
                text = f"the answer to {method} {error}"
                raise self.refused(method, seen, seen.status, "", text) from None
            except (aiohttp.ClientError, OSError) as error:
                waited = time.perf_counter() - started
                raise self.lost(method, seen, error, waited=waited) from error

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
        Return the error for a request that the server answered with an error.
        """
        text = self.redact(message or seen.text)
        kind = class_for(status, metadata)
        return kind(
            method=method,
            status=status,
            code=code,
            text=text,
            hint=hint(status, text, metadata),
            metadata={name: self.redact(value) for name, value in metadata.items()},
            retry_after=seen.retry_after,
            may_have_arrived=True,
            **self._common(seen),
        )

    def lost(
        self, method: str, seen: Exchange, error: BaseException, *, waited: float
    ) -> LiveKitError:
        """
        Return the error for a request that got no answer.
        """
        is_queue = isinstance(error, TimeoutError) and seen.is_queued_too_long
        loss = QUEUED if is_queue else loss_of(error, seen.phase)
        details: dict[str, Any] = {
            "method": method,
            "text": self.redact(loss.words),
            "hint": loss.remedy,
            "phase": loss.phase,
            "failure": loss.failure,
            "may_have_arrived": seen.may_have_arrived,
            "waited": waited,
            "is_local": loss.is_local,
            **self._common(seen),
        }
        if isinstance(error, TimeoutError):
            return LiveKitTimeoutError(**details)
        return LiveKitConnectionError(**details, is_lasting=is_lasting(error))

    def _common(self, seen: Exchange) -> dict[str, Any]:
        return {"url": self.redact(seen.url), "key": self.key}
