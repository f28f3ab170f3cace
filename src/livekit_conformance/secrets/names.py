"""
The one list of names whose values are secret: fields, variables, options and directives.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

# Parts of names, as patterns for text in lower case. Whatever such a name holds is a secret.
_PARTS: Final = (
    "pass[-_ ]?(?:w|phrase|code|key)",
    "pwd",
    "secret",
    "credential",
    "private[-_ ]?key",
    "access[-_ ]?key",
    # livekit-sip logs the digest response that it expected: whoever has it can authenticate.
    "(?:expected|received)response",
    "livekit[-_]keys",
    "пароль",
)
# Ends of names.
_ENDS: Final = (
    "pass(?<!bypass)(?<!compass)",
    "pin(?<![a-z]pin)(?:[-_ ]?code)?",
    "ha1",
    "token",
    "signature",
    "(?:api|auth)[-_ ]?key",
)
# Every text with such a name has one of these words.
HINTS: Final = (
    *("pass", "pwd", "secret", "credential", "key", "response", "пароль"),
    *("pin", "ha1", "token", "signature"),
)
NAME: Final = rf"(?:(?:{'|'.join(_PARTS)})\w{{0,24}}|(?:{'|'.join(_ENDS)})(?![a-z]))"
# Ends of names that hold a secret if the value looks like one.
WEAK_ENDS: Final = (
    *("key", "auth", "bearer", "pw", "psk", "otp", "jwt", "hmac", "salt"),
    *("ключ", "секрет"),
)

_NAME = re.compile(NAME)
# Words that people misspell, and what separates the words of a name.
_WORDS: Final = ("password", "passphrase", "secret", "apisecret", "credential", "credentials")
_BETWEEN_WORDS: Final = re.compile(r"[-_. ]|(?<=[a-z])(?=[A-Z])")
# Keys of the services' files; the value of a misspelt one is a secret, too.
_KEYS: Final = ("api_secret", "password", "sentinel_password", "credential", "api_key")
_NEAR: Final = 0.75


def names_secret(name: str) -> bool:
    """
    Return whether the value of a field, variable or option of this name is a secret.
    """
    return _NAME.search(name.lower()) is not None


def may_name_secret(name: str) -> bool:
    """
    Return whether this is such a name, or a misspelt key of the services' files.
    """
    return names_secret(name) or bool(get_close_matches(name.lower(), _KEYS, 1, _NEAR))


@lru_cache(maxsize=1024)
def is_misspelt(name: str) -> bool:
    """
    Return whether a word of a name is `password`, `secret` or the like with one letter missing,
    added, changed or moved.
    """
    words = _BETWEEN_WORDS.split(name)
    return any(not _near(word.lower()).isdisjoint(_NEAR_WORDS) for word in words)


def _near(word: str) -> set[str]:
    """
    Return a word, and the word without one of its letters: two words that differ by one letter
    have one of these in common.
    """
    return {word, *(word[:n] + word[n + 1 :] for n in range(len(word)))}


_NEAR_WORDS: Final = frozenset[str]().union(*map(_near, _WORDS))
