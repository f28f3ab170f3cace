"""
Phone numbers in text: recognize fictional ones and mask all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

# Shorter ones are extensions; masking them would also mask ports and times.
_SHORTEST: Final = 7
# A country code has at most three digits; the national form has a zero or nothing in its place.
_COUNTRY_CODE: Final = 3
_BETWEEN: Final = r"(?:[-. ()/\u00a0\u2009\u202f\u2010-\u2013]|%20|&nbsp;){0,3}"
# Digits that may be a phone number, at once or in groups.
_DIGITS: Final = re.compile(rf"\d(?:{_BETWEEN}\d){{{_SHORTEST - 1},}}")
# E.164: a plus, at most 15 digits. In groups, the country code is one of its own.
_PLUS: Final = re.compile(r"(?:[+\uff0b]|%(?:25)?2B|\\u002b|&#43;)\u200b?\Z", re.IGNORECASE)
_E164: Final = re.compile(
    r"(?!0)\d{7,15}(?!\d)"
    rf"|(?!0)\d{{1,3}}(?:{_BETWEEN}(?:(?<!\d)|(?<=%20))\d{{1,12}}){{1,6}}(?!\d)"
)
# The international prefix of most countries and of North America, or the groups of the latter; a
# date may follow two zeros, too.
_INTERNATIONAL: Final = re.compile(
    r"00[1-9]\d{7,13}(?![\d.])"
    r"|(?:00|011)[- ]?(?!\d{4}-\d\d-)[1-9](?:[- ]?\d){9,12}(?![- ]?\d)"
    r"|(?:1[-. ])?(?:\d{3}\) ?|[2-9]\d{2}[-. ])[2-9]\d{2}-\d{4}(?!\d)"
)
# In sip: and tel: URIs (RFC 3261 section 19.1, RFC 3966) carriers omit the plus, and services do
# in fields of log lines and of the API.
_FIELD: Final = (
    r"(?:number|phone|user|caller(?:_?id)?|called|callee|dialled|call_?(?:to|from)"
    r"|msisdn|(?<![a-z])ani)"
)
# livekit-sip gives a caller the identity `sip_NUMBER`.
_NAMED: Final = re.compile(
    rf"(?:\bsips?:|\btel:|(?<![a-z])sip_|[\"']\s*<|\b(?:dial\w*|call(?:ing|ed)|ani)\s+|{_FIELD}"
    r"\\*[\"']?\s*[:=]\s*\\*[\"']?|\b(?:from|to)\\*[\"']?\s*[:=]\s*\\*[\"'])\Z",
    re.IGNORECASE,
)
_NAMES_NUMBER: Final = re.compile(rf"{_FIELD}\Z|\A(?:from|to)\Z", re.IGNORECASE)
_BARE: Final = re.compile(r"\d{7,15}(?![\d.])")
# What stands before a number, at most: the name of a field, quotes and backslashes.
_BEFORE: Final = 24
# In North America, 555-0100 to 555-0199 are unassigned; also without an area or country code.
_FICTIONAL: Final = re.compile(r"(?:1|1?\d{3})?55501\d\d")


class NumberMask:
    """
    Mask phone numbers except their first and last two digits; leave fictional ones unchanged.

    `own` are known phone numbers, which are masked in whatever form they are written.
    """

    def __init__(self, own: Iterable[str] = ()) -> None:
        known = {_digits(number) for number in own}
        forms = [
            _any_form(number)
            for number in sorted(known, key=len, reverse=True)
            if len(number) >= _SHORTEST and not _FICTIONAL.fullmatch(number)
        ]
        self._own = re.compile("|".join(forms)) if forms else None

    def __call__(self, text: str) -> str:
        """
        Return `text` with its phone numbers masked: `+4930123456` becomes `+49***56`.
        """
        return _DIGITS.sub(self._masked, text)

    def _masked(self, found: re.Match[str]) -> str:
        written = found[0]
        if self._own is not None:
            written = self._own.sub(lambda own: _ends(own[0]), written)
        before = found.string[max(found.start() - _BEFORE, 0) : found.start()]
        number = (
            _E164.match(written)
            if _PLUS.search(before)
            else _INTERNATIONAL.match(written)
            or (_BARE.match(written) if _NAMED.search(before) else None)
        )
        return written if number is None else f"{_ends(number[0])}{written[number.end() :]}"


def numbers_in(fields: Mapping[str, Any]) -> list[str]:
    """
    Return the values of the fields whose names say that they hold a phone number.
    """
    return [
        str(value)
        for name, value in fields.items()
        if isinstance(value, str | int) and _NAMES_NUMBER.search(name)
    ]


def _any_form(number: str) -> str:
    """
    Return a pattern for a number with or without its country code, in groups or at once.
    """
    country = min(_COUNTRY_CODE, len(number) - _SHORTEST)
    code = "".join(f"(?:{digit}{_BETWEEN})?" for digit in number[:country])
    rest = _BETWEEN.join(number[country:])
    return rf"(?<!\d)(?:00|011)?{_BETWEEN}{code}0?{_BETWEEN}{rest}(?!\d)"


def _digits(written: str) -> str:
    return "".join(filter(str.isdigit, written.replace("%20", "")))


def _ends(written: str) -> str:
    digits = _digits(written)
    return written if _FICTIONAL.fullmatch(digits) else f"{digits[:2]}***{digits[-2:]}"
