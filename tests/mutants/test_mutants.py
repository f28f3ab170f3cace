"""
Every check can fail: one small fault each, and exactly the declared checks turn red.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from livekit_conformance.catalogue.clauses import CLAUSES
from livekit_conformance.environments.loader import load
from livekit_conformance.environments.profile import Profile
from livekit_conformance.mock import Faults, Mock, MockConfig
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.deployment import fill_mock
from livekit_conformance.provisioners.local.stack import KeyPair
from livekit_conformance.redaction import Redactor
from tests.scenarios.harness import ROOT, Run, run_suites, write_profile

Change = Callable[[Profile], Profile]


def unchanged(profile: Profile) -> Profile:
    return profile


def changed(section: str, **values: object) -> Change:
    def change(profile: Profile) -> Profile:
        part = getattr(profile, section).model_copy(update=values)
        return profile.model_copy(update={section: part})

    return change


@dataclass(frozen=True)
class Mutant:
    """
    A fault of the mock, or a profile that does not fit it, and the checks it must turn red.
    """

    id: str
    red: frozenset[str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    change: Change = unchanged


def fault(name: str, *red: str) -> Mutant:
    return Mutant(name, frozenset(red), {"faults": Faults(**{name: True})})


def misfit(name: str, change: Change, *red: str) -> Mutant:
    return Mutant(name, frozenset(red), change=change)


MUTANTS = (
    fault("http_silent", "1.1-server-answers"),
    fault("not_ready", "1.1-server-answers"),
    fault("wrong_secret_accepted", "1.1-wrong-secret-is-refused"),
    fault("unknown_key_accepted", "1.1-unknown-key-is-refused"),
    fault("expired_accepted", "1.1-expired-token-is-refused"),
    fault("refusals_not_logged", "1.4-refused-token-is-logged"),
    fault("rooms_not_listed", "1.2-created-room-is-listed"),
    fault("webhooks_dropped", "1.3-server-delivers-room-events"),
    fault("webhooks_signed_wrongly", "1.3-server-delivers-room-events"),
    fault("leave_not_told", "1.3-call-events-arrive-in-order"),
    fault("sip_silent", "1.5-sip-answers-options"),
    fault("bus_down", "1.5-bus-has-a-server", "1.5-invite-is-not-rejected", "1.5-logs-are-clean"),
    fault("trunk_accepts_any_password", "1.1-trunk-refuses-wrong-password"),
    fault(
        "sip_wrong_secret",
        "1.1-sip-service-joins-the-server",
        "1.5-invite-is-not-rejected",
        "1.5-logs-are-clean",
        # livekit-sip logs the token that was refused, as the real one does.
        "1.4-logs-hold-no-tokens",
    ),
    fault("agent_silent", "1.5-call-is-answered"),
    fault("no_echo", "1.5-audio-flows-both-ways"),
    fault("bye_unanswered", "1.5-call-ends-cleanly", "1.3-call-events-arrive-in-order"),
    fault("secret_logged", "1.4-logs-hold-no-secrets"),
    Mutant(
        "repeats_refused_tokens",
        frozenset({"1.4-logs-hold-no-tokens"}),
        {"repeats_refused_tokens": True},
    ),
    misfit(
        "other_secret_in_profile",
        changed("livekit", api_secret=SecretStr("another-secret-than-the-deployment-has")),
        "1.1-key-is-accepted",
    ),
    misfit(
        "endpoint_elsewhere",
        lambda profile: changed("webhook", url=f"{profile.livekit.url}/webhooks/livekit")(profile),
        "1.3-endpoint-accepts-signed-event",
    ),
    misfit(
        "webhook_path_differs",
        lambda profile: changed("webhook", url=f"{profile.webhook.url}/elsewhere")(profile),
        "1.3-server-delivers-room-events",
    ),
    misfit(
        "wrong_trunk_password",
        changed("sip", password=SecretStr("not-the-password-of-the-trunk")),
        "1.1-trunk-accepts-right-password",
        "1.5-invite-is-not-rejected",
    ),
    misfit(
        "other_room_name",
        changed("rooms", name_pattern="another-prefix-{call_id}"),
        "1.2-call-lands-in-a-named-room",
    ),
)


async def run_on_mock(mutant: Mutant, folder: Path) -> Run:
    keys = KeyPair()
    recorder = Recorder(Redactor())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        webhook_url = f"http://127.0.0.1:{listener.getsockname()[1]}/webhooks/livekit"
    config = MockConfig(
        api_key=keys.key,
        api_secret=keys.secret,
        webhook_url=webhook_url,
        log_dir=folder,
        # The healthy mock is better than livekit-server 1.13.5 in this one thing.
        **{"repeats_refused_tokens": False, **mutant.settings},
    )
    loaded = load("mock", environ={}, env_file=None, config_dir=ROOT / "config")
    async with Mock(config) as mock:
        profile = await fill_mock(loaded.profile, mock, keys, webhook_url, recorder)
        env = write_profile(mutant.change(profile), folder / "profile.yaml")
        return await run_suites(env, folder / "reports")


def red_checks(run: Run) -> set[str]:
    """
    What failed or warned, and what was blocked by nothing else.
    """
    return {
        check["id"]
        for check in run.checks
        if check["verdict"] in {"FAIL", "WARN", "ERROR"}
        or (check["verdict"] == "BLOCKED" and not check["blocked_by"])
    }


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
async def test_a_mutant_turns_exactly_the_declared_checks_red(mutant, tmp_path):
    run = await run_on_mock(mutant, tmp_path)

    assert red_checks(run) == mutant.red, run.output


async def test_the_healthy_mock_turns_nothing_red(tmp_path):
    run = await run_on_mock(Mutant("none", frozenset()), tmp_path)

    assert run.exit_status == 0, run.output
    assert red_checks(run) == set()
    assert run.diagnoses == []


def test_every_clause_has_a_killer():
    killed = set().union(*(mutant.red for mutant in MUTANTS))

    assert {clause.id for clause in CLAUSES} - killed == set()


def test_every_fault_of_the_mock_is_used():
    assert {f.name for f in fields(Faults)} - {mutant.id for mutant in MUTANTS} == set()
