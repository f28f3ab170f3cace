"""
The typed profile: durations, secrets and the closed set of keys.
"""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.environments.profile import Profile, Sip
from livekit_conformance.environments.section import seconds

SECRET = "canary-secret-0123456789"


def make_profile(**sections):
    return Profile.model_validate({"kind": "mock", "allow": ["read"], **sections})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500ms", 0.5), ("5s", 5.0), ("3m", 180.0), ("1h", 3600.0), ("1.5s", 1.5)],
)
def test_a_duration_is_read_in_seconds(text, expected):
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize("value", [5, 2.5])
def test_a_number_without_unit_is_refused_with_the_remedy(value):
    with pytest.raises(ValueError, match=f'write "{value}s"'):
        seconds(value)


@pytest.mark.parametrize("value", ["5", "s", "5 parsecs", "-1s", "0s", "", None, True, [], "5s5"])
def test_what_is_not_a_duration_is_refused(value):
    with pytest.raises(ValueError, match="duration"):
        seconds(value)


def test_secrets_never_print():
    profile = make_profile(
        livekit={"api_secret": SECRET},
        sip={"password": SECRET},
        redis=f"redis://:{SECRET}@127.0.0.1:6379/0",
    )

    assert SECRET not in f"{profile!r} {profile}"


def test_all_secrets_are_known_to_the_redactor():
    profile = make_profile(
        livekit={"api_secret": "secret-of-the-key"},
        sip={"password": "secret-of-the-trunk"},
        redis="redis://:secret-of-redis@127.0.0.1:6379/0",
    )

    assert set(profile.secrets()) == {
        "secret-of-the-key",
        "secret-of-the-trunk",
        "secret-of-redis",
    }


def test_a_secret_in_the_place_of_the_key_is_a_secret():
    swapped = make_profile(livekit={"api_key": "s" * 43, "api_secret": "APIab12cd34ef"})

    assert "s" * 43 in swapped.secrets()
    assert "APIab12cd34ef" not in make_profile(livekit={"api_key": "APIab12cd34ef"}).secrets()


@pytest.mark.parametrize("key", ["k7-Xq9zLm2w", "Tr0ub4dor/Xq9zLm2w=="])
def test_a_short_secret_in_the_place_of_the_key_is_one_too(key):
    assert key in make_profile(livekit={"api_key": key, "api_secret": "0" * 32}).secrets()


def test_whatever_stands_in_the_place_of_a_swapped_key_is_a_secret():
    swapped = make_profile(livekit={"api_key": "correcthorse", "api_secret": "APIab12cd34ef"})

    assert "correcthorse" in swapped.secrets()


@pytest.mark.parametrize("key", ["devkey", "key", "my-app", "APIab12cd34ef"])
def test_a_key_is_no_secret(key):
    assert key not in make_profile(livekit={"api_key": key, "api_secret": "0" * 32}).secrets()


def test_the_secrets_of_urls_are_known_with_their_keys():
    profile = make_profile(
        livekit={"url": "ws://u:first-%40canary@h"},
        webhook={"url": "https://h/?token=second-canary"},
        redis="redis://:third-canary@h",
    )

    assert list(profile.secrets_by_key()) == [
        ("livekit.url", "first-%40canary"),
        ("livekit.url", "first-@canary"),
        ("webhook.url", "second-canary"),
        ("redis", "third-canary"),
    ]


def test_a_profile_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        make_profile().kind = "live"


def test_only_listed_effects_are_permitted():
    profile = make_profile()

    assert profile.may(Effect.READ)
    assert not profile.may(Effect.CREATE_ROOMS)


@pytest.mark.parametrize(
    "value", ["sip.example.org", "192.0.2.1:5060", "[2001:db8::1]:5060", "localhost:1"]
)
def test_host_and_port_are_accepted(value):
    assert make_profile(sip={"server": value}).sip.server == value


@pytest.mark.parametrize("value", ["sip:host", "http://host", "host:70000", "host:port", "a b"])
def test_what_is_not_host_and_port_is_refused(value):
    with pytest.raises(ValidationError, match="host:port"):
        make_profile(sip={"server": value})


@pytest.mark.parametrize("value", ["livekit.example.org", "ftp://host", "http://", "http://h:x"])
def test_what_is_not_a_url_is_refused(value):
    with pytest.raises(ValidationError, match="not a URL"):
        make_profile(livekit={"url": value})


@pytest.mark.parametrize("value", ["any", "sip-call-id", "caller", "dialled", r"regex:[0-9a-f]{8}"])
def test_the_call_id_is_a_keyword_or_a_pattern(value):
    assert make_profile(rooms={"call_id": value}).rooms.call_id == value


@pytest.mark.parametrize(
    ("value", "words"), [("caler", 'did you mean "caller"'), ("regex:(", "regular expression")]
)
def test_a_misspelt_call_id_is_refused(value, words):
    with pytest.raises(ValidationError, match=words):
        make_profile(rooms={"call_id": value})


def test_a_log_has_exactly_one_source():
    for source in ({}, {"path": "/log", "command": ["cat"]}):
        with pytest.raises(ValidationError, match="either path or command"):
            make_profile(logs=[{"service": "livekit-sip", **source}])


def test_a_known_issue_names_a_clause_of_the_catalogue():
    issue = {"clause": "1.1-key-is-acepted", "reason": "r", "owner": "o", "expires": "2027-01-01"}

    with pytest.raises(ValidationError, match=r'did you mean "1\.1-key-is-accepted"'):
        make_profile(known_issues=[issue])


def test_the_room_pattern_holds_the_call_id_once():
    with pytest.raises(ValidationError, match="call_id"):
        make_profile(rooms={"name_pattern": "voice-ai-call"})


@pytest.mark.parametrize(
    ("server", "address"),
    [
        ("sip.example", ("sip.example", 5060)),
        ("sip.example:5070", ("sip.example", 5070)),
        ("[::1]:5070", ("::1", 5070)),
        ("[::1]", ("::1", 5060)),
    ],
)
def test_the_address_of_a_sip_server_has_a_port(server, address):
    assert Sip(server=server).address == address
