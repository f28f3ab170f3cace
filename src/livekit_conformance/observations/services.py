"""
Observations of the services themselves: their bus, their processes, their configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

from livekit_conformance.errors import Failure
from livekit_conformance.observations.observation import Kind, Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class BusAnswer(Observation):
    """
    Answer of Redis to one question; `error` and its kind, the `failure`, if it gave none.

    Either the subscribers of a `channel`, or the `nodes` of which so many are `registered`, or the
    newest `version` of livekit-server, or the `run_id` of the process of Redis. `refusal` is the
    error with which Redis closes a new connection before anything is asked.
    """

    channel: str | None = None
    subscribers: int | None = None
    nodes: tuple[str, ...] | None = None
    registered: int | None = None
    version: str | None = None
    run_id: str | None = None
    error: str | None = None
    failure: Failure | None = None
    refusal: str | None = None

    kind: ClassVar[Kind] = "bus"
    quoted: ClassVar[tuple[str, ...]] = ("channel", "refusal")


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisState(Observation):
    """
    State of the Redis at the address `redis`, as far as the account of the profile may ask.

    `mode` is None where Redis did not say it; `ports` are those of the address and of the cluster.
    `masters` counts the masters of a cluster that have keys. A Sentinel stands for its master. The
    sizes are in bytes, and `limit` is 0 without one. `listening` counts the subscriptions of both
    services here, `listening_at_master` those at the master of a replica: None if it was not asked.
    """

    redis: str
    ports: tuple[int, ...]
    mode: Literal["alone", "cluster", "sentinel"] | None = None
    speaks_tls: bool = False
    masters: int = 1
    is_replica: bool = False
    master: str | None = None
    listening: int = 0
    listening_at_master: int | None = None
    used: int = 0
    limit: int = 0
    policy: str = ""
    save_failed: bool = False
    stops_when_save_fails: bool = False
    is_loading: bool = False
    cluster_is_down: bool = False

    kind: ClassVar[Kind] = "redis"

    @property
    def left(self) -> int:
        """
        Bytes until the limit.
        """
        return self.limit - self.used


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisAccount(Observation):
    """
    User of Redis that a service has, and the ACL rules that it is `missing`.

    `refused` is one command that it may not give. Both are empty if nothing is missing.
    """

    service: str
    user: str
    missing: tuple[str, ...] = ()
    refused: str = ""

    kind: ClassVar[Kind] = "redis-account"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStart(Observation):
    """
    Line in which a service itself says that it starts.
    """

    service: str

    kind: ClassVar[Kind] = "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProcess(Observation):
    """
    Process of a service, or of our own, that ended or did not start; `tail` is the end of its log.
    """

    service: str | None = None
    tail: str | None = None

    kind: ClassVar[Kind] = "process"
    quoted: ClassVar[tuple[str, ...]] = ("tail",)


class Reaction(StrEnum):
    """
    Reaction of a service to a problem in its file.
    """

    REFUSES = "refuses"  # to start
    IGNORES = "ignores"  # the setting, and uses its default
    STARTS = "starts"  # and does not do what it should


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigProblem(Observation):
    """
    One problem of a configuration file, at `link`; `key` is dotted, as in `redis.address`.

    `what` is its code, and the other file contradicts it if it is `between_files`. It is an error
    unless it may be intended, or calls were seen to work all the same.
    """

    file: str
    line: int
    key: str
    link: str | None = None
    severity: Literal["error", "warning"]
    what: str
    reaction: Reaction
    between_files: bool = False

    kind: ClassVar[Kind] = "config"
    quoted: ClassVar[tuple[str, ...]] = ("key",)
