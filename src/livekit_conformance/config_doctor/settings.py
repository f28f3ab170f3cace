"""
Configuration file as written: values by key, each with its line and column.

Scalars stay text, because the services read YAML 1.2 into typed fields, while PyYAML reads YAML
1.1, in which `on`, `1:30` and `010` have another meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from livekit_conformance.config_doctor.findings import ConfigFinding, Severity
from livekit_conformance.config_doctor.reading import Unreadable, documents
from livekit_conformance.config_doctor.services import ConfiguredService
from livekit_conformance.config_doctor.values import integer
from livekit_conformance.environments.yaml_document import dotted
from livekit_conformance.wording import Phrase, phrase

_START = yaml.Mark("", 0, 0, 0, "", 0)
_EMPTY = yaml.MappingNode("tag:yaml.org,2002:map", [], _START, _START)
_MERGE = "tag:yaml.org,2002:merge"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Settings:
    """
    Top-level mapping of one file, and the name of the file.
    """

    file: str
    root: yaml.MappingNode = _EMPTY

    def node(self, *path: str) -> yaml.Node | None:
        """
        Return the value of a key, or None if it is absent or empty.
        """
        node: yaml.Node = self.root
        for part in path:
            pairs = entries(node) if isinstance(node, yaml.MappingNode) else []
            found = next((value for key, value in pairs if key.value == part), None)
            if found is None:
                return None
            node = found
        return None if is_null(node) else node

    def text(self, *path: str) -> str:
        """
        Return the text of a scalar, or the empty string.
        """
        node = self.node(*path)
        return str(node.value) if isinstance(node, yaml.ScalarNode) else ""

    def texts(self, *path: str) -> list[str]:
        """
        Return the scalars of a list.
        """
        node = self.node(*path)
        items = node.value if isinstance(node, yaml.SequenceNode) else []
        return [str(item.value) for item in items if isinstance(item, yaml.ScalarNode)]

    def pairs(self, *path: str) -> dict[str, str]:
        """
        Return the scalars of a mapping by name.
        """
        node = self.node(*path)
        items = entries(node) if isinstance(node, yaml.MappingNode) else ()
        return {key.value: v.value for key, v in items if isinstance(v, yaml.ScalarNode)}

    def mappings(self, *path: str) -> list[dict[str, str]]:
        """
        Return the scalars of each mapping in a list, by name.
        """
        node = self.node(*path)
        items = node.value if isinstance(node, yaml.SequenceNode) else []
        return [
            {key.value: v.value for key, v in entries(item) if isinstance(v, yaml.ScalarNode)}
            for item in items
            if isinstance(item, yaml.MappingNode)
        ]

    def number(self, *path: str, default: int = 0) -> int:
        """
        Return a whole number; `default` if the key is absent, zero or not a number.
        """
        return integer(self.text(*path)) or default

    def says_yes(self, *path: str) -> bool:
        """
        Return whether a key is switched on.
        """
        return self.text(*path).lower() in {"true", "y", "yes", "on"}

    def place(self, *path: str) -> tuple[int, int]:
        """
        Return line and column of a key, or of its innermost existing parent, or of the start.
        """
        mark = self.root.start_mark
        node: yaml.Node = self.root
        for part in path:
            pairs = entries(node) if isinstance(node, yaml.MappingNode) else []
            found = next((pair for pair in pairs if pair[0].value == part), None)
            if found is None:
                break
            mark, node = found[0].start_mark, found[1]
        return mark.line + 1, mark.column + 1

    def error(self, *path: str, what: Phrase) -> ConfigFinding:
        """
        Return an error at the key at `path`.
        """
        return self.finding(Severity.ERROR, *path, what=what)

    def warning(self, *path: str, what: Phrase) -> ConfigFinding:
        """
        Return a warning about the key at `path`.
        """
        return self.finding(Severity.WARNING, *path, what=what)

    def finding(self, severity: Severity, *path: str, what: Phrase) -> ConfigFinding:
        """
        Return a finding about the key at `path`.
        """
        return ConfigFinding(severity, self.file, *self.place(*path), dotted(path), what)


def parse(text: str, file: str, service: ConfiguredService) -> tuple[Settings, list[ConfigFinding]]:
    """
    Return the settings of a file, and the findings about its YAML.

    The settings are empty if the text is not YAML, or not a mapping.
    """

    def finding(
        severity: Severity, line: int, column: int, code: str, **data: Phrase
    ) -> ConfigFinding:
        what = phrase(code, service=service.name, **data)
        return ConfigFinding(severity, file, line, column, dotted(()), what)

    error = Severity.ERROR
    try:
        read = documents(text)
    except Unreadable as bad:
        unreadable = finding(error, bad.line, bad.column, "file.unreadable", problem=bad.what)
        return Settings(file), [unreadable]
    root = read.root
    if root is None or is_null(root):
        if root is None and text and service.needs_document:
            return Settings(file), [finding(error, 1, 1, "file.comments-only")]
        return Settings(file), []
    if not isinstance(root, yaml.MappingNode):
        return Settings(file), [finding(error, 1, 1, "file.no-mapping")]
    if read.second is None:
        return Settings(file, root), []
    more = finding(Severity.WARNING, read.second, 1, "file.second-document")
    return Settings(file, root), [more]


def entries(node: yaml.MappingNode) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    """
    Return the keys of a mapping with their values; keys merged in by `<<` come last.

    A merged key counts only if the mapping does not have the key itself.
    """
    own = [(key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]
    names = {key.value for key, _ in own}
    found = [(key, value) for key, value in own if not is_merge(key)]
    waiting, seen = list(reversed(_merged(node))), {id(node)}
    while waiting:
        source = waiting.pop()
        if id(source) in seen:
            continue
        seen.add(id(source))
        for key, value in source.value:
            if isinstance(key, yaml.ScalarNode) and key.value not in names:
                names.add(key.value)
                found.append((key, value))
        waiting += reversed(_merged(source))
    return found


def _merged(node: yaml.MappingNode) -> list[yaml.MappingNode]:
    sources: list[yaml.Node] = []
    for key, value in node.value:
        if is_merge(key):
            sources += value.value if isinstance(value, yaml.SequenceNode) else [value]
    return [source for source in sources if isinstance(source, yaml.MappingNode)]


def is_merge(key: yaml.Node) -> bool:
    """
    Return whether a key is `<<`, which merges in the keys of another mapping.
    """
    return bool(key.tag == _MERGE)


def is_null(node: yaml.Node) -> bool:
    """
    Return whether a value is empty, so that the default applies.
    """
    return isinstance(node, yaml.ScalarNode) and node.style is None and node.value in _NULLS
