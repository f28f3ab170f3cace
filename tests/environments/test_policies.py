"""
The files of the client's policies.
"""

from __future__ import annotations

import pytest

from livekit_conformance.environments.policies import (
    DEFAULT_HANDLING,
    DEFAULT_POLICIES,
    ERROR_HANDLING,
    RETRY_POLICIES,
    load_error_handling,
    load_retry_policies,
)
from livekit_conformance.environments.problems import ProfileError
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


def test_the_shipped_files_say_what_is_built_in():
    assert load_retry_policies(CONFIG) == DEFAULT_POLICIES
    assert load_error_handling(CONFIG) == DEFAULT_HANDLING


def test_the_jitter_is_added_up_to_the_longest_delay():
    policy = load_retry_policies(CONFIG).livekit

    assert policy.wait(1, 0.0) == 0.5
    assert policy.wait(1, 0.5) == pytest.approx(0.6)
    assert policy.wait(5, 1.0) == 8


def test_a_budget_can_be_switched_off(tmp_path):
    text = (CONFIG / RETRY_POLICIES).read_text()
    (tmp_path / RETRY_POLICIES).write_text(
        text.replace("budget: {share: 0.1, reserve: 20}", "budget: null")
    )

    assert load_retry_policies(tmp_path).livekit.budget is None


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
        (RETRY_POLICIES, "attempts: 3", "attempts: 0", "column 6: policies.sip.attempts"),
        (RETRY_POLICIES, "timeout: 10s", "timeout: 31s", "deadline is shorter than timeout"),
        (RETRY_POLICIES, "attempts: 5, ", "", "key 'attempts' is missing"),
        (RETRY_POLICIES, "[timeout, ", "[timeuot, ", "one of timeout, connection, server, or a"),
        (RETRY_POLICIES, "[timeout, ", "[authentication, ", "a refused key"),
        (RETRY_POLICIES, "[timeout, ", "[404, ", "404: a refused request is never tried again"),
        (RETRY_POLICIES, "share: 0.1", "share: 10", "budget.share"),
        (RETRY_POLICIES, "reserve: 20", "reserve: none", "budget.reserve"),
        (RETRY_POLICIES, "{attempts: 5", "{attempts: 5, attempts: 6", "occurs twice"),
        (RETRY_POLICIES, "attempts: 5,", "attempts: [5,", "not YAML"),
        (ERROR_HANDLING, "{retry: false, trips: false,", "{retry: true, trips: true,", "refused"),
        (
            ERROR_HANDLING,
            "request:        {retry: false",
            "request: {retry: true",
            "request.retry must be false",
        ),
        (ERROR_HANDLING, "failures: 5", "failures: none", "circuit_breaker.failures"),
        (ERROR_HANDLING, "log: error", "log: loud", "must be one of debug, info, warning, error"),
        (ERROR_HANDLING, "  server:  ", "  servers: ", 'did you mean "server"'),
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
