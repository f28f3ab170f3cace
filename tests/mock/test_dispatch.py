"""
The mock dispatches calls as the real services do: the cases on which both were compared.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from livekit import api

from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.logs import LogTail
from livekit_conformance.drivers.sip.caller import SipAgent
from livekit_conformance.mock import Mock, MockConfig
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor
from tests.scenarios.dispatch_cases import CASES
from tests.scenarios.dispatch_line import HOST, Line, incoming, unlike

# The mock has only objects created by the API, and never asks for a PIN.
KNOWN = [case for case in CASES if not case.old_data and case.comes_to not in {"pin", "refused"}]


@pytest_asyncio.fixture(scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Line]:
    recorder, permit = Recorder(Redactor()), Permit.everything()
    key, secret = "APIconformance", "a-secret-of-more-than-32-characters"
    config = MockConfig(key, secret, tmp_path_factory.mktemp("mock"))
    async with (
        Mock(config) as mock,
        LiveKitClient(
            mock.url, api_key=key, api_secret=secret, permit=permit, recorder=recorder
        ) as client,
        api.LiveKitAPI(mock.url.replace("ws", "http", 1), key, secret) as sdk,
        SipAgent(mock.sip_address, recorder=recorder, local_host=HOST) as agent,
    ):
        yield Line(mock.redis_url, client, sdk, agent, LogTail("livekit-sip", mock.sip_log))


@pytest.mark.parametrize("case", KNOWN, ids=lambda case: case.id)
async def test_a_call_comes_to_the_same_as_on_the_real_services(case, line):
    try:
        await line.make(case)
        if case.comes_to == "503":
            assert (await line.call(case)).comes_to == "503"
            return
        outcome = (await line.listed()).predict(incoming(case))

        seen = await line.call(case)

        assert unlike(seen, outcome, case) is None, seen.log
        assert seen.comes_to == case.comes_to
    finally:
        await line.clear()
