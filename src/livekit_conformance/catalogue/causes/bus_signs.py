"""
Subscribers on the Redis bus, and the port of livekit-sip: signs that several causes share.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Between, Sign, found, lost, probe
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.errors import Failure
from livekit_conformance.judges.sip_socket import SILENT_OVER_UDP

_SOME = Between(1, 1e9)
_SERVER, _SIP = re.compile(r"^IOInfo\|"), re.compile(r"^SIPInternal\|")

BUS_IS_EMPTY = Sign("bus", {"channel": _SERVER, "subscribers": 0})
SERVER_ON_BUS = Sign("bus", {"channel": _SERVER, "subscribers": _SOME})
NO_SIP_ON_BUS = Sign("bus", {"channel": _SIP, "subscribers": 0})
SIP_ON_BUS = Sign("bus", {"channel": _SIP, "subscribers": _SOME})
# psrpc waits 1 s for a claim of its request; a deliberate refusal comes within milliseconds.
REFUSED_AFTER_SELECTION = probe(points_at=Link.BUS, final_at_s=Between(0.8, 3.5))
SIP_PORT_CLOSED = (
    lost(Link.SIP_SOCKET, Failure.REFUSED),
    found(SILENT_OVER_UDP, over_tcp=Failure.REFUSED),
)
