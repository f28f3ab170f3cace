"""
Log lines of livekit-server and livekit-sip: zap's JSON encoding and its console encoding.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

Dialect = Literal["json", "console", "text"]

_CONSOLE_PARTS = 5  # time, level, logger, caller, message [, JSON of the fields]


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
    return _parse_json(raw) or _parse_console(raw) or LogLine(raw, "text", raw)


def _parse_json(raw: str) -> LogLine | None:
    if not raw.startswith("{"):
        return None
    try:
        fields = json.loads(raw)
    except ValueError:
        return None
    at = fields.pop("ts", None)
    return LogLine(
        raw,
        "json",
        str(fields.pop("msg", "")),
        at=_time(at),
        level=str(fields.pop("level", "")).lower() or None,
        fields=MappingProxyType(fields),
    )


def _parse_console(raw: str) -> LogLine | None:
    parts = raw.split("\t", _CONSOLE_PARTS)
    if len(parts) < _CONSOLE_PARTS or (at := _time(parts[0])) is None:
        return None
    fields: dict[str, Any] = {"logger": parts[2], "caller": parts[3]}
    if len(parts) > _CONSOLE_PARTS:
        try:
            fields |= json.loads(parts[_CONSOLE_PARTS])
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


def _time(value: object) -> float | None:
    match value:
        case bool():
            return None
        case int() | float():
            return float(value)
        case str():
            try:
                return datetime.fromisoformat(value).timestamp()
            except ValueError:
                return None
        case _:
            return None
