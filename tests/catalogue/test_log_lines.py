"""
Known log lines: each has one entry, and nothing else spells its message.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from livekit_conformance.catalogue.log_lines import (
    ALL,
    SERVER,
    SIP,
    Means,
    known_line,
    of_both,
    of_server,
    of_sip,
)

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "livekit_conformance"
# The mock writes what it has learnt from recordings, and so tests the entries.
OTHERS = (SOURCE / "mock", SOURCE / "catalogue" / "log_lines")


def strings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_each_line_has_one_entry():
    entries = Counter((line.service, line.message) for line in ALL)

    assert [entry for entry, count in entries.items() if count > 1] == []
    assert len(entries) > 100


def test_no_other_module_spells_a_message():
    # A shorter one may be a word of something else.
    known = {line.message for line in ALL if len(line.message.split()) > 1}
    modules = [
        path
        for folder in (SOURCE, ROOT / "suites", ROOT / "fixtures", ROOT / "bench")
        for path in folder.rglob("*.py")
        if not any(path.is_relative_to(other) for other in OTHERS)
    ]

    spelt = {
        f"{path.relative_to(ROOT)}: {text}"
        for path in modules
        for text in strings(path)
        if text in known
    }

    assert len(modules) > 100
    assert spelt == set()


@pytest.mark.parametrize(
    ("service", "message", "line"),
    [
        (SIP, "SIP call ended", of_sip.ENDED),
        (SERVER, "SIP call ended", None),
        (SERVER, "API SIP.CreateSIPParticipant", of_server.DIALLED),
        (SERVER, "API SIP.ListSIPInboundTrunk", of_server.ANSWERED),
        (SIP, "high cpu load", of_both.HIGH_CPU_LOAD),
        (SERVER, "panic: runtime error: index out of range", of_both.CRASH),
        (SIP, "listen udp 0.0.0.0:5060: bind: address already in use", of_both.PORT_TAKEN),
        (SIP, "could not parse config: yaml: line 3", of_sip.UNREADABLE_CONFIG),
        (SIP, "a line that nobody has seen", None),
    ],
)
def test_a_message_leads_to_its_line(service, message, line):
    assert known_line(service, message) is line


def test_last_words_are_lines_without_a_level():
    assert {line.level for line in ALL if line.means is Means.LAST_WORDS} == {""}
