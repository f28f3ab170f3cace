"""
The forms that a secret takes in what we write: escaped, percent-encoded, base64, hexadecimal,
UTF-16.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus

# Characters that URL libraries leave as they are: none, those of a path, those of user info.
_SAFE: Final = ("", "/", "!$&'()*+,;=", "/!$&'()*+,;=:@")
# Shorter base64 of a part of a secret occurs by chance.
_SHORTEST: Final = 8


def encodings(secret: str) -> Iterator[str]:
    """
    Yield a secret in the encodings of the formats that we and the services write.
    """
    for plain in _decoded(secret):
        # A service quotes it, and an error or an assertion quotes the service.
        yield from _quoted(_quoted(_written(plain)))
    yield from _quoted(essences(secret))


def essences(secret: str) -> Iterator[str]:
    """
    Yield a secret as it is, and in the forms that unescaping a text does not undo.
    """
    for plain in _decoded(secret):
        yield from (plain, plain.swapcase(), plain.lower(), plain.upper())
    yield from blobs(secret)


def blobs(secret: str) -> Iterator[str]:
    """
    Yield a secret in hexadecimal and in base64: no part of these is a word.
    """
    for plain in _decoded(secret):
        for codec in ("utf-8", "utf-16-le"):
            yield from _blobs(plain.encode(codec, "surrogatepass"))


def _blobs(raw: bytes) -> Iterator[str]:
    yield raw.hex()
    yield raw.hex().upper()
    # Base64 works on groups of three bytes, so the secret shows in one of three alignments.
    # The characters at either end depend on its neighbours; behind it there may be none.
    for lead in range(3):
        usable = raw[(3 - lead) % 3 :]
        for part in (usable, usable[: len(usable) // 3 * 3]):
            encoded = base64.b64encode(part).rstrip(b"=")
            if len(encoded) >= _SHORTEST:
                yield encoded.decode()
                yield encoded.translate(_URL_SAFE).decode()


def with_zeros(part: str) -> Iterator[str]:
    """
    Yield a part of a secret as UTF-16 looks that was read as UTF-8: as it is, and escaped.
    """
    # Quoted twice, as in the explanation of an assertion about a list of texts.
    yield from dict.fromkeys(_quoted(_quoted(["\0".join(part)])))


def _decoded(secret: str) -> dict[str, None]:
    return dict.fromkeys((secret, unquote(secret), unquote_plus(secret)))


def _written(plain: str) -> Iterator[str]:
    yield plain
    for quotes in (True, False):
        yield html.escape(plain, quote=quotes)
    # As Jinja and lxml write the quotes.
    yield html.escape(plain).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
    yield quote_plus(plain)
    for safe in _SAFE:
        encoded = quote(plain, safe=safe)
        yield encoded
        yield _in_lower_case(encoded)


def _quoted(forms: Iterable[str]) -> Iterator[str]:
    """
    Yield each form once as it is, and as it stands between quotes in Python and in JSON.
    """
    for form in dict.fromkeys(forms):
        yield form
        yield repr(form)[1:-1]
        # Between single quotes, which repr takes if the text around it has both kinds.
        yield repr(f"\"'{form}")[4:-1]
        yield json.dumps(form)[1:-1]
        yield json.dumps(form, ensure_ascii=False)[1:-1]


_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


def _in_lower_case(encoded: str) -> str:
    """
    Return percent-encoded text with the digits of its escapes in lower case.
    """
    first, *others = encoded.split("%")
    return "%".join([first, *(other[:2].lower() + other[2:] for other in others)])
