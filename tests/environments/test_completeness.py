"""
Services and settings that a profile promises and does not define.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.environments.completeness import gaps
from livekit_conformance.environments.loader import Loaded
from livekit_conformance.environments.profile import Profile
from livekit_conformance.environments.variables import LeftOut

OPTIONS = BY_ID["1.5-sip-answers-options"]
CREDENTIALS = BY_ID["1.1-trunk-accepts-right-password"]
OUTBOUND = BY_ID["1.5-outbound-call-is-answered"]


def make_profile(**sip):
    return Profile.model_validate({"kind": "live", "allow": ["read"], "sip": sip})


def found(profile, selected, empty=None, left_out=None):
    loaded = Loaded(profile, Path("there.yaml"), empty=empty or {}, left_out=left_out or {})
    return [str(gap) for gap in gaps(profile, loaded, selected)]


def test_what_a_profile_leaves_out_is_no_gap():
    assert found(make_profile(), BY_ID.values()) == []


def test_an_empty_variable_that_a_selected_check_needs_is_a_gap():
    empty = {"SIP_SERVER": ["sip.server"], "REDIS_URL": ["redis"]}

    assert found(make_profile(), [OPTIONS], empty) == ["sip.server: variable SIP_SERVER is empty"]


def test_a_key_goes_with_the_need_of_its_section():
    assert found(make_profile(), [OPTIONS], {"SIP_NUMBER": ["sip.number"]}) != []


def test_an_empty_account_is_the_choice_of_no_digest():
    empty = {"SIP_USERNAME": ["sip.username"], "SIP_PASSWORD": ["sip.password"]}

    assert found(make_profile(), [CREDENTIALS], empty) == []


def test_a_password_without_a_user_name_is_a_gap():
    profile = make_profile(password="no-user-name")

    assert found(profile, [CREDENTIALS], {"SIP_USERNAME": ["sip.username"]}) == [
        "sip.username: variable SIP_USERNAME is empty"
    ]


def test_what_no_variable_is_set_for_is_no_gap():
    left_out = {
        "sip.server": LeftOut(("SIP_SERVER",), ()),
        "sip.number": LeftOut(("SIP_NUMBER",), ()),
        "webhook.url": LeftOut(("DOMAIN", "PORT"), ()),
    }

    assert found(make_profile(), BY_ID.values(), left_out=left_out) == []


@pytest.mark.parametrize(
    ("given", "key", "name", "words"),
    [
        ({"server": "sip.test"}, "sip.number", "SIP_NUMBER", "because sip.server is"),
        ({"number": "+15550123"}, "sip.server", "SIP_SERVER", "because sip.number is"),
        ({"username": "x"}, "sip.server", "SIP_SERVER", "because sip.username is"),
        ({"username": "x"}, "sip.password", "SIP_PASSWORD", "because sip.username is"),
        ({"password": "abcd"}, "sip.username", "SIP_USERNAME", "because sip.password is"),
    ],
)
def test_a_group_that_variables_fill_in_part_is_a_gap(given, key, name, words):
    told = found(make_profile(**given), [CREDENTIALS], left_out={key: LeftOut((name,), ())})

    assert told == [f"{key}: {name} must be set too, {words}"]


def test_a_value_that_variables_fill_in_part_is_a_gap():
    left_out = {"webhook.url": LeftOut(("PORT",), ("DOMAIN",))}
    endpoint = BY_ID["1.3-endpoint-resolves"]

    told = found(make_profile(), [endpoint], left_out=left_out)

    assert told == ["webhook.url: PORT must be set too, because DOMAIN is"]
    assert found(make_profile(), [OPTIONS], left_out=left_out) == []


@pytest.mark.parametrize("lacking", ["trunk_id", "number", "listen"])
def test_an_outbound_section_in_part_is_a_gap(lacking):
    whole = {"trunk_id": "ST_1", "number": "+15550123", "listen": "192.0.2.1:5070"}
    part = {key: value for key, value in whole.items() if key != lacking}

    assert found(make_profile(outbound=whole), [OUTBOUND], {}) == []
    assert found(make_profile(outbound=part), [OPTIONS], {}) == []
    assert found(make_profile(outbound=part), [OUTBOUND], {}) == [
        f"sip.outbound.{lacking} must be given too"
    ]
