"""
Settings whose values a service quotes in its last words.
"""

from __future__ import annotations

import pytest

from livekit_conformance.config_doctor import settings_quoted_in

SERVER = """\
port: 7880
prometheus_port: 6379
keys: {APIkey: a-made-up-secret-of-32-characters}
key_file: /nowhere/keys
redis: {address: "192.0.2.1:6379"}
turn: {enabled: true, tls_port: 5349}
webhook: {urls: [http://192.0.2.9/hook]}
"""


@pytest.mark.parametrize(
    ("sentence", "places"),
    [
        ("stat /nowhere/keys: no such file or directory", "key_file (line 4)"),
        ("listen tcp 192.0.2.7:6379: bind: address already in use", "prometheus_port (line 2)"),
        (
            "unable to connect to 192.0.2.1:6379: refused",
            "prometheus_port (line 2), redis.address (line 5)",
        ),
        ('Post "http://192.0.2.9/hook": no route', "webhook.urls (line 7)"),
        ("bad secret a-made-up-secret-of-32-characters", "keys (line 3)"),
    ],
)
def test_a_quoted_value_is_found_by_its_key(sentence, places):
    told = settings_quoted_in(sentence, "livekit-server", {"livekit-server": SERVER})

    assert told == f"livekit.yaml has this at {places}"


@pytest.mark.parametrize(
    ("sentence", "service"),
    [
        ("true enough", "livekit-sip"),
        ("it is 78800 and 788", "livekit-server"),
        ("stat /nowhere/keys: no", "application"),
    ],
)
def test_nothing_is_named_that_is_not_quoted(sentence, service):
    assert settings_quoted_in(sentence, service, {"livekit-server": SERVER}) == ""
