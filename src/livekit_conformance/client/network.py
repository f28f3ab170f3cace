"""
Interpret lost requests: how far they got, why they failed, and the remedy.

Python's own errors mean the same behind every HTTP library. Errors that only one library has are in
rows of their own: the rows of aiohttp are here, those of other libraries next to their use.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from dataclasses import dataclass
from typing import Final

import aiohttp

from livekit_conformance.errors import OWN_LIMITS, Failure, Phase, in_system_words
from livekit_conformance.lost_requests import failure_of, openssl_words

_OWN_REMEDY: Final = (
    "This machine is the obstacle, not the server: send fewer requests at once, or allow more "
    "connections in the session and more open files"
)
# A machine without a free port cannot connect either.
_OWN_ERRORS: Final = OWN_LIMITS | {errno.EADDRNOTAVAIL}
REMEDIES: Final[dict[Phase, str]] = {
    "resolve": "Check the host name in the URL and the DNS of this machine",
    "connect": "Check that the service runs, that host and port of the URL are right and that "
    "no firewall is in the way",
    "tls": "Check the certificate: chain, host name and expiry date",
    "answer": "The port accepts connections but nothing answers: the process behind it hangs, or "
    "it is another service; check its log and restart it",
    "request": "Check the URL",
}

# Texts for failures that each library words in its own way; `{}` is the error's own text.
NO_ANSWER: Final = "the connection ended before the answer"
BROKEN: Final = "the answer is broken: {}"
NOT_HTTP: Final = "the answer is not HTTP: {}"


@dataclass(frozen=True, slots=True)
class Meaning:
    """
    Meaning of the errors of `kinds`: the `phase` and `failure`, if they determine them, and the
    `words` for it.
    """

    kinds: tuple[type[BaseException], ...]
    phase: Phase | None = None
    words: str = "{}"
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Loss:
    """
    Phase that a request without an answer reached, and why it got no further, without addresses.

    `is_local` is true if this machine is the obstacle, not the network or the server.
    """

    phase: Phase
    words: str
    failure: Failure
    is_local: bool = False

    @property
    def remedy(self) -> str:
        """
        The remedy on the side that failed.
        """
        return _OWN_REMEDY if self.is_local else REMEDIES[self.phase]


QUEUED: Final = Loss(
    "connect", "no free connection of our own in time", Failure.TIMED_OUT, is_local=True
)

_OF_PYTHON: Final = (
    Meaning((socket.gaierror,), "resolve"),
    Meaning((ssl.SSLError,), "tls"),
)
OF_AIOHTTP: Final = (
    Meaning((aiohttp.InvalidURL,), "request"),
    Meaning((aiohttp.ClientConnectorDNSError,), "resolve"),
    Meaning((aiohttp.ClientSSLError, aiohttp.ServerFingerprintMismatch), "tls"),
    Meaning((aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError), "connect"),
    # The text of ServerDisconnectedError is the partial answer, as an object of the parser.
    Meaning((aiohttp.ServerDisconnectedError,), words=NO_ANSWER, failure=Failure.ENDED),
    Meaning((aiohttp.ClientPayloadError,), words=BROKEN, failure=Failure.BROKEN),
    Meaning((aiohttp.TooManyRedirects,)),
    Meaning((aiohttp.ClientResponseError,), words=NOT_HTTP, failure=Failure.FOREIGN),
)
_ANYTHING_ELSE: Final = Meaning((BaseException,))

_SILENCE: Final[dict[Phase, str]] = {
    "resolve": "resolving the name took too long",
    "connect": "no connection in time",
}


def loss_of(
    error: BaseException, reached: Phase = "answer", rows: tuple[Meaning, ...] = OF_AIOHTTP
) -> Loss:
    """
    Return the meaning of `error`, by the `rows` of the library that raised it.

    `reached` is the phase that was in progress, for errors that do not determine it.
    """
    origin = _origin(error)
    meaning = next(
        row
        for row in (*rows, *_OF_PYTHON, _ANYTHING_ELSE)
        if isinstance(error, row.kinds) or isinstance(origin, row.kinds)
    )
    phase = meaning.phase or reached
    is_local = isinstance(origin, OSError) and origin.errno in _OWN_ERRORS
    return Loss(
        phase,
        meaning.words.format(_own_words(origin, phase)),
        meaning.failure or failure_of(origin, phase),
        is_local=is_local,
    )


def is_lasting(error: BaseException) -> bool:
    """
    Return whether the same request would fail again: nothing was sent, and the cause will not go
    away by itself.
    """
    return isinstance(
        error,
        aiohttp.InvalidURL
        | aiohttp.ClientConnectorCertificateError
        | aiohttp.NonHttpUrlClientError,
    )


def _origin(error: BaseException) -> BaseException:
    while (below := _below(error)) is not None:
        error = below
    return error


def _below(error: BaseException) -> BaseException | None:
    # httpcore removes the cause of its errors and keeps it as their argument.
    behind = (error.__cause__, *error.args)
    return next((each for each in behind if isinstance(each, BaseException)), None)


def _own_words(error: BaseException, phase: Phase) -> str:
    match error:
        case ssl.SSLError():
            return openssl_words(error)
        case BaseExceptionGroup():
            # One for each address of the host.
            return ", ".join(dict.fromkeys(_own_words(each, phase) for each in error.exceptions))
        case OSError() if error.errno is not None:
            return in_system_words(error)
        case asyncio.TimeoutError() | asyncio.CancelledError():
            return _SILENCE.get(phase, "no answer in time")
        case _:
            return " ".join(str(error).split()) or NO_ANSWER
