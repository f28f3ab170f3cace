"""
Counts are right, whatever comes between the lines.
"""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livekit_conformance.catalogue.log_lines import ON_PURPOSE
from tests.log_diagnosis.lines import (
    AT,
    WRAPPERS,
    by_docker,
    in_console,
    in_json,
    rejected,
    scan,
    scan_lines,
)

QUIET = in_json("processing invite", level="info")
# Rubbish is text that no service writes: it has no mark of a log format.
RUBBISH = st.one_of(
    # Hypothesis also draws bytes from the sources, among them such lines.
    st.binary(max_size=300).filter(lambda rubbish: b"no response from servers" not in rubbish),
    st.sampled_from(
        [
            b"",
            b"{",
            b'{"level":"warn"',
            b"\x00" * 5000,
            b"GET / HTTP/1.1 200 no response from",
            b'{"time":"now","severity":"ERROR","text":"no response from servers"}',
            b"\xff\xfe\xfd",
            b"INVITE sip:+15550123@127.0.0.1 SIP/2.0\r",
            rejected().encode()[:120],
        ]
    ),
).map(lambda rubbish: rubbish.replace(b"\n", b" ") + b"\n")


def test_lines_calls_and_times_are_counted():
    lines = [
        QUIET,
        rejected(1, at=AT + 1),
        rejected(2, at=AT + 5),
        rejected(2, at=AT + 3),
        in_json("fine", level="info", at=AT + 9),
    ]

    seen = scan_lines(*lines)

    finding = seen.found["c"]
    assert (finding.lines, len(finding.calls.known)) == (3, 2)
    assert (finding.first, finding.last) == (AT + 1, AT + 5)
    assert (seen.scanned.lines, seen.scanned.understood) == (5, 5)
    assert (seen.scanned.first, seen.scanned.last) == (AT, AT + 9)


def test_a_sample_names_its_line():
    seen = scan_lines(*[QUIET] * 2500, rejected(1), *[QUIET] * 2500, rejected(2))

    assert [sample.number for sample in seen.found["c"].samples] == [2501, 5002]


@pytest.mark.parametrize("wrapper", sorted(WRAPPERS))
def test_wrapped_lines_are_counted_like_others(wrapper):
    wrap = WRAPPERS[wrapper]
    seen = scan_lines(*(wrap(line) for line in (rejected(1), QUIET, in_console("m"), rejected(2))))

    assert seen.found["c"].lines == 2
    assert (seen.scanned.lines, seen.scanned.understood) == (4, 4)
    assert seen.unexplained.lines == 1


def test_mixed_dialects_are_all_understood():
    lines = [QUIET, in_console("m", level="info"), by_docker(QUIET), in_json("m", level="debug")]

    assert scan_lines(*lines * 500).scanned.understood == 2000


def test_lines_that_json_was_written_again_for_are_understood():
    other = json.dumps({"caller": "sip/inbound.go:1", "level": "info", "msg": "m", "ts": AT})

    assert scan_lines(other, other.replace(" ", "")).scanned.understood == 2


def test_what_is_no_line_of_a_dialect_is_not_understood():
    scanned = scan_lines(QUIET, "panic: x", "", "goroutine 1 [running]:", QUIET).scanned

    assert (scanned.lines, scanned.understood) == (5, 2)


def test_the_last_line_needs_no_end():
    seen = scan(f"{QUIET}\n{rejected()}".encode())

    assert seen.found["c"].lines == 1
    assert (seen.scanned.lines, seen.scanned.understood) == (2, 2)


def test_an_empty_log_has_no_lines():
    scanned = scan(b"").scanned

    assert (scanned.lines, scanned.understood, scanned.first, scanned.services) == (0, 0, None, ())


def test_what_the_suite_does_on_purpose_is_no_finding():
    seen = scan_lines(rejected(1, room=f"voice-ai-call-1-{ON_PURPOSE}"), rejected(2))

    assert seen.found["c"].lines == 1
    assert seen.unexplained.lines == 0


def test_a_line_longer_than_a_block_is_one_line():
    seen = scan_lines(QUIET, rejected(1, stacktrace="x" * 300_000), QUIET)

    assert seen.found["c"].lines == 1
    assert (seen.scanned.lines, seen.scanned.understood) == (3, 3)


@given(
    rubbish=st.lists(st.lists(RUBBISH, max_size=3), min_size=5, max_size=5),
    order=st.permutations([rejected(1), rejected(2), rejected(2), QUIET, in_console("odd")]),
    wrap=st.sampled_from([WRAPPERS[name] for name in sorted(WRAPPERS)]),
    pack=st.sampled_from([bytes, gzip.compress]),
)
@settings(max_examples=150)
def test_rubbish_between_the_lines_never_changes_the_counts(rubbish, order, wrap, pack):
    # Not at the beginning, where the magic number of a compressed file is.
    content = f"{QUIET}\n".encode() + b"".join(
        b"".join(before) + f"{wrap(line)}\n".encode()
        for before, line in zip(rubbish, order, strict=True)
    )

    seen = scan(pack(content))

    finding = seen.found["c"]
    assert (finding.lines, len(finding.calls.known)) == (3, 2)
    assert seen.scanned.lines == content.count(b"\n")


@given(st.binary(max_size=3000))
@settings(max_examples=100)
def test_rubbish_alone_is_no_cause(content):
    assert scan(b"\n" + content).found == {}


def test_an_error_below_warning_level_is_listed_unless_healthy_calls_have_it():
    seen = scan_lines(
        in_json("a line that nobody has seen", level="info", error="boom"),
        in_json("a line that nobody has seen", level="info", error=""),
        in_json("Stopped discarding packets", level="info", error="i/o timeout"),
        in_json("Stopped discarding packets", level="info", error="i/o timeout"),
    )

    [kind], *_ = seen.unexplained.most_frequent(9)
    assert (kind.message, kind.error, kind.level, kind.lines) == (
        "a line that nobody has seen",
        "boom",
        "info",
        1,
    )
