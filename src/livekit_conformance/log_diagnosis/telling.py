"""
Print a log line with its decisive fields only, and without secrets.

There is no profile here that lists the secret values, so fields are selected by name, and text
that looks like a secret is masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from textwrap import shorten
from typing import Any

from livekit_conformance.protocol.logline import LogLine
from livekit_conformance.secrets.patterns import MASK, Redactor

_LENGTH = 400
# In addition to the fields that a sign names.
_SHOWN = ("error", "status", "reason", "path", "room", "callID", "sipCallID")

_OPENING = r"(?:secret|passw(?:or)?d|passwd|password_?hash|token|response|nonce|credential)s?"
_PATTERNS = (
    # A truncated token may lack some of its three parts.
    (re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*)*"), "<token>"),
    (re.compile(r"(://[^\s/@:]*:)[^\s/@]+(@)"), rf"\1{MASK}\2"),
    # `"apiSecret":"..."`, also as a string within a string; `response="..."`, `password=...`.
    (re.compile(rf'(?i)({_OPENING}\\*"\s*:\s*\\*")[^"\\]+'), rf"\1{MASK}"),
    (re.compile(rf"""(?i)({_OPENING}=\\*["']?)[^\s"'\\,;&]+"""), rf"\1{MASK}"),
    (re.compile(r"""(?i)((?:secret|password):\s*["']?)[^\s"',;}]+"""), rf"\1{MASK}"),
)
_IS_SECRET = re.compile(_OPENING, re.IGNORECASE)
_redact = Redactor()


def describe(line: LogLine, also: Iterable[str] = ()) -> str:
    """
    Return time, level, logger, message and decisive fields in one line; `also` names more fields.
    """
    if line.dialect == "text":
        return shorten(without_secrets(_printable(line.message)), _LENGTH, placeholder=" …")
    names = dict.fromkeys((*_SHOWN, *also))
    head = (when(line.at), (line.level or "").upper(), line.fields.get("logger"), line.message)
    fields = (
        f"{name}={_value(name, line.fields[name])}" for name in names if line.fields.get(name)
    )
    words = " ".join(_printable(str(word)) for word in (*head, *fields) if word)
    # Before truncation: half a secret would not be recognised.
    return shorten(without_secrets(words), _LENGTH, placeholder=" …")


def without_secrets(text: str) -> str:
    """
    Return `text` with everything masked that looks like a secret.
    """
    text = _redact(text)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def when(at: float | None) -> str:
    """
    Return a time in UTC as `2026-11-23 04:27:18Z`; empty when it is not known.
    """
    if at is None:
        return ""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""


def _value(name: str, value: Any) -> str:
    return MASK if _IS_SECRET.search(name) else repr(value) if " " in str(value) else str(value)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
