"""
Settings that a profile must provide before a clause can be tested.
"""

from __future__ import annotations

import pytest

from livekit_conformance.catalogue.clause import Need
from livekit_conformance.catalogue.clauses import BY_ID, CLAUSES
from livekit_conformance.environments.needs import needs_missing
from livekit_conformance.environments.profile import Profile
from livekit_conformance.environments.variables import LeftOut

LINE = {"server": "sip.example.org", "number": "+15550123"}


def make_profile(kind="live", **sections):
    return Profile.model_validate({"kind": kind, "allow": ["read"], **sections})


@pytest.mark.parametrize(
    ("clause", "change"),
    [
        ("1.5-bus-has-a-server", "redis: "),
        ("1.4-refused-token-is-logged", "logs: [{service: livekit-server"),
        ("1.4-application-logs-refusals", "webhook.url: "),
        ("1.4-logs-hold-no-tokens", "logs: "),
        ("1.3-server-delivers-room-events", "webhook.listen: "),
        ("1.3-endpoint-accepts-signed-event", "webhook.url: "),
        ("1.5-sip-answers-options", "sip.server: "),
        ("1.5-configs-agree", "deployment.livekit_server_config: "),
        ("1.5-outbound-call-is-answered", "sip.outbound: "),
        ("1.5-recovers-from", "kind: local"),
    ],
)
def test_a_bare_live_profile_is_told_the_key_to_add(clause, change):
    assert (needs_missing(BY_ID[clause], make_profile()) or "").startswith(change)


def test_credentials_are_needed_beside_the_server():
    profile = make_profile(sip=LINE)

    missing = needs_missing(BY_ID["1.1-trunk-accepts-right-password"], profile)

    assert missing == "sip.username: NAME and sip.password: ${SIP_PASSWORD}"


def test_each_service_needs_a_log_of_its_own():
    logs = [{"service": "livekit-server", "path": "/var/log/livekit.log"}]
    webhook = {"url": "https://voice.example.org/webhooks/livekit"}
    profile = make_profile(logs=logs, webhook=webhook)

    missing = needs_missing(BY_ID["1.4-application-logs-refusals"], profile)

    assert missing == "logs: [{service: application, path: /var/log/application.log}]"


def test_an_outbound_call_needs_trunk_number_and_listener():
    clause = BY_ID["1.5-outbound-call-is-answered"]
    outbound = {"trunk_id": "ST_1", "number": "+15550123", "listen": "192.0.2.1:5070"}

    def lacking(*keys):
        given = {key: value for key, value in outbound.items() if key not in keys}
        return needs_missing(clause, make_profile(sip={"outbound": given}))

    assert lacking() is None
    assert all(lacking(key) for key in outbound)


@pytest.mark.parametrize("kind", ["mock", "local", "live"])
def test_behind_a_provider_the_answers_of_livekit_sip_are_not_heard(kind):
    account = {"username": "x", "password": "made-up"}
    provider = {"server": "sip.example.org", "provider": True, "number": "+15550123", **account}
    missing = {
        clause.id: needs_missing(clause, make_profile(kind=kind, sip=provider))
        for clause in CLAUSES
        if Need.DIRECT_SIP in clause.needs and Need.STACK not in clause.needs
    }

    assert missing
    line = "sip.provider: false, with sip.server the address of livekit-sip itself"
    assert {*missing.values()} == {line}


@pytest.mark.parametrize(
    ("webhook", "line"),
    [
        ({"url": "https://voice.example.org/hook"}, "webhook.listen: HOST:PORT"),
        ({"listen": "192.0.2.1:8080"}, "webhook.url: https://..."),
        ({"url": "https://voice.example.org/hook", "listen": "192.0.2.1:8080"}, None),
    ],
    ids=["not to us", "on no path", "to us"],
)
def test_an_agent_stand_in_needs_webhooks_that_call_it(webhook, line):
    profile = make_profile(agent="stand-in", webhook=webhook, sip=LINE)

    assert needs_missing(BY_ID["1.5-call-is-answered"], profile) == line


def test_a_clause_without_needs_lacks_nothing():
    assert needs_missing(BY_ID["1.1-server-answers"], make_profile()) is None


@pytest.mark.parametrize("kind", ["mock", "local"])
def test_what_a_provisioner_brings_is_not_missing(kind):
    assert [c.id for c in CLAUSES if needs_missing(c, make_profile(kind=kind))] == []


def test_an_agent_is_missed_by_whoever_chose_to_have_none():
    clause = BY_ID["1.5-call-is-answered"]

    missing = needs_missing(clause, make_profile(kind="mock", agent="none"))

    assert missing == "agent: deployed (or stand-in)"


def left_out(*names):
    keys = {
        "SIP_SERVER": "sip.server",
        "SIP_NUMBER": "sip.number",
        "SIP_USERNAME": "sip.username",
        "SIP_PASSWORD": "sip.password",
    }
    return {keys[name]: LeftOut((name,), ()) for name in names}


@pytest.mark.parametrize(
    ("clause", "sip", "unset", "asked"),
    [
        ("1.5-call-is-answered", {}, ("SIP_SERVER", "SIP_NUMBER"), "SIP_SERVER=... and SIP_NUMBER"),
        ("1.5-call-is-answered", {"server": "sip.test"}, ("SIP_NUMBER",), "SIP_NUMBER"),
        ("1.5-call-is-answered", {**LINE, "username": "x"}, ("SIP_PASSWORD",), "SIP_PASSWORD"),
        (
            "1.1-trunk-accepts-right-password",
            LINE,
            ("SIP_USERNAME", "SIP_PASSWORD"),
            "SIP_USERNAME=... and SIP_PASSWORD",
        ),
    ],
)
def test_what_is_left_out_for_want_of_variables_asks_for_them(clause, sip, unset, asked):
    missing = needs_missing(BY_ID[clause], make_profile(sip=sip), left_out(*unset))

    assert missing == f"{asked}=... to the environment or the env file"


def test_a_call_without_an_account_needs_no_variables_for_one():
    unset = left_out("SIP_USERNAME", "SIP_PASSWORD")

    assert needs_missing(BY_ID["1.5-call-is-answered"], make_profile(sip=LINE), unset) is None
