"""
Start the deployment that a profile names, and return the profile with every blank filled in.

After this point the kind of a deployment does not matter: mock, local and live look alike.
"""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.ownership.ledger import NAME as LEDGER
from livekit_conformance.drivers.ownership.ledger import Ledger
from livekit_conformance.drivers.ownership.owner import Owner
from livekit_conformance.environments.profile import (
    DeploymentFiles,
    Livekit,
    LogSource,
    Outbound,
    Profile,
)
from livekit_conformance.errors import blocked
from livekit_conformance.judges.preconditions import CANNOT_LISTEN
from livekit_conformance.mock import Mock, MockConfig
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.failures import FailureControl, MockFailures
from livekit_conformance.provisioners.local.failures import LocalFailures
from livekit_conformance.provisioners.local.stack import (
    DEPARTURE_TIMEOUT_S,
    OUTBOUND_PORT,
    SIP_PORT,
    WEBHOOK_PATH,
    KeyPair,
    Stack,
    running_stack,
)
from livekit_conformance.provisioners.mock_files import write_mock_files
from livekit_conformance.provisioners.telephony import create_line, create_outbound_line

_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Deployment:
    """
    Deployment under test.

    `profile` has every value; `webhook_listener` is the socket of our own endpoint, if there is
    one, `outbound_listener` the UDP socket that receives outbound calls; `versions` are the known
    versions of services. Where our endpoint stands in for the application, it writes
    `application_log`. `failures` lets a stack of our own fail.
    """

    profile: Profile
    webhook_listener: socket.socket | None = None
    outbound_listener: socket.socket | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    application_log: Path | None = None
    failures: FailureControl | None = None


@asynccontextmanager
async def provision(
    profile: Profile,
    recorder: Recorder,
    folder: Path,
    *,
    ledger: Ledger,
    environ: Mapping[str, str] = os.environ,
) -> AsyncIterator[Deployment]:
    """
    Yield the deployment of `profile`, for as long as it is needed; its files go to `folder`.

    Objects that are created on it are recorded in `ledger`. Raises Blocked for missing
    prerequisites on this machine.
    """
    bring_up = {"mock": _mock, "local": _local, "live": _live}[profile.kind]
    async with bring_up(profile, recorder, folder, ledger, environ) as deployment:
        yield deployment


@asynccontextmanager
async def _live(
    profile: Profile,
    recorder: Recorder,
    folder: Path,
    ledger: Ledger,
    environ: Mapping[str, str],
) -> AsyncIterator[Deployment]:
    del recorder, folder, ledger, environ
    webhooks, calls = profile.webhook.listen, profile.sip.outbound.listen
    with ExitStack() as open_sockets:
        yield Deployment(
            profile,
            open_sockets.enter_context(_listening("webhook.listen", webhooks, _server))
            if webhooks
            else None,
            open_sockets.enter_context(_listening("sip.outbound.listen", calls, _udp_socket))
            if calls
            else None,
        )


def _listening(key: str, listen: str, bind: Callable[[str, int], socket.socket]) -> socket.socket:
    host, _, port = listen.rpartition(":")
    try:
        return bind(host, int(port))
    except OSError as error:
        raise blocked(
            CANNOT_LISTEN,
            f"{key}: cannot listen on {listen}: {error.strerror}",
            remedy=f"Free the port, or set another one in {key} and point the deployment at it",
            key=key,
            listen=listen,
            error=error.strerror,
        ) from error


def _server(host: str, port: int) -> socket.socket:
    return socket.create_server((host, port))


