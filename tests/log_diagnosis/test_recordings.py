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


# Each with the start of a usual log before it.
ORDINARY = {
    "bye-for-a-reason": "caller-hangs-up-for-a-reason",
    "hold-then-bye": "caller-hangs-up-after-hold",
    "no-certificate": "sip-service-does-not-start",
    "no-keys": "server-has-no-keys",
    "no-rule": "no-rule-takes-the-call",
    "no-transfer": "transfer-fails",
    "no-trunk": "no-trunk-takes-the-call",
    "not-sip": "sip-message-is-unreadable",
    "server-port-taken": "server-does-not-start",
}


def test_each_ordinary_recording_is_expected_to_show_a_cause():
    assert {path.stem for path in (RECORDINGS / "ordinary").iterdir()} == set(ORDINARY)


@pytest.mark.parametrize("wrapper", ["nothing", "docker-json", "containerd"])
@pytest.mark.parametrize("name", sorted(ORDINARY))
def test_a_failure_below_warning_level_is_named(name, wrapper):
    wrap = WRAPPERS[wrapper]
    lines = recorded(f"ordinary/{name}.log").decode().splitlines()

    seen = scan("".join(f"{wrap(line)}\n" for line in lines).encode(), CAUSES)

    assert list(seen.found) == [ORDINARY[name]]


def test_the_healthy_calls_of_a_run_excuse_no_failure_of_others():
    content = recorded("healthy.log") + recorded("ordinary/no-rule.log")

    assert list(scan(content, CAUSES).found) == ["no-rule-takes-the-call"]
