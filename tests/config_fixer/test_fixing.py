"""
Repairs of `fix`: what it repairs, what it leaves, and no other byte changes.
"""

from __future__ import annotations

import os
import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from livekit_conformance.config_doctor import Severity, check_server, check_sip
from livekit_conformance.config_doctor.services import SERVER, SIP
from livekit_conformance.config_fixer import fix
from livekit_conformance.config_fixer.wishes import WISHES, parse_wish
from tests.config_fixer.odd_files import ODD_FILES, K, R

# Generated files; the long run is EXAMPLES=2000.
EXAMPLES = int(os.environ.get("EXAMPLES", "60"))


def errors(text, service):
    check = check_sip if service is SIP else check_server
    return [f for f in check(text, service.file) if f.severity is Severity.ERROR]


@pytest.mark.parametrize("odd", ODD_FILES, ids=lambda odd: odd.name)
def test_only_what_is_broken_changes_and_is_better_for_good(odd):
    once, again = fix(odd.before, odd.service), fix(odd.after, odd.service)

    assert once.text.encode() == odd.after.encode()
    assert (again.text, again.does) == (odd.after, ())
    assert len(errors(odd.after, odd.service)) < len(errors(odd.before, odd.service))


def test_writing_the_yaml_anew_would_change_more_in_most_of_the_files():
    """
    The measure can fail: rewriting the YAML leaves few of the files as they should be.
    """
    dumped = [
        yaml.safe_dump(yaml.safe_load(odd.after.replace("\t", " ")), sort_keys=False)
        for odd in ODD_FILES
    ]

    kept = sum(text == odd.after for text, odd in zip(dumped, ODD_FILES, strict=True))
    assert len(ODD_FILES) >= 40
    assert kept < 5


@settings(
    max_examples=EXAMPLES,
)
@given(data=st.data())
def test_nothing_changes_however_a_file_is_decorated(data):
    odd = data.draw(st.sampled_from([f for f in ODD_FILES if _is_simple(f.before)]))
    before, after = odd.before, odd.after
    head = data.draw(st.text("# \tабв:'\"{}[]&*!|>%@`,", max_size=30))
    comment = f"# {head}\n" if data.draw(st.booleans()) else ""
    blank = data.draw(st.sampled_from(["", "\n", "\n\n", "  \n"]))
    before, after = (f"{comment}{blank}{text}{comment}" for text in (before, after))
    if data.draw(st.booleans()):
        before, after = (text.replace("\n", "\r\n") for text in (before, after))
    if data.draw(st.booleans()):
        before, after = (f"\ufeff{text}" for text in (before, after))

    assert fix(before, odd.service).text == after


# Characters that YAML interprets, and those that the fixer looks for.
PIECES = (
    *("\n", "\r\n", "  ", "\t", "# x", "&a ", "*a", "{", "}", "[", "]", ", ", ": ", "- ", "'", '"'),
    *("|\n", "<<: *a", "!!str ", "\ufeff", "---\n", "? ", "~", "sip_prot", "log_level: x\n"),
    *("port: 1\n", "keep_alive: 2s\n", "logging:\n", "media_timeout: 5\n"),
)


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_whatever_is_in_a_file_one_run_is_enough_and_leaves_nothing_worse(data):
    odd = data.draw(st.sampled_from(ODD_FILES))
    text = odd.before
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        skipped = data.draw(st.integers(0, 6))
        text = text[:at] + data.draw(st.sampled_from(("", *PIECES))) + text[at + skipped :]

    fixed = fix(text, odd.service)

    assert fix(fixed.text, odd.service).text == fixed.text
    assert bool(fixed.does) == (fixed.text != text)
    assert len(errors(fixed.text, odd.service)) <= len(errors(text, odd.service))


def test_what_stands_behind_the_first_document_is_not_looked_at():
    text = "{redis: {address: 'h:1'}, sip_prot: 5060}\nlog_level: a: b\n"

    assert fix(text, SIP).text == text.replace("prot", "port")


def _is_simple(text):
    return text.endswith("\n") and not re.search(r"\r|\ufeff|^%|^---", text)


def test_a_repair_that_moves_a_repeated_key_is_kept():
    secret = "made-up-secret-of-more-than-32-characters"
    text = f"keys: {{APIabc: {secret}}}\nwebhook:\n  urls: ['http://h/']\nport: 1\nport: 2\n"

    fixed = fix(text, SERVER)

    assert "api_key: APIabc" in fixed.text
    assert [left.finding.first_line for left in fixed.left] == [5]


