"""
Exchanges over the network: a connection, an HTTP request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from livekit_conformance.errors import Failure, Phase
from livekit_conformance.observations.observation import Kind, Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(Observation):
    """
    Connection that was tried, without a request over it, up to and including `phase`.

    `version` is that of TLS; `not_after` is the end of the certificate's validity, in Unix seconds.
    `failure` is the kind of the problem. There is only a `problem` if a library reported it at a
    moment that no driver expected.
    """

    endpoint: str = ""
    phase: Phase | None = None
    version: str = ""
    not_after: float = 0.0
    problem: str | None = None
    failure: Failure | None = None

    kind: ClassVar[Kind] = "connection"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpExchange(Observation):
    """
    HTTP request of the suite and its answer, which came `duration_s` later.

    Without an answer the status is None; `error` is the reason, `failure` its kind, and `phase` is
    how far the request came. `is_local` is true if this machine is the obstacle. `date` is the
    header of the answer.
    """

    url: str
    method: str
    status: int | None
    body: str | None = None
    duration_s: float = 0.0
    date: str | None = None
    error: str | None = None
    phase: Phase | None = None
    failure: Failure | None = None
    is_local: bool = False

    kind: ClassVar[Kind] = "http"
    quoted: ClassVar[tuple[str, ...]] = ("url", "body")
