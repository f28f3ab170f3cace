"""
Read YAML strictly: a key that occurs twice, or is not text, is reported with its line.

PyYAML alone silently keeps the last of two equal keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from livekit_conformance.errors import ProfileError

# Single characters and PyYAML's own words, as in `expected '<block end>'`, may be quoted.
_WITHOUT_QUOTES = re.compile(r"""(?:[^'"]|'.'|'<[a-z ]+>')*""")
_NAME = re.compile(r"[a-z]+(?:_[a-z]+)*")

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """
    Values of a file, the line and column of every key, and problems with the keys.
    """

    data: dict[str, Any]
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    columns: dict[KeyPath, int] = field(default_factory=dict)


def read(path: Path) -> YamlDocument:
    """
    Read the mapping in the YAML file at `path`.

    Raises ProfileError when the file cannot be read, is not YAML or is not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ProfileError([f"{path}: cannot be read: {reason}"]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ProfileError([f"{path}: {place}not YAML: {problem_of(error)}"]) from None
    if not isinstance(data, dict) or not isinstance(node, yaml.MappingNode):
        raise ProfileError([f"{path}: must hold a mapping of sections (kind: ..., allow: ...)"])
    document = YamlDocument(data)
    document.problems.extend(_keys(node, (), document))
    return document


def _keys(node: yaml.Node, path: KeyPath, document: YamlDocument) -> Iterator[str]:
    lines = document.lines
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _keys(item, (*path, index), document)
    if not isinstance(node, yaml.MappingNode):
        return
    section = shown(path)
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
            yield f"line {line}: {section}: a key must be plain text (put it in quotes)"
            continue
        inner = (*path, key.value)
        if inner in lines:
            name = f"key {key.value!r}" if is_name(key.value) else "a key"
            yield (
                f"line {line}: {section}: {name} occurs twice, "
                f"first on line {lines[inner]}: keep one"
            )
            continue
        lines[inner] = line
        document.columns[inner] = key.start_mark.column + 1
        yield from _keys(value, inner, document)


def problem_of(error: yaml.YAMLError) -> str:
    """
    Return what is wrong, without the text of the file that PyYAML quotes: it may be a secret.
    """
    problem = getattr(error, "problem", None) or "unreadable"
    return str(_WITHOUT_QUOTES.match(problem)[0]).strip()  # type: ignore[index]  # matches always


def is_name(key: str) -> bool:
    """
    Return whether a key is written like one of ours, and may be shown.
    """
    return _NAME.fullmatch(key) is not None


def shown(path: KeyPath) -> str:
    """
    Return a path as text, without the keys that are not written like one of ours.
    """
    return dotted(tuple(part for part in path if isinstance(part, int) or is_name(str(part))))


def dotted(path: KeyPath) -> str:
    """
    Return a path of keys as text: `logs[0].path`, or `top level` for the empty path.
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".") or "top level"
