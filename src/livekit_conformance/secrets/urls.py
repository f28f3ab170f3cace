"""
The secrets in a URL: its password, a token in the place of the user, those of its query, and
parts of its path that look like a credential.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote, unquote_plus, urlsplit, urlunsplit

from livekit_conformance.secrets.names import names_secret
from livekit_conformance.secrets.shapes import looks_like_credential

# A shorter user without a password is a name.
_TOKEN_LENGTH: Final = 16
_PAIR: Final = re.compile(r"[?&;#]*([^=&;#]*)=([^&;#]*)")


def url_secrets(url: str) -> Iterator[str]:
    """
    Yield each secret in a URL, as it is written there and decoded.
    """
    parts = urlsplit(url)
    user, password = parts.username or "", parts.password or ""
    written = [password or (user if len(user) >= _TOKEN_LENGTH else "")]
    written += (
        value
        for name, value in _PAIR.findall(f"?{parts.query}#{parts.fragment}")
        if names_secret(unquote(name)) or looks_like_credential(value)
    )
    if parts.netloc:
        written += filter(looks_like_credential, parts.path.split("/"))
    for value in filter(None, written):
        yield from dict.fromkeys((value, unquote(value), unquote_plus(value)))


def without_user_info(url: str) -> str:
    """
    Return a URL without user name and password.
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
