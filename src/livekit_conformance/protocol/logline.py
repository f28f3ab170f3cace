"""
Log lines of livekit-server and livekit-sip: zap's JSON encoding and its console encoding.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

Dialect = Literal["json", "console", "text"]

_CONSOLE_PARTS = 5  # time, level, logger, caller, message [, JSON of the fields]
# No service nests its fields deeper, or has more of them; Python itself fails at some hundreds.
_DEEPEST = 50
_MOST_BRACKETS = 10_000
# The first moment of the year 10000, which `datetime` cannot express.
_END_OF_TIME = 253_402_300_800

ALARMING = frozenset({"warn", "error", "dpanic", "panic", "fatal"})
_LEVELS = frozenset({b"debug", b"info", *(level.encode() for level in ALARMING)})
_ALARM = re.compile(rb'"level":\s*"(?i:%s)"' % "|".join(sorted(ALARMING)).encode())
_TIMED = re.compile(rb'"ts":\s*(?:"([^"]*)"|([\d.]+))')


@dataclass(frozen=True, slots=True)
class LogLine:
    """
    One log line. A line in neither dialect (a Go panic, a start-up error) is kept as text.

    `at` is in Unix seconds, None if the line has no time; `level` is in lower case.
    """

    raw: str
    dialect: Dialect
    message: str
    at: float | None = None
    level: str | None = None
    fields: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def error(self) -> str:
        """
        Text of the line's `error` field; empty if it has none.
        """
        return str(self.fields.get("error", ""))


def parse(raw: str) -> LogLine:
    """
    Parse one line; never raise, keep a line in neither dialect as text.
    """
    with suppress(ValueError):
        return _parse_json(raw) if raw.startswith("{") else _parse_console(raw)
    return LogLine(raw, "text", raw)


def may_alarm(raw: bytes) -> bool:
    """
    Return False for a line that looks whole and is below a warning; far faster than parsing it.
    """
    if raw.startswith(b'{"') and raw.endswith(b"}"):
        return _ALARM.search(raw) is not None
    _, _, rest = raw.partition(b"\t")
    level = rest.partition(b"\t")[0].lower()
    return level not in _LEVELS or level.decode() in ALARMING


def is_before(raw: bytes, moment: float) -> bool:
    """
    Return True if a line has a time before `moment` (Unix seconds); far faster than parsing it.
    """
    found = _TIMED.search(raw) if raw.startswith(b"{") else None
    text = (found[1] or found[2]) if found else raw.partition(b"\t")[0]
    value = text.decode("utf-8", "replace")
    with suppress(ValueError):
        at = _time(float(value) if found and found[2] else value)
        return at is not None and at < moment
    return False


def _parse_json(raw: str) -> LogLine:
    fields = _read_json(raw)
    at = fields.pop("ts", None)
    return LogLine(
        raw,
        "json",
        str(fields.pop("msg", "")),
        at=_time(at),
        level=str(fields.pop("level", "")).lower() or None,
        fields=MappingProxyType(fields),
    )


def _parse_console(raw: str) -> LogLine:
    parts = raw.split("\t", _CONSOLE_PARTS)
    if len(parts) < _CONSOLE_PARTS or (at := _time(parts[0])) is None:
        raise ValueError("not the console encoding")
    fields: dict[str, Any] = {"logger": parts[2], "caller": parts[3]}
    if len(parts) > _CONSOLE_PARTS:
        try:
            fields |= _read_json(parts[_CONSOLE_PARTS])
        except (ValueError, TypeError):
            # A stack trace or a truncated line; the text is kept in `raw`.
            fields["rest"] = parts[_CONSOLE_PARTS]
    return LogLine(
        raw,
        "console",
        parts[4],
        at=at,
        level=parts[1].lower(),
        fields=MappingProxyType(fields),
    )


def _read_json(text: str) -> Any:
    """
    Return the value of a JSON text; raise ValueError if it is none or is nested too deeply.
    """
    brackets = text.count("[") + text.count("{")
    if brackets > _MOST_BRACKETS:
        raise ValueError("too many fields")
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if brackets > _DEEPEST and _is_deeper(value, _DEEPEST):
        raise ValueError("nested too deeply")
    return value


def _is_deeper(value: object, levels: int) -> bool:
    floor = [value]
    for _ in range(levels):
        containers = [item for item in floor if isinstance(item, dict | list)]
        floor = [
            inside
            for item in containers
            for inside in (item.values() if isinstance(item, dict) else item)
        ]
    return any(isinstance(item, dict | list) for item in floor)


def _time(value: object) -> float | None:
    """
    Return a time in Unix seconds, None for what is no time; raise ValueError for an impossible one.
    """
    match value:
        case bool():
            return None
        case int() | float():
            seconds = value
        case str():
            try:
                seconds = datetime.fromisoformat(value).timestamp()
            except (ValueError, OverflowError):
                return None
        case _:
            return None
    if not 0 <= seconds < _END_OF_TIME:
        raise ValueError("no time that a log could have")
    return float(seconds)
