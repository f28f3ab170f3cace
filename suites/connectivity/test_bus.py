"""
Communication between livekit-sip and livekit-server over Redis.
"""

import pytest

from livekit_conformance.config_doctor import redis_uses
from livekit_conformance.drivers.bus import Bus, servers_among, sip_services_among
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import require
from livekit_conformance.judges.bus import judge_redis, judge_server, judge_sip_service


@pytest.mark.clause("1.5-bus-has-a-server")
async def test_a_server_listens_for_the_requests_of_livekit_sip(bus: Bus, profile: Profile) -> None:
    """
    Redis accepts writes of both accounts, and the channels of an inbound call have subscribers.
    """
    uses = redis_uses(profile.deployment.texts())
    state, accounts = await bus.look({use.service: use.user for use in uses})
    require(judge_redis(state, uses, accounts))

    listeners = await bus.listeners()
    nodes = await bus.nodes()

    require(judge_server(bus.endpoint, servers_among(listeners), nodes))


@pytest.mark.clause("1.5-bus-has-a-sip-service")
async def test_a_sip_service_listens_for_outbound_calls(bus: Bus) -> None:
    """
    There is a subscriber on the channel of CreateSIPParticipant.
    """
    listeners = await bus.listeners()

    require(judge_sip_service(bus.endpoint, sip_services_among(listeners)))
