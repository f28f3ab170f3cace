"""
Findings by cause: number of lines, times, and number of calls, in bounded memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from livekit_conformance.catalogue.cause import Cause, Sign
from livekit_conformance.diagnosis.matching import matches
from livekit_conformance.diagnosis.model import Confidence
from livekit_conformance.log_diagnosis.literals import DERIVED
from livekit_conformance.log_diagnosis.own_calls import FAILED_ON_PURPOSE, OwnCalls
from livekit_conformance.log_diagnosis.prefilter import ALARMING
from livekit_conformance.log_diagnosis.telling import describe, without_secrets
from livekit_conformance.observations import LogWarning
from livekit_conformance.protocol.logline import LogLine

# Per cause; a set of this size takes 0.8 MB.
MOST_CALLS = 10_000
_MOST_KINDS = 2_000
_SAMPLES = 2
# Compared length of a message or error, to tell kinds of warnings apart.
_LONGEST = 200
_CALL_IDS = ("callID", "sipCallID")
# Addresses of memory, ids of rooms, calls and participants, numbers.
ID = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8,}\b|\b[A-Z]{2,3}_\w{6,}|\d+")


@dataclass(frozen=True, slots=True)
class Sample:
    """
    One line, shown without secrets, with its file and line number.
    """

    file: str
    number: int
    text: str
    message: str


@dataclass(slots=True)
class CallCount:
    """
    Distinct calls, counted exactly up to `MOST_CALLS`.
    """

    known: set[int] = field(default_factory=set)
    at_least: bool = False

    def add(self, call: str | None) -> None:
        """
        Count the call of a line, if the line has one.
        """
        if call is None or (number := hash(call)) in self.known:
            return
        if len(self.known) < MOST_CALLS:
            self.known.add(number)
        else:
            self.at_least = True

    def join(self, other: CallCount) -> None:
        """
        Count the calls of another count, too.
        """
        self.at_least |= other.at_least or len(self.known | other.known) > MOST_CALLS
        self.known = set(islice(self.known | other.known, MOST_CALLS))


@dataclass(slots=True)
class LogFinding:
    """
    Lines that show one cause; times are in Unix seconds, None when no line has one.
    """

    cause: Cause
    lines: int = 0
    proven: bool = False
    first: float | None = None
    last: float | None = None
    calls: CallCount = field(default_factory=CallCount)
    samples: list[Sample] = field(default_factory=list)
    # Lines that exclude the cause, and their calls.
    against: int = 0
    calls_against: CallCount = field(default_factory=CallCount)
    # Numbers of the confirming signs (`also`) that were seen.
    confirmed: set[int] = field(default_factory=set)

    def add(self, other: LogFinding) -> None:
        """
        Add the lines of another finding of the same cause.
        """
        self.lines += other.lines
        self.proven |= other.proven
        times = [at for at in (self.first, self.last, other.first, other.last) if at is not None]
        self.first, self.last = (min(times), max(times)) if times else (None, None)
        self.calls.join(other.calls)
        self.samples = [*self.samples, *other.samples][:_SAMPLES]
        self.against += other.against
        self.calls_against.join(other.calls_against)

    @property
    def confidence(self) -> Confidence:
        """
        Confidence in the cause: certain when a line proves it.
        """
        return "certain" if self.proven else self.cause.otherwise

    @property
    def stands(self) -> bool:
        """
        True if the cause is shown and not excluded; where calls are known, call by call.
        """
        if not self.lines or len(self.confirmed) < len(self.cause.also):
            return False
        if self.calls.known:
            return self.calls.at_least or not self.calls.known <= self.calls_against.known
        return self.proven or not self.against


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """
    Line as input of the findings: its service (None when unknown) and its place.

    `number` of the line is evaluated for samples only, because counting takes time.
    """

    line: LogLine
    service: str | None
    file: str
    number: Callable[[], int]


class Findings:
    """
    Match lines against the `log` signs of causes.

    As in a run of the suite, a line below warning level is a sign only if the sign names its level.
    A line of an unknown service matches signs of any service.
    """

    def __init__(self, causes: Sequence[Cause]) -> None:
        self.signs: list[Sign] = []
        # A cause that also needs signs other than log lines cannot be found from lines alone.
        causes = [cause for cause in causes if all(sign.kind == "log" for sign in cause.also)]
        self._findings = [LogFinding(cause) for cause in causes]
        # Of the suite's own calls, at the links at which it makes some of them fail.
        self._ours = {
            index: LogFinding(cause)
            for index, cause in enumerate(causes)
            if cause.link in FAILED_ON_PURPOSE
        }
        self.own = OwnCalls()
        # By sign number, the indexes of the findings that it shows, proves, excludes or confirms.
        self._shows: dict[int, set[int]] = {}
        self._proves: dict[int, set[int]] = {}
        self._excludes: dict[int, set[int]] = {}
        self._confirms: dict[int, set[int]] = {}
        for index, cause in enumerate(causes):
            for signs, roles in (
                (cause.shows, self._shows),
                (cause.proofs, self._shows),
                (cause.proofs, self._proves),
                (cause.excludes, self._excludes),
                (cause.also, self._confirms),
            ):
                for sign in signs:
                    if sign.kind == "log":
                        roles.setdefault(self._number(sign), set()).add(index)

        self._derived = [
            number for number, sign in enumerate(self.signs) if not DERIVED.isdisjoint(sign.where)
        ]

    def _number(self, sign: Sign) -> int:
        if sign not in self.signs:
            self.signs.append(sign)
        return self.signs.index(sign)

    def take_derived(self, seen: ServiceLine) -> None:
        """
        Count a line for the causes that need a field which other lines of the log gave it.
        """
        self.take(seen, self._derived)

    def take(self, seen: ServiceLine, possible: Iterable[int]) -> bool:
        """
        Count a line for the causes that it shows; return whether it shows any.

        `possible` are the numbers of the signs that it may match.
        """
        matched = [number for number in possible if _matches(self.signs[number], seen)]
        if not matched:
            return False
        call = _call(seen.line.fields)
        ours = self._ours if self.own.has(call, seen.line.raw) else {}
        for index in _union(self._confirms, matched):
            finding = self._findings[index]
            finding.confirmed |= {n for n in matched if index in self._confirms.get(n, ())}
        against = _union(self._excludes, matched)
        for index in against:
            finding = ours.get(index, self._findings[index])
            finding.against += 1
            finding.calls_against.add(call)
        shown = _union(self._shows, matched)
        proven = _union(self._proves, matched)
        for index in shown - against:
            finding = ours.get(index, self._findings[index])
            finding.lines += 1
            finding.proven |= index in proven
            finding.calls.add(call)
            if (at := seen.line.at) is not None:
                finding.first = at if finding.first is None else min(at, finding.first)
                finding.last = at if finding.last is None else max(at, finding.last)
            self._keep_sample(finding.samples, seen, matched)
        return bool(shown)

    def _keep_sample(
        self, samples: list[Sample], seen: ServiceLine, matched: Sequence[int]
    ) -> None:
        """
        Keep the first line, and the first with another message, or else the second line.
        """
        if len(samples) == _SAMPLES:
            if len({sample.message for sample in samples}) == _SAMPLES:
                return
            if samples[0].message == seen.line.message:
                return
            samples.pop()
        named = {name for number in matched for name in self.signs[number].where}
        samples.append(_sample(seen, sorted(named)))

    def found(self) -> list[LogFinding]:
        """
        Return the causes that were found, the most certain first.
        """
        order: Sequence[Confidence] = ("certain", "likely", "possible")
        for index, ours in list(self._ours.items()):
            if ours.cause.link not in self.own.crossed:
                # The suite's good calls fail there as well.
                self._findings[index].add(self._ours.pop(index))
        standing = [finding for finding in self._findings if finding.stands]
        return sorted(standing, key=lambda finding: order.index(finding.confidence))

    def made_by_the_suite(self) -> int:
        """
        Return the number of lines about calls that the suite made fail, which `found` left out.
        """
        return sum(ours.lines for ours in self._ours.values())


@dataclass(slots=True)
class WarningKind:
    """
    Warnings of one message and error.
    """

    level: str
    service: str | None
    message: str
    error: str
    sample: Sample
    lines: int = 0


class Unexplained:
    """
    Warnings that show no known cause, by message and error; all numbers and ids count as equal.
    """

    def __init__(self) -> None:
        self._kinds: dict[Hashable, WarningKind] = {}
        self._as_written: dict[Hashable, WarningKind] = {}
        self.lines = 0

    def take_again(self, as_written: Hashable) -> bool:
        """
        Count a line with the key of an earlier one; return whether there was one.
        """
        kind = self._as_written.get(as_written)
        if kind is None:
            return False
        kind.lines += 1
        self.lines += 1
        return True

    def take(self, seen: ServiceLine, as_written: Hashable = None) -> None:
        """
        Count one line; beyond `_MOST_KINDS` kinds only the number of lines is counted.

        `as_written` is a key of level, logger, message and error in their original spelling.
        """
        self.lines += 1
        message, error = seen.line.message, seen.line.error
        key = (seen.service, seen.line.level, _kind_of(message), _kind_of(error))
        kind = self._kinds.get(key)
        if kind is None:
            if len(self._kinds) >= _MOST_KINDS:
                return
            # Masked first: without its digits, a secret would not be recognised.
            kind = self._kinds[key] = WarningKind(
                seen.line.level or "",
                seen.service,
                _kind_of(without_secrets(message)),
                _kind_of(without_secrets(error)),
                _sample(seen),
            )
        kind.lines += 1
        if as_written is not None and len(self._as_written) < _MOST_KINDS:
            self._as_written[as_written] = kind

    def most_frequent(self, most: int) -> tuple[list[WarningKind], int, int]:
        """
        Return the most frequent kinds, and the numbers of lines and kinds that are left.
        """
        ordered = sorted(self._kinds.values(), key=lambda kind: -kind.lines)
        shown = ordered[:most]
        return shown, self.lines - sum(kind.lines for kind in shown), len(ordered) - len(shown)


def _kind_of(text: str) -> str:
    return ID.sub("#", text[:_LONGEST])


def _sample(seen: ServiceLine, also: Iterable[str] = ()) -> Sample:
    return Sample(seen.file, seen.number(), describe(seen.line, also), seen.line.message)


def _matches(sign: Sign, seen: ServiceLine) -> bool:
    line = seen.line
    if line.level not in ALARMING and line.dialect != "text" and "level" not in sign.where:
        return False
    # A line of an unknown service matches any.
    service = seen.service or str(sign.where.get("service", ""))
    warning = LogWarning(
        0.0, "", service=service, level=line.level, message=line.message, fields=line.fields
    )
    return matches(sign, warning)


def _call(fields: Mapping[str, Any]) -> str | None:
    # livekit-server knows only the first; livekit-sip writes both, in a 1:1 relation.
    return next(
        (call for name in _CALL_IDS if isinstance(call := fields.get(name), str) and call), None
    )


def _union(roles: Mapping[int, set[int]], numbers: Iterable[int]) -> set[int]:
    return set().union(*(roles.get(number, ()) for number in numbers))
