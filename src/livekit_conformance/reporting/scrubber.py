"""
The last line of defence against secrets: finds them encoded and in fragments too.

pytest's own explanation of a failed assertion shows values escaped and cut to pieces; a replacement
of whole values alone would let those pass.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from livekit_conformance.redaction import MASK, Redactor

# A fragment of this length identifies a secret, and is too long to stand in a text by chance.
WINDOW = 12


class Scrubber(Redactor):
    """
    A redactor that masks secrets also where they are encoded or incomplete.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._plain = frozenset(secrets)
        forms = {form for secret in self._plain for form in encodings(secret)}
        super().__init__(forms)
        self._windows = {w for form in forms for w in _windows(form)}

    def with_secrets(self, secrets: Iterable[str]) -> Scrubber:
        """
        A scrubber that knows these values too.
        """
        return Scrubber(self._plain.union(secrets))

    def __call__(self, text: str) -> str:
        """
        `text` without secrets; the same text when there are none.
        """
        return self._without_fragments(super().__call__(text))

    def _without_fragments(self, text: str) -> str:
        spans = sorted(
            (start, start + WINDOW)
            for window in self._windows
            if window in text
            for start in _places(window, text)
        )
        if not spans:
            return text
        parts: list[str] = []
        end = 0
        for start, stop in spans:
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


def _windows(form: str) -> Iterator[str]:
    return (form[start : start + WINDOW] for start in range(len(form) - WINDOW + 1))


def _places(window: str, text: str) -> Iterator[int]:
    start = text.find(window)
    while start >= 0:
        yield start
        start = text.find(window, start + 1)
