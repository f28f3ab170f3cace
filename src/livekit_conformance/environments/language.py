"""
Choose the language of the terminal output.
"""

from __future__ import annotations

from collections.abc import Mapping

from livekit_conformance.wording import LANGUAGES, Language

# The first one that is set and not empty selects the language of messages (POSIX, section 8.2).
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
_DEFAULT: Language = "en"


def language_of(environ: Mapping[str, str]) -> Language:
    """
    Return the language of the environment's locale: Russian for `ru`, `ru_RU.UTF-8` and so on, else
    English.
    """
    locale = next((value for name in _VARIABLES if (value := environ.get(name))), "")
    code = locale.replace(".", "_").replace("@", "_").partition("_")[0].lower()
    return next((language for language in LANGUAGES if language == code), _DEFAULT)
