"""
Advice on a single finding, for commands that list findings and do not diagnose.
"""

from __future__ import annotations

from itertools import product

from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.link_words import WORDS
from livekit_conformance.diagnosis.matching import finding_seen, matches
from livekit_conformance.findings import Finding
from livekit_conformance.observations import CheckOutcome
from livekit_conformance.wording import Text


def advice_on(found: Finding, clause: str = "", verdict: str = "") -> Text:
    """
    Return the fix of the first cause that the finding shows, or the next thing to look at.

    A cause that is shown by this verdict on the clause comes after those that name the finding.
    """
    seen = (
        finding_seen(found, found.seen, clause),
        CheckOutcome(0.0, found.seen, id=clause, verdict=verdict, link=found.link),
    )
    shown = (
        cause
        for each, cause in product(seen, CAUSES)
        if any(matches(sign, each) for sign in cause.shows)
    )
    cause = next(shown, None)
    return cause.fix if cause is not None else WORDS[Link(str(found.link))].look
