"""
Certificates of an authority of our own, good ones and bad ones.
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

# What OpenSSL's server of TLS 1.1 answers to a client of TLS 1.2 and later: a fatal alert,
# protocol_version (RFC 5246 section 7.2). asyncio closes the connection before it is sent.
_PROTOCOL_VERSION = bytes.fromhex("15 03 03 00 02 02 46")

# A name and an address, as certificates of services have either.
HOSTS = ("localhost", "127.0.0.1")


@cache
def authority() -> trustme.CA:
    return trustme.CA()


def trust(folder: Path) -> dict[str, str]:
    """
    The environment in which a process trusts the authority, and nobody else.
    """
    path = folder / "authority.pem"
    authority().cert_pem.write_to_path(str(path))
    return {"SSL_CERT_FILE": str(path)}


def served(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """
    What a server needs that shows this certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def good(*hosts: str, days: float = 90.0) -> ssl.SSLContext:
    """
    A certificate that is valid for some days more; expired when they are negative.
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
    The port of a TLS terminator on 127.0.0.1 that passes everything on to `port` of `host`, as load
    balancers do; without a context it passes on what comes in the clear.
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
    The port of a server that speaks no later version than TLS 1.1.
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
