"""
Reachability of an endpoint: its name, its socket, its certificate.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from livekit_conformance import run_clock
from livekit_conformance.errors import Failure, Phase, Unreachable, in_system_words
from livekit_conformance.lost_requests import failure_of, openssl_words
from livekit_conformance.observations import Connection, Recorder

_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_SECURE = frozenset({"https", "wss"})

# resolv.conf(5): after 5 s without an answer a resolver retries. One lost packet does not mean
# that the resolver is broken.
_LOOKUP_S = 12.0

_REMEDIES: dict[Phase, str] = {
    "resolve": "Check the DNS of this machine",
    "connect": "Check that the service runs, that host and port are right and that no firewall is "
    "in the way",
    "tls": "The port accepts connections and drops them: check which service is behind it",
}


@dataclass(frozen=True, slots=True)
class HostAndPort:
    """
    Host and port of a URL.
    """

    host: str
    port: int
    is_secure: bool

    @classmethod
    def of(cls, url: str) -> Self:
        """
        Return the endpoint of an http, https, ws or wss URL.
        """
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
        return cls(parts.hostname or "", port, parts.scheme in _SECURE)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Resolution:
    """
    Addresses of a host; if it has none, `problem` is the reason.
    """

    addresses: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class TlsHandshake:
    """
    TLS handshake: the negotiated `version`, or the `problem` in the words of OpenSSL.

    `failure` is the kind of the problem; `not_after` is the end of the certificate's validity, in
    Unix seconds.
    """

    version: str = ""
    not_after: float = 0.0
    problem: str | None = None
    failure: Failure | None = None


class Transport:
    """
    Open connections and close them again, without sending anything.

    `timeout` is in seconds for each connection, `lookup` for a name. Network errors raise
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
                if failure_of(error) is not Failure.NO_SUCH_NAME:
                    raise
                result = Resolution(problem=in_system_words(error))
            except UnicodeError:
                # Raised by Python: a part of the name is empty or longer than 63 characters.
                result = Resolution(problem="this is not a host name")
            else:
                result = Resolution(tuple(dict.fromkeys(str(entry[4][0]) for entry in found)))
        text = ", ".join(result.addresses) or result.problem
        self._record(endpoint, "resolve", f"{endpoint.host}: {text}", problem=result.problem)
        return result

    async def connect(self, endpoint: HostAndPort) -> None:
        """
        Open a TCP connection.
        """
        with self._deadline(endpoint, "connect"):
            async with asyncio.timeout(self._timeout):
                _, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
        await _close(writer)
        self._record(endpoint, "connect", f"{endpoint} accepts connections")

    async def shake_hands(self, endpoint: HostAndPort) -> TlsHandshake:
        """
        Open a TLS connection of version 1.2 or later and verify the certificate, as clients do.

        Certificate authorities are those of the system, or of SSL_CERT_FILE.
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
                result = TlsHandshake(problem=openssl_words(error), failure=failure_of(error))
            else:
                session: ssl.SSLObject = writer.get_extra_info("ssl_object")
                certificate = session.getpeercert() or {}
                result = TlsHandshake(
                    session.version() or "", ssl.cert_time_to_seconds(str(certificate["notAfter"]))
                )
                await _close(writer)
        text = f"{endpoint}: {result.problem or result.version}"
        self._record(
            endpoint, "tls", text, tls=result, problem=result.problem, failure=result.failure
        )
        return result

    @contextmanager
    def _deadline(self, endpoint: HostAndPort, phase: Phase) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        except (OSError, UnicodeError) as error:
            detail = _words(error)
            if phase == "resolve" and isinstance(error, TimeoutError):
                detail = f"resolving {endpoint.host} took longer than {self._lookup:g} s"
            waited = time.perf_counter() - started
            failure = failure_of(error, phase)
            self._record(endpoint, phase, f"{endpoint}: {detail}", problem=detail, failure=failure)
            raise Unreachable(
                str(endpoint),
                phase=phase,
                detail=detail,
                waited=waited,
                remedy=_REMEDIES[phase],
                failure=failure,
            ) from error

    def _record(
        self,
        endpoint: HostAndPort,
        phase: Phase,
        summary: str,
        *,
        tls: TlsHandshake | None = None,
        problem: str | None = None,
        failure: Failure | None = None,
    ) -> None:
        self._recorder.record(
            Connection(
                run_clock.now(),
                summary,
                endpoint=str(endpoint),
                phase=phase,
                version=tls.version if tls else "",
                not_after=tls.not_after if tls else 0.0,
                problem=problem,
                failure=failure,
            )
        )


def _words(error: OSError | UnicodeError) -> str:
    # Neither our own timeout nor a reset in asyncio has an error text.
    silence = isinstance(error, TimeoutError)
    return in_system_words(error) or (
        "no answer in time" if silence else "the connection was dropped"
    )


def _strict() -> ssl.SSLContext:
    context = ssl.create_default_context()
    # Regardless of the minimum version that this machine is configured for.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        # Errors while closing do not matter: only opening the connection is tested.
        return
