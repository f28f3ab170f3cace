"""
Words of findings about configuration files: each code has them, in each language.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from livekit_conformance import config_doctor
from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.finding_words import said
from livekit_conformance.config_doctor import check
from livekit_conformance.config_doctor.values import FITS
from livekit_conformance.config_doctor.words import PARTS, SENTENCES
from tests.codes import first_arguments, strings
from tests.russian import english_in

_FOLDER = Path(config_doctor.__file__).parent
_RULES = [path for path in _FOLDER.glob("*.py") if not path.stem.endswith(("words", "sentences"))]
_SOURCES = [*_RULES, _FOLDER.parent / "cli" / "config_check.py"]
_IN_RULES = strings(_SOURCES)
# The kinds of values that have advice of their own: the rest of the code is the kind.
_BY_KIND = {f"advice.{kind}" for kind in FITS}
_WRONG_SERVER = """
port: '7880'
prot: 1
prot: 2
keys: {APIkey12: short}
redis: {address: 'redis://h:1'}
webhook: {urls: [app/hook], api_key: APIother}
rtc: {tcp_port: 7880, port_range_start: 200, port_range_end: 100, node_ip: x, udp_port: [1]}
turn: {enabled: yes}
room: {max_participants: 1, enabled_codecs: [{mime: video/VP8}], create_room_timeout: 10}
limit: {max_attributes_size: 5}
node_selector: {kind: best}
"""
_WRONG_SIP = """
redis: {address: other.example:6379}
api_key: APIthird
api_secret: changeme
ws_url: ws://127.0.0.1:7999
sip_port: 70000
rtp_port: 100
health_check: 1
tls: {certs: [{cert_file: a}], min_version: ssl3}
sip_ringing_interval: 2h
timeout: 3s
webhooks: []
"""


def test_each_code_of_a_rule_has_words_and_no_word_is_left_over():
    words = {*SENTENCES, *PARTS}

    assert first_arguments(_SOURCES, "phrase") <= words
    assert words - _IN_RULES - _BY_KIND == set()


@pytest.mark.parametrize("code", [*SENTENCES, *PARTS])
def test_the_russian_words_hold_no_english_sentence(code):
    found = SENTENCES.get(code)
    texts = [PARTS[code]] if found is None else [found.problem, found.consequence, found.remedy]

    assert [english_in(text.ru.replace("{", "…{")) for text in texts] == [[]] * len(texts)


def test_findings_are_told_in_russian_with_the_same_names():
    findings = check(_WRONG_SERVER, _WRONG_SIP)

    assert len(findings) > 25
    for finding in findings:
        told = said(finding.as_finding(), "ru")
        assert told.startswith(f"{finding.place}: `{finding.key}` ")
        assert english_in(told) == []


def test_causes_look_for_codes_that_findings_have():
    signs = (
        sign
        for cause in CAUSES
        for sign in (*cause.shows, *cause.also, *cause.proofs, *cause.excludes)
    )
    codes = {sign.where["what"] for sign in signs if "what" in sign.where}

    assert codes <= set(SENTENCES)
    assert codes
