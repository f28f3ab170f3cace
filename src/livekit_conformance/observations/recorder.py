"""
Recorder of the observations of a run, which takes out the secrets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any, TypeVar

from livekit_conformance import run_clock
from livekit_conformance.observations.conclusions import ClockSet
from livekit_conformance.observations.observation import Observation
from livekit_conformance.secrets.patterns import Redactor

Seen = TypeVar("Seen", bound=Observation)

# A clock that is set, and not merely slewed, in seconds.
_STEP_S = 1.0


class Recorder:
    """
    Recorder of the observations of one run; a scope gathers those made while it is open.
    """

    def __init__(self, redact: Redactor) -> None:
        self.redact = redact
        self.observations: list[Observation] = []
        self._clock_set_by = run_clock.set_by()

    def record(self, seen: Seen) -> Seen:
        """
        Record one observation without secrets, and return it.
        """
        self._look_at_the_clock()
        clean = self._without_secrets(seen)
        self.observations.append(clean)
        return clean

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
            self.observations.append(ClockSet(run_clock.now(), text, by_s=round(by_s, 3)))

    def _without_secrets(self, seen: Seen) -> Seen:
        values = ((each.name, getattr(seen, each.name)) for each in fields(seen))
        clean = {name: new for name, old in values if (new := self._clean(old)) is not old}
        return replace(seen, **clean) if clean else seen

    def _clean(self, value: Any) -> Any:
        match value:
            case str():
                return self.redact(value)
            case None | bool() | int() | float():
                return value
            case Mapping():
                return {self.redact(str(key)): self._clean(inner) for key, inner in value.items()}
            case list() | tuple():
                return tuple(map(self._clean, value))
            case _:
                # The journal would write the value as text anyway, so that text is redacted.
                return self.redact(str(value))
