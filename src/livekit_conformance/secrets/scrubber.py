"""
Last line of defence against secrets: mask them also when encoded or cut to fragments.

pytest's own explanation of a failed assertion shows values escaped and truncated; replacing only
whole values would let those pass.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote, quote_plus

from ahocorasick_rs import AhoCorasick

from livekit_conformance.secrets.patterns import MASK, Redactor

# A fragment of this length identifies a secret, and is too long to occur in a text by chance.
WINDOW = 12
# The end of a long value that pytest has truncated: its context in front is lost.
_TORN = re.compile(rf"(?<=\.\.\.)(?=[\w+/=.-]*\d)[\w+/=.-]{{{WINDOW},}}")


class Scrubber(Redactor):
    """
    A redactor that also masks encoded or incomplete secrets.

    `also` is a further replacement to apply: it masks phone numbers.
    """

    def __init__(
        self, secrets: Iterable[str] = (), *, also: Callable[[str], str] | None = None
    ) -> None:
        self._plain = frozenset(secrets)
        self._also = also
        forms = {form for secret in self._plain for form in encodings(secret)}
        super().__init__(forms)
        self._fragments = AhoCorasick(sorted({w for form in forms for w in windows(form)}))

    @property
    def known(self) -> frozenset[str]:
        """
        The known secret values, without their encodings.
        """
        return self._plain

    def with_secrets(self, secrets: Iterable[str]) -> Scrubber:
        """
        Return a scrubber that also masks these values.
        """
        return Scrubber(self._plain.union(secrets), also=self._also)

    def __call__(self, text: str) -> str:
        """
        Return `text` without secrets; the same text if there are none.
        """
        if not text.isascii():
            # JSON can hold a lone surrogate, which cannot be written to a file.
            text = text.encode("utf-8", "replace").decode()
        text = self._without_fragments(super().__call__(text))
        return text if self._also is None else self._also(text)

    def _without_fragments(self, text: str) -> str:
        found = self._fragments.find_matches_as_indexes(text, overlapping=True)
        if not found:
            return text
        parts: list[str] = []
        end = 0
        for start, stop in sorted((start, stop) for _, start, stop in found):
            if start > end or not parts:
                parts += [text[end:start], MASK]
            end = max(end, stop)
        return "".join([*parts, text[end:]])


def encodings(secret: str) -> Iterator[str]:
    """
    Yield the secret unencoded and in the encodings of the formats we write.
    """
    yield secret
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]
    yield html.escape(secret)
    yield quote(secret, safe="")
    yield quote_plus(secret)
    raw = secret.encode()
    # Base64 works on groups of three bytes, so the secret shows in one of three alignments;
    # the characters at either end depend on its neighbours and are left out.
    for lead in range(3):
        usable = raw[(3 - lead) % 3 :]
        whole = usable[: len(usable) // 3 * 3]
        if len(whole) >= WINDOW:
            yield base64.b64encode(whole).decode()
            yield base64.urlsafe_b64encode(whole).decode()


def without_torn(text: str) -> str:
    """
    Return `text` without the ends of truncated values that may be keys or tokens.
    """
    return _TORN.sub(MASK, text)


def windows(form: str) -> Iterator[str]:
    """
    Return every fragment of the length that identifies a secret.
    """
    return (form[start : start + WINDOW] for start in range(len(form) - WINDOW + 1))
