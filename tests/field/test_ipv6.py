"""
A livekit-sip that is reached over IPv6: it takes calls, with sound in both directions.

livekit-sip 1.8.0 places none to an address of IPv6: it loses the brackets of the trunk's `address`.
"""

from __future__ import annotations

import asyncio
import socket

import pytest
import yaml

from livekit_conformance.environments.profile import Outbound
from tests.scenarios.operator_api import operator_api
from tests.scenarios.real_stack import Scene

HOST = "::1"


def free_port() -> int:
    with socket.create_server((HOST, 0), family=socket.AF_INET6) as found:
        port: int = found.getsockname()[1]
        return port


async def move(healthy: Scene) -> None:
    """
    Start livekit-sip again on the IPv6 loopback address, and point the profile there.
    """
    stack, port = healthy.stack, free_port()

    async def why_not_ready() -> str | None:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError as error:
            return str(error)
        writer.close()
        return None

    await stack.sip.stop()
    config = yaml.safe_load(stack.sip_config_file.read_text())
    config |= {"listen_ip": HOST, "nat_1_to_1_ip": HOST, "sip_port": port}
    stack.sip_config_file.write_text(yaml.safe_dump(config))
    await stack.sip.start(why_not_ready)
    moved = healthy.profile.sip.model_copy(update={"server": f"[{HOST}]:{port}"})
    healthy.profile = healthy.profile.model_copy(update={"sip": moved})


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_calls_over_ipv6_come_in(scene, transport):
    async with scene() as healthy:
        await move(healthy)
        changes = {"transport": transport, "outbound": Outbound()}
        sip = healthy.profile.sip.model_copy(update=changes)
        healthy.profile = healthy.profile.model_copy(update={"sip": sip})

        run = await healthy.peaceful().run("-m", "chain")

    assert run.diagnoses == [], run.output
    assert run.exit_status == 0, run.output
    assert run.verdicts["1.5-audio-flows-both-ways"] == "PASS"


async def test_calls_to_an_address_of_ipv6_do_not_go_out(scene):
    async with scene() as healthy:
        await move(healthy)
        sip, ours = healthy.profile.sip, f"[{HOST}]:{free_port()}"
        async with operator_api(healthy.profile.livekit) as client:
            await client.sip.update_outbound_trunk_fields(sip.outbound.trunk_id or "", address=ours)
        outbound = sip.outbound.model_copy(update={"listen": ours})
        moved = sip.model_copy(update={"outbound": outbound})
        healthy.profile = healthy.profile.model_copy(update={"sip": moved})

        run = await healthy.peaceful().run("-m", "chain")

    problem = run.check("1.5-outbound-call-is-answered")
    assert "too many colons in address" in problem["message"], run.output
