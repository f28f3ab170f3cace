"""
Words about one clause.
"""

from __future__ import annotations

from dataclasses import dataclass

from livekit_conformance.wording import Text


@dataclass(frozen=True, slots=True)
class ClauseWords:
    """
    Statement of a clause in Russian, and what to change where it is violated.

    `on_cloud` is the advice for LiveKit Cloud, where it differs: nobody has its files and logs.
    """

    statement: str
    advice: Text
    on_cloud: Text | None = None
