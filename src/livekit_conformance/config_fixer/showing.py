"""
Show a change as a unified diff: secrets are masked on every line, including the context lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import yaml

from livekit_conformance.config_doctor.reading import Unreadable, documents
from livekit_conformance.config_fixer.source import BREAK
from livekit_conformance.secrets.names import NAME, may_name_secret
from livekit_conformance.secrets.patterns import Redactor, masked
from livekit_conformance.secrets.shapes import MASK, replaced

_CONTEXT = 3
_COMMENTED_OUT = re.compile(rf"(#.*?{NAME}['\"]?\s*[:=]\s*).+", re.IGNORECASE)
_USER = re.compile(r"(://)[^/\s@]+@")
_QUERY = re.compile(r"([?&][^=&\s]+=)[^&\s\"']+")
# Such a long mixed word in a comment may be a key that was commented out.
_LIKE_A_SECRET = re.compile(r"(?=[^\s\d]*\d)(?=[^\sA-Za-z]*[A-Za-z])[A-Za-z0-9+/=_-]{16,}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BYTE_ORDER_MARK = "\ufeff"
_NO_BREAK = "\\ No newline at end of file"


def diff(before: str, after: str, name: str) -> Iterator[str]:
    """
    Yield the lines of a unified diff between two texts of a file, without line breaks.

    Lines are compared unmasked and shown masked, so that a change in a line with a secret is
    visible.
    """
    old, new = _lines(before), _lines(after)
    shown_old, shown_new = _lines(without_secrets(before)), _lines(without_secrets(after))
    groups = SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_CONTEXT)
    for number, group in enumerate(groups):
        if number == 0:
            yield f"--- {name}"
            yield f"+++ {name} (fixed)"
        first, last = group[0], group[-1]
        yield f"@@ -{_span(first[1], last[2])} +{_span(first[3], last[4])} @@"
        for kind, start, end, new_start, new_end in group:
            if kind == "equal":
                yield from _shown(" ", shown_old[start:end])
                continue
            yield from _shown("-", shown_old[start:end])
            yield from _shown("+", shown_new[new_start:new_end])


def without_secrets(text: str) -> str:
    """
    Return a text with everything that may be a secret masked; the number of lines does not change.
    """
    if text.startswith(_BYTE_ORDER_MARK):
        return _BYTE_ORDER_MARK + without_secrets(text.removeprefix(_BYTE_ORDER_MARK))
    found = list(_secrets(text))
    # With its anchor, a value may stand elsewhere without it.
    redact = Redactor(line.strip() for secret in found for line in secret.value.splitlines())
    result = replaced(text, ((each.start, each.end, each.mask) for each in found))
    return "".join(_line(line, redact) for line in _lines(result))


def _line(line: str, redact: Redactor) -> str:
    line = _QUERY.sub(rf"\1{MASK}", _USER.sub(rf"\1{MASK}@", redact(line)))
    body, ending = _split(line)
    body = _COMMENTED_OUT.sub(rf"\1{MASK}", body)
    start = body.find("#")
    comment = _LIKE_A_SECRET.sub(MASK, body[start:]) if start >= 0 else ""
    return (body[:start] if start >= 0 else body) + comment + ending


@dataclass(frozen=True, slots=True)
class _Secret:
    """
    Place of a secret or an API key in the text, with quotes and anchor, its value and its mask.
    """

    start: int
    end: int
    value: str
    mask: str

    @classmethod
    def at(cls, node: yaml.Node, text: str, *, is_key: bool) -> _Secret:
        """
        Return the secret that a node holds.
        """
        start, end = node.start_mark.index, node.end_mark.index
        mask = masked(node.value) if is_key else _hidden(text[start:end])
        return cls(start, end, str(node.value), mask)


def _secrets(text: str) -> Iterator[_Secret]:
    """
    Yield the secrets and API keys of a file.
    """
    try:
        root = documents(text).root
    except Unreadable:
        return
    waiting: list[tuple[yaml.Node | None, str]] = [(root, "")]
    seen: set[tuple[int, str]] = set()
    while waiting:
        node, name = waiting.pop()
        if (id(node), name) in seen:
            continue
        seen.add((id(node), name))
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inner = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
                if name == "keys" and node in _sections(root):
                    yield _Secret.at(key, text, is_key=True)
                    inner = "secret"
                waiting.append((value, name if may_name_secret(name) else inner))
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(item, name) for item in node.value]
        elif isinstance(node, yaml.ScalarNode) and may_name_secret(name) and node.value:
            yield _Secret.at(node, text, is_key="key" in name)


def _sections(root: yaml.Node | None) -> list[yaml.Node]:
    return [value for _, value in root.value] if isinstance(root, yaml.MappingNode) else []


def _hidden(raw: str) -> str:
    """
    Return a mask for each line of a value.
    """
    breaks = BREAK.findall(raw)
    return (
        MASK
        + "".join(f"{line_break}{MASK}" for line_break in breaks[:-1])
        + ((breaks[-1] + (MASK if BREAK.split(raw)[-1] else "")) if breaks else "")
    )


def _lines(text: str) -> list[str]:
    ends = [found.end() for found in BREAK.finditer(text)]
    starts = [0, *ends]
    return [text[a:b] for a, b in zip(starts, [*ends, len(text)], strict=True) if a < b]


def _split(line: str) -> tuple[str, str]:
    found = BREAK.search(line)
    return (line[: found.start()], found.group()) if found else (line, "")


def _shown(sign: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        body, ending = _split(line)
        # Escape control characters: a terminal would obey them.
        yield sign + _CONTROL.sub(lambda m: f"\\x{ord(m.group()):02x}", body)
        if not ending:
            yield _NO_BREAK


def _span(start: int, end: int) -> str:
    """
    Return the line range of a hunk as GNU diff writes it.
    """
    length = end - start
    if length == 1:
        return f"{start + 1}"
    return f"{start + 1 if length else start},{length}"
