"""
Words about one clause.
"""

from __future__ import annotations

from dataclasses import dataclass

from livekit_conformance.wording import Text


@dataclass(frozen=True, slots=True)
class ClauseWords:
    """
    Statement of a clause in Russian, and advice where it is violated.

    `on_cloud` is the advice for LiveKit Cloud, whose files and logs no user has, if it differs.
    """

    statement: str
    advice: Text
    on_cloud: Text | None = None
