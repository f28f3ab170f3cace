"""
Observations of a run, in order and without secrets: one for each exchange with the target.

Checks judge through drivers; diagnosis and evidence files are made from observations alone. There
is one class for each kind; its docstring says what its fields mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from livekit_conformance.observations.conclusions import (
    CheckOutcome,
    ClockDisagreement,
    ClockSet,
    FindingSeen,
    ServiceOutage,
    SickNode,
)
from livekit_conformance.observations.logs import CallLine, LogWarning, OthersLines
from livekit_conformance.observations.network import Connection, HttpExchange
from livekit_conformance.observations.observation import Kind, LineOfLog, Observation
from livekit_conformance.observations.recorder import Recorder
from livekit_conformance.observations.rooms import AgentAction, CallerFound, CallRoom
from livekit_conformance.observations.services import (
    BusAnswer,
    ConfigProblem,
    Reaction,
    RedisAccount,
    RedisState,
    ServiceProcess,
    ServiceStart,
)
from livekit_conformance.observations.sip import (
    CallEnd,
    CallQuality,
    DispatchMatch,
    Media,
    SipCall,
    SipExchange,
)
from livekit_conformance.observations.webhooks import (
    EndpointAnswer,
    WebhookArrival,
    WebhookDelivery,
)

__all__ = [
    "KINDS",
    "AgentAction",
    "BusAnswer",
    "CallEnd",
    "CallLine",
    "CallQuality",
    "CallRoom",
    "CallerFound",
    "CheckOutcome",
    "ClockDisagreement",
    "ClockSet",
    "ConfigProblem",
    "Connection",
    "DispatchMatch",
    "EndpointAnswer",
    "FindingSeen",
    "HttpExchange",
    "Kind",
    "LineOfLog",
    "LogWarning",
    "Media",
    "Observation",
    "OthersLines",
    "Reaction",
    "Recorder",
    "RedisAccount",
    "RedisState",
    "ServiceOutage",
    "ServiceProcess",
    "ServiceStart",
    "SickNode",
    "SipCall",
    "SipExchange",
    "WebhookArrival",
    "WebhookDelivery",
    "clock_time",
    "observation_from_json",
]

# In the order of a call.
_CLASSES: tuple[type[Observation], ...] = (
    *(ConfigProblem, ServiceProcess, ServiceStart),
    *(Connection, HttpExchange, BusAnswer, RedisState, RedisAccount, DispatchMatch),
    *(SipExchange, SipCall, CallEnd, Media, CallQuality),
    *(CallerFound, CallRoom, AgentAction),
    *(WebhookArrival, WebhookDelivery, EndpointAnswer),
    *(LogWarning, CallLine, OthersLines),
    *(CheckOutcome, FindingSeen, ClockSet, ClockDisagreement, ServiceOutage, SickNode),
)
KINDS: Mapping[Kind, type[Observation]] = MappingProxyType({each.kind: each for each in _CLASSES})


def observation_from_json(data: Mapping[str, Any]) -> Observation | None:
    """
    Return an observation that this version or another one has written; None for an unknown kind.
    """
    found = KINDS.get(data["kind"])
    return found.of(data["at"], data["summary"], data.get("details", {})) if found else None


def clock_time(at: float) -> str:
    """
    Return Unix seconds as the time of day, to a tenth of a second.
    """
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%H:%M:%S}.{moment.microsecond // 100_000} UTC"
