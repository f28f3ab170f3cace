"""
The forms that a secret takes in what we write: escaped, percent-encoded, base64, hexadecimal.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus

# Characters that URL libraries leave as they are: none, those of a path, those of user info.
_SAFE: Final = ("", "/", "!$&'()*+,;=", "/!$&'()*+,;=:@")
# Shorter base64 of a part of a secret occurs by chance.
_SHORTEST: Final = 8


def encodings(secret: str) -> Iterator[str]:
    """
    Yield a secret as it is, and in the encodings of the formats that we and the services write.
    """
    for plain in dict.fromkeys((secret, unquote(secret), unquote_plus(secret))):
        yield from _forms(plain)


def _forms(plain: str) -> Iterator[str]:
    as_json = json.dumps(plain)[1:-1]
    yield plain
    yield as_json
    yield json.dumps(as_json)[1:-1]
    yield json.dumps(plain, ensure_ascii=False)[1:-1]
    yield repr(plain)[1:-1]
    yield html.escape(plain)
    # As Jinja and lxml write the quotes.
    yield html.escape(plain).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
    yield html.escape(plain, quote=False)
    yield quote_plus(plain)
    for safe in _SAFE:
        encoded = quote(plain, safe=safe)
        yield encoded
        yield _in_lower_case(encoded)
    yield plain.swapcase()
    yield plain.lower()
    yield plain.upper()
    raw = plain.encode("utf-8", "surrogatepass")
    yield raw.hex()
    yield raw.hex().upper()
    yield base64.b64encode(raw).decode()
    # Base64 works on groups of three bytes, so the secret shows in one of three alignments;
    # the characters at either end depend on its neighbours and are left out.
    for lead in range(3):
        usable = raw[(3 - lead) % 3 :]
        whole = base64.b64encode(usable[: len(usable) // 3 * 3])
        if len(whole) >= _SHORTEST:
            yield whole.decode()
            yield whole.translate(_URL_SAFE).decode()


_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


def _in_lower_case(encoded: str) -> str:
    """
    Return percent-encoded text with the digits of its escapes in lower case.
    """
    first, *others = encoded.split("%")
    return "%".join([first, *(other[:2].lower() + other[2:] for other in others)])
