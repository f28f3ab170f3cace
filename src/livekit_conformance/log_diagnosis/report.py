"""
Report the findings, to people and to programs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from textwrap import shorten
from typing import Any, Final

from livekit_conformance.catalogue.hosting import fitting
from livekit_conformance.layout import beside, folded
from livekit_conformance.log_diagnosis import words
from livekit_conformance.log_diagnosis.findings import (
    CallCount,
    LogFinding,
    Sample,
    Unexplained,
    WarningKind,
)
from livekit_conformance.log_diagnosis.scan import Scanned
from livekit_conformance.log_diagnosis.services import SERVICES
from livekit_conformance.log_diagnosis.telling import when
from livekit_conformance.wording import Language, Text

SCHEMA = 1
# Maximum width of paragraphs, unless the terminal is narrower.
WIDTH: Final = 100
# Kinds of warnings that are listed: with causes, and without any.
_FEW, _MANY = 5, 10


@dataclass(slots=True)
class Report:
    """
    Complete output of the command.

    `unread` are the logs that could not be read, with the reason.
    """

    causes: Sequence[LogFinding]
    unexplained: Unexplained
    logs: list[Scanned]
    # Lines about calls that the suite itself made fail.
    ours: int = 0
    unread: list[tuple[str, str]] = field(default_factory=list)

    def lines(self, language: Language, width: int = WIDTH) -> Iterator[str]:
        """
        Yield the lines for the terminal; paragraphs have at most `width` columns.
        """
        for log in self.logs:
            yield from _log(log, language)
        for number, finding in enumerate(self.causes, 1):
            yield ""
            yield from _cause(number, finding, language, width)
            for sample in finding.samples:
                yield f"   {words.SEEN.say(language)}: {self._place(sample)}"
        yield ""
        if not self.causes:
            yield words.NOTHING_KNOWN.say(language)
        if self.ours:
            yield from folded(words.MADE_BY_THE_SUITE.say(language, lines=f"{self.ours:,}"), width)
        yield from self._unexplained(language, width)
        if not self.causes:
            for step in self._next():
                text = step.say(language, **self._names())
                yield from _paragraph(words.NEXT.say(language), text, width)

    def _unexplained(self, language: Language, width: int) -> Iterator[str]:
        kinds, more_lines, more_kinds = self._kinds()
        if kinds:
            yield words.NOT_EXPLAINED.say(language)
            for kind in kinds:
                what = f"{kind.message}: {kind.error}" if kind.error else kind.message
                level = kind.level.upper()
                short = shorten(what, width, placeholder=" …")
                yield f"{kind.lines:>9,}  {level:5} {kind.service or '?'}  {short}"
                yield f"{'':9}  {self._place(kind.sample)}"
            if more_lines:
                yield "  " + words.AND_MORE.say(
                    language, lines=f"{more_lines:,}", groups=more_kinds
                )

    def as_json(self, language: Language) -> str:
        """
        Return JSON for programs; times are in Unix seconds. `calls` may be a lower bound.
        """
        kinds, more_lines, more_kinds = self._kinds()
        return json.dumps(
            {
                "schema": SCHEMA,
                "language": language,
                "logs": [
                    {
                        "name": log.name,
                        "services": list(log.services),
                        "lines": log.lines,
                        "understood": log.understood,
                        "first": log.first,
                        "last": log.last,
                        "notes": [note(language) for note in log.notes],
                    }
                    for log in self.logs
                ],
                "unread": [{"name": name, "reason": reason} for name, reason in self.unread],
                "causes": [_cause_as_json(finding, language) for finding in self.causes],
                "unexplained": {
                    "most_frequent": [_kind_as_json(kind) for kind in kinds],
                    "more_lines": more_lines,
                    "more_kinds": more_kinds,
                },
                "ours": self.ours,
                "next": [step.say(language, **self._names()) for step in self._next()],
            },
            ensure_ascii=False,
            indent=1,
        )

    def _kinds(self) -> tuple[list[WarningKind], int, int]:
        return self.unexplained.most_frequent(_FEW if self.causes else _MANY)

    def _next(self) -> Iterator[Text]:
        if self.causes or not self.logs:
            return
        if not any(log.lines for log in self.logs):
            yield words.NO_LINES
        elif not any(log.understood for log in self.logs):
            yield words.NOT_A_LOG
        elif self.unexplained.lines:
            yield words.LOOK_AT_FREQUENT
        elif not self.ours:
            yield words.NO_WARNINGS
        if len(self._services()) == 1:
            yield words.ONLY_ONE_SERVICE

    def _place(self, sample: Sample) -> str:
        short = sample.file.rpartition("/")[2]
        is_clear = sum(log.name.rpartition("/")[2] == short for log in self.logs) == 1
        return f"{short if is_clear else sample.file}:{sample.number}  {sample.text}"

    def _services(self) -> set[str]:
        return {service for log in self.logs for service in log.services}

    def _names(self) -> dict[str, str]:
        seen = self._services()
        missing = (service.id for service in SERVICES if service.id not in seen)
        return {"service": ", ".join(seen), "other": ", ".join(missing)}


def _log(log: Scanned, language: Language) -> Iterator[str]:
    services = ", ".join(log.services) or words.NO_SERVICE.say(language)
    counts = words.LINES.say(language, lines=f"{log.lines:,}", understood=f"{log.understood:,}")
    times = (
        words.NO_TIME.say(language)
        if log.first is None
        else words.TIMES.say(language, first=when(log.first), last=when(log.last))
    )
    yield f"{log.name}: {services}; {counts}; {times}"
    for note in log.notes:
        yield f"  {note(language)}"


def _cause(number: int, finding: LogFinding, language: Language, width: int) -> Iterator[str]:
    cause = finding.cause
    confidence = words.CONFIDENCE[finding.confidence].say(language)
    yield f"{number}. {cause.title.say(language)} ({confidence}; {cause.id})"
    calls = finding.calls
    counts = words.COUNTS if calls.known else words.COUNTS_WITHOUT_CALLS
    text = counts.say(language, lines=f"{finding.lines:,}", calls=_number(calls, language))
    if finding.first is not None:
        text += "; " + words.FIRST_AND_LAST.say(
            language, first=when(finding.first), last=when(finding.last)
        )
    yield f"   {text}"
    yield from _paragraph(words.CAUSE.say(language), cause.cause.say(language), width)
    yield from _paragraph(
        words.FIX.say(language), fitting(cause.fix, cause.link).say(language), width
    )


def _paragraph(title: str, text: str, width: int) -> list[str]:
    return beside("   ", f"{title}: {text}", width, hang=2)


def _number(calls: CallCount, language: Language) -> str:
    number = f"{len(calls.known):,}"
    return words.AT_LEAST.say(language, number=number) if calls.at_least else number


def _cause_as_json(finding: LogFinding, language: Language) -> dict[str, Any]:
    cause = finding.cause
    return {
        "id": cause.id,
        "link": cause.link.value,
        "title": cause.title.say(language),
        "cause": cause.cause.say(language),
        "fix": fitting(cause.fix, cause.link).say(language),
        "confidence": finding.confidence,
        "lines": finding.lines,
        "calls": len(finding.calls.known),
        "calls_at_least": finding.calls.at_least,
        "first": finding.first,
        "last": finding.last,
        "samples": [_sample_as_json(sample) for sample in finding.samples],
    }


def _kind_as_json(kind: WarningKind) -> dict[str, Any]:
    return {
        "level": kind.level,
        "service": kind.service,
        "message": kind.message,
        "error": kind.error,
        "lines": kind.lines,
        "sample": _sample_as_json(kind.sample),
    }


def _sample_as_json(sample: Sample) -> dict[str, Any]:
    return {"log": sample.file, "line": sample.number, "text": sample.text}
