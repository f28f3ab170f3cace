"""
State of one instance of Redis, from its own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import redis.asyncio
from pydantic import TypeAdapter

from livekit_conformance.drivers.bus.connection import read_if_allowed
from livekit_conformance.observations import RedisState

FACTS: Final = TypeAdapter(dict[str, Any])
_NODES: Final = TypeAdapter(dict[str, dict[str, Any]])
_SETTINGS: Final = TypeAdapter(dict[str, str])
# Flags of nodes that cannot be asked, or are asked anyway.
_NOT_ASKED: Final = frozenset({"myself", "fail", "noaddr", "handshake"})
# Nodes of a cluster that are asked at most.
_MOST_NODES: Final = 32


@dataclass(frozen=True, slots=True)
class Instance:
    """
    Answers of one instance to INFO, and the nodes of its cluster by address.

    `info` is empty if the account may not ask for it.
    """

    info: Mapping[str, Any]
    nodes: Mapping[str, Mapping[str, Any]]

    @property
    def mode(self) -> Literal["alone", "cluster", "sentinel"] | None:
        """
        Kind of the instance; None if it did not say it.
        """
        match self.info.get("redis_mode"):
            case "standalone":
                return "alone"
            case "cluster":
                return "cluster"
            case "sentinel":
                return "sentinel"
            case _:
                return None

    @property
    def is_replica(self) -> bool:
        """
        True for a replica that writes nothing, outside a cluster: there clients ask a master.
        """
        is_copy = self.info.get("role") == "slave" and self.info.get("slave_read_only") != 0
        return is_copy and self.mode != "cluster"

    @property
    def master(self) -> str | None:
        """
        Address of its master, or of the first master that a Sentinel watches.
        """
        if self.mode == "sentinel":
            watched = self.info.get("master0")
            return str(watched["address"]) if isinstance(watched, dict) else None
        if self.info.get("role") != "slave":
            return None
        return f"{self.info.get('master_host')}:{self.info.get('master_port')}"

    @property
    def others(self) -> tuple[str, ...]:
        """
        Addresses of the other instances on which the services may listen.
        """
        if self.mode == "cluster":
            known = (at for at, node in self.nodes.items() if _NOT_ASKED.isdisjoint(_flags(node)))
            return tuple(known)[:_MOST_NODES]
        if self.master is None or self.info.get("master_link_status") == "down":
            return ()
        return (self.master,)

    @property
    def ports(self) -> frozenset[int]:
        """
        Ports of the nodes of its cluster.
        """
        ports = (address.rpartition(":")[2] for address in self.nodes)
        return frozenset(int(port) for port in ports if port.isdigit())

    @property
    def masters(self) -> int:
        """
        Number of masters of its cluster that have keys.
        """
        return sum(bool(node["slots"]) for node in self.nodes.values()) or 1


def _flags(node: Mapping[str, Any]) -> list[str]:
    return str(node["flags"]).split(",")


async def look_at(client: redis.asyncio.Redis) -> Instance:
    """
    Ask an instance for its state (INFO, and CLUSTER NODES in a cluster).
    """
    info = await read_if_allowed(client.info(), FACTS) or {}
    nodes: Mapping[str, Mapping[str, Any]] | None = None
    if info.get("redis_mode") == "cluster":
        nodes = await read_if_allowed(client.cluster("NODES"), _NODES)
    return Instance(info, nodes or {})


async def state_of(
    client: redis.asyncio.Redis, instance: Instance, asked: RedisState
) -> RedisState:
    """
    Return the state of `instance`; `asked` has the address and the ports that were asked.
    """
    info = instance.info
    save_failed, stops = await _saves(client, info)
    role = f"a replica of {instance.master}" if instance.is_replica else "no replica"
    return replace(
        asked,
        summary=f"{asked.summary}; mode: {instance.mode or 'unknown'}; {role}",
        ports=tuple(sorted({*asked.ports, *instance.ports})),
        mode=instance.mode,
        masters=instance.masters,
        is_replica=instance.is_replica,
        master=instance.master,
        used=_bytes(info, "used_memory") - _bytes(info, "mem_not_counted_for_evict"),
        limit=_bytes(info, "maxmemory"),
        policy=str(info.get("maxmemory_policy", "")),
        save_failed=save_failed,
        stops_when_save_fails=stops,
        is_loading=info.get("loading", 0) == 1,
        cluster_is_down=instance.mode == "cluster" and await _is_down(client),
    )


def _bytes(info: Mapping[str, Any], name: str) -> int:
    value = info.get(name)
    return value if isinstance(value, int) else 0


async def _saves(client: redis.asyncio.Redis, info: Mapping[str, Any]) -> tuple[bool, bool]:
    """
    Return whether its last write to disk failed, and whether it then refuses to write.
    """
    if info.get("aof_enabled") == 1 and info.get("aof_last_write_status") == "err":
        return True, True
    if info.get("rdb_last_bgsave_status") != "err":
        return False, False
    points = await _setting(client, "save")
    stops = await _setting(client, "stop-writes-on-bgsave-error")
    return True, bool(points) and stops == "yes"


async def _setting(client: redis.asyncio.Redis, name: str) -> str | None:
    return (await read_if_allowed(client.config_get(name), _SETTINGS) or {}).get(name)


async def _is_down(client: redis.asyncio.Redis) -> bool:
    answer = await read_if_allowed(client.cluster("INFO"), _SETTINGS) or {}
    return answer.get("cluster_state") == "fail"
