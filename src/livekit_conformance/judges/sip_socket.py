"""
Judge the SIP socket of livekit-sip by its silence.
"""

from __future__ import annotations

from typing import Final

from livekit_conformance.errors import Unreachable
from livekit_conformance.findings import Code, Finding, Says
from livekit_conformance.protocol.sip.message import Response

# Data: over_tcp, which is `answered`, `silent`, or the failure of the connection.
SILENT_OVER_UDP: Final = Code("sip.silent-over-udp")


def judge_silence(silence: Unreachable, over_tcp: Response | Unreachable) -> Finding:
    """
    Return the finding that OPTIONS got no answer over UDP, with the outcome of OPTIONS over TCP.

    The latter distinguishes a process that hangs from packets that are lost.
    """
    match over_tcp:
        case Response(status=status):
            outcome, words = "answered", f"over TCP it is answered with {status}"
        case Unreachable(phase="answer"):
            outcome = "silent"
            words = "over TCP the connection is accepted, and nothing is answered either"
        case _:
            outcome, words = over_tcp.failure, f"over TCP: {over_tcp.detail}"
    return Finding(
        SILENT_OVER_UDP,
        f"{silence.reason}; {words}",
        "sip-socket",
        Says.UNSEEN,
        data={"over_tcp": outcome},
    )
