"""
Two nodes of each service: a healthy pair is blamed for nothing, a sick node is named.
"""

from __future__ import annotations

import pytest

from tests.field.nodes import SICK_SERVER, SICK_SIP, pairs

ONE_FAILS = {"one-sip-service-of-several-fails", "one-server-of-several-fails"}
# livekit-server chooses the node of each room at random: the rooms of a run may all be on one.
_RUNS = 4
_CALLS_AND_BUS = "test_bus.py or test_call.py or test_several_calls.py"


async def test_two_healthy_nodes_of_each_service_are_blamed_for_nothing(real_services, tmp_path):
    async with pairs(tmp_path) as both:
        run = await both.peaceful().run("-m", "chain")

    assert run.diagnoses == [], run.output
    assert run.exit_status == 0, run.output


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("sick", "cause", "why"),
    [
        (
            {"second_sip": SICK_SIP},
            "one-sip-service-of-several-fails",
            "sip-service-key-refused",
        ),
        (
            {"second_server": SICK_SERVER},
            "one-server-of-several-fails",
            "webrtc-cannot-connect",
        ),
    ],
    ids=["livekit-sip", "livekit-server"],
)
async def test_the_one_sick_node_of_two_is_named(real_services, tmp_path, sick, cause, why):
    async with pairs(tmp_path, **sick) as both:
        for _ in range(_RUNS):
            run = await both.peaceful().run("-k", _CALLS_AND_BUS)
            assert why in run.diagnoses or not run.exit_status, run.output
            if cause in run.diagnoses:
                break

    assert cause in run.diagnoses, run.output
    certain = {each["id"] for each in run.results["diagnoses"] if each["confidence"] == "certain"}
    assert certain & ONE_FAILS <= {cause}, run.output
