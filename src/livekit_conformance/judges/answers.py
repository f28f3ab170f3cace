"""
Judge one HTTP answer by the status that was expected.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from livekit_conformance.findings import Code, Finding, Json

# Data: request (what it was the answer to), status, text, expected.
UNEXPECTED: Final = Code("answer.unexpected")
_SHOWN = 200


def judge_answer(
    request: str, status: int, text: str, *, fits: bool, expected: str, seen: str
) -> Iterator[Finding]:
    """
    Yield a violation, with the sentence `seen`, unless the answer to `request` fits.

    `request` and `expected` are names and statuses, the same in each language.
    """
    if not fits:
        data: dict[str, Json] = {
            "request": request,
            "status": status,
            "text": text[:_SHOWN],
            "expected": expected,
        }
        yield Finding(UNEXPECTED, seen, data=data)
