"""
HTTP server of our own with scripted answers, to test clients.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType, TracebackType
from typing import Self

from aiohttp import web

_SHUTDOWN_S = 0.1


class ScriptedServer:
    """
    Answer each request with the next status, then repeat the last one. On loopback only.

    `metadata` is the metadata of its Twirp errors, such as the SIP status of a failed call.
    """

    def __init__(
        self, statuses: Sequence[int], *, metadata: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.asked_at: list[float] = []
        self._metadata = dict(metadata)
        self._statuses = list(statuses)

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN_S)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """
        URL of the server.
        """
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    @property
    def waits(self) -> list[float]:
        """
        Seconds between the requests.
        """
        return [
            later - earlier
            for earlier, later in zip(self.asked_at, self.asked_at[1:], strict=False)
        ]

    async def _answer(self, _request: web.Request) -> web.Response:
        self.asked_at.append(time.monotonic())
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        if status == HTTPStatus.OK:
            # An empty body is a valid empty message of any type.
            return web.Response(content_type="application/protobuf")
        error = {"code": "unavailable", "msg": "as scripted", "meta": self._metadata}
        return web.json_response(error, status=status)
