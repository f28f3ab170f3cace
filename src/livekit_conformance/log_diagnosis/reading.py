"""
Read logs of any size in blocks of whole lines: plain, compressed, from a file or a pipe.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from io import BufferedIOBase, BufferedReader

from livekit_conformance.errors import in_system_words
from livekit_conformance.log_diagnosis.words import CUT_OFF, DAMAGED
from livekit_conformance.wording import Language

# Blocks that fit into the cache of a core are scanned twice as fast as 1 MB.
_BLOCK = 1 << 16
# A longer line, or a file without line ends, is split.
_LONGEST_LINE = 1 << 20
_MAGIC_LENGTH = 6

_DECOMPRESSORS: tuple[tuple[bytes, Callable[[BufferedReader], BufferedIOBase]], ...] = (
    (b"\x1f\x8b\x08", lambda raw: gzip.GzipFile(fileobj=raw)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
)
_UNPACKED_BY = ((b"\x28\xb5\x2f\xfd", "zstd -dc"), (b"PK\x03\x04", "unzip -p"))
# Windows PowerShell writes it for `docker logs ... > FILE`: a byte order mark, then ASCII.
_UTF_16 = re.compile(b"\xff\xfe[^\\0]\\0|\xfe\xff\\0[^\\0]", re.DOTALL)
# Remark about a log, in the requested language.
Note = Callable[[Language], str]


class UnknownCompression(Exception):
    """
    Log in a format that the standard library cannot unpack; `command` can.
    """

    def __init__(self, command: str) -> None:
        super().__init__(command)
        self.command = command


class LogReader:
    """
    Reader of one log; once it is read, `notes` describe what was wrong with it.

    Raises UnknownCompression.
    """

    def __init__(self, raw: BufferedReader) -> None:
        self.notes: list[Note] = []
        self._raw = raw
        self._magic = raw.peek(_MAGIC_LENGTH)
        for magic, command in _UNPACKED_BY:
            if self._starts_with(magic):
                raise UnknownCompression(command)

    def blocks(self) -> Iterator[bytes]:
        """
        Yield the log in blocks of about 64 KB, which end at a line end except for the last one.
        """
        rest = b""
        for chunk in self._chunks():
            end = chunk.rfind(b"\n") + 1
            if end:
                yield b"".join((rest, memoryview(chunk)[:end]))
                rest = chunk[end:]
            else:
                rest += chunk
            if len(rest) >= _LONGEST_LINE:
                yield rest
                rest = b""
        if rest:
            yield rest

    def _chunks(self) -> Iterator[bytes]:
        stream: BufferedIOBase = self._raw
        for magic, decompressor in _DECOMPRESSORS:
            if self._starts_with(magic):
                stream = decompressor(self._raw)
        decode = codecs.getincrementaldecoder("utf-16")("replace").decode
        is_utf_16 = _UTF_16.match(self._magic)
        try:
            while chunk := stream.read1(_BLOCK):
                yield decode(chunk).encode(errors="replace") if is_utf_16 else chunk
        except EOFError:
            self.notes.append(CUT_OFF.say)
        except (OSError, zlib.error, lzma.LZMAError) as error:
            self.notes.append(partial(DAMAGED.say, error=in_system_words(error)))

    def _starts_with(self, magic: bytes) -> bool:
        return self._magic.startswith(magic)
