"""
HTML out of values: every function takes plain text unless it says markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column of a table: its heading, and the class of its cells.
    """

    heading: str
    kind: str = ""


def table(
    caption: str, columns: Sequence[Column], rows: Iterable[Sequence[str]], *, kind: str = ""
) -> str:
    """
    A table of markup; the first cell of each row is its heading.

    A phone shows each row as a card: there the cells tell their heading themselves, and the roles
    keep it a table for screen readers.
    """
    heads = "".join(
        f'<th scope="col" role="columnheader">{escape(column.heading)}</th>' for column in columns
    )
    body = "".join(_row(columns, row) for row in rows)
    return (
        f'<table role="table" class="lkc-table {kind}"><caption>{escape(caption)}</caption>'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table>'
    )


def _row(columns: Sequence[Column], cells: Sequence[str]) -> str:
    first, *others = cells
    told = "".join(
        f'<td role="cell" class="{column.kind}" data-label="{escape(column.heading)}">{cell}</td>'
        for column, cell in zip(columns[1:], others, strict=True)
    )
    return f'<tr role="row"><th scope="row" role="rowheader">{first}</th>{told}</tr>'


def section(name: str, heading: str, body: str) -> str:
    """
    A part of the page with a heading, to be found as `#name`; the body is markup.
    """
    return (
        f'<section id="{name}" aria-labelledby="{name}-head">'
        f'<h2 id="{name}-head">{escape(heading)}</h2>{body}</section>'
    )


def scrolling(name: str, label: str, body: str) -> str:
    """
    What is wider than a phone and scrolls by itself, also with the keyboard; the body is markup.
    """
    return (
        f'<div class="lkc-scrolls lkc-of-{name}" role="region" tabindex="0" '
        f'aria-label="{escape(label)}">{body}</div>'
    )


def link(path: str, words: str) -> str:
    """
    A link to a file beside the page.
    """
    return f'<a href="{escape(quote(path))}">{escape(words)}</a>'


def items(lines: Iterable[str]) -> str:
    """
    A list of plain lines.
    """
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
