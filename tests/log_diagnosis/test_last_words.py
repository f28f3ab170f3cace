"""
Last words of a service, in whatever format.
"""

from __future__ import annotations

import pytest

from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.log_lines import SERVER, SIP
from livekit_conformance.catalogue.log_lines.last_words import last_words
from livekit_conformance.protocol.logline import parse
from tests.log_diagnosis.lines import in_json, scan_lines

WORDS = "something new: it cannot go on"
PANIC = (
    "panic: runtime error: invalid memory address or nil pointer dereference",
    "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x1]",
    "",
    "goroutine 1 [running]:",
    "main.main()",
)
YAML = "could not parse config: yaml: unmarshal errors:"
USUAL = in_json("starting LiveKit server", service=SERVER, level="info")
REDIS = "redis: 2026/11/30 17:03:07 pool.go:715: redis: connection pool: failed to dial"


def said(service, *lines, **more):
    line = last_words(service, [parse(line) for line in lines], **more)
    return line and line.message


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((WORDS,), WORDS),
        ((USUAL, "first", WORDS), WORDS),
        ((USUAL, WORDS, "", ""), WORDS),
        ((USUAL, *PANIC), PANIC[0]),
        ((USUAL, REDIS, WORDS), WORDS),
        ((in_json("cannot go on", level="fatal"),), "cannot go on"),
        # An error with details in further lines.
        (("could not parse config: yaml: unmarshal errors:", "  line 5: no such field"), YAML),
        # It goes on.
        ((WORDS, USUAL), None),
        ((*PANIC, USUAL), None),
        ((USUAL, REDIS), None),
        ((USUAL, in_json("no", level="error")), None),
        ((), None),
    ],
)
def test_the_last_words_are_the_crash_or_the_last_line_of_text(lines, words):
    assert said(SERVER, *lines) == words


def test_an_error_is_the_last_word_of_a_service_that_is_gone():
    assert said(SIP, USUAL, in_json("no", level="error"), gone=True) == "no"
    assert said(SIP, USUAL, gone=True) is None


def test_the_unknown_last_words_of_a_service_are_quoted():
    seen = scan_lines(USUAL, WORDS, causes=CAUSES, name="livekit-server.log")

    assert [(id_, each.confidence) for id_, each in seen.found.items()] == [
        ("server-has-ended", "likely")
    ]
    [sample] = seen.found["server-has-ended"].samples
    assert (sample.number, sample.text) == (2, WORDS)


def test_known_last_words_have_a_cause_of_their_own():
    words = "one of key-file or keys must be provided"

    assert list(scan_lines(words, causes=CAUSES, name="livekit-server.log").found) == [
        "server-has-no-keys"
    ]


def test_each_service_of_a_common_log_has_its_own_last_words():
    lines = (
        f"livekit-server-1  | {USUAL}",
        f"livekit-server-1  | {WORDS}",
        f"livekit-sip-1  | {in_json('processing invite', level='info')}",
        "postgres-1  | database system is ready",
    )

    assert list(scan_lines(*lines, causes=CAUSES).found) == ["server-has-ended"]
