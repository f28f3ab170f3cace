"""
Page as data: report, comparison and trend are built as one, and one template renders it.

Every text is plain and is escaped when it is rendered; only pictures are markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

from livekit_conformance.verdict import Verdict
from livekit_conformance.wording import Language

Tone = Literal["good", "bad", "undecided", "neutral"]


class LinkState(StrEnum):
    """
    State of one link of the chain as a run saw it.
    """

    WORKING = "working"
    BROKEN = "broken"
    BLOCKED = "blocked"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class ColouredWord:
    """
    A text in the colour of a verdict.
    """

    kind: ClassVar[str] = "word"
    text: str
    tone: Verdict

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Paragraph:
    """
    One or more sentences on lines of their own; in several parts if there are links in it.
    """

    kind: ClassVar[str] = "paragraph"
    text: Cell
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """
    A list of sentences.
    """

    kind: ClassVar[str] = "items"
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileLink:
    """
    A link to a file beside the page.
    """

    kind: ClassVar[str] = "file_link"
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """
    Shell command with a label that names its purpose.
    """

    kind: ClassVar[str] = "command"
    label: str
    line: str


@dataclass(frozen=True, slots=True)
class Picture:
    """
    Inline SVG; with a `label` it is wider than its column and scrolls by itself, also by keyboard.

    `narrow` is the picture that a phone shows instead.
    """

    kind: ClassVar[str] = "picture"
    svg: str
    narrow: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class CauseBox:
    """
    A cause with its parts as label and text: cause, fix, evidence.
    """

    kind: ClassVar[str] = "cause"
    title: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Banner:
    """
    The verdict.
    """

    kind: ClassVar[str] = "banner"
    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Column:
    """
    Column of a table: its heading, and the style of its cells.

    Cells are set on one line (`short`) or without breaking words (`whole`).
    """

    heading: str
    style: Literal["", "short", "whole"] = ""


@dataclass(frozen=True, slots=True)
class Table:
    """
    A table with a caption; the first cell of each row is its heading.
    """

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    style: str = ""


@dataclass(frozen=True, slots=True)
class Fold:
    """
    Parts that are hidden until the reader opens them; this needs no script.

    With `is_heading` the summary is a heading below that of the section.
    """

    kind: ClassVar[str] = "fold"
    summary: str
    parts: tuple[Part, ...]
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """
    A heading below that of the section.
    """

    kind: ClassVar[str] = "heading"
    text: str


Part = (
    str
    | ColouredWord
    | Paragraph
    | Items
    | FileLink
    | Command
    | Picture
    | CauseBox
    | Banner
    | Table
    | Fold
    | Heading
)
# A cell is one part, or several one after another.
Cell = Part | tuple[Part, ...]
Row = Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Section:
    """
    Part of the page with a heading, found as `#name`; with `is_folded` only its heading shows.
    """

    name: str
    heading: str
    parts: tuple[Part, ...]
    is_folded: bool = False


@dataclass(frozen=True, slots=True)
class ChainLink:
    """
    One link of the chain as it is drawn.
    """

    title: str
    state: LinkState
    is_first_broken: bool = False


@dataclass(frozen=True, slots=True)
class ChainStage:
    """
    Links that are drawn in one row; a call crosses those of a path one after another.
    """

    title: str
    links: tuple[ChainLink, ...]
    is_path: bool


@dataclass(frozen=True, slots=True)
class ChainState:
    """
    Entry of the legend: the state in words, and the number of links in it.
    """

    state: LinkState
    words: str
    count: int


@dataclass(frozen=True, slots=True)
class ChainPicture:
    """
    Chain that a call runs through; `cause` explains the first broken link.
    """

    title: str
    states: tuple[ChainState, ...]
    stages: tuple[ChainStage, ...]
    cause: CauseBox | None = None

    def words(self, state: LinkState) -> str:
        """
        Return a state in words.
        """
        return next(entry.words for entry in self.states if entry.state is state)


@dataclass(frozen=True, slots=True)
class Page:
    """
    Whole page: its subject, what matters first, the chain, and the rest in sections.

    `name` is the title of its window, `contents` the label of the list of sections; it is empty for
    a page without that list.
    """

    language: Language
    name: str
    title: str
    lead: tuple[Part, ...]
    sections: tuple[Section, ...]
    chain: ChainPicture | None = None
    facts: tuple[tuple[str, str], ...] = ()
    contents: str = ""
