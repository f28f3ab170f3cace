"""
Failures that keep livekit-sip from joining the room of a call.
"""

from __future__ import annotations

import time

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.environments.profile import DeploymentFiles, Profile
from livekit_conformance.protocol import token
from livekit_conformance.provisioners.local.stack import HTTP_PORT
from tests import certificates
from tests.scenarios import wrong_peers
from tests.scenarios.failures.scenario import Scenario
from tests.scenarios.real_stack import Scene

# Comparing the files of both services shows some of it before any call.
_FILES = frozenset({"service-files-disagree"})
_FAST_S = 300


def _from_outside(profile: Profile) -> Profile:
    return profile.model_copy(update={"logs": (), "deployment": DeploymentFiles()})


async def _joins_at(broken: Scene, port: int, path: str = "") -> None:
    await broken.restart(broken.stack.sip, ws_url=f"ws://{broken.stack.address}:{port}{path}")


async def _at_a_closed_port(broken: Scene) -> None:
    await _joins_at(
        broken, broken.beside.enter_context(wrong_peers.closed_port(broken.stack.address))
    )


async def _at_a_black_hole(broken: Scene) -> None:
    await _joins_at(
        broken, broken.beside.enter_context(wrong_peers.black_hole(broken.stack.address))
    )


async def _at_a_mute_port(broken: Scene) -> None:
    await _joins_at(broken, broken.beside.enter_context(wrong_peers.mute(broken.stack.address)))


async def _at_a_web_server(broken: Scene) -> None:
    page = wrong_peers.web_server(broken.stack.address, "200 OK", "<html>It works!</html>")
    await _joins_at(broken, await broken.beside.enter_async_context(page))


async def _under_a_path(broken: Scene) -> None:
    await _joins_at(broken, HTTP_PORT, "/livekit")


async def _by_tls_at_a_plain_port(broken: Scene) -> None:
    await broken.restart(broken.stack.sip, ws_url=broken.stack.url.replace("ws:", "wss:"))


async def _in_the_clear_at_a_tls_port(broken: Scene) -> None:
    # The answer of Go's HTTPS servers, above all of Caddy and Traefik.
    words = "Client sent an HTTP request to an HTTPS server.\n"
    page = wrong_peers.web_server(broken.stack.address, "400 Bad Request", words)
    await _joins_at(broken, await broken.beside.enter_async_context(page))


async def _with_an_unknown_authority(broken: Scene) -> None:
    port = await broken.beside.enter_async_context(
        certificates.in_front_of(HTTP_PORT, certificates.good(), host=broken.stack.address)
    )
    await broken.restart(broken.stack.sip, ws_url=f"wss://127.0.0.1:{port}")


