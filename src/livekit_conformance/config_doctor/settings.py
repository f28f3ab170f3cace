"""
A configuration file as it was written: values by key, each with its line and column.

Scalars stay text, because the services read YAML 1.2 into typed fields and PyYAML would read YAML
1.1: `on`, `1:30` and `010` are something else there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from livekit_conformance.config_doctor.findings import Finding, Severity
from livekit_conformance.environments.yaml_document import KeyPath, dotted

_START = yaml.Mark("", 0, 0, 0, "", 0)
_EMPTY = yaml.MappingNode("tag:yaml.org,2002:map", [], _START, _START)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Settings:
    """
    The top level mapping of one file, and the name of the file.
    """

    file: str
    root: yaml.MappingNode = _EMPTY

    def node(self, *path: str) -> yaml.Node | None:
        """
        The value of a key, or None when it is not there or empty.
        """
        node: yaml.Node = self.root
        for part in path:
            pairs = entries(node) if isinstance(node, yaml.MappingNode) else ()
            found = next((value for key, value in pairs if key.value == part), None)
            if found is None:
                return None
            node = found
        return None if is_null(node) else node

    def text(self, *path: str) -> str:
        """
        The text of a scalar, the empty text when there is none.
        """
        node = self.node(*path)
        return str(node.value) if isinstance(node, yaml.ScalarNode) else ""

    def texts(self, *path: str) -> list[str]:
        """
        The scalars of a list.
        """
        node = self.node(*path)
        items = node.value if isinstance(node, yaml.SequenceNode) else []
        return [str(item.value) for item in items if isinstance(item, yaml.ScalarNode)]

    def pairs(self, *path: str) -> dict[str, str]:
        """
        The scalars of a mapping by their names.
        """
        node = self.node(*path)
        items = entries(node) if isinstance(node, yaml.MappingNode) else ()
        return {key.value: v.value for key, v in items if isinstance(v, yaml.ScalarNode)}

    def number(self, *path: str, default: int = 0) -> int:
        """
        A whole number; `default` when the key is absent, zero or not one.
        """
        text = self.text(*path)
        return int(text) if text.isdecimal() and int(text) else default

    def says_yes(self, *path: str) -> bool:
        """
        Whether a key is switched on.
        """
        return self.text(*path).lower() in {"true", "y", "yes", "on"}

    def place(self, *path: str) -> tuple[int, int]:
        """
        Line and column of a key, of the innermost key above it that is there, or of the start.
        """
        mark = self.root.start_mark
        node: yaml.Node = self.root
        for part in path:
            pairs = entries(node) if isinstance(node, yaml.MappingNode) else ()
            found = next((pair for pair in pairs if pair[0].value == part), None)
            if found is None:
                break
            mark, node = found[0].start_mark, found[1]
        return mark.line + 1, mark.column + 1

    def finding(
        self, severity: Severity, *path: str, problem: str, consequence: str, remedy: str
    ) -> Finding:
        """
        A finding about the key at `path`.
        """
        line, column = self.place(*path)
        return Finding(
            severity, self.file, line, column, dotted(path), problem, consequence, remedy
        )


def parse(text: str, file: str, refuses: str) -> tuple[Settings, list[Finding]]:
    """
    The settings of a file and what is wrong with its YAML; `refuses` is what that leads to.

    Empty settings for what is no YAML, or no mapping.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = f"not YAML: {getattr(error, 'problem', None) or 'unreadable'}"
        remedy = "Correct the syntax; indent with blanks, and quote what begins with @, *, & or !"
        return Settings(file), [
            Finding(Severity.ERROR, file, line, column, dotted(()), problem, refuses, remedy)
        ]
    if root is None:
        return Settings(file), []
    if not isinstance(root, yaml.MappingNode):
        problem = "not a mapping of keys"
        remedy = "Write lines of the form `key: value`"
        return Settings(file), [
            Finding(Severity.ERROR, file, 1, 1, dotted(()), problem, refuses, remedy)
        ]
    return Settings(file, root), list(_duplicates(root, (), file, refuses))


def _duplicates(node: yaml.Node, path: KeyPath, file: str, refuses: str) -> Iterator[Finding]:
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _duplicates(item, (*path, index), file, refuses)
    if not isinstance(node, yaml.MappingNode):
        return
    first: dict[str, int] = {}
    for key, value in node.value:
        line, column = key.start_mark.line + 1, key.start_mark.column + 1
        if not isinstance(key, yaml.ScalarNode):
            continue
        inner = (*path, key.value)
        if key.value in first:
            yield Finding(
                Severity.ERROR,
                file,
                line,
                column,
                dotted(inner),
                f"the key occurs twice, first on line {first[key.value]}",
                refuses,
                "Keep one of them",
            )
            continue
        first[key.value] = line
        yield from _duplicates(value, inner, file, refuses)


def entries(node: yaml.MappingNode) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    """
    The keys of a mapping with their values; those that `<<` merges in come last.
    """
    merged: list[yaml.MappingNode] = []
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        if key.tag == "tag:yaml.org,2002:merge":
            sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
            merged += [source for source in sources if isinstance(source, yaml.MappingNode)]
        else:
            yield key, value
    for source in merged:
        yield from entries(source)


def is_null(node: yaml.Node) -> bool:
    """
    Whether a value is empty, which leaves the default.
    """
    return isinstance(node, yaml.ScalarNode) and node.style is None and node.value in _NULLS
