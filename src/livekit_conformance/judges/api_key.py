"""
Judge the API key of the profile by the answer to a request that it signed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from livekit_conformance.findings import Code, Finding, Json

# Data of all but the last: status.
UNKNOWN: Final = Code("api-key.unknown")
OTHER_SECRET: Final = Code("api-key.other-secret")
OTHER_CLOCK: Final = Code("api-key.other-clock")
HEADER_LOST: Final = Code("api-key.header-lost")
REFUSED_BY_PROXY: Final = Code("api-key.refused-by-proxy")
WRONG_PATH: Final = Code("api-key.wrong-path")
TOO_MANY_REQUESTS: Final = Code("api-key.too-many-requests")
REFUSED: Final = Code("api-key.refused")
# The server has taken the token, and failed afterwards.
ROOMS_FAILED: Final = Code("rooms.server-failed")
# A key or a secret is not as it can be meant. Data: variable, oddity.
ODD_VALUE: Final = Code("variable.odd-value")

# Reasons in the words of livekit-server (pkg/service/auth.go) and of its library for tokens.
_REASONS: Final = (
    (UNKNOWN, re.compile(r"invalid API key")),
    (OTHER_SECRET, re.compile(r"signature is invalid|cryptographic primitive")),
    (OTHER_CLOCK, re.compile(r"not valid yet|is expired|\((nbf|exp)\)")),
    (HEADER_LOST, re.compile(r"permissions denied|no permissions")),
)
# And of an answer in other words, by its status.
_BY_STATUS: Final[Mapping[int, Code]] = MappingProxyType(
    {403: REFUSED_BY_PROXY, 404: WRONG_PATH, 429: TOO_MANY_REQUESTS}
)


def judge_key(status: int, text: str, *, shown: str) -> Iterator[Finding]:
    """
    Yield the reason of an answer that does not accept the key; `shown` is the answer in words.
    """
    if status == HTTPStatus.OK:
        return
    data: dict[str, Json] = {"status": status}
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        yield Finding(ROOMS_FAILED, shown, "rooms", data=data)
    else:
        yield Finding(reason_of(status, text), shown, "api-key", data=data)


def reason_of(status: int, text: str) -> Code:
    """
    Return why a request was refused, by the answer of livekit-server or of what is before it.
    """
    by_words = (code for code, words in _REASONS if words.search(text))
    return next(by_words, None) or _BY_STATUS.get(status, REFUSED)
