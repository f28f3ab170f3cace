"""
The twelve faults, with their parameters for each place.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from livekit_conformance.drivers.api.http_client import USER_AGENT
from tests.faults.fault import Fault, Kind
from tests.faults.places import Place

_PAGE = b"<html><title>502 Bad Gateway</title><center>nginx</center></html>\n"
_BAD_GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(_PAGE), _PAGE)
)
# Requests never repeated: they would add a second participant, or a second ringing call.
_ONCE = re.compile(rb"(?i)upgrade: *websocket|/CreateSIPParticipant ")
_COPIED = (b"via:", b"from:", b"to:", b"call-id:", b"cseq:")


def _error_page(_request: bytes) -> bytes:
    """
    Return the answer of a reverse proxy whose upstream is down.
    """
    return _BAD_GATEWAY


def _sip_error(request: bytes) -> bytes:
    """
    Return the answer of a SIP proxy whose next hop is down (RFC 3261 section 8.2.6: five headers).
    """
    head = request.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    copied = [line for line in head if line.lower().startswith(_COPIED)]
    if request.startswith(b"ACK "):
        return b"\r\n"
    lines = [b"SIP/2.0 500 Server Internal Error", *copied, b"Content-Length: 0", b"", b""]
    return b"\r\n".join(lines)


# An exchange over HTTP is one message; a call over SIP is a dozen small ones.
_OVER_HTTP = MappingProxyType(
    {
        Kind.REFUSE: Fault(Kind.REFUSE),
        Kind.RESET: Fault(Kind.RESET),
        Kind.BLACK_HOLE: Fault(Kind.BLACK_HOLE),
        Kind.HANG_UP: Fault(Kind.HANG_UP),
        Kind.LATENCY: Fault(Kind.LATENCY, seconds=0.1),
        Kind.TRICKLE: Fault(Kind.TRICKLE, size=256, seconds=0.001),
        Kind.CUT: Fault(Kind.CUT, size=12),
        Kind.CORRUPT: Fault(Kind.CORRUPT, size=4),
        Kind.DROP: Fault(Kind.DROP, each=3),
        Kind.DUPLICATE: Fault(Kind.DUPLICATE, seconds=0.05, spares=_ONCE),
        Kind.REORDER: Fault(Kind.REORDER, seconds=0.1),
        Kind.ANSWER: Fault(Kind.ANSWER, answer=_error_page),
    }
)
_OVER_SIP = MappingProxyType(
    {
        **_OVER_HTTP,
        Kind.TRICKLE: Fault(Kind.TRICKLE, seconds=0.05),
        Kind.CUT: Fault(Kind.CUT, size=200),
        # As networks copy: 18 of 25 calls failed. With copies after 2 ms 7 of 25 did, and after
        # 20 ms none of 30.
        Kind.DUPLICATE: Fault(Kind.DUPLICATE, seconds=0.0005),
        Kind.ANSWER: Fault(Kind.ANSWER, answer=_sip_error),
    }
)
_TO_THE_ENDPOINT = MappingProxyType(
    {
        **_OVER_HTTP,
        # livekit-server opens a connection per room; our own client opens one.
        Kind.DROP: Fault(Kind.DROP, each=1, picks=re.compile(USER_AGENT.encode())),
        # No delay: three events of a room come within 50 ms.
        Kind.DUPLICATE: Fault(Kind.DUPLICATE, seconds=0.0),
    }
)
FAULTS = MappingProxyType(
    {Place.API: _OVER_HTTP, Place.SIP: _OVER_SIP, Place.WEBHOOK: _TO_THE_ENDPOINT}
)
