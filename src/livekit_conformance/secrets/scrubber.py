"""
Last line of defence against secrets: mask them also when encoded or cut to fragments.

pytest's own explanation of a failed assertion shows values escaped and truncated; replacing only
whole values would let those pass.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from livekit_conformance.secrets.encodings import blobs, encodings, with_zeros
from livekit_conformance.secrets.fragments import (
    NOTHING,
    SHORT_WINDOW,
    WINDOW,
    WORD,
    Fragments,
    Place,
    fragments,
    windows,
)
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.secrets.shapes import MASK, opened_secrets, replaced

# The end of a long value that pytest has truncated: its context in front is lost.
_TORN = re.compile(rf"(?<=\.\.)(?=[\w+/=-]*\d)[\w+/=-][\w+/=.-]{{{WINDOW - 1},}}")
_GAP = 24
# A run makes so many of these that eight of their digits are in some number by chance.
_WORD_OR_NUMBER = re.compile(rf"{WORD.pattern}|[0-9]*")
# Characters of the rest of a token, on either side of a fragment of its signature.
_OF_TOKENS = f"{string.ascii_letters}{string.digits}-_."


class Scrubber(Redactor):
    """
    A redactor that also masks encoded or incomplete secrets.

    `also` is a further replacement to apply: it masks phone numbers.
    """

    def __init__(
        self,
        secrets: Iterable[str] = (),
        *,
        also: Callable[[str], str] | None = None,
        learned: Learned | None = None,
    ) -> None:
        self._learned = learned or Learned()
        super().__init__(secrets, made=self._learned.values)
        self._also = also
        encoded = {form for secret in self._secrets for form in blobs(secret)}
        forms = {form for secret in self._secrets for form in encodings(secret)} - encoded
        self._fragments = Fragments(
            chain(
                (part for form in forms for part in fragments(form)),
                (part for form in encoded for part in fragments(form, chance=NOTHING)),
                (
                    form
                    for secret in self._secrets
                    for part in windows(secret)
                    for form in with_zeros(part)
                ),
            )
        )

    def with_secrets(self, secrets: Iterable[str]) -> Scrubber:
        """
        Return a scrubber that also masks these values.
        """
        new = [secret for secret in secrets if secret not in self._secrets]
        if not new:
            return self
        return Scrubber([*self._secrets, *new], also=self._also, learned=self._learned)

    def learn(self, secret: str) -> None:
        """
        Mask this digest response, or the signature of this token, from now on.
        """
        before = len(self.made)
        super().learn(secret)
        if len(self.made) > before:
            self._learned.search_for(secret.rpartition(".")[2])

    def __call__(self, text: str) -> str:
        """
        Return `text` without secrets; the same text if there are none.
        """
        if not text.isascii():
            # JSON can hold a lone surrogate, which cannot be written to a file.
            text = text.encode("utf-8", "replace").decode()
        places = (*self._fragments.places(text), *self._learned.places(text))
        spans = [
            *opened_secrets(text),
            *((start, end, MASK) for start, end in _joined(places, text)),
        ]
        if spans:
            text = replaced(text, spans)
        return text if self._also is None else self._also(text)


def _joined(places: Iterable[Place], text: str) -> Iterator[Place]:
    """
    Yield the places, with the short gaps between them where a secret is escaped in another way.
    """
    last = None
    for start, end in sorted(places):
        if last is not None and 0 < start - last <= _GAP and " " not in text[last:start]:
            yield last, start
        yield start, end
        last = max(end, last or 0)


class Learned:
    """
    Signatures and digest responses that the suite made itself, and the search for their parts.
    """

    def __init__(self) -> None:
        self.values: set[str] = set()
        self._fragments = Fragments()

    def search_for(self, value: str) -> None:
        """
        Search for the parts of this value, too.
        """
        self._fragments.add(fragments(value, at_cut=SHORT_WINDOW, chance=_WORD_OR_NUMBER))

    def places(self, text: str) -> list[Place]:
        """
        Return the places of such values in a text, with the rest of their tokens.
        """
        return [
            (len(text[:start].rstrip(_OF_TOKENS)), len(text) - len(text[end:].lstrip(_OF_TOKENS)))
            for start, end in self._fragments.places(text)
        ]


def without_torn(text: str) -> str:
    """
    Return `text` without the ends of truncated values that may be keys or tokens.
    """
    return _TORN.sub(MASK, text)
