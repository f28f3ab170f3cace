"""
Find the closest allowed name, for messages about misspelt names.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

# Accepts one wrong letter in ten or one of three words left out, but not SIP_PORT for PORT.
_SURELY = 0.85


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """
    Return `; did you mean "..."?` if a name in `allowed` is close to `name`, else the empty string.
    """
    close = close_match(name, allowed)
    return "" if close is None else f'; did you mean "{close}"?'


def close_match(name: str, allowed: Iterable[str]) -> str | None:
    """
    Return the name in `allowed` that is closest to `name`, or None if none is close.
    """
    return next(iter(get_close_matches(name, list(allowed), n=1)), None)


def lookalike(name: str, others: Iterable[str]) -> str | None:
    """
    Return the name in `others` that differs from `name` only by a typo (case, separators, a letter
    or two), or None.
    """
    bare = {_bare(other): other for other in others}
    close = get_close_matches(_bare(name), list(bare), n=1, cutoff=_SURELY)
    return bare[close[0]] if close else None


def _bare(name: str) -> str:
    return "".join(char for char in name.upper() if char.isalnum())
