"""
Advice on a single finding, for commands that list findings and do not diagnose.
"""

from __future__ import annotations

from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.link_words import WORDS
from livekit_conformance.diagnosis.matching import finding_seen, matches
from livekit_conformance.findings import Finding
from livekit_conformance.wording import Text


def advice_on(found: Finding) -> Text:
    """
    Return the fix of the first cause that the finding shows, or the next thing to look at.
    """
    seen = finding_seen(found, found.seen)
    shown = (cause for cause in CAUSES if any(matches(sign, seen) for sign in cause.shows))
    cause = next(shown, None)
    return cause.fix if cause is not None else WORDS[Link(str(found.link))].look