async def _with_a_fast_clock(broken: Scene) -> None:
    """
    Change its tokens in transit to what they would be if its clock were some minutes fast.
    """
    keys, address = broken.stack.keys, broken.stack.address

    def dated(bearer: str) -> str:
        claims = token.verify(bearer, keys={keys.key: keys.secret}, now=time.time())
        later: dict[str, float] = {
            name: claims[name] + _FAST_S for name in ("nbf", "exp") if name in claims
        }
        return token.sign({**claims, **later}, keys.secret)

    way = wrong_peers.relay(address, lambda: (address, HTTP_PORT), bearer=dated)
    place = await broken.beside.enter_async_context(way)
    await _joins_at(broken, place.port)


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "room-for-one",
        "livekit.yaml lets one participant into a room: the caller, and no agent.",
        "limit-keeps-participants-out",
        Link.AGENT,
        server={"room": {"max_participants": 1}},
    ),
    Scenario(
        "short-identities",
        "livekit.yaml has a limit on identities that is shorter than a caller's.",
        "limit-keeps-participants-out",
        Link.JOIN,
        server={"limit": {"max_participant_identity_length": 5}},
    ),
    Scenario(
        "no-opus",
        "livekit.yaml enables video codecs only.",
        "opus-is-not-enabled",
        Link.JOIN,
        server={"room": {"enabled_codecs": [{"mime": "video/VP8"}]}},
    ),
    Scenario(
        "sip-wrong-secret",
        "livekit-sip.yaml has another api_secret than livekit.yaml.",
        "sip-service-key-refused",
        Link.JOIN,
        sip={"api_secret": "not-the-secret-of-this-deployment"},
        also=_FILES,
        row=10,
    ),
    Scenario(
        "sip-unknown-key",
        "livekit-sip.yaml has the api_key of another deployment.",
        "sip-service-key-refused",
        Link.JOIN,
        sip={"api_key": "APIanotherOne42"},
        also=_FILES,
        row=10,
    ),
    Scenario(
        "sip-wrong-secret-and-no-logs",
        "livekit-sip.yaml has another api_secret, and neither log nor file is there to tell.",
        "sip-service-cannot-join",
        Link.JOIN,
        sip={"api_secret": "not-the-secret-of-this-deployment"},
        profile=_from_outside,
    ),
    Scenario(
        "sip-no-secret",
        "livekit-sip.yaml has no api_secret.",
        "sip-service-key-refused",
        Link.JOIN,
        sip={"api_secret": ""},
        also=_FILES,
    ),
    Scenario(
        "sip-clock-fast",
        "The clock of livekit-sip's machine is five minutes fast.",
        "sip-service-clock-is-off",
        Link.JOIN,
        act=_with_a_fast_clock,
        also=_FILES,
        row=16,
    ),
    Scenario(
        "sip-ws-url-refused",
        "ws_url of livekit-sip leads to a port where nobody listens.",
        "sip-service-cannot-reach-server",
        Link.JOIN,
        act=_at_a_closed_port,
        also=_FILES,
        row=11,
    ),
    Scenario(
        "sip-ws-url-black-hole",
        "A firewall drops what livekit-sip sends to its ws_url.",
        "sip-service-gets-no-answer",
        Link.JOIN,
        act=_at_a_black_hole,
        also=_FILES,
        row=11,
    ),
    Scenario(
        "sip-ws-url-mute",
        "What is at ws_url accepts connections and never answers.",
        "sip-service-gets-no-answer",
        Link.JOIN,
        act=_at_a_mute_port,
        also=_FILES,
        row=11,
    ),
    Scenario(
        "sip-ws-url-unresolvable",
        "The host in ws_url of livekit-sip does not exist.",
        "sip-service-host-does-not-resolve",
        Link.JOIN,
        sip={"ws_url": "ws://livekit.invalid:7880"},
        also=_FILES,
        row=11,
    ),
    Scenario(
        "sip-ws-url-web-server",
        "ws_url of livekit-sip leads to another web server.",
        "sip-service-url-is-not-livekit",
        Link.JOIN,
        act=_at_a_web_server,
        also=_FILES,
        row=11,
    ),
    Scenario(
        "sip-ws-url-path",
        "ws_url of livekit-sip has a path that does not belong there.",
        "sip-service-url-is-not-livekit",
        Link.JOIN,
        act=_under_a_path,
        also=_FILES,
        row=11,
    ),
    Scenario(
        "sip-ws-url-wss-at-plain-port",
        "ws_url of livekit-sip begins with wss, and livekit-server speaks no TLS.",
        "sip-service-url-scheme-is-wrong",
        Link.JOIN,
        act=_by_tls_at_a_plain_port,
        also=_FILES,
        row=11,
    ),
    Scenario(
        "sip-ws-url-ws-at-tls-port",
        "ws_url of livekit-sip begins with ws and leads to the TLS port of a proxy.",
        "sip-service-url-scheme-is-wrong",
        Link.JOIN,
        act=_in_the_clear_at_a_tls_port,
        also=_FILES,
        row=11,
    ),
    Scenario(
        "sip-ws-url-untrusted",
        "The certificate at ws_url is of an authority that livekit-sip does not know.",
        "sip-service-distrusts-certificate",
        Link.JOIN,
        act=_with_an_unknown_authority,
        also=_FILES,
        row=11,
    ),
    Scenario(
        "sip-ws-url-empty",
        "livekit-sip.yaml has no ws_url.",
        "sip-service-has-no-url",
        Link.JOIN,
        sip={"ws_url": ""},
        also=_FILES,
    ),
    Scenario(
        "rooms-not-created",
        "livekit.yaml has room.auto_create: false, and nobody creates the rooms of calls.",
        "rooms-are-not-created-by-joining",
        Link.JOIN,
        server={"room": {"auto_create": False, "departure_timeout": 1}},
    ),
)
