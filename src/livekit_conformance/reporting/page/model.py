"""
A page as data. Report, comparison and trend are built as one of these and rendered by one template.

Every text is plain, and escaped when it is rendered; only pictures are markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

from livekit_conformance.catalogue.text import Language
from livekit_conformance.verdict import Verdict

Tone = Literal["good", "bad", "undecided", "neutral"]


class LinkState(StrEnum):
    """
    What a run has seen of one link of the chain.
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
    A sentence or more on lines of their own, with links in it where it has several parts.
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
    A line for a shell, and what it is for.
    """

    kind: ClassVar[str] = "command"
    label: str
    line: str


@dataclass(frozen=True, slots=True)
class Picture:
    """
    Inline SVG; with a `label` it is wider than its column and scrolls by itself, also by keyboard.

    `narrow` is what a phone shows instead.
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
    A column of a table: its heading, and how its cells are set (`short`: in one line, `whole`:
    without breaking words).
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
    Parts that are out of sight until somebody opens them; no script is needed for that.

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
    A part of the page with a heading, found as `#name`; `is_folded` leaves only its heading.
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
    Links that are drawn in one row; those of a path are crossed one after another.
    """

    title: str
    links: tuple[ChainLink, ...]
    is_path: bool


@dataclass(frozen=True, slots=True)
class ChainState:
    """
    An entry of the legend: the state in words, and how many links are in it.
    """

    state: LinkState
    words: str
    count: int


@dataclass(frozen=True, slots=True)
class ChainPicture:
    """
    The chain that a call runs through; `cause` says why the first broken link is broken.
    """

    title: str
    states: tuple[ChainState, ...]
    stages: tuple[ChainStage, ...]
    cause: CauseBox | None = None

    def words(self, state: LinkState) -> str:
        """
        A state in words.
        """
        return next(entry.words for entry in self.states if entry.state is state)


@dataclass(frozen=True, slots=True)
class Page:
    """
    The whole page: what it is about, what matters first, the chain, and the rest in sections.

    `name` is the title of its window, `contents` the label of the list of sections; empty for a
    page without such a list.
    """

    language: Language
    name: str
    title: str
    lead: tuple[Part, ...]
    sections: tuple[Section, ...]
    chain: ChainPicture | None = None
    facts: tuple[tuple[str, str], ...] = ()
    contents: str = ""
