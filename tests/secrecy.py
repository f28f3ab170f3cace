"""
Search the output of a run for secrets: verbatim, in fragments, and in every usual encoding.
"""

from __future__ import annotations

import base64
import html
import re
import urllib.parse
from collections.abc import Iterable
from pathlib import Path

# A fragment of this length identifies a secret.
WINDOW = 12


def everything_in(text, depth=3):
    """
    Return `text` and every text that appears in it once JSON, HTML, URL and base64 are decoded.
    """
    seen = {text}
    fresh = {text}
    for _ in range(depth):
        found = set()
        for piece in fresh:
            found.add(html.unescape(piece))
            found.add(urllib.parse.unquote(piece))
            found.add(re.sub(r"\\([\"'\\/<>])", r"\1", piece))
            found.add(re.sub(r"\\(?:u([0-9a-fA-F]{4})|x(00))", _meant, piece))
            # UTF-16 that was read as UTF-8.
            found.add(piece.replace("\0", ""))
            for blob in re.findall(r"[A-Za-z0-9+/_-]{16,}={0,2}", piece):
                plain = blob.rstrip("=").replace("-", "+").replace("_", "/")
                for start in range(4):
                    cut = plain[start : start + (len(plain) - start) // 4 * 4]
                    found.add(base64.b64decode(cut).decode("utf-8", "replace"))
        fresh = found - seen
        seen |= fresh
    return seen


def _meant(escape: re.Match[str]) -> str:
    return chr(int(escape[1] or escape[2], 16))


def leaks(text: str, secrets: Iterable[str]) -> list[str]:
    """
    Return every fragment of a secret in `text`, in any encoding.
    """
    windows = {
        secret[start : start + WINDOW]
        for secret in secrets
        for start in range(len(secret) - WINDOW + 1)
    }
    return [window for piece in everything_in(text) for window in windows if window in piece]


def leaks_in(folder: Path, secrets: Iterable[str]) -> dict[str, int]:
    """
    Return the files under `folder` with fragments of a secret, and the number of fragments.
    """
    known = list(secrets)
    found = {
        str(path.relative_to(folder)): len(leaks(path.read_text("utf-8", "replace"), known))
        for path in folder.rglob("*")
        if path.is_file()
    }
    return {name: count for name, count in found.items() if count}


def leaks_in_file(path: Path, secrets: Iterable[str]) -> list[str]:
    """
    Return every fragment of a secret in a file.
    """
    return leaks(path.read_text("utf-8", "replace"), secrets)
