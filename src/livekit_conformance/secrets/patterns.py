"""
Remove secrets from text at the source, before it reaches a record, a message or a report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "***"

# Three base64url parts; the first is the JSON header, which always begins with `{"` -> `eyJ`.
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_FIELDS = "password|passwordhash|secret|credential|ice_?pwd|expectedresponse|receivedresponse"
# Values that grant access, recognized by their context: (?P<lead>...) and (?P<tail>...) are kept.
# In text that is quoted inside other text, quotes may be escaped, and the `n` of an escaped line
# break may precede a word.
_OPENING = tuple(
    re.compile(rf"(?P<lead>{lead}){value}(?P<tail>{tail})", re.IGNORECASE | re.DOTALL)
    for lead, value, tail in (
        # A digest response can be attacked offline, RFC 7616 section 5; so can most of one.
        (r"response=\\*\"?", r"[0-9a-f]{8,}", ""),
        # RFC 7617, and bearer tokens that are not JSON Web Tokens.
        (r"authorization\\*[\"']?\s*[:=]\s*\\*[\"']?(?:basic|bearer)\s+", r"[\w.~+/=-]+", ""),
        # Fields of JSON: livekit-sip logs the digest response it expected, with which anyone can
        # authenticate; rooms have a password for TURN, trunks one for their account.
        (
            rf"(?P<quote>\\*\")\w*(?:{_FIELDS})(?P=quote)\s*:\s*(?P=quote)",
            r"(?:(?!(?P=quote))(?:\\.|.))+",
            r"(?P=quote)",
        ),
        # RFC 4568: the key of SRTP; RFC 8839: the key of the connectivity checks.
        (r"inline:", r"[\w+/=-]{16,}", ""),
        (r"a=ice-pwd:", r"[\w+/]+", ""),
        # Passwords of URLs, and of SIP URIs.
        (r"\b[a-z][a-z0-9+.-]*://[^\s/:@\"'<>]*:", r"[^\s/\"'<>]+", "@"),
        (r"sips?:[^\s:@;,\"<>]+:", r"[^\s@;,\"<>]+", "@"),
        # Tokens and passwords in a query.
        (
            r"(?:[?&;](?:\w*token|\w*secret|\w*password|\w*signature)|access_token)=",
            r"[^\s&;\"'<>\\]+",
            "",
        ),
        (
            r"-----BEGIN (?:\w+ )?PRIVATE KEY-----",
            r".*?",
            r"(?:-----END (?:\w+ )?PRIVATE KEY-----|\Z)",
        ),
    )
)
_OPENS = re.compile(
    r"response|authorization|password|secret|credential|pwd|inline:|://|sips?:|token|signature"
    r"|PRIVATE KEY",
    re.IGNORECASE,
)
# Masking shorter values would mask ordinary words; profiles refuse such secrets elsewhere.
_SHORTEST = 4
# The mask shows so much of a key that a shorter key would be visible almost in full.
_MASKED_LENGTH = 8
# As livekit-server generates them.
API_KEY = re.compile(r"API[A-Za-z0-9]{8,}")
# Minimum length of a secret in livekit-server.
_SECRET_LENGTH = 32


class Redactor:
    """
    Replace known secret values by a mask, and also values whose context marks them as secrets.

    Such values are tokens, digest responses, keys in SDP, passwords in URLs and the like.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # Longest first, so that a secret that contains another one is not left half visible.
        self._secrets = sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True)

    @property
    def known(self) -> frozenset[str]:
        """
        The known secret values.
        """
        return frozenset(self._secrets)

    def with_secrets(self, secrets: Iterable[str]) -> Redactor:
        """
        Return a redactor that also masks these values.
        """
        return Redactor([*self._secrets, *secrets])

    def __call__(self, text: str) -> str:
        """
        Return `text` without secrets; the same text if there are none.
        """
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        text = _JWT.sub("<token>", text)
        # Most texts hold none of these words, and one search costs less than ten.
        if _OPENS.search(text):
            for pattern in _OPENING:
                text = pattern.sub(rf"\g<lead>{MASK}\g<tail>", text)
        return text

    def finds(self, text: str) -> list[str]:
        """
        Return the known secret values that occur unencoded in `text`.
        """
        return [secret for secret in self._secrets if secret in text]


def masked(key: str) -> str:
    """
    Return the recognizable ends of an API key: `APIab12cd34` becomes `APIa...34`.

    A value that may be the secret, in the place of the key, is masked completely.
    """
    if len(key) <= _MASKED_LENGTH or looks_like_secret(key):
        return MASK
    return f"{key[:4]}...{key[-2:]}"


def looks_like_secret(key: str) -> bool:
    """
    Return True if a value in the place of an API key is as long as secrets are, and not a key.
    """
    return len(key) >= _SECRET_LENGTH and not API_KEY.fullmatch(key)


def whole_tokens(text: str) -> list[str]:
    """
    Return every complete JSON Web Token in `text`.
    """
    return _JWT.findall(text)
