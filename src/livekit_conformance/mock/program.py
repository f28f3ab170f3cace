"""
The whole mock: start all sides on free ports and stop them again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from aiohttp import web

from livekit_conformance.mock import identifiers
from livekit_conformance.mock.bus import MockBus
from livekit_conformance.mock.call import Services
from livekit_conformance.mock.config import SERVER_VERSION, MockConfig
from livekit_conformance.mock.http import MAX_HEADER, HttpSide
from livekit_conformance.mock.logs import ServiceLog
from livekit_conformance.mock.rooms import RoomStore
from livekit_conformance.mock.sip import SipSide
from livekit_conformance.mock.telephony import TelephonyStore
from livekit_conformance.mock.webhooks import WebhookQueues

# Time after which a shutdown aborts requests that a fault leaves unanswered.
_SHUTDOWN_S: Final = 0.1


class Mock:
    """
    A mock that runs in the caller's event loop as long as its context is entered.

    From then on `url`, `sip_address` and `redis_url` are set and the two log files exist.
    """

    def __init__(self, config: MockConfig) -> None:
        self.config = config
        self.url = ""
        self.sip_address: tuple[str, int] = ("", 0)
        self.redis_url = ""
        self.server_log: Path = config.log_dir / "livekit-server.log"
        self.sip_log: Path = config.log_dir / "livekit-sip.log"
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def _start(self, stack: AsyncExitStack) -> None:
        config = self.config
        server_log = stack.enter_context(
            ServiceLog(self.server_log, "livekit", as_text=_with_stack_traces(config))
        )
        sip_log = stack.enter_context(
            ServiceLog(
                self.sip_log,
                "sip",
                as_text=config.variations.log,
                nodeID=identifiers.new(identifiers.SIP_NODE),
            )
        )
        client = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        )
        webhooks = WebhookQueues(config, server_log, client)
        stack.push_async_callback(webhooks.close)
        rooms = RoomStore(config, server_log, webhooks.queue)
        stack.callback(rooms.close)
        telephony = TelephonyStore()
        sip = await SipSide.open(Services(config, sip_log, server_log, rooms, telephony))
        stack.push_async_callback(sip.close)
        self.sip_address = sip.address
        http = HttpSide(config, server_log, rooms, telephony, sip.outbound)
        self.url = await _serve(stack, http.application())
        bus = await stack.enter_async_context(MockBus(config.faults))
        self.redis_url = bus.url
        server_log.write(
            "info",
            "starting LiveKit server",
            portHttp=int(self.url.rpartition(":")[2]),
            nodeIP="127.0.0.1",
            version=SERVER_VERSION,
            bindAddresses=["127.0.0.1"],
        )
        sip_log.write(
            "info",
            "sip signaling listening on",
            local="127.0.0.1",
            external="127.0.0.1",
            port=self.sip_address[1],
            proto="udp",
        )


def _with_stack_traces(config: MockConfig) -> Callable[[dict[str, Any]], str]:
    if not config.faults.logs_garbled:
        return config.variations.log
    return lambda line: f"{config.variations.log(line)}\ngoroutine 1 [running]:"


async def _serve(stack: AsyncExitStack, app: web.Application) -> str:
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=_SHUTDOWN_S,
        max_line_size=MAX_HEADER,
        max_field_size=MAX_HEADER,
    )
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"
