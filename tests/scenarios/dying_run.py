"""
Runs that create one object each and are killed at a given point: `python -m ... < plan.json`.

Each run is a fork of this process, which has imported everything once, and sends SIGKILL to itself.
Prints the exit code of each run; a negative one is the signal that killed it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiohttp
from livekit import api

from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.ownership.ledger import NAME, Ledger
from livekit_conformance.drivers.ownership.owner import Owner
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.mark import Kind
from livekit_conformance.secrets.patterns import Redactor

KINDS: tuple[Kind, ...] = ("room", "inbound-trunk", "outbound-trunk", "dispatch-rule")
POINTS = (
    *("before-entry", "torn-entry", "unsynced-entry", "after-entry"),
    *("connecting", "head-sent", "request-sent", "answered"),
    *("before-completion", "torn-completion", "unsynced-completion", "after-completion"),
)
# Numbers apart from those of the deployment's own line.
FIRST_NUMBER = 50


@dataclass
class Point:
    """
    The point at which the run dies, once it is armed.
    """

    name: str
    armed: bool = False

    def __call__(self, name: str) -> None:
        if self.armed and name == self.name:
            os.kill(os.getpid(), signal.SIGKILL)


class DyingLedger(Ledger):
    """
    Ledger that can kill the run while it writes.
    """

    def __init__(self, path: Path, point: Point, **whose: Any) -> None:
        super().__init__(path, **whose)
        self._point = point

    def intend(self, *which: Any) -> None:
        self._around("entry", super().intend, *which)

    def complete(self, *which: Any) -> None:
        self._around("completion", super().complete, *which)

    def _around(self, what: str, write: Any, *which: Any) -> None:
        real_write, real_fsync = os.write, os.fsync

        def torn(file: int, line: bytes) -> int:
            real_write(file, line[: len(line) // 2] if self._dies(f"torn-{what}") else line)
            self._point(f"torn-{what}")
            return len(line)

        def unsynced(file: int) -> None:
            self._point(f"unsynced-{what}")
            real_fsync(file)

        self._point(f"before-{what}")
        with patch.object(os, "write", torn), patch.object(os, "fsync", unsynced):
            write(*which)
        self._point(f"after-{what}")

    def _dies(self, point: str) -> bool:
        return self._point.armed and self._point.name == point


def watch_requests(session: aiohttp.ClientSession, point: Point) -> None:
    """
    Let the run die at a stage of a request.
    """

    def dies(name: str, *, soon: bool = False) -> Any:
        async def on_signal(*_: Any) -> None:
            if soon:
                # After the transport has handed the bytes to the kernel.
                asyncio.get_running_loop().call_soon(point, name)
            else:
                point(name)

        return on_signal

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(dies("connecting"))
    trace.on_request_headers_sent.append(dies("head-sent"))
    trace.on_request_chunk_sent.append(dies("request-sent", soon=True))
    trace.on_request_end.append(dies("answered"))
    trace.freeze()
    session.trace_configs.append(trace)


async def create(plan: dict[str, Any], kind: str, name: str, run: str, number: str) -> None:
    point = Point(name)
    folder = Path(plan["reports"]) / run
    whose = {"run": run, "environment": plan["environment"]}
    with DyingLedger(folder / NAME, point, **whose) as ledger:
        client = LiveKitClient(
            plan["url"],
            api_key=plan["key"],
            api_secret=plan["secret"],
            permit=Permit.everything(),
            recorder=Recorder(Redactor()),
            owner=Owner(ledger, secret=plan["secret"]),
        )
        async with client:
            watch_requests(client.session, point)
            inbound = api.SIPInboundTrunkInfo(name=run, numbers=[number])
            if kind == "dispatch-rule":
                trunk = await client.create_inbound_trunk(inbound)
            point.armed = True
            match kind:
                case "room":
                    # It must outlive all the runs that die after this one, on a slow machine too.
                    await client.create_room(run, empty_timeout=300)
                case "inbound-trunk":
                    await client.create_inbound_trunk(inbound)
                case "outbound-trunk":
                    await client.create_outbound_trunk(
                        api.SIPOutboundTrunkInfo(
                            name=run, address="127.0.0.1:5099", numbers=[number]
                        )
                    )
                case "dispatch-rule":
                    direct = api.SIPDispatchRuleDirect(room_name=run)
                    await client.create_dispatch_rule(
                        api.SIPDispatchRuleInfo(
                            name=run,
                            trunk_ids=[trunk.sip_trunk_id],
                            numbers=[number],
                            rule=api.SIPDispatchRule(dispatch_rule_direct=direct),
                        )
                    )


def main() -> None:
    plan = json.load(sys.stdin)
    statuses: dict[str, int] = {}
    for position, (kind, point) in enumerate(product(KINDS, POINTS)):
        run, number = f"lkc-{kind}-{point}", f"+155501{FIRST_NUMBER + position}"
        child = os.fork()
        if child == 0:
            asyncio.run(create(plan, kind, point, run, number))
            os._exit(0)
        statuses[run] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    json.dump(statuses, sys.stdout)


if __name__ == "__main__":
    main()
