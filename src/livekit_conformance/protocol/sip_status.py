"""
Map the SIP status of a failed outbound call to livekit-server's Twirp error.

Source: livekit/protocol livekit/sip.go, sipCodeToGRPCCode; for the statuses that phones and
providers send.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from livekit_conformance.protocol.twirp import Code

_CODES: Final[Mapping[int, Code]] = MappingProxyType(
    {
        301: Code.NOT_FOUND,
        302: Code.NOT_FOUND,
        400: Code.INVALID_ARGUMENT,
        401: Code.PERMISSION_DENIED,
        402: Code.PERMISSION_DENIED,
        403: Code.PERMISSION_DENIED,
        404: Code.NOT_FOUND,
        405: Code.INVALID_ARGUMENT,
        406: Code.INVALID_ARGUMENT,
        407: Code.UNAUTHENTICATED,
        408: Code.DEADLINE_EXCEEDED,
        410: Code.NOT_FOUND,
        415: Code.INVALID_ARGUMENT,
        480: Code.RESOURCE_EXHAUSTED,
        481: Code.NOT_FOUND,
        482: Code.FAILED_PRECONDITION,
        483: Code.FAILED_PRECONDITION,
        484: Code.INVALID_ARGUMENT,
        486: Code.RESOURCE_EXHAUSTED,
        487: Code.ABORTED,
        488: Code.INVALID_ARGUMENT,
        500: Code.FAILED_PRECONDITION,
        501: Code.FAILED_PRECONDITION,
        502: Code.FAILED_PRECONDITION,
        503: Code.FAILED_PRECONDITION,
        504: Code.DEADLINE_EXCEEDED,
        600: Code.RESOURCE_EXHAUSTED,
        603: Code.PERMISSION_DENIED,
        604: Code.NOT_FOUND,
        606: Code.INVALID_ARGUMENT,
        607: Code.PERMISSION_DENIED,
        608: Code.PERMISSION_DENIED,
    }
)


def code_of(status: int) -> Code:
    """
    Return the Twirp code with which CreateSIPParticipant fails; UNKNOWN for any other status.
    """
    return _CODES.get(status, Code.UNKNOWN)


def metadata_of(status: int, reason: str) -> dict[str, str]:
    """
    Return the metadata of the Twirp error that describes the SIP response.
    """
    return {"sip_status": reason, "sip_status_code": str(status)}
