"""
Reports in Russian: what is left of English in them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from livekit_conformance.catalogue.clauses import BY_ID, CLAUSES
from livekit_conformance.config_doctor import check
from livekit_conformance.reporting.terminal import summary_layout
from livekit_conformance.reporting.text import words
from livekit_conformance.reporting.writers import html, summary_md
from livekit_conformance.verdict import Verdict
from tests.reporting import runs
from tests.russian import english_in

_CONFIGURED = "1.5-configs-agree"
# What is not ours: names, commands and lines of others stand in these.
_QUOTED = re.compile(r"<(style|script|code|pre|svg|title)\b.*?</\1>", re.DOTALL)
_COMMAND = re.compile(r"(lk|redis-cli|timedatectl|openssl|getent|tcpdump) ")
_FILES = (
    "keys: {APIkey: short}\nprot: 1\nredis: {address: h}\nroom: {max_participants: 1}\n",
    "redis: {address: 'redis://h:1'}\nsip_port: 70000\ntimeout: 3s\nws_url: h\n",
)


def everything_fails():
    """
    Return a run in which each clause is violated; no check adds anything but its findings.
    """
    findings = tuple(finding.as_finding() for finding in check(*_FILES))
    changes = {
        clause.id: {"verdict": Verdict.FAIL, "message": clause.statement} for clause in CLAUSES
    }
    seen = "; ".join(found.seen for found in findings)
    changes[_CONFIGURED] |= {
        "message": f"{BY_ID[_CONFIGURED].statement}; {seen}",
        "seen": seen,
        "findings": findings,
    }
    return replace(runs.result(changes, []), language="ru")


def english_in_ours(text: str) -> list[str]:
    """
    Return the English sentences in a text, without commands.
    """
    return [sentence for sentence in english_in(text) if not _COMMAND.match(sentence)]


def english_on(page: str) -> list[str]:
    nodes = re.findall(r">([^<>]+)<", _QUOTED.sub("<q></q>", page))
    return [sentence for node in nodes for sentence in english_in_ours(unescape(node))]


def test_the_page_of_a_run_in_which_everything_fails_has_no_english_sentence(tmp_path):
    html.write(everything_fails(), tmp_path / "report.html")

    assert english_on((tmp_path / "report.html").read_text(encoding="utf-8")) == []


def test_the_summary_of_such_a_run_has_no_english_sentence(tmp_path):
    result = everything_fails()
    summary_md.write(result, tmp_path / "summary.md")
    lines = [
        *(line.text for line in summary_layout.whole(result, Path("reports"))),
        *(tmp_path / "summary.md").read_text(encoding="utf-8").splitlines(),
    ]

    assert [sentence for line in lines for sentence in english_in_ours(line)] == []


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.id)
def test_the_message_of_a_check_begins_with_the_russian_statement(clause):
    record = replace(
        runs.record(clause),
        verdict=Verdict.FAIL,
        message=f"{clause.statement}; 486 after 0.19 s",
        seen="486 after 0.19 s",
    )

    told = words.message(record, "ru")

    assert told == f"{words.statement(record, 'ru')}; 486 after 0.19 s"
    assert clause.statement not in told
    assert words.message(record, "en") == record.message
