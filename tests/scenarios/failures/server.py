"""
Failures that keep livekit-server from answering, from accepting our key, and from keeping rooms.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from pydantic import SecretStr

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.drivers.agent.stand_in import AgentStandIn
from livekit_conformance.environments.profile import Profile
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.local.binaries import SERVER, find
from livekit_conformance.provisioners.local.prerequisites import FAKETIME
from livekit_conformance.provisioners.local.process import Process
from livekit_conformance.provisioners.local.stack import HTTP_PORT, REDIS_PORT, SIP_PORT
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.waiting import wait_until
from tests import certificates
from tests.scenarios import wrong_peers
from tests.scenarios.failures.scenario import Scenario
from tests.scenarios.real_stack import Scene

_FILES = frozenset({"service-files-disagree"})
_OTHER_PORT = 7890
_NOT_READY = 406
_STALE_WITHIN_S = 15.0


def _with(**livekit: Any) -> Callable[[Profile], Profile]:
    """
    Return a change of values in the profile's section `livekit`.
    """

    def told(profile: Profile) -> Profile:
        section = profile.livekit.model_copy(update=livekit)
        return profile.model_copy(update={"livekit": section})

    return told


def _secret(change: Callable[[str], str]) -> Callable[[Profile], Profile]:
    def told(profile: Profile) -> Profile:
        secret = change(profile.livekit.api_secret.get_secret_value())
        return _with(api_secret=SecretStr(secret))(profile)

    return told


def _swapped(profile: Profile) -> Profile:
    key, secret = profile.livekit.api_key, profile.livekit.api_secret.get_secret_value()
    return _with(api_key=secret, api_secret=SecretStr(key))(profile)


def _look_at(broken: Scene, port: int) -> None:
    broken.profile = _with(url=f"ws://{broken.stack.address}:{port}")(broken.profile)


async def _at_a_closed_port(broken: Scene) -> None:
    _look_at(broken, broken.beside.enter_context(wrong_peers.closed_port(broken.stack.address)))


async def _at_a_black_hole(broken: Scene) -> None:
    _look_at(broken, broken.beside.enter_context(wrong_peers.black_hole(broken.stack.address)))


async def _at_the_sip_port(broken: Scene) -> None:
    _look_at(broken, SIP_PORT)


async def _at_the_redis_port(broken: Scene) -> None:
    _look_at(broken, REDIS_PORT)


async def _at_a_web_server(broken: Scene) -> None:
    await _at_a_page(broken, "404 Not Found", "<html>404 Not Found</html>")


async def _at_a_lonely_proxy(broken: Scene) -> None:
    await _at_a_page(broken, "502 Bad Gateway", "<html>502 Bad Gateway</html>")


async def _in_the_clear_at_a_tls_port(broken: Scene) -> None:
    # The answer of Go's HTTPS servers, above all of Caddy and Traefik.
    words = "Client sent an HTTP request to an HTTPS server.\n"
    await _at_a_page(broken, "400 Bad Request", words)


async def _at_a_page(broken: Scene, status: str, body: str) -> None:
    page = wrong_peers.web_server(broken.stack.address, status, body)
    _look_at(broken, await broken.beside.enter_async_context(page))


async def _by_tls_at_a_plain_port(broken: Scene) -> None:
    url = broken.stack.url.replace("ws:", "wss:")
    broken.profile = _with(url=url)(broken.profile)


async def _with_an_unknown_authority(broken: Scene) -> None:
    port = await broken.beside.enter_async_context(
        certificates.in_front_of(HTTP_PORT, certificates.good(), host=broken.stack.address)
    )
    broken.profile = _with(url=f"wss://127.0.0.1:{port}")(broken.profile)


async def _without_redis(broken: Scene) -> None:
    """
    Cut livekit-server, and no other service, off from Redis.
    """
    stack = broken.stack
    way = [(stack.address, REDIS_PORT)]
    place = await broken.beside.enter_async_context(
        wrong_peers.relay(stack.address, lambda: way[0] if way else None)
    )
    await broken.restart(stack.server, redis={"address": f"{stack.address}:{place.port}"})
    way.clear()
    place.hang_up()
    await until_not_ready(broken)


async def until_not_ready(broken: Scene) -> None:
    """
    Wait until livekit-server says so: when its figures in Redis are older than 4 s.
    """

    async def why_not_yet() -> str | None:
        async with aiohttp.request("GET", broken.stack.url.replace("ws:", "http:")) as answer:
            return None if answer.status == _NOT_READY else f"GET / answers {answer.status}"

    waited = await wait_until(why_not_yet, within=_STALE_WITHIN_S)
    assert waited.came_true, str(waited)


def _clocks_apart(offset_s: int) -> Callable[[Scene], Any]:
    async def act(broken: Scene) -> None:
        broken.environ |= {
            # It changes the clock of programs that use libc, which Go programs do not.
            "LD_PRELOAD": FAKETIME.find(os.environ),
            "FAKETIME": f"{offset_s:+}s",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    return act


async def _two_that_share_nothing(broken: Scene) -> None:
    """
    Put a load balancer in front of livekit-server and a second one that has no Redis.
    """
    stack = broken.stack
    config = yaml.safe_load(stack.server_config_file.read_text())
    del config["redis"], config["webhook"]
    path = stack.folder / "other-livekit.yaml"
    path.write_text(yaml.safe_dump({**config, "port": _OTHER_PORT}))
    other = await _another_server(broken, path)
    broken.beside.push_async_callback(other.stop)
    port = await broken.beside.enter_async_context(
        wrong_peers.in_turn(stack.address, (stack.address, HTTP_PORT), (stack.address, _OTHER_PORT))
    )
    _look_at(broken, port)


async def _another_server(broken: Scene, config: Path) -> Process:
    program = find(SERVER, os.environ)
    other = Process(
        "other-livekit-server",
        (str(program.path), "--config", str(config)),
        broken.stack.folder / "other-livekit-server.log",
        Recorder(Redactor()),
    )

    async def why_not_ready() -> str | None:
        try:
            _, writer = await asyncio.open_connection(broken.stack.address, _OTHER_PORT)
        except OSError as error:
            return str(error)
        writer.close()
        await writer.wait_closed()
        return None

    await other.start(why_not_ready)
    return other


async def _leaving(broken: Scene) -> None:
    """
    Stop livekit-server while a participant is in a room, so that it waits for them to leave.
    """
    livekit = broken.profile.livekit
    guest = await broken.beside.enter_async_context(
        AgentStandIn(
            livekit.url,
            api_key=livekit.api_key,
            api_secret=livekit.api_secret.get_secret_value(),
            tone_hz=1000.0,
            recorder=Recorder(Redactor()),
        )
    )
    await guest.join("somebody-else")
    broken.stack.server.signal(signal.SIGTERM)


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "server-host-unresolvable",
        "The host in livekit.url does not exist.",
        "server-host-does-not-resolve",
        Link.DNS,
        profile=_with(url="ws://livekit.invalid:7880"),
        row=17,
    ),
    Scenario(
        "server-url-refused",
        "livekit.url names a port where nobody listens.",
        "server-unreachable",
        Link.TCP,
        act=_at_a_closed_port,
    ),
    Scenario(
        "server-url-black-hole",
        "A firewall drops what is sent to livekit.url.",
        "server-address-is-cut-off",
        Link.TCP,
        act=_at_a_black_hole,
    ),
    Scenario(
        "server-url-of-sip",
        "livekit.url names the port of livekit-sip, which takes connections and waits for SIP.",
        "server-does-not-answer",
        Link.SERVER,
        act=_at_the_sip_port,
        row=17,
    ),
    Scenario(
        "server-url-of-redis",
        "livekit.url names the port of Redis, which hangs up.",
        "server-drops-connections",
        Link.SERVER,
        act=_at_the_redis_port,
        row=17,
    ),
    Scenario(
        "server-url-web-server",
        "livekit.url names another web server.",
        "server-url-is-not-livekit",
        Link.SERVER,
        act=_at_a_web_server,
        row=17,
    ),
    Scenario(
        "server-url-lonely-proxy",
        "A proxy is at livekit.url and finds no livekit-server behind it.",
        "proxy-has-no-server",
        Link.SERVER,
        act=_at_a_lonely_proxy,
        row=17,
    ),
    Scenario(
        "server-url-wss-at-plain-port",
        "livekit.url begins with wss, and livekit-server speaks no TLS.",
        "server-url-scheme-is-wrong",
        Link.TLS,
        act=_by_tls_at_a_plain_port,
        row=17,
    ),
    Scenario(
        "server-url-ws-at-tls-port",
        "livekit.url begins with ws and leads to the TLS port of a proxy.",
        "server-url-scheme-is-wrong",
        Link.SERVER,
        act=_in_the_clear_at_a_tls_port,
        row=17,
    ),
    Scenario(
        "server-untrusted",
        "The certificate of livekit.url is of an unknown authority.",
        "certificate-not-trusted",
        Link.TLS,
        act=_with_an_unknown_authority,
    ),
    Scenario(
        "server-lost-redis",
        "livekit-server alone has lost its connection to Redis.",
        "server-not-ready",
        Link.NODE,
        act=_without_redis,
        also=_FILES | {"sip-bus-has-no-server"},
    ),
    Scenario(
        "our-clock-slow",
        "The clock of livekit-server is five minutes ahead of that of this machine.",
        "clocks-disagree",
        Link.CLOCK,
        act=_clocks_apart(-300),
        row=16,
    ),
    Scenario(
        "our-clock-fast",
        "The clock of livekit-server is five minutes behind that of this machine.",
        "clocks-disagree",
        Link.CLOCK,
        act=_clocks_apart(300),
        row=16,
    ),
    Scenario(
        "profile-unknown-key",
        "The profile has the API key of another deployment.",
        "api-key-refused",
        Link.API_KEY,
        profile=_with(api_key="APIanotherOne42"),
        row=15,
    ),
    Scenario(
        "profile-wrong-secret",
        "The profile has the right API key with another secret.",
        "api-secret-refused",
        Link.API_KEY,
        profile=_secret(lambda secret: secret[::-1]),
        row=15,
    ),
    Scenario(
        "profile-swapped",
        "The profile has API key and secret in each other's place.",
        "api-key-and-secret-are-swapped",
        Link.API_KEY,
        profile=_swapped,
        row=15,
    ),
    Scenario(
        "profile-quoted-secret",
        "Quotes have become part of the API secret.",
        "api-secret-is-wrapped",
        Link.API_KEY,
        profile=_secret(lambda secret: f'"{secret}"'),
        row=15,
    ),
    Scenario(
        "profile-secret-with-newline",
        "A line break has become part of the API secret.",
        "api-secret-is-wrapped",
        Link.API_KEY,
        profile=_secret(lambda secret: f"{secret}\n"),
        row=15,
    ),
    Scenario(
        "servers-share-nothing",
        "Two livekit-servers without a common Redis stand behind livekit.url.",
        "servers-do-not-share-redis",
        Link.ROOMS,
        act=_two_that_share_nothing,
        # True of the other server, and all that is known of it without the cause above.
        also=frozenset({"server-has-no-redis"}),
        row=21,
    ),
    Scenario(
        "server-leaving",
        "livekit-server got SIGTERM and waits for the last participant to leave.",
        "no-node-takes-rooms",
        Link.ROOMS,
        act=_leaving,
    ),
)
