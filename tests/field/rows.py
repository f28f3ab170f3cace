"""
The failures of deployments that others built, and the tests that pin what is said of each.

`python -m tests.field.rows` (a part of `make generated`) writes README.md of this folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
FILE = HERE / "README.md"
_FAILURE = "tests/scenarios/test_failures.py"
_NAMED_FIRST = f"{_FAILURE}::test_the_cause_is_named_first_and_nothing_else_is_blamed"


@dataclass(frozen=True, slots=True)
class Row:
    """
    A kind of failure, what the suite says of it, and the proof: node ids of tests.

    `failures` are names of scenarios (`make scenario NAME=...`), each a parameter of one test.
    """

    kind: str
    said: str
    failures: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()

    @property
    def proofs(self) -> tuple[str, ...]:
        """
        Node ids of all tests of the row.
        """
        return (*(f"{_NAMED_FIRST}[{name}]" for name in self.failures), *self.tests)


ROWS: tuple[Row, ...] = (
    Row(
        "livekit-sip advertises a Contact, a media address or both that lead nowhere",
        "contact-leads-nowhere, media-address-is-unreachable (no caller can reach it), "
        "media-address-leads-elsewhere (another one than that of SIP, and RTP is lost)",
        failures=("contact-of-nobody", "media-wrong-address", "media-timeout"),
        tests=(
            "tests/field/test_nat.py::test_right_addresses_are_blamed_for_nothing",
            "tests/field/test_nat.py::test_a_wrong_address_is_named",
        ),
    ),
    Row(
        "a firewall lets signalling through and drops RTP, in one direction or both",
        "no-rtp-from-the-caller, no-rtp-to-the-caller",
        tests=("tests/field/test_nat.py::test_a_closed_direction_of_rtp_is_named",),
    ),
    Row(
        "Redis is a read-only replica of another",
        "redis-is-a-replica, with its master",
        failures=("redis-became-a-replica",),
        tests=(
            "tests/scenarios/test_redis_view.py::test_a_redis_that_refuses_to_write_says_why",
            "tests/judges/test_bus.py::test_the_master_of_a_replica_is_named",
        ),
    ),
    Row(
        "`room.enabled_codecs` without Opus, `room.max_participants: 1`",
        "opus-is-not-enabled, limit-keeps-participants-out; setting-breaks-calls without logs; "
        "`config check`: an error",
        failures=("no-opus", "room-for-one", "no-opus-and-no-logs", "room-for-one-and-no-logs"),
        tests=(
            (
                "tests/scenarios/test_config_agreement.py"
                "::test_the_service_does_with_the_file_what_the_linter_says"
            ),
        ),
    ),
    Row(
        "the deployed agent is silent, leaves, or is two",
        "agent-is-silent, agent-leaves-the-caller-alone, several-agents-speak",
        failures=("agent-zeros", "agent-of-one-word", "agents-two"),
        tests=(
            (
                "tests/scenarios/test_deployed_agent.py"
                "::test_an_agent_that_speaks_and_leaves_with_its_caller_is_blamed_for_nothing"
            ),
        ),
    ),
    Row(
        "the worker of livekit-agents: name misspelt in the rule, none, full, rejecting, crashing, "
        "dispatched twice",
        "no-worker-for-the-agent, worker-refuses-the-job, agent-took-the-job-and-stays-away, "
        "several-agents-speak",
        failures=(
            *("agent-worker-full", "agent-worker-refuses-for-good"),
            *("agent-other-name", "agent-stays-away-unnamed"),
        ),
        tests=("tests/field/test_agents.py::test_what_is_wrong_with_workers_is_named",),
    ),
    Row(
        "a worker of livekit-agents that answers, dispatched by name or automatically, or two",
        "nothing",
        tests=("tests/field/test_agents.py::test_a_worker_that_answers_is_blamed_for_nothing",),
    ),
    Row(
        "one of two livekit-sip, or of two livekit-server, is sick: calls fail one time in two",
        "one-sip-service-of-several-fails, one-server-of-several-fails, with the node",
        tests=(
            "tests/field/test_nodes.py::test_the_one_sick_node_of_two_is_named",
            (
                "tests/field/test_nodes.py"
                "::test_two_healthy_nodes_of_each_service_are_blamed_for_nothing"
            ),
            "tests/test_nodes.py::test_it_is_clear_which_node_fails_if_others_took_its_calls",
        ),
    ),
    Row(
        "livekit-sip is reached over IPv6",
        "nothing: calls come in over UDP and TCP",
        tests=(
            "tests/field/test_ipv6.py::test_calls_over_ipv6_come_in",
            "tests/field/test_ipv6.py::test_calls_to_an_address_of_ipv6_do_not_go_out",
        ),
    ),
    Row(
        "503 `Service temporarily unavailable` at once",
        "call-quota-exceeded; not the bus, which says `Try again later`",
        tests=(
            (
                "tests/protocol/sip/test_outcome.py"
                "::test_a_quota_is_told_from_a_bus_that_does_not_answer"
            ),
            "tests/diagnosis/test_load.py::test_a_used_up_quota_is_no_fault_of_the_bus",
        ),
    ),
    Row(
        "`diagnose` reads the log of a healthy stack after a run",
        "nothing: refused callers of the suite are counted apart",
        tests=(
            (
                "tests/log_diagnosis/test_own_calls.py"
                "::test_refused_calls_of_a_run_whose_good_calls_came_through_are_no_cause"
            ),
            "tests/log_diagnosis/test_recordings.py::test_a_healthy_log_shows_no_cause",
        ),
    ),
    Row(
        'livekit-sip drops a call at level INFO (`"reason":"flood"`)',
        "no-trunk-takes-the-call or no-rule-takes-the-call",
        tests=(
            "tests/log_diagnosis/test_recordings.py::test_a_failure_below_warning_level_is_named",
        ),
    ),
    Row(
        "the trunk lets anybody in, though callers have an account",
        "trunk-takes-anybody, trunk-account-is-incomplete: FAIL of 1.1-trunk-challenges",
        failures=("trunk-without-an-account", "trunk-with-half-an-account"),
    ),
    Row(
        "the clock of the application is off",
        "application-clock-is-off, by the header Date of its answers",
        failures=("application-clock-slow", "application-clock-fast"),
    ),
    Row(
        "others call, fail and hang beside the run",
        "nothing: they are counted apart",
        tests=(
            "tests/scenarios/test_busy.py::test_a_healthy_deployment_that_others_use_is_conformant",
            "tests/scenarios/test_busy.py::test_failures_of_ours_are_found_among_those_of_others",
        ),
    ),
)


def lines() -> Iterator[str]:
    """
    Yield the lines of README.md.
    """
    yield "# What goes wrong in the field, and the proof"
    yield ""
    yield "Generated by `make generated`; a test fails if it is out of date."
    yield f"Failures are played by `make scenario NAME=...`; all of them, with `{_FAILURE}`, by"
    yield "`make failures`."
    yield ""
    yield "| failure | what the suite says | failures played | tests |"
    yield "| --- | --- | --- | --- |"
    for row in ROWS:
        tests = "<br>".join(f"`{test}`" for test in row.tests)
        yield f"| {row.kind} | {row.said} | {', '.join(row.failures)} | {tests} |"


def text() -> str:
    """
    Return README.md.
    """
    return "\n".join(lines()) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
