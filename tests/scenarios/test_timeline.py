"""
Timelines of real calls: complete, in order, and ended where the call broke.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path

from livekit import api

from livekit_conformance.timeline.ladder import WIDTH
from tests.scenarios.harness import Run
from tests.scenarios.operator_api import operator_api
from tests.scenarios.real_stack import scene
from tests.scenarios.whole_runs import looks_at
from tests.secrecy import leaks_in

# The checks of the probe call, the bus and the rules; the others would only take time.
CALL = "test_bus or test_dispatch or test_call.py"


def told(run):
    """Return the timeline of a run's probe call: its data, its labels in order, and its text."""
    stories = [
        (json.loads(path.read_text()), path.with_suffix(".txt").read_text())
        for path in (run.folder / "evidence").glob("timeline-*.json")
    ]
    ((story, text),) = (one for one in stories if one[0]["purpose"] == "probe")
    assert max(map(len, text.splitlines())) <= WIDTH
    return story, [step["label"].strip('"') for step in story["steps"]], text


def assert_in_order(labels, *wanted):
    """Check that these steps exist, in this order."""
    left = iter(labels)
    missing = [step for step in wanted if step not in left]
    assert missing == [], labels


async def remove_rules(livekit):
    async with operator_api(livekit) as server:
        rules = await server.sip.list_dispatch_rule(api.ListSIPDispatchRuleRequest())
        for rule in rules.items:
            await server.sip.delete_dispatch_rule(
                api.DeleteSIPDispatchRuleRequest(sip_dispatch_rule_id=rule.sip_dispatch_rule_id)
            )


@dataclass(frozen=True)
class Broken:
    """
    A run, the missing step of its call, and the last steps of the timeline.
    """

    run: Run
    missing: str
    last_steps: tuple[str, ...]


async def healthy(folder: Path) -> tuple[Run, list[str]]:
    """
    Return the run on a healthy deployment, and its secrets.
    """
    async with scene(folder) as sound:
        return await sound.peaceful().run("-k", CALL), sound.profile.secrets()


async def other_secret_of_livekit_sip(folder: Path) -> Broken:
    """
    Run with a call that is refused when livekit-sip has to join the room.
    """
    overrides = {"api_secret": "not-the-secret-of-this-deployment"}
    async with scene(folder, sip_overrides=overrides) as broken:
        run = await broken.peaceful().run("-k", CALL)
    return Broken(
        run,
        "joined",
        (
            *("Joining room", "error handling request", "Cannot create LiveKit participant"),
            "486 Rejected",
        ),
    )


async def killed_server(folder: Path) -> Broken:
    """
    Run without livekit-server, so that nothing on the bus knows the trunk.
    """
    async with scene(folder) as broken:
        await broken.stack.server.kill()
        run = await broken.peaceful().run("-k", CALL)
    return Broken(
        run,
        "trunk",
        (
            *("0 listen on IOInfo|GetSIPTrunkAuthentication|REQ", "INVITE", "100 Processing"),
            *("Rejecting inbound, auth check failed", "503 Try again later"),
        ),
    )


async def no_rule(folder: Path) -> Broken:
    """
    Run without a dispatch rule, so that the call rings until the caller gives up.
    """
    async with scene(folder) as broken:
        await remove_rules(broken.profile.livekit)
        run = await broken.peaceful().run("-k", CALL)
    return Broken(run, "dispatched", ("configured:", "INVITE", "180 Ringing", "CANCEL"))


@looks_at(healthy, takes_s=4)
def test_a_healthy_call_is_told_by_all_witnesses_to_its_end(played):
    run, secrets = played
    assert run.exit_status == 0, run.output
    story, labels, _ = told(run)
    assert story["stop"] is None
    # One machine, one clock.
    assert [clock["applied_s"] for clock in story["clocks"].values()] == [0.0, 0.0]
    assert story["contradiction"] == ""
    assert not [step for step in story["steps"] if step["is_problem"]]
    assert all(a["at_s"] <= b["at_s"] for a, b in itertools.pairwise(story["steps"]))
    for way in (
        ("INVITE", "processing invite", "Starting SIP invite authentication", "407 Unauthorized"),
        ("SIP invite authentication successful", "Joining room", "starting RTC session"),
        ("Joining room", "room_started", "participant_joined", "track_published", "200 OK"),
        ("Accepting the call", "200 OK", "ACK", "heard", "BYE", "200 OK", "participant_left"),
        ("joined", "left"),
    ):
        assert_in_order(labels, *way)
    page = (run.folder / "report.html").read_text()
    assert "The call as a ladder: probe" in page
    assert "STOPS HERE" not in page
    assert leaks_in(run.folder, secrets) == {}


@looks_at(other_secret_of_livekit_sip, killed_server, no_rule, takes_s=10)
def test_a_broken_call_is_told_up_to_where_it_broke(played):
    run = played.run
    story, labels, text = told(run)
    assert story["stop"]["missing"] == played.missing, text
    assert_in_order(labels, *played.last_steps)
    # After the missing step there are only its consequences.
    assert labels[story["stop"]["before"]] == played.last_steps[-1]
    assert "STOPS HERE" in (run.folder / "report.html").read_text()
    assert "evidence/timeline-conformance-" in (run.folder / "summary.md").read_text()
