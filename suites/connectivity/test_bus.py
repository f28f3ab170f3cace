"""
Communication between livekit-sip and livekit-server over Redis.
"""

import pytest

from livekit_conformance.drivers.bus import (
    CREATE_PARTICIPANT,
    DISPATCH_RULES,
    TRUNK_AUTHENTICATION,
    Bus,
)


@pytest.mark.clause("1.5-bus-has-a-server")
async def test_a_server_listens_for_the_requests_of_livekit_sip(bus: Bus) -> None:
    """
    There are subscribers on the two channels that an inbound call needs.
    """
    listeners = await bus.listeners()
    nodes = await bus.nodes()

    needed = {channel: listeners[channel] for channel in (TRUNK_AUTHENTICATION, DISPATCH_RULES)}
    assert all(needed.values()), (
        f"PUBSUB NUMSUB at {bus.endpoint} returned {needed}; registered nodes: {nodes}"
    )


@pytest.mark.clause("1.5-bus-has-a-sip-service")
async def test_a_sip_service_listens_for_outbound_calls(bus: Bus) -> None:
    """
    There is a subscriber on the channel of CreateSIPParticipant.
    """
    listeners = await bus.listeners()

    assert listeners[CREATE_PARTICIPANT], f"PUBSUB NUMSUB at {bus.endpoint} returned {listeners}"
