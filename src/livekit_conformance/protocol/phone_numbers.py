"""
Phone numbers in text: recognize fictional ones and mask all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# E.164: a plus, at most 15 digits; the plus may stand URL-encoded. In the user part of a sip: or
# tel: URI (RFC 3261 section 19.1, RFC 3966) carriers omit the plus.
_E164 = r"(?:\+|%2B)[1-9]\d{7,14}(?!\d)"
_OF_URI = r"(?<=sip:)\d{8,15}(?=[@;>])|(?<=sips:)\d{8,15}(?=[@;>])|(?<=tel:)\d{8,15}(?!\d)"
# In North America, 555-0100 to 555-0199 are unassigned; also without an area code.
_FICTIONAL = re.compile(r"1(?:\d{3})?55501\d\d")
# Shorter ones are extensions; masking them would also mask ports and times.
_SHORTEST = 7


class NumberMask:
    """
    Mask phone numbers except their first and last two digits; leave fictional ones unchanged.

    `own` are known phone numbers, which are masked in whatever form they are written.
    """

    def __init__(self, own: Iterable[str] = ()) -> None:
        digits = {"".join(filter(str.isdigit, number)) for number in own}
        known = sorted((d for d in digits if len(d) >= _SHORTEST), key=len, reverse=True)
        plain = [rf"(?<!\d)(?:\+|%2B)?{number}(?!\d)" for number in known]
        self._number = re.compile("|".join([*plain, _E164, _OF_URI]))

    def __call__(self, text: str) -> str:
        """
        Return `text` with its phone numbers masked: `+4930123456` becomes `+49***56`.
        """
        return self._number.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    prefix, digits = re.fullmatch(r"(\+|%2B)?(\d+)", match[0]).groups(default="")  # type: ignore[union-attr]  # the pattern has just matched
    return match[0] if _FICTIONAL.fullmatch(digits) else f"{prefix}{digits[:2]}***{digits[-2:]}"
