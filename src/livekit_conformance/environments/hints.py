"""
The closest of the allowed names, for messages about misspelt ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """
    `; did you mean "..."?` when a name in `allowed` is close to `name`, else nothing.
    """
    close = get_close_matches(name, list(allowed), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""
