"""
Takes secrets out of text at the source, before it reaches a record, a message or a report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "***"

# Three base64url parts; the first is the JSON header, which always begins with `{"` -> `eyJ`.
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
# The response of a digest can be attacked offline, RFC 7616 section 5.
_DIGEST_RESPONSE = re.compile(r'(\bresponse=")[0-9a-fA-F]{32,64}(")')
# Fields of JSON that open something: livekit-sip logs the digest response that it had expected,
# which lets in whoever sends it, and rooms have a password for TURN.
_OPENING_FIELD = re.compile(
    r'("(?:expectedResponse|passwordHash|turn_password|turnPassword)"\s*:\s*")[^"]*(")'
)
# Shorter values would turn ordinary words into masks; profiles refuse such secrets elsewhere.
_SHORTEST = 4
# So much of a masked key is seen that a shorter one would be seen whole.
_MASKED_LENGTH = 8
# As livekit-server generates them.
API_KEY = re.compile(r"API[A-Za-z0-9]{8,}")
# What livekit-server wants a secret to have at least.
_SECRET_LENGTH = 32


class Redactor:
    """
    Replaces known secret values, whole tokens, digest responses and their like by a mask.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # Longest first, so that a secret that contains another one is not left half visible.
        self._secrets = sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True)

    def with_secrets(self, secrets: Iterable[str]) -> Redactor:
        """
        A redactor that knows these values too.
        """
        return Redactor([*self._secrets, *secrets])

    def __call__(self, text: str) -> str:
        """
        `text` without secrets; the same text when there are none.
        """
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        text = _JWT.sub("<token>", text)
        for pattern in (_DIGEST_RESPONSE, _OPENING_FIELD):
            text = pattern.sub(rf"\1{MASK}\2", text)
        return text

    def finds(self, text: str) -> list[str]:
        """
        The known secret values that stand in `text` as they are.
        """
        return [secret for secret in self._secrets if secret in text]


def masked(key: str) -> str:
    """
    As much of an API key as it takes to recognise it: `APIab12cd34` becomes `APIa...34`.

    Nothing of what may be the secret, in the place of the key.
    """
    if len(key) <= _MASKED_LENGTH or looks_like_secret(key):
        return MASK
    return f"{key[:4]}...{key[-2:]}"


def looks_like_secret(key: str) -> bool:
    """
    Whether what stands in the place of an API key is as long as secrets are, and no key.
    """
    return len(key) >= _SECRET_LENGTH and not API_KEY.fullmatch(key)


def whole_tokens(text: str) -> list[str]:
    """
    Every complete JSON Web Token in `text`.
    """
    return _JWT.findall(text)
