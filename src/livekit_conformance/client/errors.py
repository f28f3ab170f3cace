"""
Errors between an application and LiveKit. The class of an error determines the remedy.

    LiveKitError
    ├── LiveKitAuthenticationError   401, 403, an invalid token: change key or secret
    ├── LiveKitRequestError          other 4xx: change the request, or go on without
    ├── LiveKitTimeoutError          no answer in time: the request may have been carried out
    ├── LiveKitConnectionError       refused, reset, no such name, no trust
    │   └── LiveKitCircuitOpenError  not sent after too many failures: see `retry_after`
    ├── LiveKitServerError           5xx, 429, an answer that cannot be read
    └── LiveKitCallError             the call was placed and ended with a SIP status

No text, attribute or representation of these errors contains a secret or a whole token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import ClassVar

from livekit_conformance.environments.policies import ErrorClass
from livekit_conformance.errors import Failure, Phase

_REFUSES_THE_KEY = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
# Length limit for the message: a proxy's error page may be long. `text` holds all of it.
_SHOWN = 500
# RFC 3261 section 7.2: three digits, of which the first is 1 to 6.
_SIP_STATUS = re.compile(r"[1-6][0-9]{2}")


@dataclass(eq=False, kw_only=True)
class LiveKitError(Exception):
    """
    Base of all errors of the client.

    The request: `method` of the API, `url`, the masked API `key`. The answer: the HTTP `status`
    (None without an answer), the Twirp `code`, the server's own `text` (or the system's), and the
    `metadata` of the Twirp error. `hint` is the advice. `phase` is how far the request got,
    `failure` what happened there to one without an answer, and `may_have_arrived` is true if the
    server may have carried it out. `attempts` is the number of tries, and `waited` the seconds that
    the last one took. `is_local` is true if this machine was the obstacle (no free connection of
    the pool, no file left): no server has failed. `retry_after` is the number of seconds after
    which a retry makes sense, if known.
    """

    kind: ClassVar[ErrorClass] = ErrorClass.SERVER

    method: str = ""
    url: str = ""
    key: str = ""
    status: int | None = None
    code: str = ""
    text: str = ""
    hint: str = ""
    phase: Phase = "answer"
    failure: Failure | None = None
    may_have_arrived: bool = False
    attempts: int = 1
    waited: float = 0.0
    is_local: bool = False
    retry_after: float | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def error_class(self) -> ErrorClass:
        """
        The error's class in config/error_handling.yaml.
        """
        return self.kind

    @property
    def decisive_status(self) -> int | None:
        """
        The status by which a policy decides whether to retry.
        """
        return self.status

    def __str__(self) -> str:
        parts = [
            self.url,
            f"API key {self.key}" if self.key else "",
            f"after {self.waited:.1f} s" if self.status is None and self.waited else "",
            f"{self.attempts} attempts" if self.attempts != 1 else "",
            f"try again in {self.retry_after:.1f} s" if self.retry_after is not None else "",
        ]
        details = ", ".join(part for part in parts if part)
        return f"{self._what()}{f' ({details})' if details else ''}. {self.hint}".rstrip()

    def _what(self) -> str:
        if self.status is None:
            return f"{self.method}: {self.text[:_SHOWN]}".removeprefix(": ")
        said = self.text.strip()[:_SHOWN] or "(empty body)"
        return f"{self.method} answered {self.status} {self.code}".rstrip() + f": {said}"


class LiveKitAuthenticationError(LiveKitError):
    """
    The key, its secret or a grant was refused: 401, 403, or a token that failed the check in this
    client.
    """

    kind = ErrorClass.AUTHENTICATION


class LiveKitRequestError(LiveKitError):
    """
    The server rejects the request as wrong, or the requested object does not exist.
    """

    kind = ErrorClass.REQUEST


class LiveKitTimeoutError(LiveKitError):
    """
    No answer arrived in time.
    """

    kind = ErrorClass.TIMEOUT


@dataclass(eq=False, kw_only=True)
class LiveKitConnectionError(LiveKitError):
    """
    The network did not carry the request or its answer.

    `is_lasting` is true if a retry cannot help: the URL is invalid, or the certificate is not
    trusted.
    """

    kind = ErrorClass.CONNECTION
    is_lasting: bool = False

    @property
    def error_class(self) -> ErrorClass:
        """
        The error's class: `request` for an error that a retry cannot change.
        """
        return ErrorClass.REQUEST if self.is_lasting else self.kind


class LiveKitCircuitOpenError(LiveKitConnectionError):
    """
    Nothing was sent, because earlier requests failed too often. Retry after `retry_after` seconds.
    """


class LiveKitServerError(LiveKitError):
    """
    The server cannot answer now, or its answer cannot be read.
    """

    kind = ErrorClass.SERVER


class LiveKitCallError(LiveKitError):
    """
    The call was placed, and ended with a SIP status: busy, declined, no route.
    """

    kind = ErrorClass.CALL

    @property
    def sip_status_code(self) -> int:
        """
        The SIP status code, such as 486.
        """
        return int(self.metadata["sip_status_code"])

    @property
    def sip_status(self) -> str:
        """
        The SIP reason phrase, such as `Busy Here`.
        """
        return self.metadata.get("sip_status", "")

    @property
    def decisive_status(self) -> int | None:
        """
        The SIP status code, by which a policy decides whether to retry.
        """
        return self.sip_status_code


def is_ended_call(metadata: Mapping[str, str]) -> bool:
    """
    Return whether the metadata of a Twirp error hold the SIP status of a call.
    """
    return _SIP_STATUS.fullmatch(metadata.get("sip_status_code", "")) is not None


def class_for(status: int, metadata: Mapping[str, str]) -> type[LiveKitError]:
    """
    Return the error class for an error answer of the server.
    """
    if is_ended_call(metadata):
        return LiveKitCallError
    if status in _REFUSES_THE_KEY:
        return LiveKitAuthenticationError
    # A 200 arrives here only if it cannot be read.
    is_ours = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if is_ours and status != HTTPStatus.TOO_MANY_REQUESTS:
        return LiveKitRequestError
    return LiveKitServerError
