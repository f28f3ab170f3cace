"""
Observations of a run, in order and without secrets: one for each exchange with the target.

Checks judge through drivers; diagnosis and evidence files are made from observations alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from livekit_conformance import run_clock
from livekit_conformance.secrets.patterns import Redactor

# A clock that is set, and not merely slewed, in seconds.
_STEP_S = 1.0

Kind = Literal[
    "check",  # id, verdict: how one check ended
    # code, link, says, level, and the data: one finding of a check that failed or was not possible
    "finding",
    # endpoint, phase, version, not_after, problem; only a problem if a library reported it at a
    # moment that no driver expected
    "connection",
    # url, method, status, body, duration_s; without an answer the status is None, and there are
    # error, phase and is_local (this machine is the obstacle).
    "http",
    # call, transport, direction, summary, status, at_s (since the first request), text; lost: the
    # reason why a request got no answer
    "sip",
    # call, purpose, outcome, final_status, final_at_s (seconds since the INVITE), media; for an
    # outbound call also the API's error, and the sip_status in it.
    "sip-call",
    "media",  # call, side, packets, tone_hz, level
    "webhook",  # event, room, id, participant, verified, problem
    # channel and subscribers, or nodes and how many of them are registered, or run_id of the
    # process; error: Redis did not answer
    "bus",
    "clock",  # by_s: the clock of this machine was set, since the observation before
    # whose (this machine, livekit-server): its clock was set during the run, so that tokens are
    # refused. Derived from the others, never recorded.
    "clock-jump",
    "start",  # service: it wrote to its log that it starts
    # service, is_over, is_new (another process): it stopped answering during the run. Derived from
    # the others, never recorded.
    "outage",
    # service, level, message, error, fields: a log line with a warning or an error; unclear: it may
    # be about another user of the deployment.
    "log",
    "call-line",  # the same fields for any other line about one of our calls: no sign of a cause
    # service, message, lines, calls: how many lines of a log are about other users than the run.
    "others",
    "caller",  # call, room, identity, sid: the room in which the caller of a call was found
    # Counts of the other participants in the room of a call: others (all that came), here (at the
    # end), gone, audio (with audio tracks), silenced (not allowed to publish), jobs (taken by
    # workers), elsewhere (other rooms where somebody waits), staying (after the call). Also muted
    # (all tracks are), sent_for (names of dispatched agents), deployed (the agent is not ours).
    "room",
    # call, by (us or them), after_s (of their end, since the answer), status of the BYE's answer
    "call-end",
    "process",  # service, exit_status, tail
    # file, line, key, link, severity, problem, consequence: one problem of a configuration file.
    "config",
    # trial, status (None: no answer), redirected (status of the first redirect, 0: none), error,
    # phase: the endpoint's answer to a signed event, or to one that differs by `trial`.
    "endpoint",
    # event, url, elsewhere (not the endpoint's URL), status, message, error: the line that
    # livekit-server logs about one delivery; url None: there is no such line.
    "delivery",
    "agent",  # room, summary
    # Match of a call against trunks and dispatch rules: caller, called, trunk, rule (ids or None),
    # source (address, empty: not known), ignored (the call was placed, and was ignored), trunks,
    # rules (how many there are), trunk_obstacles, rule_obstacles (mismatches of the closest one;
    # empty if a rule takes the call), and the terms of the call: ringing_timeout_s,
    # max_call_duration_s, only_codecs, encryption.
    "dispatch",
]


@dataclass(frozen=True, slots=True)
class Observation:
    """
    Observation: its time (Unix seconds), kind, one-line summary and details.
    """

    at: float
    kind: Kind
    summary: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """
        Return the observation as plain JSON values.
        """
        return {
            "at": self.at,
            "kind": self.kind,
            "summary": self.summary,
            "details": self.details,
        }


def clock_time(at: float) -> str:
    """
    Return Unix seconds as the time of day, to a tenth of a second.
    """
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%H:%M:%S}.{moment.microsecond // 100_000} UTC"


class Recorder:
    """
    Recorder of the observations of one run; a scope gathers those made while it is open.
    """

    def __init__(self, redact: Redactor) -> None:
        self.redact = redact
        self.observations: list[Observation] = []
        self._clock_set_by = run_clock.set_by()

    def record(self, at: float, kind: Kind, summary: str, **details: Any) -> Observation:
        """
        Record one observation without secrets, and return it.
        """
        self._look_at_the_clock()
        seen = Observation(at, kind, self.redact(summary), self._clean(details))
        self.observations.append(seen)
        return seen

    @contextmanager
    def scope(self) -> Iterator[list[Observation]]:
        """
        Yield a list that holds, once the scope is closed, all observations made while it was open.
        """
        start = len(self.observations)
        seen: list[Observation] = []
        try:
            yield seen
        finally:
            seen.extend(self.observations[start:])

    def _look_at_the_clock(self) -> None:
        set_by = run_clock.set_by()
        by_s, self._clock_set_by = set_by - self._clock_set_by, set_by
        if abs(by_s) > _STEP_S:
            text = f"the clock of this machine was set by {by_s:+.1f} s"
            self.observations.append(
                Observation(run_clock.now(), "clock", text, {"by_s": round(by_s, 3)})
            )

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
                # The journal would write the value as text anyway, so that text is redacted.
                return self.redact(str(value))
