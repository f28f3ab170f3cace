"""
Print a log line with its decisive fields only, and without secrets.

There is no profile here that lists the secret values, so fields are selected by name, and text
that looks like a secret is masked.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from textwrap import shorten
from typing import Any

from livekit_conformance.protocol.logline import LogLine
from livekit_conformance.protocol.phone_numbers import NumberMask, numbers_in
from livekit_conformance.secrets.names import names_secret
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.secrets.shapes import MASK

_LENGTH = 400
# In addition to the fields that a sign names.
_SHOWN = ("error", "status", "reason", "path", "room", "callID", "sipCallID")

_redact = Redactor()
_mask_numbers = NumberMask()


def describe(line: LogLine, also: Iterable[str] = ()) -> str:
    """
    Return time, level, logger, message and decisive fields in one line; `also` names more fields.
    """
    if line.dialect == "text":
        return _shortened(line.message)
    names = dict.fromkeys((*_SHOWN, *also))
    head = (when(line.at), (line.level or "").upper(), line.fields.get("logger"), line.message)
    fields = (
        f"{name}={_value(name, line.fields[name])}" for name in names if line.fields.get(name)
    )
    text = " ".join(str(word) for word in (*head, *fields) if word)
    # The text of an error names the numbers of the call without the fields around them.
    return _shortened(NumberMask(numbers_in(line.fields))(text))


def _shortened(text: str) -> str:
    # Masked before it is cut, because half a secret would not be recognised, and with its line
    # breaks, after which a secret may follow.
    return shorten(_printable(without_secrets(text)), _LENGTH, placeholder=" …")


def without_secrets(text: str) -> str:
    """
    Return `text` with everything masked that looks like a secret or a phone number.
    """
    return _mask_numbers(_redact(text))


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
    text = MASK if names_secret(name) else without_secrets(str(value))
    return repr(text) if " " in text else text


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
