"""
Certificates of a test authority, good ones and bad ones.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import trustme

# The answer of OpenSSL's TLS 1.1 server to a client of TLS 1.2 and later: a fatal alert,
# protocol_version (RFC 5246 section 7.2). asyncio closes the connection before sending it.
_PROTOCOL_VERSION = bytes.fromhex("15 03 03 00 02 02 46")

# A name and an address: certificates of services have either.
HOSTS = ("localhost", "127.0.0.1")


@cache
def authority() -> trustme.CA:
    return trustme.CA()


def trust(folder: Path) -> dict[str, str]:
    """
    Return the environment in which a process trusts only the test authority.
    """
    path = folder / "authority.pem"
    authority().cert_pem.write_to_path(str(path))
    return {"SSL_CERT_FILE": str(path)}


def served(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """
    Return the context of a server that presents this certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def good(*hosts: str, days: float = 90.0) -> ssl.SSLContext:
    """
    Return the context of a certificate valid for `days` more days; a negative number means expired.
    """
    now = datetime.now(UTC)
    certificate = authority().issue_cert(
        *(hosts or HOSTS), not_before=now - timedelta(days=30), not_after=now + timedelta(days=days)
    )
    return served(certificate)


def of_a_stranger() -> ssl.SSLContext:
    return served(trustme.CA().issue_cert(*HOSTS))


@asynccontextmanager
async def in_front_of(
    port: int, context: ssl.SSLContext | None, *, host: str = "127.0.0.1"
) -> AsyncIterator[int]:
    """
    Yield the port of a TLS terminator on 127.0.0.1 that forwards to `port` of `host`, as load
    balancers do; without a context it forwards plain TCP.
    """

    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        with suppress(OSError):
            inner_reader, inner_writer = await asyncio.open_connection(host, port)
            await asyncio.gather(_pass_on(reader, inner_writer), _pass_on(inner_reader, writer))
        writer.close()
        writers.discard(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await server.wait_closed()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def outdated() -> AsyncIterator[int]:
    """
    Yield the port of a server that supports TLS 1.1 at most.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(65536):
            writer.write(_PROTOCOL_VERSION)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
