"""
Recognize secrets that cannot be masked, because reports contain the same text by chance.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from livekit_conformance.catalogue.clauses import CLAUSES
from livekit_conformance.wording import Phrase, phrase

_SHORTEST: Final = 8
# Numbers, dates and addresses.
_NUMBER: Final = re.compile(r"[\d\W_]{1,15}")
# Words of the reports and the services beside those of the clauses.
_WORDS: Final = (
    "conformance conformant incomplete blocked warning error passed failed skipped known clause "
    "requirement environment evidence report reports results summary journal localhost livekit "
    "production staging voice password username secret token key api http https redis udp tcp tls "
    "application deployed stand number caller callee callid timeout unknown undefined invite "
    "register options cancel authorization bearer basic digest internal service unavailable"
)


def unfit(secret: str) -> Phrase | None:
    """
    Return why a secret cannot be masked in reports, with the remedy and without the secret; None
    if it can.
    """
    remedy = phrase("secret.remedy")
    if len(secret) < _SHORTEST:
        return phrase("secret.short", shortest=_SHORTEST, remedy=remedy)
    if _NUMBER.fullmatch(secret):
        return phrase("secret.number", remedy=remedy)
    if secret.lower() in _texts():
        return phrase("secret.word", remedy=remedy)
    return None


@cache
def _texts() -> str:
    return " ".join([_WORDS, *(f"{each.id} {each.statement}" for each in CLAUSES)]).lower()
