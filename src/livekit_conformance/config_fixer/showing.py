"""
Show a change as a unified diff: secrets are masked on every line, including the context lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher, get_close_matches

import yaml

from livekit_conformance.config_doctor.reading import Unreadable, documents
from livekit_conformance.config_fixer.source import BREAK
from livekit_conformance.secrets.patterns import MASK, Redactor, masked

_CONTEXT = 3
_SECRET = re.compile(r"secret|passw|pwd|token|credential|private|api_?key", re.IGNORECASE)
# The value of a misspelt name is a secret too.
_SECRET_NAMES = ("api_secret", "secret", "password", "sentinel_password", "credential", "api_key")
_NEAR = 0.75
_COMMENTED_OUT = re.compile(rf"(#.*?(?:{_SECRET.pattern})\w*['\"]?\s*[:=]\s*).+", re.IGNORECASE)
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
    spans = sorted(_secrets(text), key=lambda span: span[:2])
    parts: list[str] = []
    at = 0
    for start, end, mask in spans:
        if start < at:
            continue
        hidden = text[start:end]
        parts += [text[at:start], mask(hidden)]
        at = end
    result = "".join([*parts, text[at:]])
    values = [text[start:end].strip("'\"") for start, end, _ in spans]
    return "".join(_line(line, Redactor(values)) for line in _lines(result))


def _line(line: str, redact: Redactor) -> str:
    line = _QUERY.sub(rf"\1{MASK}", _USER.sub(rf"\1{MASK}@", redact(line)))
    body, ending = _split(line)
    body = _COMMENTED_OUT.sub(rf"\1{MASK}", body)
    start = body.find("#")
    comment = _LIKE_A_SECRET.sub(MASK, body[start:]) if start >= 0 else ""
    return (body[:start] if start >= 0 else body) + comment + ending


def _secrets(text: str) -> Iterator[tuple[int, int, Callable[[str], str]]]:
    """
    Yield the range of each secret or API key, and the function that masks it.
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
                    yield key.start_mark.index, key.end_mark.index, masked
                    inner = "secret"
                waiting.append((value, name if _is_secret(name) else inner))
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(item, name) for item in node.value]
        elif isinstance(node, yaml.ScalarNode) and _is_secret(name) and node.value:
            end = node.end_mark.index
            yield node.start_mark.index, end, masked if "key" in name else _hidden


def _sections(root: yaml.Node | None) -> list[yaml.Node]:
    return [value for _, value in root.value] if isinstance(root, yaml.MappingNode) else []


def _is_secret(name: str) -> bool:
    near = get_close_matches(name.lower(), _SECRET_NAMES, n=1, cutoff=_NEAR)
    return bool(_SECRET.search(name) or near)


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
