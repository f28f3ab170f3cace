"""
What a profile promises and does not give.
"""

from __future__ import annotations

import pytest

from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.environments.completeness import gaps
from livekit_conformance.environments.profile import Profile

OPTIONS = BY_ID["1.5-sip-answers-options"]
CREDENTIALS = BY_ID["1.1-trunk-accepts-right-password"]
OUTBOUND = BY_ID["1.5-outbound-call-is-answered"]


def make_profile(**sip):
    return Profile.model_validate({"kind": "live", "allow": ["read"], "sip": sip})


def test_what_a_profile_leaves_out_is_no_gap():
    assert gaps(make_profile(), {}, BY_ID.values()) == []


def test_an_empty_variable_that_a_selected_check_needs_is_a_gap():
    empty = {"SIP_SERVER": ["sip.server"], "REDIS_URL": ["redis"]}

    assert gaps(make_profile(), empty, [OPTIONS]) == ["sip.server: variable SIP_SERVER is empty"]


def test_a_key_goes_with_the_need_of_its_section():
    assert gaps(make_profile(), {"SIP_NUMBER": ["sip.number"]}, [OPTIONS]) != []


def test_an_empty_account_is_the_choice_of_no_digest():
    empty = {"SIP_USERNAME": ["sip.username"], "SIP_PASSWORD": ["sip.password"]}

    assert gaps(make_profile(), empty, [CREDENTIALS]) == []


def test_a_password_without_a_user_name_is_a_gap():
    profile = make_profile(password="no-user-name")

    assert gaps(profile, {"SIP_USERNAME": ["sip.username"]}, [CREDENTIALS]) == [
        "sip.username: variable SIP_USERNAME is empty"
    ]


@pytest.mark.parametrize("lacking", ["trunk_id", "number", "listen"])
def test_an_outbound_section_in_part_is_a_gap(lacking):
    whole = {"trunk_id": "ST_1", "number": "+15550123", "listen": "192.0.2.1:5070"}
    part = {key: value for key, value in whole.items() if key != lacking}

    assert gaps(make_profile(outbound=whole), {}, [OUTBOUND]) == []
    assert gaps(make_profile(outbound=part), {}, [OPTIONS]) == []
    assert gaps(make_profile(outbound=part), {}, [OUTBOUND]) == [
        f"sip.outbound: {lacking} must be given too"
    ]
