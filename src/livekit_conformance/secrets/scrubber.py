"""
The last line of defence against secrets: finds them encoded and in fragments too.

pytest's own explanation of a failed assertion shows values escaped and cut to pieces; a replacement
of whole values alone would let those pass.
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

# A fragment of this length identifies a secret, and is too long to stand in a text by chance.
WINDOW = 12
# What pytest leaves of a long value behind the cut: by what stood before it nothing can be told.
_TORN = re.compile(rf"(?<=\.\.\.)(?=[\w+/=.-]*\d)[\w+/=.-]{{{WINDOW},}}")


class Scrubber(Redactor):
    """
    A redactor that masks secrets also where they are encoded or incomplete.

    `also` is what is done to the text besides: phone numbers are masked with it.
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
        The secret values that it knows, not their encodings.
        """
        return self._plain

    def with_secrets(self, secrets: Iterable[str]) -> Scrubber:
        """
        A scrubber that knows these values too.
        """
        return Scrubber(self._plain.union(secrets), also=self._also)

    def __call__(self, text: str) -> str:
        """
        `text` without secrets; the same text when there are none.
        """
        if not text.isascii():
            # JSON can spell half of a surrogate pair, which fits into no file.
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
    The secret as it is, and as the formats we write would encode it.
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
    `text` without the ends of values that pytest has cut and that may be keys or tokens.
    """
    return _TORN.sub(MASK, text)


def windows(form: str) -> Iterator[str]:
    """
    Every fragment of the length that identifies a secret.
    """
    return (form[start : start + WINDOW] for start in range(len(form) - WINDOW + 1))
