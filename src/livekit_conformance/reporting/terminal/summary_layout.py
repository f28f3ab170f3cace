"""
Final screen of a run: verdict, causes and the path of the report.

It fits on one screen. The rest is counted there, and the report has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from livekit_conformance.diagnosis.chain_state import CallsSeen
from livekit_conformance.layout import beside, columns, cut, folded, one_line, padded
from livekit_conformance.reporting.result.model import Result
from livekit_conformance.reporting.text import phrases, words
from livekit_conformance.verdict import RunVerdict, Verdict

Markup = Mapping[str, bool]
COLOURS: Mapping[Verdict, Markup] = MappingProxyType(
    {
        Verdict.PASS: {"green": True},
        Verdict.FAIL: {"red": True},
        Verdict.WARN: {"yellow": True},
        Verdict.KNOWN: {"yellow": True},
        Verdict.BLOCKED: {"yellow": True},
        Verdict.SKIPPED: {"yellow": True},
        Verdict.ERROR: {"red": True},
    }
)
_BOLD: Markup = {"bold": True}
_RED: Markup = {"red": True}
_VERDICTS: Mapping[RunVerdict, Markup] = MappingProxyType(
    {
        "CONFORMANT": {"green": True},
        "PARTIALLY CONFORMANT": {"yellow": True},
        "NOT CONFORMANT": _RED,
        "INCOMPLETE": _RED,
    }
)
_CALLS: Mapping[CallsSeen, Markup] = MappingProxyType(
    {
        CallsSeen.WORK: {"green": True},
        CallsSeen.BROKEN: _RED,
        CallsSeen.NOT_TRIED: {"yellow": True},
        CallsSeen.UNKNOWN: {"yellow": True},
    }
)
# Checks that a line names; the report names all.
_NAMED: Final = 3
# Lines shown of a cause: the cause itself, its fix (all lines), the first evidence.
_PARTS: Final = (3, None, 1)
# Rows that causes leave free for findings: a heading, two findings, the number of others.
_FOR_FINDINGS: Final = 4


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """
    Line, or with `is_heading` the title of a section, which pytest draws as a rule.
    """

    text: str
    markup: Markup = field(default_factory=dict)
    is_heading: bool = False

    def __post_init__(self) -> None:
        # Done before anything is measured.
        object.__setattr__(self, "text", one_line(self.text))


def whole(result: Result, page: Path | None) -> list[SummaryLine]:
    """
    Return all lines, however many, for -v. `page` is the report, if it could be written.
    """
    lines = [_headline(result)]
    if result.diagnoses:
        lines += _causes_heading(result, None)
        for diagnosis in result.diagnoses:
            title, *parts = words.diagnosis_lines(result, diagnosis)
            lines += [SummaryLine(title, _BOLD), *map(SummaryLine, parts)]
    if roots := result.roots():
        lines.append(SummaryLine(phrases.FINDINGS.say(result.language), is_heading=True))
        for root in roots:
            first, *folded = words.problem_lines(result, root)
            lines += [SummaryLine(first, COLOURS[root.verdict]), *map(SummaryLine, folded)]
    lines += _requirements(result, None, with_figures=True)
    lines += map(SummaryLine, (*words.skipped_lines(result), *words.others_lines(result)))
    return lines + _verdict(result, page, None)


def fitted(
    result: Result, page: Path | None, *, height: int, width: int | None
) -> list[SummaryLine]:
    """
    Return the lines that fit into `height` rows of `width` columns; None does not limit a line.

    Headline, verdict and first cause come first, then the requirements, the other causes, the
    findings and the skipped checks.
    """
    first, verdict = _headline(result), _verdict(result, page, width)
    requirements = _requirements(result, width, with_figures=False)
    reserved = _FOR_FINDINGS if result.roots() else 0
    room = height - _rows([first, *verdict, *requirements], width)
    causes = _causes(result, width, room, reserved=reserved)
    if _rows(causes, width) > room:
        room += _rows(requirements, width)
        requirements = []
        causes = _causes(result, width, room, reserved=reserved, cut=True)
    room -= _rows(causes, width)
    findings = _findings(result, width, room)
    room -= _rows(findings, width)
    skipped = _limited(
        [
            [SummaryLine(_one(line, width))]
            for line in (
                *words.skipped_lines(result, named=_NAMED),
                *words.others_lines(result),
            )
        ],
        room,
        width,
        more=lambda count: phrases.AND_MORE.say(result.language, count=count),
    )
    room -= _rows(skipped, width)
    detailed = _requirements(result, None, with_figures=True)
    # A figure that is cut is useless.
    fits = width is None or all(columns(line.text) <= width for line in detailed)
    if requirements and fits and len(detailed) - len(requirements) <= room:
        requirements = detailed
    return [first, *causes, *findings, *requirements, *skipped, *verdict]


def quiet(
    result: Result, page: Path | None, *, height: int, width: int | None
) -> list[SummaryLine]:
    """
    Return causes, verdict and the path of the report, for -q.
    """
    first = _headline(result)
    end = [_verdict_line(result), *_reasons(result), *_report(result, page)]
    room = height - _rows([first, *end], width)
    return [first, *_causes(result, width, room, heading=False), *end]


def _causes_heading(result: Result, width: int | None) -> list[SummaryLine]:
    heading = SummaryLine(phrases.DIAGNOSIS.say(result.language), is_heading=True)
    return [heading, *(SummaryLine(_one(line, width), _BOLD) for line in words.chain_lines(result))]


def _causes(
    result: Result,
    width: int | None,
    room: int,
    *,
    heading: bool = True,
    reserved: int = 0,
    cut: bool = False,
) -> list[SummaryLine]:
    """
    Return the first cause, and the others that fit; `cut` takes lines from the first one's end.
    """
    if not result.diagnoses:
        return []
    head = _causes_heading(result, width) if heading else []
    blocks = []
    for diagnosis in result.diagnoses:
        title, parts = words.cause_parts(result, diagnosis)
        label_width = max(columns(label) for label, _ in parts)
        lines = [SummaryLine(_one(title, width), _BOLD)]
        for (label, text), at_most in zip(parts, _PARTS, strict=False):
            begin = f"  {padded(label, label_width)}  "
            lines += _wrapped(begin, text, width, at_most)
        blocks.append(lines)
    # The first cause and the number of the others are always shown.
    first, *others = blocks
    while cut and len(first) > 1 and _rows([*head, *first], width) + bool(others) > room:
        first.pop()
    room -= _rows([*head, *first], width)
    rest = _limited(
        others,
        max(room - reserved, 1),
        width,
        more=lambda count: phrases.MORE_CAUSES.say(result.language, count=count),
    )
    return [*head, *first, *rest]


def _findings(result: Result, width: int | None, room: int) -> list[SummaryLine]:
    if not (roots := result.roots()):
        return []
    blocks = []
    for root in roots:
        first, *folded = words.problem_lines(result, root, named=_NAMED)
        line = SummaryLine(_one(first, width), COLOURS[root.verdict])
        blocks.append([line, *(SummaryLine(_one(text, width)) for text in folded)])
    heading = SummaryLine(phrases.FINDINGS.say(result.language), is_heading=True)
    shown = _limited(
        blocks,
        room - 1,
        width,
        more=lambda count: phrases.AND_MORE.say(result.language, count=count),
    )
    return [heading, *shown] if shown else []


def _requirements(result: Result, width: int | None, *, with_figures: bool) -> list[SummaryLine]:
    rows = words.requirement_rows(result)
    titles = [row[0] for row in rows]
    longest = max(map(columns, titles))
    if width is not None and any(
        longest + columns(f"  {verdict}: {counts}") > width for _, verdict, _, counts in rows
    ):
        titles = [group.id for group in result.requirements]
        longest = max(map(columns, titles))
    lines = [SummaryLine(phrases.CONFORMANCE.say(result.language), is_heading=True)]
    for title, (_, verdict, numbers, counts) in zip(titles, rows, strict=True):
        lines.append(SummaryLine(_one(f"{padded(title, longest)}  {verdict}: {counts}", width)))
        if with_figures:
            lines.append(SummaryLine(_one(f"{' ' * longest}  {numbers}", width)))
    if result.client.tally.counts.total():
        lines.append(SummaryLine(_one(words.client_line(result), width)))
    return lines


def _verdict(result: Result, page: Path | None, width: int | None) -> list[SummaryLine]:
    lines = []
    if why := result.run.interrupted:
        text = phrases.INTERRUPTED.say(result.language, why=why)
        lines.append(SummaryLine(_one(text, width), {"yellow": True}))
    figures = SummaryLine(words.figures(result.summary, result.language))
    end = [_verdict_line(result), figures, *_reasons(result), *_report(result, page)]
    return [*lines, *end]


def _headline(result: Result) -> SummaryLine:
    return SummaryLine(words.headline(result), {"bold": True, **_CALLS[result.calls]})


def _verdict_line(result: Result) -> SummaryLine:
    return SummaryLine(words.verdict_line(result), {"bold": True, **_VERDICTS[result.verdict]})


def _reasons(result: Result) -> list[SummaryLine]:
    return [SummaryLine(reason, _RED) for reason in words.reasons(result)]


def _report(result: Result, page: Path | None) -> list[SummaryLine]:
    if page is None:
        return []
    return [SummaryLine(phrases.REPORT.say(result.language, path=page))]


def _limited(
    blocks: Sequence[Sequence[SummaryLine]],
    room: int,
    width: int | None,
    *,
    more: Callable[[int], str],
) -> list[SummaryLine]:
    """
    Return the blocks that fit into `room` rows, and a line for those that do not, made by `more`.

    Without room it is an empty list.
    """
    lines: list[SummaryLine] = []
    for number, block in enumerate(blocks):
        is_last = number == len(blocks) - 1
        if _rows([*lines, *block], width) + (not is_last) > room:
            return [*lines, SummaryLine(more(len(blocks) - number))] if room > 0 else []
        lines += block
    return lines


def _rows(lines: Iterable[SummaryLine], width: int | None) -> int:
    """
    Return how many rows of a terminal `lines` take.
    """
    return sum(1 if line.is_heading else len(folded(line.text, width)) for line in lines)


def _one(text: str, width: int | None) -> str:
    return text if width is None else cut(one_line(text), width)


def _wrapped(begin: str, text: str, width: int | None, at_most: int | None) -> list[SummaryLine]:
    return list(map(SummaryLine, beside(begin, one_line(text), width, at_most=at_most)))
