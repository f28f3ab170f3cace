"""
Tell from the error of Python or of the system in which way a request was lost.

It is apart from the exceptions (errors.py), because only who sends requests needs asyncio and ssl.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from livekit_conformance.errors import Failure, Phase

_BY_NUMBER: Final[Mapping[int | None, Failure]] = MappingProxyType(
    {
        errno.ECONNREFUSED: Failure.REFUSED,
        errno.ECONNRESET: Failure.RESET,
        errno.EHOSTDOWN: Failure.NO_ROUTE,
        errno.EHOSTUNREACH: Failure.NO_ROUTE,
        errno.ENETDOWN: Failure.NO_ROUTE,
        errno.ENETUNREACH: Failure.NO_ROUTE,
        errno.EPIPE: Failure.RESET,
    }
)
_BY_KIND: Final = (
    # Raised by Python for a name: a part of it is empty or longer than 63 characters.
    (UnicodeError, Failure.NO_SUCH_NAME),
    (ssl.SSLEOFError, Failure.ENDED),
    (ssl.SSLZeroReturnError, Failure.ENDED),
    (ssl.SSLError, Failure.TLS),
    # asyncio raises it without a number.
    (ConnectionResetError, Failure.RESET),
    (EOFError, Failure.ENDED),
)
# The resolver has answered: there is no such name, or it has no address. Every other error
# (EAI_AGAIN, ...) means that the resolver itself did not work.
_NO_SUCH_NAME: Final = frozenset(
    {socket.EAI_NONAME, *filter(None, [getattr(socket, "EAI_NODATA", None)])}
)
# Reasons of OpenSSL for a peer without TLS.
_NO_TLS: Final = frozenset(
    {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"}
)


def failure_of(error: BaseException, phase: Phase = "answer") -> Failure:
    """
    Return how a request failed in `phase`, by the error of Python or of the system behind `error`.

    A group has one error for each address of a host; a refusal, which is an answer, counts most.
    """
    if isinstance(error, BaseExceptionGroup):
        each = (failure_of(inner, phase) for inner in error.exceptions)
        return min(each, key=tuple(Failure).index)
    if (own := _own_failure(error, phase)) is not None:
        return own
    behind = error.__cause__ or error.__context__
    return failure_of(behind, phase) if behind is not None else Failure.OTHER


def _own_failure(error: BaseException, phase: Phase) -> Failure | None:
    match error:
        case socket.gaierror():
            is_answer = error.errno in _NO_SUCH_NAME
            return Failure.NO_SUCH_NAME if is_answer else Failure.RESOLVER_SILENT
        case ssl.SSLError() if getattr(error, "reason", None) in _NO_TLS:
            return Failure.NO_TLS
        case TimeoutError() | asyncio.CancelledError():
            # A deadline of asyncio cancels what it waits for.
            return Failure.RESOLVER_SILENT if phase == "resolve" else Failure.TIMED_OUT
        case OSError() if error.errno in _BY_NUMBER:
            return _BY_NUMBER[error.errno]
        case _:
            return next((meant for kind, meant in _BY_KIND if isinstance(error, kind)), None)


def openssl_words(error: ssl.SSLError) -> str:
    """
    Return OpenSSL's text for the error; its number is not one of the operating system's.
    """
    # An error that was raised in Python has neither.
    if (message := getattr(error, "verify_message", None)) is not None:
        return str(message)
    return (getattr(error, "reason", None) or str(error)).replace("_", " ").lower()
