"""
The address at which the suite takes outbound calls.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from livekit_conformance.drivers.ownership.ledger import NAME, Ledger
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import Blocked
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.deployment import Deployment, provision
from livekit_conformance.secrets.patterns import Redactor


def make_profile(kind: str, **sections: object) -> Profile:
    return Profile.model_validate({"kind": kind, "allow": ["read"], **sections})


@asynccontextmanager
async def provisioned(
    profile: Profile, recorder: Recorder, folder: Path
) -> AsyncIterator[Deployment]:
    with Ledger(folder / NAME, run="test", environment="test") as ledger:
        async with provision(profile, recorder, folder, ledger=ledger) as deployment:
            yield deployment


async def test_the_mock_gets_a_trunk_that_leads_to_our_socket(tmp_path: Path) -> None:
    recorder = Recorder(Redactor())
    async with provisioned(make_profile("mock"), recorder, tmp_path) as deployment:
        outbound = deployment.profile.sip.outbound
        assert deployment.outbound_listener is not None
        host, port = deployment.outbound_listener.getsockname()
        password = outbound.password.get_secret_value()

        assert outbound.listen == f"{host}:{port}"
        assert outbound.trunk_id
        assert outbound.number
        assert outbound.username
        assert password in deployment.profile.secrets()
        assert recorder.redact(password) != password


async def test_a_live_profile_is_listened_for_where_it_says(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{probe.getsockname()[1]}"
    profile = make_profile("live", sip={"outbound": {"listen": listen}})

    async with provisioned(profile, Recorder(Redactor()), tmp_path) as deployment:
        assert deployment.outbound_listener is not None
        assert deployment.outbound_listener.type == socket.SOCK_DGRAM
        assert deployment.outbound_listener.getsockname()[1] == int(listen.partition(":")[2])


async def test_a_port_that_is_taken_blocks_and_names_the_key(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        profile = make_profile("live", sip={"outbound": {"listen": listen}})

        with pytest.raises(
            Blocked, match=r"sip\.outbound\.listen: cannot listen on 127\.0\.0\.1:\d+"
        ):
            async with provisioned(profile, Recorder(Redactor()), tmp_path):
                pass
