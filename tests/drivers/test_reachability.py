"""
The phase that a connection reaches, and the side at fault when it goes no further.
"""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import asynccontextmanager

import pytest

from livekit_conformance.drivers.reachability import HostAndPort, Transport
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor
from tests import certificates
from tests.scenarios.wrong_peers import closed_port, mute

DAY_S = 86400


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """
    Make this process trust only the test authority.
    """
    for name, value in certificates.trust(tmp_path).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def transport():
    return Transport(Recorder(Redactor()), timeout=2.0)


@pytest.fixture
async def behind():
    """
    Yield the port of a server that accepts connections and sends nothing.
    """
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("wss://voice.test", HostAndPort("voice.test", 443, is_secure=True)),
        ("https://voice.test:8443/path", HostAndPort("voice.test", 8443, is_secure=True)),
        ("ws://127.0.0.1:7880", HostAndPort("127.0.0.1", 7880, is_secure=False)),
        ("http://[::1]/", HostAndPort("::1", 80, is_secure=False)),
    ],
)
def test_a_url_leads_to_an_endpoint(url, endpoint):
    assert HostAndPort.of(url) == endpoint


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_host_has_addresses(transport, host):
    found = await transport.resolve(HostAndPort(host, 80, is_secure=False))

    assert found.problem is None
    assert {"127.0.0.1", "::1"} & set(found.addresses)


async def test_a_name_that_nobody_has_is_a_problem_of_the_name(transport, monkeypatch):
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "getaddrinfo", failing(socket.EAI_NONAME, "Name not known"))

    found = await transport.resolve(HostAndPort("nothing.invalid", 80, is_secure=False))

    assert (found.addresses, found.problem) == ((), "Name not known")


@pytest.mark.parametrize("host", ["a..invalid", f"{'a' * 64}.invalid"])
async def test_what_is_no_host_name_is_a_problem_of_the_name(transport, host):
    found = await transport.resolve(HostAndPort(host, 80, is_secure=False))

    assert (found.addresses, found.problem) == ((), "this is not a host name")


async def test_a_name_is_waited_for_longer_than_a_connection(monkeypatch):
    async def answer(*_, **__):
        await asyncio.sleep(0.1)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("192.0.2.1", 80))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answer)
    patient = Transport(Recorder(Redactor()), timeout=0.01, lookup=30.0)
    hasty = Transport(Recorder(Redactor()), timeout=30.0, lookup=0.01)

    assert (await patient.resolve(HostAndPort("voice.test", 80, is_secure=False))).addresses
    with pytest.raises(Unreachable):
        await hasty.resolve(HostAndPort("voice.test", 80, is_secure=False))


async def test_a_resolver_that_does_not_work_is_no_problem_of_the_name(transport, monkeypatch):
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "getaddrinfo", failing(socket.EAI_AGAIN, "Try again"))

    with pytest.raises(Unreachable) as unreachable:
        await transport.resolve(HostAndPort("voice.test", 80, is_secure=False))

    assert (unreachable.value.phase, unreachable.value.detail) == ("resolve", "Try again")


async def test_a_socket_that_accepts_is_connected_to(transport, behind):
    await transport.connect(HostAndPort("127.0.0.1", behind, is_secure=False))


async def test_a_closed_port_is_unreachable(transport):
    with closed_port("127.0.0.1") as port:
        endpoint = HostAndPort("127.0.0.1", port, is_secure=False)

        with pytest.raises(Unreachable) as unreachable:
            await transport.connect(endpoint)

    assert (unreachable.value.phase, unreachable.value.detail) == ("connect", "Connection refused")


async def test_a_good_certificate_is_trusted_and_its_end_is_known(transport, behind, trusted):
    async with certificates.in_front_of(behind, certificates.good(days=40)) as port:
        found = await transport.shake_hands(HostAndPort("localhost", port, is_secure=True))

    assert (found.problem, found.version) == (None, "TLSv1.3")
    assert (found.not_after - time.time()) / DAY_S == pytest.approx(40, abs=0.01)


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (lambda: certificates.good(days=-1), "certificate has expired"),
        (lambda: certificates.good("elsewhere.test"), "Hostname mismatch"),
        (certificates.of_a_stranger, "unable to get local issuer certificate"),
        (lambda: None, "wrong version number"),
    ],
    ids=["expired", "other-host", "unknown-authority", "clear-text"],
)
async def test_a_bad_certificate_is_told_in_the_words_of_openssl(transport, trusted, shown, words):
    async with talkative() as inner, certificates.in_front_of(inner, shown()) as port:
        found = await transport.shake_hands(HostAndPort("localhost", port, is_secure=True))

    assert words in (found.problem or "")


async def test_an_outdated_version_is_told_in_the_words_of_openssl(transport):
    async with certificates.outdated() as port:
        found = await transport.shake_hands(HostAndPort("localhost", port, is_secure=True))

    assert "protocol version" in (found.problem or "")


async def test_a_connection_that_is_dropped_is_no_proof_against_the_certificate(transport, behind):
    with pytest.raises(Unreachable) as unreachable:
        await transport.shake_hands(HostAndPort("127.0.0.1", behind, is_secure=True))

    assert unreachable.value.phase == "tls"
    assert "time" not in unreachable.value.detail


async def test_a_peer_that_never_answers_is_given_up_in_time(behind):
    recorder = Recorder(Redactor())
    with mute("127.0.0.1") as port:
        endpoint = HostAndPort("127.0.0.1", port, is_secure=True)

        with pytest.raises(Unreachable) as unreachable:
            await Transport(recorder, timeout=0.2).shake_hands(endpoint)

    assert unreachable.value.phase == "tls"
    assert unreachable.value.detail == "no answer in time"
    assert unreachable.value.failure == recorder.observations[-1].failure == "timed-out"
    assert 0.2 <= unreachable.value.waited < 2.0
    assert recorder.observations[-1].problem == "no answer in time"


async def test_what_was_found_is_recorded(behind, trusted):
    recorder = Recorder(Redactor())
    async with certificates.in_front_of(behind, certificates.good()) as port:
        await Transport(recorder).shake_hands(HostAndPort("localhost", port, is_secure=True))

    phases = [(seen.kind, seen.phase) for seen in recorder.observations]
    assert phases == [("connection", "connect"), ("connection", "tls")]
    assert recorder.observations[-1].version == "TLSv1.3"


def failing(number, words):
    async def getaddrinfo(*args, **kwargs):
        raise socket.gaierror(number, words)

    return getaddrinfo


@asynccontextmanager
async def talkative():
    """
    Yield the port of a server that answers in plain text, as an HTTP server does.
    """

    async def serve(reader, writer):
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
