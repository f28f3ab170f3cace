"""
What an error of aiohttp says of the network: how far the request came, and what to do about it.
"""

from __future__ import annotations

import asyncio
from typing import Final

import aiohttp

from livekit_conformance.errors import Phase, in_system_words

REMEDIES: Final[dict[Phase, str]] = {
    "resolve": "Check the host name in the URL and the DNS of this machine",
    "connect": "Check that the service runs, that host and port of the URL are right and that "
    "no firewall is between",
    "tls": "Check the certificate: chain, host name and expiry date",
    "answer": "The port accepts connections but nothing answers: the process behind it hangs, or "
    "it is another service; look at its log and restart it",
    "request": "Check the URL",
}


def phase_of(error: BaseException, reached: Phase = "answer") -> Phase:
    """
    How far the request came; `reached` is what was under way, for errors that do not tell.
    """
    match error:
        case aiohttp.InvalidURL():
            return "request"
        case aiohttp.ClientConnectorDNSError():
            return "resolve"
        case aiohttp.ClientSSLError() | aiohttp.ServerFingerprintMismatch():
            return "tls"
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return "connect"
        case _:
            return reached


def is_lasting(error: BaseException) -> bool:
    """
    Whether the same request would end so again: nothing was sent, and nothing passes by itself.
    """
    return isinstance(
        error,
        aiohttp.InvalidURL
        | aiohttp.ClientConnectorCertificateError
        | aiohttp.NonHttpUrlClientError,
    )


def describe(error: BaseException, phase: Phase = "answer") -> str:
    """
    The error in few words, without addresses.
    """
    match error:
        case aiohttp.ClientConnectorError():
            return in_system_words(error.os_error)
        case aiohttp.ConnectionTimeoutError():
            return "no connection in time"
        case aiohttp.ServerDisconnectedError():
            # Its text is whatever came of the answer, as an object of the parser.
            return "the connection ended before the answer"
        case asyncio.TimeoutError() | asyncio.CancelledError():
            return _SILENCE.get(phase, "no answer in time")
        case _:
            return str(error) or type(error).__name__


_SILENCE: Final[dict[Phase, str]] = {
    "resolve": "no address in time",
    "connect": "no connection in time",
}
