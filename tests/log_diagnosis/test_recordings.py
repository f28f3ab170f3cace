"""
Logs of the real services: a healthy one yields no finding, and the failures are named.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from livekit_conformance.catalogue.causes import CAUSES
from tests.log_diagnosis.lines import WRAPPERS, scan

RECORDINGS = Path(__file__).parent / "recordings"


def recorded(name):
    return (RECORDINGS / name).read_bytes()


def test_a_healthy_log_shows_no_cause():
    seen = scan(recorded("healthy.log"), CAUSES)

    assert list(seen.found) == []
    assert seen.scanned.understood == seen.scanned.lines > 200
    assert set(seen.scanned.services) == {"livekit-sip", "livekit-server"}


@pytest.mark.parametrize("wrapper", sorted(WRAPPERS))
def test_the_failures_of_a_run_are_named(wrapper):
    wrap = WRAPPERS[wrapper]
    lines = recorded("failures.log").decode().splitlines()

    found = scan("".join(f"{wrap(line)}\n" for line in lines).encode(), CAUSES).found

    assert {"sip-bus-has-no-server", "sip-service-key-refused"} <= found.keys()
    assert found["sip-bus-has-no-server"].confidence == "certain"
