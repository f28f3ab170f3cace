"""
What goes wrong between an application and LiveKit. The class says what to do about it.

    LiveKitError
    ├── LiveKitAuthenticationError   401, 403, a token that proves nothing: change key or secret
    ├── LiveKitRequestError          other 4xx: change the request, or go on without
    ├── LiveKitTimeoutError          no answer in time: what was asked may have been done
    ├── LiveKitConnectionError       refused, reset, no such name, no trust
    │   └── LiveKitCircuitOpenError  not sent, because it has failed too often: see `retry_after`
    ├── LiveKitServerError           5xx, 429, an answer that cannot be read
    └── LiveKitCallError             the call was placed and ended with a SIP status

No text, attribute or representation of them holds a secret or a whole token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import ClassVar

from livekit_conformance.environments.policies import ErrorClass
from livekit_conformance.errors import Phase

_REFUSES_THE_KEY = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
# The page of a proxy may be long; the whole of it is in `text`.
_TOLD = 500
_SIP_STATUS_CODE = "sip_status_code"


@dataclass(eq=False, kw_only=True)
class LiveKitError(Exception):
    """
    Base of all errors of the client.

    What was asked: `method` of the API, `url`, the masked API `key`. What came: the HTTP `status`
    (None without an answer), the Twirp `code`, the server's own `text` (or the system's), and the
    `metadata` of the Twirp error. `hint` says what to do. `phase` is how far the request came, and
    `may_have_arrived` whether the server may have done what it asks. `attempts` were made and the
    last one took `waited` seconds; after `retry_after` seconds it is worth asking again, where that
    is known.
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
    may_have_arrived: bool = False
    attempts: int = 1
    waited: float = 0.0
    retry_after: float | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def error_class(self) -> ErrorClass:
        """
        What config/error_handling.yaml calls it.
        """
        return self.kind

    @property
    def decisive_status(self) -> int | None:
        """
        The status by which a policy decides whether to try again.
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
        told = ", ".join(part for part in parts if part)
        return f"{self._what()}{f' ({told})' if told else ''}. {self.hint}".rstrip()

    def _what(self) -> str:
        if self.status is None:
            return f"{self.method}: {self.text}".removeprefix(": ")
        said = self.text.strip()[:_TOLD] or "(empty body)"
        return f"{self.method} answered {self.status} {self.code}".rstrip() + f": {said}"


class LiveKitAuthenticationError(LiveKitError):
    """
    The key, its secret or a grant was refused: 401 or 403, or a token that was checked here.
    """

    kind = ErrorClass.AUTHENTICATION


class LiveKitRequestError(LiveKitError):
    """
    The server says that the request is wrong, or that what it asks for is not there.
    """

    kind = ErrorClass.REQUEST


class LiveKitTimeoutError(LiveKitError):
    """
    No answer in time.
    """

    kind = ErrorClass.TIMEOUT


@dataclass(eq=False, kw_only=True)
class LiveKitConnectionError(LiveKitError):
    """
    The network did not carry the request or its answer.

    `is_lasting` when asking again cannot help: a URL that cannot be, a certificate without trust.
    """

    kind = ErrorClass.CONNECTION
    is_lasting: bool = False

    @property
    def error_class(self) -> ErrorClass:
        """
        `request` for what does not change by itself.
        """
        return ErrorClass.REQUEST if self.is_lasting else self.kind


class LiveKitCircuitOpenError(LiveKitConnectionError):
    """
    Nothing was sent: what is asked has failed too often. Try again in `retry_after` seconds.
    """


class LiveKitServerError(LiveKitError):
    """
    The server cannot answer now, or answers what cannot be read.
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
        Such as 486.
        """
        return int(self.metadata[_SIP_STATUS_CODE])

    @property
    def sip_status(self) -> str:
        """
        Such as `Busy Here`.
        """
        return self.metadata.get("sip_status", "")

    @property
    def decisive_status(self) -> int | None:
        """
        That of SIP.
        """
        return self.sip_status_code


def class_for(status: int, metadata: Mapping[str, str]) -> type[LiveKitError]:
    """
    The class of an error that the server answers with.
    """
    if metadata.get(_SIP_STATUS_CODE, "").isdecimal():
        return LiveKitCallError
    if status in _REFUSES_THE_KEY:
        return LiveKitAuthenticationError
    # A 200 is an error when it cannot be read.
    is_ours = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if is_ours and status != HTTPStatus.TOO_MANY_REQUESTS:
        return LiveKitRequestError
    return LiveKitServerError
