"""
Remove the wrapping of Docker, Kubernetes, journald and log shippers around a line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from livekit_conformance.protocol.logline import LogLine, parse

# Keys of the line in the formats of Docker's json-file driver, Fluent Bit, journald, Cloud
# Logging and Loki.
_KEYS = ("log", "message", "MESSAGE", "textPayload", "jsonPayload", "line")
# Maximum nesting of wrappers: a shipper's around Docker's around Kubernetes' own.
_DEPTH = 3

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_STAMP = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_LEVELS = "DEBUG|INFO|WARN|ERROR|DPANIC|PANIC|FATAL"
# Beginning of a line in either dialect, after any prefix.
_BEGINNING = re.compile(rf'\{{\s*\\?"|{_STAMP}\t(?:{_LEVELS})\t')
# Prefixes of a line in no known dialect.
_PREFIX = re.compile(
    rf"(?P<stamp>{_STAMP})(?: (?:stdout|stderr) [FP])? +"  # docker logs -t, containerd's files
    r"|[\w.-]+ +\| "  # docker compose
    r"|\[pod/[^\]]+\] "  # kubectl logs --prefix
    r"|\w{3} [ \d]\d \d\d:\d\d:\d\d [\w.-]+ [\w.@/-]+(?:\[\d+\])?: "  # journald, syslog
)


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """
    Line as its service wrote it, with the text that was around it, if any.
    """

    line: LogLine
    around: str = ""


def unwrap(raw: str, depth: int = _DEPTH) -> Unwrapped:
    """
    Return the line inside `raw`; one of no known dialect keeps its text and the time before it.
    """
    if raw.startswith('{"level"'):
        # Nearly all lines are as the service wrote them; the rest of this function doubles the
        # cost.
        line = parse(raw)
        if line.dialect == "json":
            return Unwrapped(line)
    raw = _COLOUR.sub("", raw).strip("\r\n\x00\ufeff")
    begun = _BEGINNING.search(raw)
    if begun is not None:
        line = parse(raw[begun.start() :])
        around = raw[: begun.start()]
        if line.dialect == "json" and not line.message and depth:
            inner = _inside(line.fields, depth)
            if inner is not None:
                return replace(inner, around=f"{around} {_names(line.fields)} {inner.around}")
            line = replace(line, message=str(line.fields.get("message", "")))
        if line.dialect != "text":
            return Unwrapped(line, around)
    text, at = raw, None
    while prefix := _PREFIX.match(text):
        at = at or _time(prefix["stamp"])
        text = text[prefix.end() :]
    return Unwrapped(LogLine(raw, "text", text, at=at), raw[: len(raw) - len(text)])


def _inside(fields: Mapping[str, Any], depth: int) -> Unwrapped | None:
    for key in _KEYS:
        match fields.get(key):
            case str(text) if text:
                inner = unwrap(text, depth - 1)
                # Many application loggers name their own text `message`.
                if key != "message" or inner.line.dialect != "text":
                    return inner
            case {"msg": str()} as inner:
                return unwrap(json.dumps(inner), depth - 1)
    return None


def _names(fields: Mapping[str, Any]) -> str:
    """
    Return the short texts of a wrapper: names of containers, pods and units are among them.
    """
    kubernetes = fields.get("kubernetes")
    named = {**fields, **(kubernetes if isinstance(kubernetes, dict) else {})}
    return " ".join(
        str(value)
        for name, value in named.items()
        if name not in _KEYS and isinstance(value, str) and len(value) < 100  # noqa: PLR2004
    )


def _time(stamp: str | None) -> float | None:
    if stamp is None:
        return None
    try:
        at = datetime.fromisoformat(stamp.replace(",", "."))
    except ValueError:
        return None
    return at.timestamp() if at.tzinfo else None
