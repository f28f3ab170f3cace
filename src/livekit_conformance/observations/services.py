"""
What the suite saw of the services themselves: their bus, their processes, their configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from livekit_conformance.errors import Failure
from livekit_conformance.observations.observation import Kind, Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class BusAnswer(Observation):
    """
    Answer of Redis to one question; `error` and its kind, the `failure`, if it gave none.

    Either the subscribers of a `channel`, or the `nodes` of which so many are `registered`, or the
    newest `version` of livekit-server, or the `run_id` of the process of Redis.
    """

    channel: str | None = None
    subscribers: int | None = None
    nodes: tuple[str, ...] | None = None
    registered: int | None = None
    version: str | None = None
    run_id: str | None = None
    error: str | None = None
    failure: Failure | None = None

    kind: ClassVar[Kind] = "bus"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigProblem(Observation):
    """
    One problem of a configuration file, at `link`; `key` is dotted, as in `redis.address`.
    """

    file: str
    line: int
    key: str
    link: str | None = None
    severity: Literal["error", "warning"]
    problem: str
    consequence: str

    kind: ClassVar[Kind] = "config"
