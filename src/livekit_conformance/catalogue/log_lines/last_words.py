"""
Find the words with which a process has ended, in whatever format it wrote them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, takewhile
from typing import Final

from livekit_conformance.catalogue.log_lines import Means, known_line, of_both
from livekit_conformance.protocol.logline import LogLine

# The stack traces of a Go program are longer only where that tells nothing more.
_MOST_LINES: Final = 2_000
_DEADLY: Final = frozenset({"dpanic", "panic", "fatal"})


def last_words(service: str, lines: Sequence[LogLine], *, gone: bool = False) -> LogLine | None:
    """
    Return the line in which a process says why it ends; None if its log does not end so.

    That is the crash, or the last line, of plain text at the end: both services log in a dialect
    and write what stops them as text. Of a service that is `gone`, an error at the end is one too.
    """
    end = [line for line in islice(reversed(lines), _MOST_LINES) if line.raw.strip()]
    text = list(takewhile(lambda line: _is_plain(service, line), end))
    if text:
        # The first line of a trace, and of an error with details in further lines.
        decisive = [line for line in text if _is_crash(line) or is_known(service, line)]
        return decisive[-1] if decisive else text[0]
    deadly = _DEADLY | {"error"} if gone else _DEADLY
    return end[0] if end and end[0].level in deadly else None


def is_known(service: str, line: LogLine) -> bool:
    """
    Return whether these last words are known, and so have a cause of their own.
    """
    known = known_line(service, line.message)
    return known is not None and known.means is Means.LAST_WORDS


def _is_plain(service: str, line: LogLine) -> bool:
    known = known_line(service, line.message)
    is_ordinary = known is not None and known.means is not Means.LAST_WORDS
    return line.dialect == "text" and (not is_ordinary or _is_crash(line))


def _is_crash(line: LogLine) -> bool:
    return any(known.is_in(line.message) for known in (of_both.CRASH, of_both.FATAL))
