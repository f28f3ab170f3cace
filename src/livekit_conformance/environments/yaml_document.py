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

from livekit_conformance.environments.problems import Problem, ProfileError
from livekit_conformance.wording import phrase

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
    problems: list[Problem] = field(default_factory=list)
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
        unreadable = (
            phrase("file.unreadable", reason=str(error.strerror))
            if isinstance(error, OSError)
            else phrase("file.not-utf8")
        )
        raise ProfileError([Problem(unreadable, source=path)]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        invalid = phrase("yaml.invalid", reason=problem_of(error))
        raise ProfileError([Problem(invalid, source=path, line=line, column=column)]) from None
    if not isinstance(data, dict) or not isinstance(node, yaml.MappingNode):
        raise ProfileError([Problem(phrase("yaml.no-mapping"), source=path)])
    document = YamlDocument(data)
    document.problems.extend(_keys(node, (), document))
    return document


def _keys(node: yaml.Node, path: KeyPath, document: YamlDocument) -> Iterator[Problem]:
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
            yield Problem(phrase("yaml.key-is-no-text"), section, line=line)
            continue
        inner = (*path, key.value)
        if inner in lines:
            first = str(lines[inner])
            twice = (
                phrase("yaml.key-twice", name=key.value, first=first)
                if is_name(key.value)
                else phrase("yaml.unnamed-key-twice", first=first)
            )
            yield Problem(twice, section, line=line)
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
    Return a path as text, without the keys that are not written like one of ours; empty at the top.
    """
    parts = tuple(part for part in path if isinstance(part, int) or is_name(str(part)))
    return dotted(parts) if parts else ""


def dotted(path: KeyPath) -> str:
    """
    Return a path of keys as text: `logs[0].path`, or `top level` for the empty path.
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".") or "top level"
