"""
A log is read to its end in any packing, and its defects are reported.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from functools import partial

import pytest

from livekit_conformance.log_diagnosis.reading import LogReader, UnknownCompression

LINES = b"".join(b"line %d of some, each a little longer\n" % number for number in range(9000))


def reader(content):
    return LogReader(io.BufferedReader(io.BytesIO(content)))


def read(content):
    of = reader(content)
    blocks = list(of.blocks())
    return b"".join(blocks), [note("en") for note in of.notes], blocks


@pytest.mark.parametrize(
    "content", [LINES, b"", b"no line end", b"\n", LINES + b"no line end", b"\x00\xff\n\n\n"]
)
def test_a_plain_log_is_read_in_whole_lines(content):
    text, notes, blocks = read(content)

    assert text == content
    assert notes == []
    assert all(block.endswith(b"\n") for block in blocks[:-1])


@pytest.mark.parametrize("content", [LINES, b"", b"no line end"])
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_log_is_what_was_packed(pack, content):
    text, notes, _ = read(pack(content))

    assert (text, notes) == (content, [])


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_parts_that_were_packed_one_by_one_are_one_log(pack):
    assert read(pack(LINES[:5000]) + pack(LINES[5000:]))[0] == LINES


@pytest.mark.parametrize(
    "pack",
    # bz2 unpacks whole blocks only, of 100 kB here.
    [gzip.compress, partial(bz2.compress, compresslevel=1), partial(lzma.compress, preset=0)],
    ids=["gz", "bz2", "xz"],
)
def test_of_a_cut_off_log_the_readable_part_is_read(pack):
    lines = b"".join(b"%d %d\n" % (number, zlib.crc32(b"%d" % number)) for number in range(50_000))
    packed = pack(lines)

    text, notes, _ = read(packed[: len(packed) * 3 // 4])

    assert len(lines) // 3 < len(text) < len(lines)
    assert lines.startswith(text)
    assert notes == [
        "cut off: the compressed file ends in the middle; what could be read is counted"
    ]


def test_of_a_damaged_log_what_comes_before_is_read():
    text, notes, _ = read(gzip.compress(LINES) + b"\x1f\x8b rubbish, and more of it")

    assert text == LINES
    assert len(notes) == 1
    assert notes[0].startswith("damaged: ")


@pytest.mark.parametrize(
    ("magic", "command"), [(b"\x28\xb5\x2f\xfd", "zstd -dc"), (b"PK\x03\x04", "unzip -p")]
)
def test_what_is_not_unpacked_here_says_what_unpacks_it(magic, command):
    with pytest.raises(UnknownCompression) as refused:
        reader(magic + b"and more")

    assert refused.value.command == command


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_utf_16_is_read_as_utf_8(mark):
    encoding = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    text = LINES.decode() + "звонок"

    assert read(mark + text.encode(encoding))[0] == text.encode()


def test_a_log_without_line_ends_comes_in_pieces():
    content = b"x" * 5_000_000

    text, _, blocks = read(content)

    assert text == content
    assert max(map(len, blocks)) < 2_000_000
