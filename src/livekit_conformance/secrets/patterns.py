"""
Remove secrets from text at the source, before it reaches a record, a message or a report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from livekit_conformance.secrets.shapes import MASK, TOKEN, opened_secrets, replaced

# Masking shorter values would mask ordinary words; profiles refuse such secrets elsewhere.
_SHORTEST = 4
# As livekit-server generates them.
API_KEY = re.compile(r"API[A-Za-z0-9]{8,}")
# A shorter value in the place of a key is no secret: secrets of that length are refused.
_SECRET_LENGTH = 8
# A shorter value of one letter case may be a word that somebody chose as a key.
_WORD = re.compile(r"[a-z_.-]{1,11}|[A-Z_.-]{1,11}")

_AUTHORIZATION = ("authorization", "proxy-authorization")
_RESPONSE = re.compile(r"\bresponse=\"?([0-9A-Fa-f]{16,})")


class Redactor:
    """
    Replace known secret values by a mask, and also values whose context marks them as secrets.

    Such values are tokens, digest responses, keys in SDP, passwords in URLs and the like.

    `made` is the set of what the suite made itself: signatures of tokens and digest responses. It
    grows during a run, in all redactors that share it.
    """

    def __init__(self, secrets: Iterable[str] = (), *, made: set[str] | None = None) -> None:
        self._secrets = [*dict.fromkeys(s for s in secrets if len(s) >= _SHORTEST)]
        self.made = set() if made is None else made

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
        return Redactor([*self._secrets, *secrets], made=self.made)

    def learn(self, secret: str) -> None:
        """
        Mask this digest response, or the signature of this token, from now on.
        """
        if proof := secret.rpartition(".")[2]:
            self.made.add(proof)

    def learn_from(self, headers: Iterable[tuple[str, str]]) -> None:
        """
        Learn the tokens and digest responses in the headers of a request that the suite sends.
        """
        for name, value in headers:
            if name.lower() in _AUTHORIZATION:
                for proof in (*whole_tokens(value), *_RESPONSE.findall(value)):
                    self.learn(proof)

    def __call__(self, text: str) -> str:
        """
        Return `text` without secrets; the same text if there are none.
        """
        # All are looked for before one is masked, because half a secret may open another one.
        spans = opened_secrets(text)
        for secret in (*self._secrets, *self.made):
            start = text.find(secret)
            while start >= 0:
                spans.append((start, start + len(secret), MASK))
                start = text.find(secret, start + 1)
        return replaced(text, spans) if spans else text

    def finds(self, text: str) -> list[str]:
        """
        Return the known secret values that occur unencoded in `text`.
        """
        return [secret for secret in self._secrets if secret in text]


def masked(key: str) -> str:
    """
    Return the recognizable ends of an API key: `APIab12cd34` becomes `APIa...34`.

    Anything else in the place of a key may be the secret, and is masked completely.
    """
    return f"{key[:4]}...{key[-2:]}" if looks_like_key(key) else MASK


def looks_like_key(value: str) -> bool:
    """
    Return True if a value looks like the API keys that livekit-server generates.
    """
    return API_KEY.fullmatch(value) is not None


def looks_like_secret(key: str) -> bool:
    """
    Return True if a value in the place of an API key may be the secret.
    """
    is_no_key = not (looks_like_key(key) or _WORD.fullmatch(key))
    return is_no_key and len(key) >= _SECRET_LENGTH


def whole_tokens(text: str) -> list[str]:
    """
    Return every complete JSON Web Token in `text`.
    """
    return TOKEN.findall(text)
