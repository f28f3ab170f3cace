"""
Text of a configuration file with the place of every key and value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import yaml

from livekit_conformance.config_doctor.reading import documents
from livekit_conformance.environments.yaml_document import KeyPath, dotted

# Line breaks of YAML 1.1, which both PyYAML and the parser of the services accept.
BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
# A tab between words, which the services read as a blank and PyYAML rejects.
_INNER_TAB = re.compile(r"(?<=\S)[ \t]*\t[ \t]*")
_DEFAULT_STEP = 2
_MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True)
class Place:
    """
    Value with its key; an item of a list has no key.
    """

    path: KeyPath
    key: yaml.ScalarNode | None
    value: yaml.Node
    parent: yaml.MappingNode | yaml.SequenceNode

    @property
    def name(self) -> str:
        """
        The key as text; an item of a list has the key of the list.
        """
        return str(next((part for part in reversed(self.path) if isinstance(part, str)), ""))


class YamlSource:
    """
    Text without a byte order mark, and the nodes of its YAML. Offsets count characters of the text.

    Nodes behind an alias or `<<` are left out: they occur in several places, so a change could not
    be confined to one. Raises the doctor's Unreadable if the text is not YAML.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        root = documents(text).root
        self.root = root if isinstance(root, yaml.MappingNode) else None
        # Anchors, aliases and tags are separate tokens; the nodes do not contain them.
        self._properties = [
            token.start_mark.index
            for token in _tokens(text)
            if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.TagToken)
        ]
        self.places = tuple(self._walk())

    @cached_property
    def line_break(self) -> str:
        """
        The line break of this file.
        """
        found = BREAK.search(self.text)
        return found.group() if found else "\n"

    @cached_property
    def step(self) -> int:
        """
        The number of blanks by which this file indents.
        """
        steps = Counter(
            child.value.start_mark.column - child.key.start_mark.column
            for child in self.places
            if child.key is not None
            and isinstance(child.value, yaml.MappingNode)
            and not child.value.flow_style
        )
        return max(steps, key=lambda step: steps[step]) if steps else _DEFAULT_STEP

    def at(self, path: KeyPath) -> Place | None:
        """
        Return the first place with this path.
        """
        return next((place for place in self.places if place.path == path), None)

    def found(self, key: str, line: int, column: int) -> Place | None:
        """
        Return the place of a finding of the doctor, by its dotted key and its position.
        """
        here = (line - 1, column - 1)
        for place in self.places:
            nodes = [place.value] if place.key is None else [place.key, place.value]
            marks = {(node.start_mark.line, node.start_mark.column) for node in nodes}
            if dotted(place.path) == key and here in marks:
                return place
        return None

    def siblings(self, place: Place) -> list[Place]:
        """
        Return the places of the same mapping or list, including this one.
        """
        return [other for other in self.places if other.parent is place.parent]

    def children(self, node: yaml.Node) -> list[Place]:
        """
        Return the places directly in a mapping or list.
        """
        return [place for place in self.places if place.parent is node]

    def raw(self, node: yaml.Node) -> str:
        """
        Return a node as it is written.
        """
        return self.text[node.start_mark.index : self.end_of(node)]

    def end_of(self, node: yaml.Node) -> int:
        """
        Return the offset after the last character of a node; trailing comments and blank lines of a
        block do not belong to it.
        """
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self.end_of(last[1] if isinstance(last, tuple) else last)
        start, end = node.start_mark.index, node.end_mark.index
        return int(start + len(self.text[start:end].rstrip("\r\n\x85\u2028\u2029 \t")))

    def is_plain(self, place: Place) -> bool:
        """
        Return whether the key, the value and everything in it are free of anchors, aliases and
        tags.
        """
        start = (place.key or place.value).start_mark.index
        end = self.end_of(place.value)
        return start <= end and not any(start <= index <= end for index in self._properties)

    def is_on_one_line(self, place: Place) -> bool:
        """
        Return whether the value begins and ends on the line of its key.
        """
        start = (place.key or place.value).start_mark.index
        return BREAK.search(self.text, start, self.end_of(place.value)) is None

    def line_start(self, index: int) -> int:
        """
        Return the start of the line that contains `index`.
        """
        return max((found.end() for found in BREAK.finditer(self.text, 0, index)), default=0)

    def line_end(self, index: int) -> int:
        """
        Return the end of the line that contains `index`, before its line break.
        """
        found = BREAK.search(self.text, index)
        return found.start() if found else len(self.text)

    def _walk(self) -> Iterator[Place]:
        if self.root is None:
            return
        reached = Counter(_reached(self.root))
        yield from _places(self.root, (), reached)


def _tokens(text: str) -> Iterator[yaml.Token]:
    """
    Yield the tokens up to the first error: the services read only the first document.
    """
    blanks = _INNER_TAB.sub(lambda tabs: " " * len(tabs[0]), text)
    with suppress(yaml.YAMLError):
        yield from yaml.scan(blanks, Loader=yaml.SafeLoader)


def _reached(root: yaml.Node) -> Iterator[int]:
    """
    Yield the id of each node as often as it is reached: a node reached twice is the target of an
    alias.
    """
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield id(node)
        if id(node) in seen or not isinstance(node, yaml.CollectionNode):
            continue
        seen.add(id(node))
        for item in node.value:
            waiting += item if isinstance(item, tuple) else (item,)


def _places(node: yaml.Node, path: KeyPath, reached: Counter[int]) -> Iterator[Place]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE or reached[id(key)] > 1:
                continue
            place = Place((*path, key.value), key, value, node)
            if reached[id(value)] == 1:
                yield place
                yield from _places(value, place.path, reached)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            if reached[id(item)] == 1:
                yield Place((*path, index), None, item, node)
                yield from _places(item, (*path, index), reached)
