"""
Splices: replacements for ranges of characters.

Each function below returns the splices for one change, or raises CannotEdit if the change would
touch anything unintended: an anchor, a comment, another key on the same line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from livekit_conformance.config_fixer.source import BREAK, Place, YamlSource

_REST_OF_LINE = re.compile(r"[ \t]*(?:[ \t]#[^\r\n]*)?")
_QUOTES = "'\""


class CannotEdit(Exception):
    """
    The change cannot be made by a splice; the text gives the reason.
    """


@dataclass(frozen=True, slots=True)
class Edit:
    """
    Replacement of the characters from `start` up to `end` with `text`.
    """

    start: int
    end: int
    text: str


def applied(text: str, edits: Sequence[Edit]) -> str:
    """
    Return the text after all edits; their positions refer to the original text.

    Raises ValueError if two edits overlap.
    """
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < at:
            raise ValueError("edits overlap")
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])


def renamed(source: YamlSource, place: Place, name: str) -> list[Edit]:
    """
    Return the splices that rename a key, in the same quotes.
    """
    key = _key(place)
    start, end = key.start_mark.index, key.end_mark.index
    raw = source.text[start:end]
    if raw[:1] in _QUOTES and raw[1:-1] == key.value:
        return [Edit(start + 1, end - 1, name)]
    if raw != key.value:
        raise CannotEdit("the key is written in an unusual form")
    return [Edit(start, end, name)]


def replaced(source: YamlSource, place: Place, text: str) -> list[Edit]:
    """
    Return the splices that replace a value together with its quotes.
    """
    _require_plain(source, place)
    _require_one_line(source, place)
    return [Edit(place.value.start_mark.index, source.end_of(place.value), text)]


def wrapped(source: YamlSource, place: Place, before: str, after: str) -> list[Edit]:
    """
    Return the splices that put text before and after a value.
    """
    _require_plain(source, place)
    _require_one_line(source, place)
    start, end = place.value.start_mark.index, source.end_of(place.value)
    return [Edit(start, start, before), Edit(end, end, after)]


def deleted(source: YamlSource, place: Place) -> list[Edit]:
    """
    Return the splices that delete a key with its value and the comment on its line.
    """
    _require_plain(source, place)
    if place.parent.flow_style:
        return _deleted_in_flow(source, place)
    start, end = _lines_of(source, place)
    found = BREAK.match(source.text, end)
    if found:
        return [Edit(start, found.end(), "")]
    # The last line has no line break: remove the break of the line before it.
    before = list(BREAK.finditer(source.text, 0, start))
    return [Edit(before[-1].start() if before else start, end, "")]


def inserted(source: YamlSource, mapping: yaml.MappingNode, entry: str) -> list[Edit]:
    """
    Return the splices that add `key: value` to a mapping: after its last simple line, else at its
    start.
    """
    if mapping.flow_style:
        if not mapping.value:
            start = mapping.start_mark.index
            if source.text[start] != "{":
                raise CannotEdit("the section has an anchor or a tag")
            return [Edit(start + 1, start + 1, entry)]
        start = mapping.value[0][0].start_mark.index
        return [Edit(start, start, f"{entry}, ")]
    first = mapping.value[0][0].start_mark
    margin = " " * first.column
    for place in reversed(source.children(mapping)):
        if source.is_plain(place) and source.is_on_one_line(place):
            end = source.line_end(source.end_of(place.value))
            return [Edit(end, end, f"{source.line_break}{margin}{entry}")]
    return [Edit(first.index, first.index, f"{entry}{source.line_break}{margin}")]


def moved(source: YamlSource, place: Place, section: str, name: str) -> list[Edit]:
    """
    Return the splices that move a top-level key into a section; a missing section is created.
    """
    _require_plain(source, place)
    _require_one_line(source, place)
    if place.parent is not source.root:
        raise CannotEdit("the key is not at the top level")
    home = source.at((section,))
    if home is None:
        return _put_below_new_section(source, place, section, name)
    entry = f"{name}: {source.raw(place.value)}"
    if isinstance(home.value, yaml.MappingNode):
        comment = _comment(source, place)
        if home.value.flow_style and comment:
            raise CannotEdit("the comment on its line would be lost")
        return [
            *deleted(source, place),
            *inserted(source, home.value, entry + comment),
        ]
    if source.raw(home.value):
        raise CannotEdit(f"{section} is not a mapping")
    if _comment(source, place):
        raise CannotEdit("the comment on its line would be lost")
    end = home.value.start_mark.index
    return [*deleted(source, place), Edit(end, end, f" {{{entry}}}")]


def _put_below_new_section(source: YamlSource, place: Place, section: str, name: str) -> list[Edit]:
    key = _key(place)
    start, end = key.start_mark.index, key.end_mark.index
    if place.parent.flow_style:
        behind = source.end_of(place.value)
        return [Edit(start, end, f"{section}: {{{name}"), Edit(behind, behind, "}")]
    margin = " " * (key.start_mark.column + source.step)
    return [Edit(start, end, f"{section}:{source.line_break}{margin}{name}")]


def _lines_of(source: YamlSource, place: Place) -> tuple[int, int]:
    """
    Return the range of whole lines of a key and its value, if nothing else is on them.
    """
    start = source.line_start(_key(place).start_mark.index)
    before = source.text[start : _key(place).start_mark.index]
    end = source.end_of(place.value)
    if before.strip(" ") or not _REST_OF_LINE.fullmatch(
        source.text, end, behind := source.line_end(end)
    ):
        raise CannotEdit("its line contains something else")
    return start, behind


def _deleted_in_flow(source: YamlSource, place: Place) -> list[Edit]:
    siblings = source.siblings(place)
    index = siblings.index(place)
    if len(siblings) != len(place.parent.value):
        raise CannotEdit("an alias is next to it")
    if index:
        start, end = source.end_of(siblings[index - 1].value), source.end_of(place.value)
    else:
        start = _key(place).start_mark.index
        following = siblings[1:2]
        end = _key(following[0]).start_mark.index if following else source.end_of(place.value)
    if BREAK.search(source.text, start, end):
        raise CannotEdit("a line break, and perhaps a comment, is next to it")
    return [Edit(start, end, "")]


def _comment(source: YamlSource, place: Place) -> str:
    """
    Return the comment after a value on its line, with the blanks before it.
    """
    if place.parent.flow_style:
        return ""
    end = source.end_of(place.value)
    rest = source.text[end : source.line_end(end)]
    return rest if rest.strip() else ""


def _key(place: Place) -> yaml.ScalarNode:
    if place.key is None:
        raise CannotEdit("it is an item of a list")
    return place.key


def _require_plain(source: YamlSource, place: Place) -> None:
    if not source.is_plain(place):
        raise CannotEdit("it has an anchor, an alias or a tag")


def _require_one_line(source: YamlSource, place: Place) -> None:
    if not source.is_on_one_line(place):
        raise CannotEdit("its value spans several lines")
