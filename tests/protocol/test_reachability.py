from __future__ import annotations

import pytest

from livekit_conformance.protocol.reachability import why_unreachable


@pytest.mark.parametrize(
    ("address", "peer"),
    [
        ("8.8.8.8", "8.8.4.4"),
        ("10.0.0.7", "192.168.1.9"),
        ("10.0.0.7", "127.0.0.1"),
        ("127.0.0.9", "127.0.0.1"),
        ("8.8.8.8", "10.0.0.1"),
        ("2001:4860::8", "8.8.8.8"),
        ("not-an-address", "8.8.8.8"),
        ("10.0.0.7", "sip.example.com"),
    ],
)
def test_an_address_that_may_be_reached_is_not_judged(address: str, peer: str) -> None:
    assert why_unreachable(address, peer=peer) is None


@pytest.mark.parametrize(
    ("address", "peer", "why"),
    [
        ("172.17.0.2", "8.8.8.8", "private"),
        ("100.64.0.1", "8.8.8.8", "private"),
        ("fd00::1", "2001:4860::8", "private"),
        ("127.0.0.1", "10.0.0.1", "loopback"),
        ("169.254.1.1", "10.0.0.1", "link-local"),
        ("192.0.2.1", "127.0.0.1", "documentation"),
        ("0.0.0.0", "127.0.0.1", "no machine"),  # noqa: S104 - nothing is bound
        ("255.255.255.255", "127.0.0.1", "no machine"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_with_the_reason(
    address: str, peer: str, why: str
) -> None:
    assert why in (why_unreachable(address, peer=peer) or "")
