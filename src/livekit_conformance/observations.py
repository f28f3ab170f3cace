"""
What was seen, in order: each exchange with the target is one observation, without secrets.

Checks judge through drivers; the diagnosis and the evidence files are made from observations alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from livekit_conformance.secrets.patterns import Redactor

Kind = Literal[
    "check",  # id, verdict: how one check ended
    "connection",  # endpoint, phase, version, not_after, problem
    "http",  # url, method, status, body, duration_s, error
    "sip",  # call, direction, summary, status, at_s (since the first request), text
    # call, purpose, outcome, final_status, final_at_s (seconds since the INVITE), media; of an
    # outbound call also what the API said of its failure, and the sip_status in it.
    "sip-call",
    "media",  # call, side, packets, tone_hz, level
    "webhook",  # event, room, id, participant, verified, problem
    "bus",  # channel and subscribers, or nodes and how many of them are registered
    "log",  # service, level, message, error, fields: a line that warns
    "call-line",  # the same of any other line about a call of our own: it is no sign of a cause
    "caller",  # call, room, identity, sid: in which room the caller of a call was found
    # How many others came into the room of a call: others, here (at last), gone, audio (tracks),
    # muted (all tracks are), silenced (who may not publish), sent_for (agents by name), jobs (taken
    # by workers), elsewhere (rooms where somebody waits), staying (after the call); deployed (the
    # agent is not ours).
    "room",
    # call, by (us or them), after_s (of their end, since the answer), status of the BYE's answer
    "call-end",
    "process",  # service, exit_status, tail
    # file, line, key, severity, problem, consequence: what is wrong with a configuration file.
    "config",
    # trial, status (None: no answer), redirected (status of the first redirect, 0: none), error,
    # phase: what the endpoint answers to a signed event, and to one that differs by `trial`.
    "endpoint",
    # event, url, elsewhere (not the endpoint's URL), status, message, error: the line that
    # livekit-server logs about one delivery; url None: there is none.
    "delivery",
    "agent",  # room, summary
    # What trunks and dispatch rules make of a call: caller, called, trunk, rule (ids or None),
    # source (address, empty: not known), ignored (the call was placed, and was), trunks, rules
    # (how many there are), trunk_obstacles, rule_obstacles (what the nearest one has against the
    # call; empty where a rule takes it), and the terms of the call: ringing_timeout_s,
    # max_call_duration_s, only_codecs, encryption.
    "dispatch",
]


@dataclass(frozen=True, slots=True)
class Observation:
    """
    One thing that was seen: when (Unix seconds), of which kind, in one line, and its details.
    """

    at: float
    kind: Kind
    summary: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """
        The observation as plain JSON values.
        """
        return {
            "at": self.at,
            "kind": self.kind,
            "summary": self.summary,
            "details": self.details,
        }


class Recorder:
    """
    Collects observations of one run. A scope gathers what is seen while it is open.
    """

    def __init__(self, redact: Redactor) -> None:
        self.redact = redact
        self.observations: list[Observation] = []

    def record(self, at: float, kind: Kind, summary: str, **details: Any) -> Observation:
        """
        Keep one observation, without secrets.
        """
        seen = Observation(at, kind, self.redact(summary), self._clean(details))
        self.observations.append(seen)
        return seen

    @contextmanager
    def scope(self) -> Iterator[list[Observation]]:
        """
        A list that holds, once the scope is closed, what was seen while it was open.
        """
        start = len(self.observations)
        seen: list[Observation] = []
        try:
            yield seen
        finally:
            seen.extend(self.observations[start:])

    def _clean(self, value: Any) -> Any:
        match value:
            case str():
                return self.redact(value)
            case Mapping():
                return {self.redact(str(key)): self._clean(inner) for key, inner in value.items()}
            case list() | tuple():
                return [self._clean(inner) for inner in value]
            case bytes():
                return self.redact(value.decode("utf-8", "backslashreplace"))
            case None | bool() | int() | float():
                return value
            case _:
                # The journal would write its text all the same.
                return self.redact(str(value))
