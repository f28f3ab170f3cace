"""
Brings up what a profile names and gives back the profile with every blank filled in.

From here on nobody asks of which kind a deployment is: mock, local and live look alike.
"""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from livekit_conformance.drivers.livekit_api import LiveKitClient
from livekit_conformance.drivers.permit import Permit
from livekit_conformance.environments.profile import Livekit, LogSource, Profile
from livekit_conformance.errors import Blocked
from livekit_conformance.mock import Mock, MockConfig
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.local.stack import (
    DEPARTURE_TIMEOUT_S,
    SIP_PORT,
    WEBHOOK_PATH,
    KeyPair,
    Stack,
    running_stack,
)
from livekit_conformance.provisioners.telephony import create_line

_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Deployment:
    """
    What the suites are pointed at.

    `profile` has every value; `webhook_listener` is the socket of our own endpoint, if there is
    one; `versions` names the services whose version is known.
    """

    profile: Profile
    webhook_listener: socket.socket | None = None
    versions: Mapping[str, str] = field(default_factory=dict)


@asynccontextmanager
async def provision(
    profile: Profile,
    recorder: Recorder,
    folder: Path,
    *,
    environ: Mapping[str, str] = os.environ,
) -> AsyncIterator[Deployment]:
    """
    The deployment that `profile` names, for as long as it is needed; its files go to `folder`.

    Raises Blocked for what is missing on this machine.
    """
    bring_up = {"mock": _mock, "local": _local, "live": _live}[profile.kind]
    async with bring_up(profile, recorder, folder, environ) as deployment:
        yield deployment


@asynccontextmanager
async def _live(
    profile: Profile, recorder: Recorder, folder: Path, environ: Mapping[str, str]
) -> AsyncIterator[Deployment]:
    del recorder, folder, environ
    if profile.webhook.listen is None:
        yield Deployment(profile)
        return
    host, _, port = profile.webhook.listen.rpartition(":")
    try:
        listener = socket.create_server((host, int(port)))
    except OSError as error:
        raise Blocked(
            f"webhook.listen: {profile.webhook.listen} cannot be listened on: {error.strerror}",
            remedy="Free the port, or choose another one and let the deployment deliver to it",
        ) from error
    with listener:
        yield Deployment(profile, listener)


@asynccontextmanager
async def _local(
    profile: Profile, recorder: Recorder, folder: Path, environ: Mapping[str, str]
) -> AsyncIterator[Deployment]:
    async with running_stack(folder, recorder, environ=environ) as stack:
        ready = await fill_local(profile, stack, recorder)
        yield Deployment(ready, stack.webhook_listener, stack.versions)


async def fill_local(profile: Profile, stack: Stack, recorder: Recorder) -> Profile:
    """
    The profile that describes a running stack, with a telephone line made for it.
    """
    filled = _fill(
        profile,
        url=stack.url,
        keys=stack.keys,
        sip_server=f"{stack.address}:{SIP_PORT}",
        webhook_url=stack.webhook_url,
        redis_url=stack.redis_url,
        logs={"livekit-server": stack.server.log, "livekit-sip": stack.sip.log},
    )
    return await _with_line(filled, recorder)


@asynccontextmanager
async def _mock(
    profile: Profile, recorder: Recorder, folder: Path, environ: Mapping[str, str]
) -> AsyncIterator[Deployment]:
    del environ
    keys = KeyPair()
    recorder.redact = recorder.redact.with_secrets([keys.secret])
    with socket.create_server((_LOOPBACK, 0)) as listener:
        webhook_url = f"http://{_LOOPBACK}:{listener.getsockname()[1]}{WEBHOOK_PATH}"
        config = MockConfig(
            api_key=keys.key,
            api_secret=keys.secret,
            webhook_url=webhook_url,
            log_dir=folder,
            departure_timeout_s=DEPARTURE_TIMEOUT_S,
        )
        async with Mock(config) as mock:
            ready = await fill_mock(profile, mock, keys, webhook_url, recorder)
            yield Deployment(ready, listener)


async def fill_mock(
    profile: Profile, mock: Mock, keys: KeyPair, webhook_url: str, recorder: Recorder
) -> Profile:
    """
    The profile that describes a running mock, with a telephone line made for it.
    """
    filled = _fill(
        profile,
        url=mock.url,
        keys=keys,
        sip_server=":".join(map(str, mock.sip_address)),
        webhook_url=webhook_url,
        redis_url=mock.redis_url,
        logs={"livekit-server": mock.server_log, "livekit-sip": mock.sip_log},
    )
    return await _with_line(filled, recorder)


async def _with_line(profile: Profile, recorder: Recorder) -> Profile:
    """
    The profile with the account of a telephone line that was made for it.
    """
    client = LiveKitClient(
        profile.livekit.url,
        api_key=profile.livekit.api_key,
        api_secret=profile.livekit.api_secret.get_secret_value(),
        # The stack is our own and dies with the run, whatever the profile allows the checks.
        permit=Permit.everything(),
        recorder=recorder,
    )
    async with client:
        prefix = profile.rooms.name_pattern.partition("{call_id}")[0]
        line = await create_line(client, room_prefix=prefix)
    recorder.redact = recorder.redact.with_secrets([line.password])
    account = {
        "username": line.username,
        "password": SecretStr(line.password),
        "number": line.number,
    }
    return profile.model_copy(update={"sip": profile.sip.model_copy(update=account)})


def _fill(
    profile: Profile,
    *,
    url: str,
    keys: KeyPair,
    sip_server: str,
    webhook_url: str,
    redis_url: str,
    logs: Mapping[str, Path],
) -> Profile:
    livekit = Livekit(url=url, api_key=keys.key, api_secret=SecretStr(keys.secret))
    listen = webhook_url.removeprefix("http://").partition("/")[0]
    return profile.model_copy(
        update={
            "livekit": livekit,
            "sip": profile.sip.model_copy(update={"server": sip_server}),
            "webhook": profile.webhook.model_copy(update={"url": webhook_url, "listen": listen}),
            "redis": redis_url,
            "logs": tuple(
                LogSource.model_validate({"service": service, "path": path})
                for service, path in logs.items()
            ),
        }
    )
