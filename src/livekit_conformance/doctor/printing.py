"""
Print findings as lines for people, and as JSON for programs.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.hosting import Hosting
from livekit_conformance.catalogue.link_words import WORDS
from livekit_conformance.doctor.findings import LinkFinding, LinkMark, first_broken, last_working
from livekit_conformance.layout import beside, folded
from livekit_conformance.wording import Language, Text

_MARKS: Mapping[LinkMark, Text] = MappingProxyType(
    {
        LinkMark.OK: Text(en="ok", ru="ок"),
        LinkMark.WARNING: Text(en="WARNING", ru="ВНИМАНИЕ"),
        LinkMark.PROBLEM: Text(en="PROBLEM", ru="ПРОБЛЕМА"),
        LinkMark.NOT_CHECKED: Text(en="not checked", ru="не проверено"),
    }
)
_COUNTS: Mapping[LinkMark, Text] = MappingProxyType(
    {
        LinkMark.PROBLEM: Text(en="problems", ru="проблем"),
        LinkMark.WARNING: Text(en="warnings", ru="предупреждений"),
        LinkMark.NOT_CHECKED: Text(en="not checked", ru="не проверено"),
        LinkMark.OK: Text(en="ok", ru="ок"),
    }
)
_FIX = Text(en="fix", ru="что сделать")
_TO_LOOK = Text(en="to check", ru="чтобы проверить")
_BROKEN = Text(en="first broken link: {link}", ru="первое сломанное звено: {link}")
_WORKING = Text(
    en="last link seen working before it: {link}", ru="последнее рабочее до него: {link}"
)
_NONE = Text(en="none", ru="нет")
_IN = Text(
    en="in {seconds:.1f} s; nothing was changed",
    ru="за {seconds:.1f} с; ничего не изменено",
)

SCHEMA = 1


def lines(
    findings: Sequence[LinkFinding],
    *,
    language: Language,
    hosting: Hosting,
    seconds: float,
    clean: Callable[[str], str],
    width: int | None = None,
) -> Iterator[str]:
    """
    Yield each finding with its remedy below, then the totals; `clean` removes secrets.
    """
    marks = max(len(text.say(language)) for text in _MARKS.values())
    titles = max((len(finding.link) for finding in findings), default=0)
    for finding in findings:
        mark = _MARKS[finding.mark].say(language)
        text = clean(finding.text.say(language))
        begin = f"{mark:<{marks}}  {finding.link:<{titles}}  "
        yield from beside(begin, text, width)
        if (fix := finding.remedy_in(hosting)) is not None:
            word = (_TO_LOOK if finding.mark is LinkMark.NOT_CHECKED else _FIX).say(language)
            remedy = f"{word}: {clean(fix.say(language))}"
            yield from beside(" " * len(begin), remedy, width, hang=2)
    yield ""
    yield from (row for line in _sum(findings, language, seconds) for row in folded(line, width))


def _sum(findings: Sequence[LinkFinding], language: Language, seconds: float) -> Iterator[str]:
    if broken := first_broken(findings):
        yield _BROKEN.say(language, link=title(broken, language))
        working = last_working(findings)
        name = title(working, language) if working else _NONE.say(language)
        yield _WORKING.say(language, link=name)
    counts = Counter(finding.mark for finding in findings)
    sums = ", ".join(f"{word.say(language)}: {counts[mark]}" for mark, word in _COUNTS.items())
    yield f"{sums}; {_IN.say(language, seconds=seconds)}"


def title(link: Link, language: Language) -> str:
    """
    Return the id of a link with its title.
    """
    return f"{link} ({WORDS[link].title.say(language)})"


def as_json(
    findings: Sequence[LinkFinding],
    *,
    environment: str,
    language: Language,
    hosting: Hosting,
    seconds: float,
    exit_status: int,
    clean: Callable[[str], str],
) -> str:
    """
    Return the findings as one JSON object; texts are in `language`.
    """

    def rendered(text: Text | None) -> str | None:
        return None if text is None else clean(text.say(language))

    def named(link: Link | None) -> str | None:
        return None if link is None else link.value

    counts = Counter(finding.mark for finding in findings)
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "environment": environment,
        "exit_status": exit_status,
        "duration_s": round(seconds, 2),
        "first_broken": named(first_broken(findings)),
        "last_working": named(last_working(findings)),
        "counts": {mark.value: counts[mark] for mark in LinkMark},
        "findings": [
            {
                "link": finding.link.value,
                "mark": finding.mark.value,
                **finding.what.as_json(),
                "says": rendered(finding.text),
                "remedy": rendered(finding.remedy_in(hosting)),
            }
            for finding in findings
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=1)
