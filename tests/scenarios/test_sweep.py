"""
The sweeper removes what killed runs leave, and nothing that belongs to others.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from secrets import token_hex
from typing import Any

from livekit import api

from livekit_conformance.drivers.ownership.ledger import NAME, Ledger
from livekit_conformance.protocol import mark
from livekit_conformance.protocol.mark import Kind, OwnershipMark
from tests.scenarios.dying_run import KINDS, POINTS
from tests.scenarios.harness import ROOT, write_profile
from tests.scenarios.operator_api import operator_api
from tests.scenarios.real_stack import Scene

ENVIRONMENT = "swept"


async def test_what_killed_runs_leave_is_removed(scene):
    async with scene() as target:
        before = await target.inventory()
        statuses = await runs_killed(target)
        left = count(await target.inventory()) - count(before)
        status, said = await sweep(target)
        after = await target.inventory()

    assert len(statuses) == len(KINDS) * len(POINTS)
    assert {run: status for run, status in statuses.items() if status != -signal.SIGKILL} == {}
    # Without the sweeper something of every kind is left.
    assert {line.split()[1] for line in said.splitlines()[:-1]} == set(KINDS)
    assert left >= len(statuses) // 2
    assert status == 0, said
    assert f"{left} deleted, 0 left" in said
    assert after == before, said


async def test_what_belongs_to_others_is_not_touched(scene):
    async with scene() as target, Others(target).made() as others:
        before = await others.inventory()
        _, announced = await sweep(target, "--dry-run")
        untouched = await others.inventory()
        status, said = await sweep(target)
        after = await others.inventory()

    assert status == 0, said
    assert untouched == before
    assert before - after == others.leftovers
    assert len(others.leftovers) == 2 * len(KINDS)
    assert len(after & others.foreign) == len(others.foreign) >= 50
    assert sorted(announced.replace("would delete", "deleted").splitlines()[:-1]) == sorted(
        said.splitlines()[:-1]
    )


async def runs_killed(target: Scene) -> dict[str, int]:
    plan = {
        "url": target.profile.livekit.url,
        "key": target.profile.livekit.api_key,
        "secret": target.profile.livekit.api_secret.get_secret_value(),
        "reports": str(target.folder / "reports"),
        "environment": ENVIRONMENT,
    }
    _, said = await output_of("-m", "tests.scenarios.dying_run", given=json.dumps(plan))
    statuses: dict[str, int] = json.loads(said)
    return statuses


async def sweep(target: Scene, *arguments: str) -> tuple[int, str]:
    env = write_profile(target.profile, target.folder / f"{ENVIRONMENT}.yaml")
    reports = str(target.folder / "reports")
    command = ("-m", "livekit_conformance.cli", "sweep", "--env", env, "--reports", reports)
    return await output_of(*command, *arguments)


async def output_of(*arguments: str, given: str = "") -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *arguments),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await asyncio.wait_for(process.communicate(given.encode()), 60)
    assert process.returncode is not None
    return process.returncode, said.decode()


def count(inventory: dict[str, list[str]]) -> int:
    return sum(map(len, inventory.values()))


class Others:
    """
    Objects that look like ours and are not, or no longer; and one real leftover of each kind.

    They are created with the SDK, bypassing our own client and its ledger.
    """

    def __init__(self, target: Scene) -> None:
        self.foreign: set[str] = set()
        self.leftovers: set[str] = set()
        self._target = target
        self._secret = target.profile.livekit.api_secret.get_secret_value()
        self._reports = target.folder / "reports"
        self._made = 0

    @asynccontextmanager
    async def made(self) -> AsyncIterator[Others]:
        async with operator_api(self._target.profile.livekit) as self._sdk:
            living = Ledger(self._reports / "living" / NAME, run="living", environment=ENVIRONMENT)
            with living:
                for kind in KINDS:
                    await self._make_all(kind, living)
                for name in ("voice-ai-call-lkc-1", "LKC-dead-room-leftover", "lkc-", "x", "é"):
                    for metadata in ("", '{"suite":"livekit-conformance"}'):
                        await self._add(self.foreign, "room", f"{name}{len(metadata)}", metadata)
                yield self

    async def inventory(self) -> set[str]:
        sip, room = self._sdk.sip, self._sdk.room
        inbound = await sip.list_inbound_trunk(api.ListSIPInboundTrunkRequest())
        outbound = await sip.list_outbound_trunk(api.ListSIPOutboundTrunkRequest())
        rules = await sip.list_dispatch_rule(api.ListSIPDispatchRuleRequest())
        rooms = await room.list_rooms(api.ListRoomsRequest())
        return {
            *(trunk.sip_trunk_id for trunk in inbound.items),
            *(trunk.sip_trunk_id for trunk in outbound.items),
            *(rule.sip_dispatch_rule_id for rule in rules.items),
            *(room.sid for room in rooms.rooms),
        }

    async def _make_all(self, kind: Kind, living: Ledger) -> None:
        for what, (is_foreign, metadata) in self._look_alikes(kind).items():
            ids = self.foreign if is_foreign else self.leftovers
            await self._add(ids, kind, f"lkc-{kind}-{what}", metadata)
            living.intend(kind, f"lkc-{kind}-living-run")

    def _look_alikes(self, kind: Kind) -> dict[str, tuple[bool, str]]:
        """
        Return for each object whether it is foreign, and its metadata.
        """
        now = int(time.time())

        def ours(what: str, *, run: str = "dead", age: int = 0) -> OwnershipMark:
            return OwnershipMark(run, kind, f"lkc-{kind}-{what}", now - age, 3600)

        def proven(what: str, **changes: Any) -> str:
            return mark.write(ours(what, **changes), self._secret)

        dead = Ledger(self._reports / "dead" / NAME, run="dead", environment=ENVIRONMENT)
        elsewhere = Ledger(self._reports / "elsewhere" / NAME, run="elsewhere", environment="b")
        with dead, elsewhere:
            foreign = {
                "no-mark": "",
                "no-mac": signed(ours("no-mac"), self._secret, mac=None),
                "forged-mark": signed(ours("forged-mark"), self._secret, mac=token_hex(32)),
                "other-secret": mark.write(ours("other-secret"), "the-secret-of-somebody-else"),
                "copied-mark": proven("leftover"),
                "other-kind": mark.write(
                    replace(ours("other-kind", age=7200), kind=other(kind)), self._secret
                ),
                "other-environment": proven("other-environment", run="elsewhere"),
                "not-in-the-ledger": proven("not-in-the-ledger"),
                "unknown-run": proven("unknown-run", run="far-away"),
                "living-run": proven("living-run", run="living", age=7200),
            }
            for what in foreign.keys() - {"not-in-the-ledger"}:
                dead.intend(kind, f"lkc-{kind}-{what}")
            elsewhere.intend(kind, f"lkc-{kind}-other-environment")
            dead.intend(kind, f"lkc-{kind}-leftover")
        ownerless = {
            "leftover": proven("leftover"),
            "too-old": proven("too-old", run="far-away", age=7200),
        }
        return {what: (True, metadata) for what, metadata in foreign.items()} | {
            what: (False, metadata) for what, metadata in ownerless.items()
        }

    async def _add(self, ids: set[str], kind: Kind, name: str, metadata: str) -> None:
        self._made += 1
        number = f"+1555{self._made:07}"
        sip = self._sdk.sip
        match kind:
            case "room":
                room = api.CreateRoomRequest(name=name, metadata=metadata, empty_timeout=300)
                ids.add((await self._sdk.room.create_room(room)).sid)
            case "inbound-trunk":
                trunk = api.SIPInboundTrunkInfo(name=name, metadata=metadata, numbers=[number])
                inbound = api.CreateSIPInboundTrunkRequest(trunk=trunk)
                ids.add((await sip.create_inbound_trunk(inbound)).sip_trunk_id)
            case "outbound-trunk":
                way_out = api.SIPOutboundTrunkInfo(
                    name=name, metadata=metadata, numbers=[number], address="127.0.0.1:5099"
                )
                outbound = api.CreateSIPOutboundTrunkRequest(trunk=way_out)
                ids.add((await sip.create_outbound_trunk(outbound)).sip_trunk_id)
            case _:
                direct = api.SIPDispatchRuleDirect(room_name="x")
                rule = api.SIPDispatchRuleInfo(
                    name=name,
                    metadata=metadata,
                    trunk_ids=[f"ST_{self._made}"],
                    rule=api.SIPDispatchRule(dispatch_rule_direct=direct),
                )
                dispatch = api.CreateSIPDispatchRuleRequest(dispatch_rule=rule)
                ids.add((await sip.create_dispatch_rule(dispatch)).sip_dispatch_rule_id)


def other(kind: Kind) -> Kind:
    return "room" if kind != "room" else "dispatch-rule"


def signed(content: OwnershipMark, secret: str, *, mac: str | None) -> str:
    fields: dict[str, Any] = json.loads(mark.write(content, secret))
    if mac is None:
        del fields["mac"]
    else:
        fields["mac"] = mac
    return json.dumps(fields)
