"""
How far a connection to an endpoint comes: its name, its socket, its certificate.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from livekit_conformance.client.network import openssl_words
from livekit_conformance.errors import Phase, Unreachable, in_system_words
from livekit_conformance.observations import Recorder

_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_SECURE = frozenset({"https", "wss"})

# The resolver has answered, and there is no such name or it has no address. Everything else
# (EAI_AGAIN, ...) says that the resolver itself did not work.
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, *filter(None, [getattr(socket, "EAI_NODATA", None)])})

# resolv.conf(5): after 5 s without an answer a resolver asks once more. One lost packet is not yet
# a resolver that does not work.
_LOOKUP_S = 12.0

_REMEDIES: dict[Phase, str] = {
    "resolve": "Check the DNS of this machine",
    "connect": "Check that the service runs, that host and port are right and that no firewall is "
    "between",
    "tls": "The port accepts connections and drops them: see what is behind it",
}


@dataclass(frozen=True, slots=True)
class HostAndPort:
    """
    Where a URL leads.
    """

    host: str
    port: int
    is_secure: bool

    @classmethod
    def of(cls, url: str) -> Self:
        """
        The endpoint of an http, https, ws or wss URL.
        """
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
        return cls(parts.hostname or "", port, parts.scheme in _SECURE)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Resolution:
    """
    The addresses of a host; none, and a `problem`, when it has none.
    """

    addresses: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class TlsHandshake:
    """
    A TLS handshake: the `version` that was agreed on, and until when the certificate is valid
    (Unix seconds). When it failed, `problem` says why in the words of OpenSSL.
    """

    version: str = ""
    not_after: float = 0.0
    problem: str | None = None


class Transport:
    """
    Opens connections and closes them again; nothing is said over them.

    `timeout` seconds for each, `lookup` for a name; what the network does not carry raises
    Unreachable.
    """

    def __init__(
        self, recorder: Recorder, *, timeout: float = 5.0, lookup: float = _LOOKUP_S
    ) -> None:
        self._recorder = recorder
        self._timeout = timeout
        self._lookup = lookup

    async def resolve(self, endpoint: HostAndPort) -> Resolution:
        """
        Look up the addresses of the host.
        """
        loop = asyncio.get_running_loop()
        with self._deadline(endpoint, "resolve"):
            try:
                async with asyncio.timeout(self._lookup):
                    found = await loop.getaddrinfo(
                        endpoint.host, endpoint.port, type=socket.SOCK_STREAM
                    )
            except socket.gaierror as error:
                if error.errno not in _NO_SUCH_NAME:
                    raise
                result = Resolution(problem=in_system_words(error))
            except UnicodeError:
                # Python's own word: a part of the name is empty or longer than 63 characters.
                result = Resolution(problem="this is no host name")
            else:
                result = Resolution(tuple(dict.fromkeys(str(entry[4][0]) for entry in found)))
        told = ", ".join(result.addresses) or result.problem
        self._tell(endpoint, "resolve", f"{endpoint.host}: {told}", problem=result.problem)
        return result

    async def connect(self, endpoint: HostAndPort) -> None:
        """
        Open a TCP connection.
        """
        with self._deadline(endpoint, "connect"):
            async with asyncio.timeout(self._timeout):
                _, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
        await _close(writer)
        self._tell(endpoint, "connect", f"{endpoint} accepts connections")

    async def shake_hands(self, endpoint: HostAndPort) -> TlsHandshake:
        """
        Open a TLS connection of version 1.2 or later and verify the certificate, as clients do.

        Authorities are those of the system, or of SSL_CERT_FILE.
        """
        await self.connect(endpoint)
        with self._deadline(endpoint, "tls"):
            try:
                async with asyncio.timeout(self._timeout):
                    _, writer = await asyncio.open_connection(
                        endpoint.host, endpoint.port, ssl=_strict()
                    )
            except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
                raise
            except ssl.SSLError as error:
                result = TlsHandshake(problem=openssl_words(error))
            else:
                session: ssl.SSLObject = writer.get_extra_info("ssl_object")
                certificate = session.getpeercert() or {}
                result = TlsHandshake(
                    session.version() or "", ssl.cert_time_to_seconds(str(certificate["notAfter"]))
                )
                await _close(writer)
        self._tell(
            endpoint,
            "tls",
            f"{endpoint}: {result.problem or result.version}",
            version=result.version,
            not_after=result.not_after,
            problem=result.problem,
        )
        return result

    @contextmanager
    def _deadline(self, endpoint: HostAndPort, phase: Phase) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        except (TimeoutError, OSError) as error:
            detail = _words(error)
            waited = time.perf_counter() - started
            self._tell(endpoint, phase, f"{endpoint}: {detail}", problem=detail)
            raise Unreachable(
                str(endpoint), phase=phase, detail=detail, waited=waited, remedy=_REMEDIES[phase]
            ) from error

    def _tell(self, endpoint: HostAndPort, phase: Phase, summary: str, **details: Any) -> None:
        self._recorder.record(
            time.time(),
            "connection",
            summary,
            endpoint=str(endpoint),
            phase=phase,
            **details,
        )


def _words(error: OSError) -> str:
    # A time-out of ours and a reset of asyncio's have no words of their own.
    silence = isinstance(error, TimeoutError)
    return in_system_words(error) or (
        "no answer in time" if silence else "the connection was dropped"
    )


def _strict() -> ssl.SSLContext:
    context = ssl.create_default_context()
    # Whatever this machine is configured to tolerate.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        # It was only to be opened; how the peer takes leave does not matter.
        return
