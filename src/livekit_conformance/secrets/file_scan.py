"""
Search written files for secrets, in every encoding that hides them from plain search.

The scrubber works on text before it is encoded. This is its counter-check on the published files:
JSON in an attribute of HTML, base64 in a data URL, members of an archive.
"""

from __future__ import annotations

import base64
import gzip
import html
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from livekit_conformance.secrets.encodings import essences
from livekit_conformance.secrets.fragments import NAME_OR_ID, WINDOW, Fragments, fragments, windows
from livekit_conformance.secrets.patterns import whole_tokens

# Shorter values occur in a page by chance, and so do short ones of letters only.
_SHORTEST: Final = 8
# Encodings within encodings: base64 of a page that holds JSON is three.
_DEPTH: Final = 3
_ESCAPE = re.compile(r"""\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\\/"'nrt]))""")
_CONTROL = {"n": "\n", "r": "\r", "t": "\t"}
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_UNREADABLE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Unfit:
    """
    File that must not be published, and the reason: it holds a secret, or could not be read.
    """

    path: Path
    why: str


class SecretScan:
    """
    Search for known secrets, and for what the suite made itself: signatures of tokens and digest
    responses. Report their place, never their value.
    """

    def __init__(self, secrets: Iterable[str], made: Iterable[str] = ()) -> None:
        looked_for = {s for s in secrets if len(s) >= _SHORTEST and not _is_word(s)}
        forms = {form for secret in looked_for for form in essences(secret)}
        parts = (
            part for form in forms for part in fragments(form, at_cut=_SHORTEST, chance=NAME_OR_ID)
        )
        # These are many, random, and written nowhere but in requests.
        own = (part for value in made for part in windows(value, NAME_OR_ID))
        self._fragments = Fragments(chain(parts, own))

    def unfit(self, paths: Iterable[Path]) -> Iterator[Unfit]:
        """
        Yield the files that hold a secret or cannot be read.
        """
        # Attachments are copies of the evidence.
        known: dict[bytes, str | None] = {}
        for path in paths:
            try:
                content = path.read_bytes()
                if (digest := blake2b(content).digest()) not in known:
                    known[digest] = self.where(content)
                where = known[digest]
            except _UNREADABLE as error:
                yield Unfit(path, f"could not be looked at: {type(error).__name__}")
            else:
                if where is not None:
                    yield Unfit(path, f"holds a secret ({where})")

    def where(self, content: bytes) -> str | None:
        """
        Return how a secret is hidden in `content`, or None without one.

        For example `base64 in JSON or HTML`.
        Raises what zipfile, gzip and zlib raise for broken archives.
        """
        return next((how for how, text in _readings(content) if self._is_in(text)), None)

    def _is_in(self, text: str) -> bool:
        return self._fragments.are_in(text) or (
            "eyJ" in text and any(_is_signed(token) for token in whole_tokens(text))
        )


def _is_word(secret: str) -> bool:
    return len(secret) < WINDOW and secret.isalpha()


def _is_signed(token: str) -> bool:
    return len(token.rpartition(".")[2]) >= WINDOW


def _readings(content: bytes, outer: str = "", depth: int = _DEPTH) -> Iterator[tuple[str, str]]:
    """
    Yield every text that `content` can be decoded to, with a description of the encodings.
    """
    if content.startswith(_ZIP):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield from _readings(archive.read(name), f" in {name} in a zip{outer}", depth - 1)
        return
    if content.startswith(_GZIP):
        yield from _readings(gzip.decompress(content), f" in gzip{outer}", depth - 1)
        return
    blobs: set[str] = set()
    for text, how in _unescaped(_without_zeros(content.decode("utf-8", "replace"))):
        yield f"{how}{outer}", text
        if depth > 0:
            blobs.update(_BASE64.findall(text))
    if blobs:
        yield from _decoded(blobs, f" in base64{outer}", depth - 1)


def _unescaped(text: str) -> Iterator[tuple[str, str]]:
    yield text, "as it is"
    seen = {text}
    for _ in range(_DEPTH):
        before = text
        for undo in (html.unescape, _without_backslashes, unquote, _without_zeros):
            text = undo(text)
            if text not in seen:
                seen.add(text)
                yield text, "escaped"
        if text == before:
            return


def _without_zeros(text: str) -> str:
    """
    Return text with which UTF-16 can be read, too.
    """
    return text.replace("\0", "")


def _without_backslashes(text: str) -> str:
    return _ESCAPE.sub(_meant, text) if "\\" in text else text


def _meant(escape: re.Match[str]) -> str:
    code, byte, character = escape.groups()
    if character:
        return _CONTROL.get(character, character)
    # A lone surrogate, as in the JavaScript of Allure's page, cannot be encoded as text.
    return chr(int(code or byte, 16)).encode("utf-8", "replace").decode()


def _decoded(blobs: Iterable[str], outer: str, depth: int) -> Iterator[tuple[str, str]]:
    texts = []
    for blob in "\n".join(blobs).encode().translate(_URL_SAFE).split(b"\n"):
        # One character is left over if the pattern also matched an adjacent character.
        usable = blob[: len(blob) - (len(blob) % 4 == 1)]
        content = base64.b64decode(usable + b"=" * (-len(usable) % 4))
        if content.startswith((_ZIP, _GZIP)):
            # A blob may look like an archive by chance; an unreadable one is skipped.
            yield from _archive(content, outer, depth)
        else:
            texts.append(content)
    yield from _readings(b"\n".join(texts), outer, depth)


def _archive(content: bytes, outer: str, depth: int) -> Iterator[tuple[str, str]]:
    try:
        yield from _readings(content, outer, depth)
    except _UNREADABLE:
        return