@pytest.mark.parametrize(
    ("service", "text", "hindrance"),
    [
        (SIP, R + "sip_port: 5060\nport: 5061\n", "the key that there is, and another, is taken"),
        (SIP, R + "media_timeout_in: 5s\n", "two keys are as near"),
        (SIP, R + "media_timeout: 3000\n", "may be milliseconds"),
        (SIP, R + "sip_port: 5060\nsip_port: 5061\n", "which of the two is meant"),
        (SIP, R + "rtp_port: 20000-10000\n", "which end is wrong"),
        (SIP, R + "rtp_prot: 10000\n", "only the start of the range would be set, a new warning"),
        (SIP, R + "room: {auto_create: true}\n", "livekit-server has it"),
        (SIP, R + "log_level: &level debug\ncluster_id: *level\n", "an anchor would move"),
        (SIP, R + "x: &x {sip_prot: 5060}\n<<: *x\n", "an alias brings it"),
        (SIP, R + "logging: {json: true}\nlog_level: debug # why\n", "a comment would be lost"),
        (SIP, R + "trunks: [a]\n", "nothing to rename it to"),
        (SIP, R + "health_check: {port: 8080}\n", "a section"),
        (SIP, R + "sip_prot: 5070\nhealth_port: 5070\n", "two listeners would have one port"),
        (SERVER, K + "timeout: 30s\n", "many sections have one"),
        (SERVER, K + "port: [\n", "not YAML"),
        (SERVER, K + "redis: {dial_timeout: 5}\nroom: {empty_timeout: 500ms}\n", "half a second"),
        (SERVER, K + "trunks: [a]\n", "no wish, so perhaps it means something"),
    ],
)
def test_what_a_person_has_to_decide_is_left(service, text, hindrance):
    fixed = fix(text, service)

    assert (fixed.text, fixed.does) == (text, ()), hindrance
    assert fixed.left


def test_what_hinders_a_repair_is_told():
    (left,) = [
        left
        for left in fix(R + "sip_prot: 5070\nhealth_port: 5070\n", SIP).left
        if left.finding.key == "sip_prot"
    ]

    assert "sip_prot becomes sip_port" in left.hindrance
    assert "overlaps" in left.hindrance


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (R + "# why\nkeep_alive: 25s # k\nsip_port: 5060\n", R + "# why\nsip_port: 5060\n"),
        (R + "webhook:\n  retry: 3\n  timeout: 5s\n", R + "webhook:\n  retry: 3\n  timeout: 5s\n"),
    ],
)
def test_what_livekit_sip_ignores_goes_only_when_asked_for(text, after):
    assert fix(text, SIP).text == text
    assert fix(text, SIP, removes=True).text == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (R, R + "health_port: 8080\n"),
        (R.rstrip("\n"), R + "health_port: 8080"),
        (R + "health_port: 0 # off\n", R + "health_port: 8080 # off\n"),
        (R + "health_port:\n", R + "health_port: 8080\n"),
        (R + "health_port: 9\n", R + "health_port: 9\n"),
        ("redis:\n  address: h:1\n", "health_port: 8080\nredis:\n  address: h:1\n"),
        (
            R + "rtp_port: 10000-20000\n# end\n",
            R + "rtp_port: 10000-20000\nhealth_port: 8080\n# end\n",
        ),
    ],
)
def test_the_wish_that_there_is_a_key_for_is_granted_once(before, after):
    wishes = [parse_wish("health-check")]

    first = fix(before, SIP, wishes=wishes)

    assert first.text == after
    assert fix(after, SIP, wishes=wishes).text == after


def test_a_wish_that_would_break_something_is_not_granted():
    text = R + "pprof_port: 8080\n"

    fixed = fix(text, SIP, wishes=[parse_wish("health-check")])

    assert fixed.text == text
    assert "Nothing was written: then" in fixed.answers[0]


@pytest.mark.parametrize("service", [SIP, SERVER], ids=lambda service: service.name)
@pytest.mark.parametrize("wish", [name for name in WISHES if name != "health-check"])
def test_other_wishes_are_answered_and_nothing_is_written(service, wish):
    text = R + K

    fixed = fix(text, service, wishes=[parse_wish(wish)])

    assert (fixed.text, fixed.does) == (text, ())
    assert fixed.answers[0].startswith(f"{wish} ({WISHES[wish].wanted}): ")


@pytest.mark.parametrize(
    "text", ["immortality", "health-check=0", "health-check=65536", "health-check=a"]
)
def test_a_wish_that_cannot_be_meant_is_refused(text):
    with pytest.raises(ValueError, match=r"no such wish|needs a port"):
        parse_wish(text)
