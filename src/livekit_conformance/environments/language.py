"""
In which language the terminal is spoken to.
"""

from __future__ import annotations

from collections.abc import Mapping

from livekit_conformance.catalogue.text import LANGUAGES, Language

# The first that is set and not empty decides about messages (POSIX, section 8.2).
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
_DEFAULT: Language = "en"


def language_of(environ: Mapping[str, str]) -> Language:
    """
    The language of the environment's locale: Russian for `ru`, `ru_RU.UTF-8`, ..., else English.
    """
    locale = next((value for name in _VARIABLES if (value := environ.get(name))), "")
    code = locale.replace(".", "_").replace("@", "_").partition("_")[0].lower()
    return next((language for language in LANGUAGES if language == code), _DEFAULT)
