"""
Texts for people, under the name that the tables of the catalogue use.
"""

from livekit_conformance.wording import LANGUAGES, Language, Text

__all__ = ["LANGUAGES", "Language", "Text"]
