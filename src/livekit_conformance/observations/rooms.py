"""
Observations in the room of a call: its caller, the other participants, the agent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from livekit_conformance.observations.observation import Kind, Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerFound(Observation):
    """
    Room in which the caller of a call was found, and the participant that is the caller.
    """

    call: str
    room: str
    identity: str
    sid: str

    kind: ClassVar[Kind] = "caller"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRoom(Observation):
    """
    Counts of the other participants in the room of a call.

    `others` are all that came, `here` those at the end, `gone` those that left; of the others,
    those with `audio` tracks, those `silenced` (not allowed to publish), and those `staying` after
    the call. `muted` means that all tracks are. `sent_for` are the names of dispatched agents,
    `jobs` those taken by workers (None: not listed), `rejected` those that a worker ended by its
    answer. `elsewhere` counts other rooms where somebody waits. `deployed` means that the agent is
    the application's own.
    """

    call: str
    room: str
    deployed: bool
    others: int
    here: int
    gone: int
    audio: int
    muted: bool
    silenced: int
    sent_for: str
    jobs: int | None
    rejected: int
    elsewhere: int
    staying: int

    kind: ClassVar[Kind] = "room"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentAction(Observation):
    """
    Action of the agent stand-in in a `room`, or the `error` at which an event could not be handled.

    Joining took `took_s` seconds.
    """

    action: Literal["joined", "left"] | None = None
    took_s: float | None = None
    room: str | None = None
    error: str | None = None

    kind: ClassVar[Kind] = "agent"
