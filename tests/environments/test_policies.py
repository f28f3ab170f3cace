"""
The files of the client's policies.
"""

from __future__ import annotations

import pytest

from livekit_conformance.environments.policies import (
    ERROR_HANDLING,
    RETRY_POLICIES,
    load_error_handling,
    load_retry_policies,
)
from livekit_conformance.errors import ProfileError
from tests.scenarios.harness import ROOT

CONFIG = ROOT / "config"


def test_the_shipped_policies_are_valid():
    policies = load_retry_policies(CONFIG)

    assert (policies.livekit.attempts, policies.sip.attempts, policies.webhook.attempts) == (
        5,
        3,
        3,
    )
    assert load_error_handling(CONFIG).circuit_breaker.failures == 5


def test_delays_grow_by_the_factor_up_to_the_longest():
    policy = load_retry_policies(CONFIG).livekit

    assert [policy.delay(attempt) for attempt in range(1, 7)] == [0.5, 1, 2, 4, 8, 8]
    assert policy.scaled(0.1).delay(2) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (RETRY_POLICIES, "attempts: 5", "attemps: 5", 'did you mean "attempts"'),
        (RETRY_POLICIES, "500ms, factor", "500, factor", "a duration needs its unit"),
        (RETRY_POLICIES, "longest_delay: 4s", "longest_delay: 1ms", "shorter than first_delay"),
        (RETRY_POLICIES, "attempts: 3", "attempts: 0", "line 10: policies.sip.attempts"),
        (ERROR_HANDLING, "{retry: false, trips: false}", "{retry: true, trips: true}", "refused"),
        (ERROR_HANDLING, "failures: 5", "failures: none", "circuit_breaker.failures"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path, name, old, new, told):
    text = (CONFIG / name).read_text()
    assert old in text
    (tmp_path / name).write_text(text.replace(old, new, 1))
    load = load_retry_policies if name == RETRY_POLICIES else load_error_handling

    with pytest.raises(ProfileError) as refused:
        load(tmp_path)

    assert told in str(refused.value)
