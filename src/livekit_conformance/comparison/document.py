"""
Page as data, and its three forms: lines for a terminal, Markdown, and one HTML file.

All forms have the same content, because none of them adds anything to the data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from livekit_conformance.comparison import words
from livekit_conformance.layout import folded, table
from livekit_conformance.reporting.page import model
from livekit_conformance.reporting.page.model import Banner, ColouredWord, Page, Part, Tone
from livekit_conformance.reporting.page.rendering import render
from livekit_conformance.reporting.text import page_phrases
from livekit_conformance.wording import Language

Row = tuple[str | ColouredWord, ...]
# Characters that Markdown, or HTML inside it, would interpret.
_ACTIVE = re.compile(r"([\\`*_{}\[\]<>#|~])")
SHOWN = 20
_INDENT = "  "


@dataclass(frozen=True, slots=True)
class ComparisonSection:
    """
    Heading with a table, with sentences, or with both below it.

    `picture` is inline SVG, and `legend` explains its lines and marks. A terminal shows at most
    `shown` rows.
    """

    title: str
    sentences: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    picture: str = ""
    legend: str = ""
    shown: int = SHOWN


@dataclass(frozen=True, slots=True)
class ComparisonDocument:
    """
    Whole page: its subject, the one line that matters, and the facts needed to judge it.

    `parts` are complete documents, one after another; a document with parts is their frame.
    """

    language: Language
    title: str
    verdict: str
    tone: Tone
    sentences: tuple[str, ...] = ()
    sections: tuple[ComparisonSection, ...] = ()
    parts: tuple[ComparisonDocument, ...] = ()


def as_lines(document: ComparisonDocument, width: int | None = None) -> Iterator[str]:
    """
    Yield the page for a terminal; the verdict is the last line, where it is seen.
    """
    for line in _lines(document, None if width is None else width - len(_INDENT)):
        yield from folded(line, width)


def _lines(document: ComparisonDocument, room: int | None) -> Iterator[str]:
    yield _printable(document.title)
    for part in document.parts:
        yield ""
        yield from _lines(part, room)
    for section in document.sections:
        yield ""
        yield section.title
        yield from (f"{_INDENT}{_printable(sentence)}" for sentence in section.sentences)
        rows = (section.head, *section.rows[: section.shown])
        for line in table((tuple(map(_printable, row)) for row in rows), room):
            yield f"{_INDENT}{line}"
        if (more := len(section.rows) - section.shown) > 0:
            yield f"{_INDENT}{words.MORE.say(document.language, count=more)}"
    yield ""
    yield from map(_printable, document.sentences)
    yield document.verdict


def as_markdown(document: ComparisonDocument) -> str:
    """
    Return the page as Markdown, for a ticket or a pull request.
    """
    return "\n".join(_markdown(document)) + "\n"


def as_html(document: ComparisonDocument) -> str:
    """
    Return the page as one file that refers to nothing outside itself and needs no script.
    """
    return render(page_of(document))


def page_of(document: ComparisonDocument) -> Page:
    """
    Return the document as a page.
    """
    sections = (
        model.Section(f"environment-{number}", part.title, (*_lead(part), *_tables(part)))
        for number, part in enumerate(document.parts)
    )
    if not document.parts:
        sections = (
            model.Section(f"part-{number}", section.title, tuple(_section(section)))
            for number, section in enumerate(document.sections)
        )
    return Page(
        document.language,
        document.title,
        document.title,
        tuple(_lead(document)),
        tuple(sections),
        contents=page_phrases.SECTIONS.say(document.language) if document.parts else "",
    )


def _lead(document: ComparisonDocument) -> Iterator[Part]:
    yield Banner(document.verdict, document.tone)
    yield from map(model.Paragraph, document.sentences)


def _tables(document: ComparisonDocument) -> Iterator[Part]:
    for section in document.sections:
        yield model.Heading(section.title)
        yield from _section(section)


def _section(section: ComparisonSection) -> Iterator[Part]:
    if section.picture:
        yield model.Picture(section.picture)
    if section.legend:
        yield model.Paragraph(section.legend)
    if section.sentences:
        yield model.Items(section.sentences)
    if section.rows:
        columns = tuple(model.Column(heading) for heading in section.head)
        yield model.Table(section.title, columns, section.rows)


def _printable(text: str | ColouredWord) -> str:
    # A terminal obeys control characters, and a row must stay on one line.
    return "".join(letter if letter.isprintable() else " " for letter in str(text))


def _markdown(document: ComparisonDocument) -> Iterator[str]:
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


def _inert(plain: str | ColouredWord) -> str:
    return _ACTIVE.sub(r"\\\1", " ".join(str(plain).split()))
