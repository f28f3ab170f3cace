"""
A page as data, and its three forms: lines for a terminal, Markdown, and one HTML file.

All forms say the same, because none of them says anything that is not in the data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from livekit_conformance.catalogue.text import Language
from livekit_conformance.comparison import words
from livekit_conformance.reporting.writers import markup
from livekit_conformance.reporting.writers.stylesheet import STYLE
from livekit_conformance.verdict import Verdict

Tone = Literal["good", "bad", "neutral"]
Row = tuple[str, ...]
# Characters that Markdown or HTML inside it would act on.
_ACTIVE = re.compile(r"([\\`*_{}\[\]<>#|~])")
SHOWN = 20
# The class that colours a cell which is a verdict, of a check or of a run.
_KIND = {verdict.value: verdict.value for verdict in Verdict} | {
    "CONFORMANT": "PASS",
    "NOT CONFORMANT": "FAIL",
    "INCOMPLETE": "BLOCKED",
}
_BANNER: Mapping[Tone, str] = {"good": "lkc-CONFORMANT", "bad": "lkc-NOT-CONFORMANT", "neutral": ""}


@dataclass(frozen=True, slots=True)
class Section:
    """
    A heading with a table below it, or with sentences, or with both; `picture` is inline SVG.

    Whoever reads a terminal is shown so many rows at most as `shown` says.
    """

    title: str
    sentences: tuple[str, ...] = ()
    head: Row = ()
    rows: tuple[Row, ...] = ()
    picture: str = ""
    shown: int = SHOWN


@dataclass(frozen=True, slots=True)
class Document:
    """
    The whole page: what it is about, the one line that matters, what has to be known with it.
    """

    language: Language
    title: str
    verdict: str
    tone: Tone
    sentences: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()


def as_lines(document: Document) -> Iterator[str]:
    """
    The page for a terminal; the verdict is the last line, where it is seen.
    """
    yield _printable(document.title)
    for section in document.sections:
        yield ""
        yield section.title
        yield from (f"  {_printable(sentence)}" for sentence in section.sentences)
        for line in _aligned((section.head, *section.rows[: section.shown])):
            yield f"  {line}".rstrip()
        if (more := len(section.rows) - section.shown) > 0:
            yield f"  {words.MORE.say(document.language, count=more)}"
    yield ""
    yield from map(_printable, document.sentences)
    yield document.verdict


def as_markdown(document: Document) -> str:
    """
    The page for a ticket or a pull request.
    """
    return "\n".join(_markdown(document)) + "\n"


def as_html(document: Document) -> str:
    """
    The page as one file that refers to nothing outside itself and needs no script.
    """
    title = escape(document.title)
    sentences = "".join(f"<p>{escape(sentence)}</p>" for sentence in document.sentences)
    sections = "".join(_section(n, section) for n, section in enumerate(document.sections))
    return (
        f'<!DOCTYPE html>\n<html lang="{document.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><style>{STYLE}</style></head><body class="lkc">'
        f'<header><h1>{title}</h1><p class="lkc-verdict {_BANNER[document.tone]}">'
        f"{escape(document.verdict)}</p>{sentences}</header><main>{sections}</main></body></html>\n"
    )


def _aligned(rows: Sequence[Row]) -> Iterator[str]:
    rows = [tuple(map(_printable, row)) for row in rows if row]
    # The last column is as long as it is.
    widths = [max(map(len, column)) for column in zip(*(row[:-1] for row in rows), strict=True)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False))
        yield "  ".join([*cells, row[-1]])


def _printable(text: str) -> str:
    # A terminal obeys control characters, and a row is one line.
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _markdown(document: Document) -> Iterator[str]:
    yield f"# {_inert(document.verdict)}\n"
    yield _inert(document.title)
    yield from (f"\n{_inert(sentence)}" for sentence in document.sentences)
    for section in document.sections:
        yield f"\n## {_inert(section.title)}\n"
        yield from (f"- {_inert(sentence)}" for sentence in section.sentences)
        if section.rows:
            if section.sentences:
                yield ""
            yield f"| {' | '.join(map(_inert, section.head))} |"
            yield f"|{' --- |' * len(section.head)}"
            yield from (f"| {' | '.join(map(_inert, row))} |" for row in section.rows)


def _inert(plain: str) -> str:
    return _ACTIVE.sub(r"\\\1", " ".join(plain.split()))


def _section(number: int, section: Section) -> str:
    told = markup.items(section.sentences) if section.sentences else ""
    table = ""
    if section.rows:
        columns = [markup.Column(heading) for heading in section.head]
        rows = (tuple(map(_cell, row)) for row in section.rows)
        table = markup.table(section.title, columns, rows)
    return markup.section(f"part-{number}", section.title, section.picture + told + table)


def _cell(text: str) -> str:
    # "CONFORMANT (partly verified)" is a verdict too.
    kind = _KIND.get(text.partition(" (")[0])
    return f'<span class="lkc-word lkc-{kind}">{escape(text)}</span>' if kind else escape(text)
