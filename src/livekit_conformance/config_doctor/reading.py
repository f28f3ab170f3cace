"""
Decode a file and parse its first document as Go's yaml.v3 does.

PyYAML is stricter than livekit-server and livekit-sip in three ways: it accepts only one document,
no repeated anchor, and no tab between two words.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

import yaml

from livekit_conformance.config_doctor.words import PARTS
from livekit_conformance.environments.yaml_document import problem_of
from livekit_conformance.wording import Phrase, phrase

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# At the start of a line, and after dashes there, a tab is an error in both parsers.
_INDENTATION = re.compile(r"^[ \t]*(?:[-?][ \t]+)*")


class Unreadable(Exception):
    """
    The file cannot be read by either service: `line`, `column`, and `what` is wrong there.
    """

    def __init__(self, line: int, column: int, what: Phrase) -> None:
        self.line = line
        self.column = column
        self.what = what
        super().__init__(self.problem)

    @property
    def problem(self) -> str:
        """
        The problem, in English.
        """
        return self.what.say(PARTS, "en")


@dataclass(frozen=True, slots=True)
class Documents:
    """
    Root of the first document (None if there is none), and the line of a second document.
    """

    root: yaml.Node | None
    second: int | None = None


def decode(content: bytes) -> str:
    """
    Return the text of a file. Raise Unreadable with the place of the first byte that is not text.
    """
    mark, encoding = next(
        (known for known in _BYTE_ORDER_MARKS if content.startswith(known[0])), (b"", "utf-8")
    )
    content = content.removeprefix(mark)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line, column = _place(content[: error.start].decode(encoding, "replace"))
        raise Unreadable(line, column, phrase("yaml.not-utf8")) from error


def documents(text: str) -> Documents:
    """
    Return the first document of a text. Raise Unreadable if it is not YAML.
    """
    loader = None
    try:
        loader = _Loader(_without_inner_tabs(text.removeprefix("\ufeff")))
        root = loader.get_node() if loader.check_node() else None
    except yaml.reader.ReaderError as error:
        line, column = _place(text[: error.position])
        raise Unreadable(line, column, phrase("yaml.control-character")) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise Unreadable(line, column, phrase("yaml.invalid", reason=problem_of(error))) from error
    except RecursionError as error:
        raise Unreadable(1, 1, phrase("yaml.too-deep")) from error
    return Documents(root, _second(loader))


def _second(loader: _Loader) -> int | None:
    """
    Return the line of a second document, or None.

    The services never read past the first document, so errors after it do not matter.
    """
    try:
        node = loader.get_node() if loader.check_node() else None
    except (yaml.YAMLError, RecursionError):
        return int(loader.line) + 1
    is_empty = node is None or (isinstance(node, yaml.ScalarNode) and not node.value)
    return None if is_empty or node is None else node.start_mark.line + 1


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if not self.check_event(yaml.AliasEvent):
            self.anchors.pop(self.peek_event().anchor, None)  # type: ignore[no-untyped-call]
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


def _without_inner_tabs(text: str) -> str:
    """
    Replace each tab between words with one blank; all other characters keep their place.
    """
    if "\t" not in text:
        return text
    lines = []
    for line in text.splitlines(keepends=True):
        indentation = _INDENTATION.match(line)
        end = indentation.end() if indentation else 0
        lines.append(line[:end] + line[end:].replace("\t", " "))
    return "".join(lines)


def _place(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - before.rfind("\n")
