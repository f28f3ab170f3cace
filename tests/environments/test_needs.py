"""
What a profile has to provide before a clause can be tested.
"""

from __future__ import annotations

import pytest

from livekit_conformance.catalogue.clauses import BY_ID, CLAUSES
from livekit_conformance.environments.needs import needs_missing
from livekit_conformance.environments.profile import Profile


def make_profile(kind="live", **sections):
    return Profile.model_validate({"kind": kind, "allow": ["read"], **sections})


@pytest.mark.parametrize(
    ("clause", "change"),
    [
        ("1.5-bus-has-a-server", "redis: "),
        ("1.4-refused-token-is-logged", "logs: [{service: livekit-server"),
        ("1.4-logs-hold-no-tokens", "logs: "),
        ("1.3-server-delivers-room-events", "webhook.listen: "),
        ("1.3-endpoint-accepts-signed-event", "webhook.url: "),
        ("1.5-sip-answers-options", "sip.server: "),
    ],
)
def test_a_bare_live_profile_is_told_the_key_to_add(clause, change):
    assert (needs_missing(BY_ID[clause], make_profile()) or "").startswith(change)


def test_credentials_are_needed_beside_the_server():
    profile = make_profile(sip={"server": "sip.example.org", "number": "+15550123"})

    missing = needs_missing(BY_ID["1.1-trunk-accepts-right-password"], profile)

    assert missing == "sip.username: NAME and sip.password: ${SIP_PASSWORD}"


def test_a_clause_without_needs_lacks_nothing():
    assert needs_missing(BY_ID["1.1-server-answers"], make_profile()) is None


@pytest.mark.parametrize("kind", ["mock", "local"])
def test_what_a_provisioner_brings_is_not_missing(kind):
    assert [c.id for c in CLAUSES if needs_missing(c, make_profile(kind=kind))] == []


def test_an_agent_is_missed_by_whoever_chose_to_have_none():
    clause = BY_ID["1.5-call-is-answered"]

    missing = needs_missing(clause, make_profile(kind="mock", agent="none"))

    assert missing == "agent: deployed (or stand-in)"
