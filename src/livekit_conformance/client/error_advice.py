"""
Advice for errors that livekit-server answers with.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from livekit_conformance.client.errors import is_ended_call

# The first entry with a phrase that occurs in the server's text applies; wordings of livekit-server
# 1.8.4 to 1.13.5 and later.
_BY_WORDS: Final = (
    (
        ("invalid API key",),
        "The server does not know this key: compare it with `keys` in the server's configuration",
    ),
    (
        ("signature is invalid", "error in cryptographic primitive"),
        "The server knows the key but has another secret: compare the secret with `keys` there",
    ),
    (
        ("is expired", "not valid yet"),
        "The clocks differ by more than a minute: synchronise both machines by NTP",
    ),
    (
        ("permissions denied", "no permissions"),
        "The token lacks the grant that this method needs",
    ),
    (
        ("no response from servers", "could not find any available nodes"),
        "No service answers on the bus: check that livekit-server runs and uses the same Redis",
    ),
)
_BY_STATUS: Final = (
    (401, "Check the API key and the secret"),
    (403, "Check the proxy in front of livekit-server: the server itself answers 401"),
    (404, "Check the path of livekit.url, and that the requested object exists"),
    (429, "Too many requests: wait before the next one"),
    (500, "The server failed: see its log for this time"),
)
_LEAST_ERROR: Final = 400


def hint(status: int, text: str, metadata: Mapping[str, str] = MappingProxyType({})) -> str:
    """
    Return one sentence of advice for the operator, by known wording of the server, else by
    `status`.

    The `metadata` of the Twirp error shows whether a call failed. In that case HTTP status and
    Twirp code are derived from its SIP status: 429 means that the callee is busy.
    """
    if is_ended_call(metadata):
        return "The call was placed: its SIP status comes from the callee or the provider"
    for words, advice in _BY_WORDS:
        if any(word in text for word in words):
            return advice
    for least, advice in reversed(_BY_STATUS):
        if status >= least:
            return advice
    if status < _LEAST_ERROR:
        return "Check the URL: another service answers there, or a proxy changes the answers"
    return "Correct the request: the server rejected it as invalid"
