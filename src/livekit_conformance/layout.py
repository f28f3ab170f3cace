"""
Text in a terminal: how many columns it takes, and where its lines break.

A width of None is unlimited. Files and job logs have it: there each entry is one line, so that it
can be searched for.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final, TextIO

# Includes the blanks before the word, so that aligned text stays aligned.
_WORD: Final = re.compile(r" *[^ ]+")
_ELLIPSIS: Final = "…"
# With less room than this beside the left column, the text goes below it.
_NARROW: Final = 24
_INDENT: Final = 4
_BELOW: Final = "  "
# A blank at which no line breaks.
_GLUE: Final = "\N{NO-BREAK SPACE}"


def width_of(stream: TextIO) -> int | None:
    """
    Return the columns of COLUMNS, else of the terminal behind `stream`, else None.
    """
    asked = os.environ.get("COLUMNS", "")
    if asked.isdecimal() and int(asked):
        return int(asked)
    return os.get_terminal_size(stream.fileno()).columns or None if stream.isatty() else None


def write_folded(stream: TextIO, lines: Iterable[str]) -> None:
    """
    Write the lines, each folded to the width of `stream`.
    """
    width = width_of(stream)
    stream.writelines(f"{row}\n" for line in lines for row in folded(line, width))


def folded(line: str, width: int | None) -> list[str]:
    """
    Return `line` as rows of at most `width` columns, the later ones indented below the first.
    """
    text = line.lstrip(" ")
    return beside(line[: len(line) - len(text)], text, width, hang=2)


def beside(
    begin: str, text: str, width: int | None, *, hang: int = 0, at_most: int | None = None
) -> list[str]:
    """
    Return rows that start with `begin` and go on with `text`, broken at blanks and below itself.

    A word longer than a row stays whole, so that a path or a command can be copied. With `at_most`
    there are at most that many rows: long words are cut, and so is text beyond the last row.
    """
    if width is None or columns(begin + text) <= width:
        return [begin + text]
    indent, rows = columns(begin), []
    if width - indent < _NARROW and begin.strip():
        rows = [begin.rstrip()]
        begin = " " * _INDENT
        indent = _INDENT
    elif width - indent < _NARROW:
        begin, indent = "", 0
    later = " " * (indent + hang)
    words = wrap(text, width - indent - hang, at_most=at_most)
    return [*rows, *((later if number else begin) + row for number, row in enumerate(words))]


def wrap(text: str, width: int, *, at_most: int | None = None) -> list[str]:
    """
    Return `text` in lines of `width` columns; with `at_most` of them, the last one is cut.
    """
    lines: list[str] = []
    row = ""
    words = _WORD.findall(text)
    for number, word in enumerate(words):
        is_longer = at_most is None and columns(word.lstrip(" ")) > width
        # A word that fits nowhere gains nothing by a row of its own.
        if not row or is_longer or columns(row + word) <= width:
            row = (row + word) if row else word.lstrip(" ")
        elif len(lines) + 1 == at_most:
            return [*lines, cut(row + "".join(words[number:]), width)]
        else:
            lines.append(row if at_most is None else cut(row, width))
            row = word.lstrip(" ")
    return [*lines, row if at_most is None else cut(row, width)]


def one_line(text: str) -> str:
    """
    Return `text` on one line, without characters that move the cursor or change colours.

    An answer of the target must not control our terminal, so its control characters are escaped.
    """
    if text.isprintable():
        return text
    flat = " ".join(text.split("\n")).replace("\t", " ").replace("\r", "")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in flat)


def columns(text: str) -> int:
    """
    Return the columns that a terminal needs: wide characters take two, combining ones none.
    """
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Cf", "Me", "Mn"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def padded(text: str, width: int) -> str:
    """
    Return `text` with blanks up to `width` columns.
    """
    return text + " " * (width - columns(text))


def cut(text: str, width: int) -> str:
    """
    Return as much of `text` as fits into `width` columns, with an ellipsis if something is missing.
    """
    if columns(text) <= width:
        return text
    kept, room = "", width - 1
    for character in text:
        room -= _columns(character)
        if room < 0:
            break
        kept += character
    return kept.rstrip() + _ELLIPSIS if width > 0 else ""


def table(rows: Iterable[tuple[str, ...]], width: int | None) -> Iterator[str]:
    """
    Yield the lines of a table whose first row is the head; leave out empty rows.

    If the table is too wide, each row becomes a paragraph: its first cell, then the others, each
    after its heading.
    """
    filled = [row for row in rows if row]
    # The last column is not padded.
    widths = [max(map(columns, cells)) for cells in zip(*(row[:-1] for row in filled), strict=True)]
    lines = ["  ".join([*map(padded, row[:-1], widths), row[-1]]).rstrip() for row in filled]
    if width is None or all(columns(line) <= width for line in lines):
        yield from lines
        return
    head, *others = filled
    for row in others:
        yield from folded(row[0], width)
        cells = (f"{name} {cell}" for name, cell in zip(head[1:], row[1:], strict=True) if cell)
        whole = "; ".join(cell.replace(" ", _GLUE) for cell in cells)
        for line in wrap(whole, width - len(_BELOW)):
            yield from folded(_BELOW + line.replace(_GLUE, " "), width)
