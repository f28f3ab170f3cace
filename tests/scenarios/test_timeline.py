"""
The stories of real calls: complete, in order, and broken off where the call broke.
"""

from __future__ import annotations

import itertools
import json

import pytest
from livekit import api

from livekit_conformance.timeline.ladder import WIDTH
from tests.secrecy import leaks_in

# The checks that look at the probe call, at the bus and at the rules; the others take time.
CALL = "test_bus or test_dispatch or test_call.py"


def told(run):
    """The timeline of the probe call of a run: its data, its labels in order, and its text."""
    stories = [
        (json.loads(path.read_text()), path.with_suffix(".txt").read_text())
        for path in (run.folder / "evidence").glob("timeline-*.json")
    ]
    ((story, text),) = (one for one in stories if one[0]["purpose"] == "probe")
    assert max(map(len, text.splitlines())) <= WIDTH
    return story, [step["label"].strip('"') for step in story["steps"]], text


def assert_in_order(labels, *wanted):
    """That these steps are there, in this order."""
    left = iter(labels)
    missing = [step for step in wanted if step not in left]
    assert missing == [], labels


async def remove_rules(livekit):
    secret = livekit.api_secret.get_secret_value()
    async with api.LiveKitAPI(livekit.url, livekit.api_key, secret) as server:
        rules = await server.sip.list_dispatch_rule(api.ListSIPDispatchRuleRequest())
        for rule in rules.items:
            await server.sip.delete_dispatch_rule(
                api.DeleteSIPDispatchRuleRequest(sip_dispatch_rule_id=rule.sip_dispatch_rule_id)
            )


async def test_a_healthy_call_is_told_by_all_witnesses_to_its_end(scene):
    async with scene() as healthy:
        secrets = healthy.profile.secrets()
        run = await healthy.peaceful().run("-k", CALL)

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


@pytest.mark.parametrize(
    ("fault", "missing", "way"),
    [
        (
            "wrong-secret",
            "joined",
            (
                *("Joining room", "error handling request", "Cannot create LiveKit participant"),
                "486 Rejected",
            ),
        ),
        (
            "killed-server",
            "trunk",
            (
                *("0 listen on IOInfo|GetSIPTrunkAuthentication|REQ", "INVITE", "100 Processing"),
                *("Rejecting inbound, auth check failed", "503 Try again later"),
            ),
        ),
        ("no-rule", "dispatched", ("configured:", "INVITE", "180 Ringing", "CANCEL")),
    ],
)
async def test_a_broken_call_is_told_up_to_where_it_broke(scene, fault, missing, way):
    overrides = {"api_secret": "not-the-secret-of-this-deployment"}
    async with scene(**({"sip_overrides": overrides} if fault == "wrong-secret" else {})) as broken:
        if fault == "killed-server":
            await broken.stack.server.kill()
        if fault == "no-rule":
            await remove_rules(broken.profile.livekit)
        run = await broken.peaceful().run("-k", CALL)

    story, labels, text = told(run)
    assert story["stop"]["missing"] == missing, text
    assert_in_order(labels, *way)
    # Nothing but its consequences comes after the step that did not.
    assert labels[story["stop"]["before"]] == way[-1]
    assert "STOPS HERE" in (run.folder / "report.html").read_text()
    assert "evidence/timeline-conformance-" in (run.folder / "summary.md").read_text()
