"""
The closest of the allowed names, for messages about misspelt ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

# One letter in ten, a word that is left out of three, but not SIP_PORT for PORT.
_SURELY = 0.85


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """
    `; did you mean "..."?` when a name in `allowed` is close to `name`, else nothing.
    """
    close = get_close_matches(name, list(allowed), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


def lookalike(name: str, others: Iterable[str]) -> str | None:
    """
    The one of `others` that is `name` but for a slip of the pen: case, separators, a letter or two.
    """
    bare = {_bare(other): other for other in others}
    close = get_close_matches(_bare(name), list(bare), n=1, cutoff=_SURELY)
    return bare[close[0]] if close else None


def _bare(name: str) -> str:
    return "".join(char for char in name.upper() if char.isalnum())
