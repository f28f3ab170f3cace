"""
English that is left in a Russian text.
"""

from __future__ import annotations

import re

_QUOTED = re.compile(r"`[^`]*`|«[^»]*»|\"[^\"]*\"")
_LATIN = r"[A-Za-z][A-Za-z'-]*"
# Two names may follow each other (`livekit-server Redis`), three words are a sentence.
_SENTENCE = re.compile(rf"{_LATIN}(?: {_LATIN}){{2,}}")


def english_in(text: str) -> list[str]:
    """
    Return the parts of a Russian text that look like an English sentence.

    What stands in quotes is not looked at: names, commands, and the words of others.
    """
    return _SENTENCE.findall(_QUOTED.sub("…", text))
