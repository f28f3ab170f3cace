"""
Whole runs against healthy and faulty services: verdicts, evidence, secrets, and leftovers.

test_failures.py proves the cause of each failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import Blocked
from livekit_conformance.provisioners.local.stack import HTTP_PORT
from livekit_conformance.secrets.patterns import whole_tokens
from tests.scenarios import wrong_peers
from tests.scenarios.harness import Run
from tests.scenarios.load import recorded, unlike
from tests.scenarios.real_stack import Scene, scene
from tests.scenarios.whole_runs import looks_at
from tests.secrecy import leaks, leaks_in


@dataclass(frozen=True)
class Played:
    """
    A run, its profile, and the server's objects before and after it.
    """

    run: Run
    profile: Profile
    before: dict[str, list[str]]
    left: dict[str, list[str]]

    @property
    def secrets(self) -> list[str]:
        return self.profile.secrets()


async def healthy(folder: Path) -> Played:
    """
    Run the suites on a healthy deployment, as a stranger's.
    """
    async with scene(folder) as sound:
        return await _played(sound)


async def killed_server(folder: Path) -> Run:
    """
    Run the suites after SIGKILL of livekit-server.
    """
    async with scene(folder) as broken:
        await broken.stack.server.kill()
        return await broken.peaceful().run()


async def other_secret_of_livekit_sip(folder: Path) -> Played:
    """
    Run the suites while livekit-sip signs with a secret that livekit-server does not know.
    """
    overrides = {"api_secret": "not-the-secret-of-this-deployment"}
    async with scene(folder, sip_overrides=overrides) as broken:
        return await _played(broken.peaceful())


async def files_that_hurt_nobody(folder: Path) -> Run:
    """
    Run the suites with a relay before livekit-server, and with keys that livekit-sip ignores.
    """
    ignored = {"flood_protection": {"enabled": True}, "rtp_prot": "20000-20100"}
    async with scene(folder, sip_overrides=ignored) as sound:
        stack = sound.stack
        relay = wrong_peers.in_turn(stack.address, (stack.address, HTTP_PORT))
        port = await sound.beside.enter_async_context(relay)
        await sound.restart(stack.sip, ws_url=f"ws://{stack.address}:{port}")
        return await sound.peaceful().run("-m", "chain")


async def _played(stage: Scene) -> Played:
    before = await stage.inventory()
    run = await stage.run()
    return Played(run, stage.profile, before, await stage.inventory())


@looks_at(healthy, takes_s=27)
def test_a_healthy_deployment_of_kind_live_is_conformant(played):
    run, secrets = played.run, played.secrets
    assert run.exit_status == 0, run.output
    assert run.results["run"]["verdict"] == "PARTIALLY CONFORMANT"
    assert run.results["run"]["kind"] == "live"
    # Everything that a deployment of this kind does not support.
    assert {
        check["id"].partition("[")[0]
        for check in run.checks
        if check["verdict"] not in {"PASS", "WARN"} and check["reason"] != "not-applicable"
    } == {"1.4-application-logs-refusals", "1.4-failed-join-is-logged", "1.5-recovers-from"}
    assert run.diagnoses == []
    assert played.left == played.before, "the run left rooms, trunks or rules behind"
    assert len(secrets) == 3
    assert leaks(run.output, secrets) == []
    assert leaks_in(run.folder, secrets) == {}
    assert unlike(recorded(run.folder, played.profile), "full run") == {}


@looks_at(files_that_hurt_nobody, takes_s=12)
def test_files_that_hurt_nobody_are_a_warning_and_no_diagnosis(played):
    run = played
    assert run.exit_status == 0, run.output
    assert run.diagnoses == []
    files = run.check("1.5-configs-agree")
    assert files["verdict"] == "WARN"
    told = [found["data"]["key"] for found in files["findings"]]
    assert told == ["flood_protection", "rtp_prot", "ws_url"]


@looks_at(killed_server, takes_s=6)
def test_a_killed_server_is_named_by_its_port_and_the_bus(played):
    run = played
    assert run.exit_status == 1
    assert run.diagnoses == ["server-not-running"], run.output
    diagnosis = run.results["diagnoses"][0]
    assert diagnosis["confidence"] == "certain"
    told = "\n".join(diagnosis["evidence"])
    assert "503 at " in told
    assert "auth check failed" in told
    assert "no response from servers" in told
    assert "0 listen on IOInfo|GetSIPTrunkAuthentication|REQ" in told
    assert "sip-service-key-refused" not in run.diagnoses
    verdicts = run.verdicts
    assert verdicts["1.5-bus-has-a-server"] == "FAIL"
    assert verdicts["1.5-invite-is-not-rejected"] == "FAIL"
    for dependant in (
        "1.1-trunk-accepts-right-password",
        "1.1-sip-service-joins-the-server",
        "1.2-call-lands-in-a-named-room",
        "1.5-call-is-answered",
        "1.5-audio-flows-both-ways",
        "1.5-call-ends-cleanly",
        "1.3-call-events-arrive-in-order",
    ):
        assert verdicts[dependant] == "BLOCKED", dependant
        assert run.check(dependant)["blocked_by"], dependant


@looks_at(other_secret_of_livekit_sip, takes_s=6)
def test_a_wrong_secret_of_livekit_sip_is_named_and_the_bus_is_not_blamed(played):
    run, secrets = played.run, played.secrets
    assert run.exit_status == 1
    # The second reports the same for the files that the services were started with.
    assert run.diagnoses == ["sip-service-key-refused", "service-files-disagree"], run.output
    diagnosis = run.results["diagnoses"][0]
    assert diagnosis["confidence"] == "certain"
    assert "Cannot create LiveKit participant" in "\n".join(diagnosis["evidence"])
    assert played.left == played.before, "the run left rooms, trunks or rules behind"
    assert run.verdicts["1.5-bus-has-a-server"] == "PASS"
    assert run.verdicts["1.1-trunk-accepts-right-password"] == "PASS"
    assert run.verdicts["1.1-sip-service-joins-the-server"] == "FAIL"
    assert run.verdicts["1.5-call-is-answered"] == "BLOCKED"
    # Both services have logged the refused token; no report may repeat it.
    assert leaks_in(run.folder, secrets) == {}
    assert whole_tokens((run.folder / "evidence" / "livekit-sip.log").read_text()) == []


async def test_a_service_that_does_not_start_is_blocked_with_the_end_of_its_log(scene):
    with pytest.raises(Blocked) as failure:
        async with scene(server_overrides={"no_such_key": 1}):
            pass

    # livekit-server 1.13.5 reports success when it refuses its configuration: a supervisor that
    # restarts on failure only would leave it dead.
    assert "livekit-server did not start: ended with status 0" in failure.value.reason
    assert "no_such_key" in failure.value.reason
