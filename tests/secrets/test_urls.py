"""
Every secret in a URL is known, as it is written there and decoded.
"""

from __future__ import annotations

import pytest

from livekit_conformance.secrets.urls import url_secrets, without_user_info


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("redis://:r%40dis%2FPw-77@h:6379/0", {"r%40dis%2FPw-77", "r@dis/Pw-77"}),
        ("https://user:plain-word@h/", {"plain-word"}),
        ("https://token-of-sixteen-or-more@h/", {"token-of-sixteen-or-more"}),
        ("https://user@h/", set()),
        ("redis://h?password=a%2Bb+c", {"a%2Bb+c", "a+b+c", "a+b c"}),
        ("https://h/hook?id=1&access_token=abc;api_key=def#secret=ghi", {"abc", "def", "ghi"}),
        ("https://h/hook?id=1&page=2", set()),
        ("https://h/?key=k7Q%2Fx9ZkLm2wTr", {"k7Q%2Fx9ZkLm2wTr", "k7Q/x9ZkLm2wTr"}),
        ("https://h/hooks/T0AB/k7Qx9ZkLm2wTr/in", {"k7Qx9ZkLm2wTr"}),
        ("https://h/8f14e45f-ceea-467a-9538-1c2f3b4d5e6f/Webhooks/v2", set()),
        ("", set()),
    ],
)
def test_the_secrets_of_a_url_are_known_in_every_form(url, secrets):
    assert set(url_secrets(url)) == secrets


def test_a_url_without_its_user_is_the_same_target():
    assert without_user_info("wss://u:p%40@[::1]:7880/a?b#c") == "wss://[::1]:7880/a?b#c"
    assert without_user_info("https://host/a") == "https://host/a"