def _udp_socket(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.bind((host.strip("[]"), port))
    except OSError:
        bound.close()
        raise
    return bound


@asynccontextmanager
async def _local(
    profile: Profile,
    recorder: Recorder,
    folder: Path,
    ledger: Ledger,
    environ: Mapping[str, str],
) -> AsyncIterator[Deployment]:
    async with running_stack(folder, recorder, environ=environ) as stack:
        ready = await fill_local(profile, stack, recorder, ledger=ledger)
        log = _new_log(folder)
        with _udp_socket(stack.address, OUTBOUND_PORT) as calls:
            yield Deployment(
                _with_application_log(ready, log),
                stack.webhook_listener,
                calls,
                stack.versions,
                application_log=log,
                failures=LocalFailures(stack),
            )


async def fill_local(
    profile: Profile, stack: Stack, recorder: Recorder, *, ledger: Ledger | None = None
) -> Profile:
    """
    Return the profile of a running stack, with trunks and a rule created for it.
    """
    filled = _fill(
        profile,
        url=stack.url,
        keys=stack.keys,
        sip_server=f"{stack.address}:{SIP_PORT}",
        webhook_url=stack.webhook_url,
        redis_url=stack.redis_url,
        logs={"livekit-server": stack.server.log, "livekit-sip": stack.sip.log},
        files=DeploymentFiles(
            livekit_server_config=stack.server_config_file,
            livekit_sip_config=stack.sip_config_file,
        ),
    )
    return await _with_lines(filled, f"{stack.address}:{OUTBOUND_PORT}", recorder, ledger)


@asynccontextmanager
async def _mock(
    profile: Profile,
    recorder: Recorder,
    folder: Path,
    ledger: Ledger,
    environ: Mapping[str, str],
) -> AsyncIterator[Deployment]:
    del environ
    keys = KeyPair()
    recorder.redact = recorder.redact.with_secrets([keys.secret])
    with socket.create_server((_LOOPBACK, 0)) as listener, _udp_socket(_LOOPBACK, 0) as calls:
        webhook_url = f"http://{_LOOPBACK}:{listener.getsockname()[1]}{WEBHOOK_PATH}"
        config = MockConfig(
            api_key=keys.key,
            api_secret=keys.secret,
            webhook_url=webhook_url,
            log_dir=folder,
            departure_timeout_s=DEPARTURE_TIMEOUT_S,
        )
        async with Mock(config) as mock:
            ready = await fill_mock(
                profile,
                mock,
                keys,
                webhook_url,
                recorder,
                outbound_listen=":".join(map(str, calls.getsockname())),
                ledger=ledger,
            )
            log = _new_log(folder)
            yield Deployment(
                _with_application_log(ready, log),
                listener,
                calls,
                application_log=log,
                failures=MockFailures(config),
            )


async def fill_mock(
    profile: Profile,
    mock: Mock,
    keys: KeyPair,
    webhook_url: str,
    recorder: Recorder,
    *,
    outbound_listen: str,
    ledger: Ledger | None = None,
) -> Profile:
    """
    Return the profile of a running mock, with trunks and a rule created for it.
    """
    filled = _fill(
        profile,
        url=mock.url,
        keys=keys,
        sip_server=":".join(map(str, mock.sip_address)),
        webhook_url=webhook_url,
        redis_url=mock.redis_url,
        logs={"livekit-server": mock.server_log, "livekit-sip": mock.sip_log},
        files=write_mock_files(mock, keys, webhook_url),
    )
    return await _with_lines(filled, outbound_listen, recorder, ledger)


def _new_log(folder: Path) -> Path:
    log = folder / "application.log"
    log.touch()
    return log


def _with_application_log(profile: Profile, log: Path) -> Profile:
    source = LogSource(service="application", path=log)
    return profile.model_copy(update={"logs": (*profile.logs, source)})


async def _with_lines(
    profile: Profile, outbound_listen: str, recorder: Recorder, ledger: Ledger | None
) -> Profile:
    """
    Return the profile with the accounts of two new phone lines, one in and one out.

    Without a ledger they are recorded in a temporary one: the deployment belongs to a test.
    """
    if ledger is None:
        with (
            TemporaryDirectory() as folder,
            Ledger(Path(folder) / LEDGER, run="test", environment=profile.kind) as passing,
        ):
            return await _with_lines(profile, outbound_listen, recorder, passing)
    client = LiveKitClient(
        profile.livekit.url,
        api_key=profile.livekit.api_key,
        api_secret=profile.livekit.api_secret.get_secret_value(),
        # The stack is our own and ends with the run, whatever the profile allows the checks.
        permit=Permit.everything(),
        recorder=recorder,
        owner=Owner.of(profile, ledger),
    )
    async with client:
        prefix = profile.rooms.name_pattern.partition("{call_id}")[0]
        line = await create_line(client, room_prefix=prefix)
        way_out = await create_outbound_line(client, listen=outbound_listen)
    recorder.redact = recorder.redact.with_secrets([line.password, way_out.password])
    account = {
        "username": line.username,
        "password": SecretStr(line.password),
        "number": line.number,
        "outbound": Outbound(
            trunk_id=way_out.trunk_id,
            number=way_out.number,
            listen=outbound_listen,
            caller=way_out.caller,
            username=way_out.username,
            password=SecretStr(way_out.password),
        ),
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
    files: DeploymentFiles,
) -> Profile:
    livekit = Livekit(url=url, api_key=keys.key, api_secret=SecretStr(keys.secret))
    listen = webhook_url.removeprefix("http://").partition("/")[0]
    return profile.model_copy(
        update={
            "livekit": livekit,
            "sip": profile.sip.model_copy(update={"server": sip_server}),
            "webhook": profile.webhook.model_copy(update={"url": webhook_url, "listen": listen}),
            "redis": redis_url,
            "deployment": files,
            "logs": tuple(
                LogSource.model_validate({"service": service, "path": path})
                for service, path in logs.items()
            ),
        }
    )
