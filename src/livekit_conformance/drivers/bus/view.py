"""
The bus as its Redis shows it: who listens, which nodes are registered, and Redis itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final, TypeVar

import redis.asyncio
from pydantic import TypeAdapter
from redis.exceptions import MovedError

from livekit_conformance import run_clock
from livekit_conformance.drivers.bus import accounts
from livekit_conformance.drivers.bus.channels import CHANNELS, NODES, OF_NODE, VERSION
from livekit_conformance.drivers.bus.connection import (
    Connections,
    OtherProtocol,
    read,
    read_if_allowed,
)
from livekit_conformance.drivers.bus.instance import FACTS, Instance, look_at, state_of
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import BusAnswer, Recorder, RedisAccount, RedisState

T = TypeVar("T")
Question = Callable[[redis.asyncio.Redis], Awaitable[T]]

# Answers as they are read here, if it is Redis that answers.
_COUNTS: Final = TypeAdapter(list[tuple[str, int]])
_NAMES: Final = TypeAdapter(list[str])
_TEXT: Final = TypeAdapter(str | None)


class Bus:
    """
    Redis, the subscribers of the bus, and its registered nodes. It writes nothing.

    On a cluster, a replica or a Sentinel, the instances on which the services listen are asked too.
    """

    def __init__(self, url: str, recorder: Recorder, *, timeout: float = 2.0) -> None:
        self.endpoint = recorder.redact(url)
        self._recorder = recorder
        self._connections = Connections(url, recorder, timeout)

    async def look(self, users: Mapping[str, str]) -> tuple[RedisState, list[RedisAccount]]:
        """
        Return the state of Redis and the rights of the `users` by service; raises Unreachable.

        That is as far as the account of the profile may ask. Other users whom Redis has just
        refused something of LiveKit are among the accounts.
        """
        try:
            state = await self._state()
            found = await self._accounts(state, users)
        except OtherProtocol as other:
            state, found = self._asked(speaks_tls=other.speaks_tls), []
        self._recorder.record(state)
        for account in found:
            self._recorder.record(account)
        return state, found

    async def listeners(self) -> dict[str, int]:
        """
        Return the number of subscribers of each channel (PUBSUB NUMSUB); raises Unreachable.
        """
        counts = dict(await self._subscribers(CHANNELS))
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
        found = {name for names in await self._ask(_registered) for name in names}
        listening = await self._subscribers(map(OF_NODE.format, found))
        ids = sorted(node for node in found if listening[OF_NODE.format(node)])
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
        version = next(filter(None, await self._ask(_newest_server)), None)
        text = f"newest livekit-server so far: {version}"
        self._recorder.record(BusAnswer(run_clock.now(), text, version=version))
        return version

    async def instance(self) -> str | None:
        """
        Return the id that Redis draws when it starts (INFO server); raises Unreachable.

        None when this account may not ask for it.
        """
        async with self._connections.open() as client:
            answer = await read_if_allowed(client.info("server"), FACTS) or {}
        found: str | None = answer.get("run_id")
        text = f"run_id of Redis: {found}"
        self._recorder.record(BusAnswer(run_clock.now(), text, run_id=found))
        return found

    def _asked(self, *, speaks_tls: bool) -> RedisState:
        reach = self._connections
        at = self._recorder.redact(reach.address)
        return RedisState(
            run_clock.now(),
            f"Redis at {at} speaks {'TLS' if speaks_tls else 'no TLS'}",
            redis=at,
            ports=(reach.port,),
            speaks_tls=speaks_tls,
        )

    async def _state(self) -> RedisState:
        known = self._asked(speaks_tls=self._connections.is_secure)
        async with self._connections.open() as client:
            asked = await look_at(client)
            if asked.mode != "sentinel":
                counts = await read_if_allowed(client.pubsub_numsub(*CHANNELS), _COUNTS) or ()
                listening = sum(count for _, count in counts)
                known = replace(await state_of(client, asked, known), listening=listening)
        if asked.mode == "sentinel":
            return await self._master_of(asked, known)
        if asked.is_replica and asked.others:
            with suppress(Unreachable):
                async with self._connections.open(asked.master) as client:
                    there = (await _numsub(client, CHANNELS)).total()
                return replace(known, listening_at_master=there)
        return known

    async def _master_of(self, sentinel: Instance, known: RedisState) -> RedisState:
        if sentinel.master is None:
            return replace(known, mode="sentinel")
        async with self._connections.open(sentinel.master) as client:
            seen = await state_of(client, await look_at(client), known)
        return replace(seen, mode="sentinel", master=sentinel.master)

    async def _accounts(self, state: RedisState, users: Mapping[str, str]) -> list[RedisAccount]:
        at = state.master if state.mode == "sentinel" else None
        async with self._connections.open(at) as client:
            asked = [await accounts.rights_of(client, *each) for each in users.items()]
            known = [account for account in asked if account is not None]
            return [*known, *await accounts.refusals(client, besides=users.values())]

    async def _subscribers(self, channels: Iterable[str]) -> Counter[str]:
        names = list(channels)
        counts: Counter[str] = Counter(dict.fromkeys(names, 0))
        for found in await self._ask(lambda client: _numsub(client, names)):
            counts.update(found)
        return counts

    async def _ask(self, question: Question[T]) -> list[T]:
        """
        Return the answers of all instances on which the services may listen.
        """
        async with self._connections.open() as client:
            asked = await look_at(client)
            found = [] if asked.mode == "sentinel" else [await question(client)]
        for other in asked.others:
            try:
                async with self._connections.open(other) as client:
                    found.append(await question(client))
            except Unreachable:
                # A replica answers alone what can be known without its master.
                if not asked.is_replica:
                    raise
        return found


async def _numsub(client: redis.asyncio.Redis, channels: Iterable[str]) -> Counter[str]:
    counts = await read(client.pubsub_numsub(*channels), _COUNTS)
    return Counter(dict(counts))


async def _registered(client: redis.asyncio.Redis) -> list[str]:
    try:
        return await read(client.hkeys(NODES), _NAMES)
    except MovedError:
        return []  # Another node of the cluster has the key.


async def _newest_server(client: redis.asyncio.Redis) -> str | None:
    try:
        return await read(client.get(VERSION), _TEXT)
    except MovedError:
        return None
