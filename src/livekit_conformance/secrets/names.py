"""
The one list of names whose values are secret: fields, variables, options and directives.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final

# Parts of names, as patterns for text in lower case. Whatever such a name holds is a secret.
_PARTS: Final = (
    "passw",
    "passphrase",
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
    "pin(?<![a-z]pin)",
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

_NAME = re.compile(NAME)
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
