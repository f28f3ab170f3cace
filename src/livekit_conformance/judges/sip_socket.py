"""
Judge the SIP socket of livekit-sip by its response to OPTIONS, or its silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from livekit_conformance.errors import Unreachable
from livekit_conformance.findings import Code, Finding, Says
from livekit_conformance.protocol.sip.message import Response

# Data: over_tcp, which is `answered`, `silent`, or the failure of the connection.
SILENT_OVER_UDP: Final = Code("sip.silent-over-udp")
# Data: status, reason, by (the software that names itself; empty if none).
OTHER_RESPONSE: Final = Code("sip.other-response")

_OK: Final = 200


def judge_options(response: Response) -> Iterator[Finding]:
    """
    Yield a violation unless OPTIONS is answered as livekit-sip does, always with 200.
    """
    if response.status != _OK:
        by = software_of(response)
        yield Finding(
            OTHER_RESPONSE,
            f"received {response.status} {response.reason}{' of ' + by if by else ''}, expected "
            f"{_OK}",
            "sip-socket",
            data={"status": response.status, "reason": response.reason, "by": by},
        )


def software_of(response: Response) -> str:
    """
    Return the software that names itself in a response; empty if it does not.
    """
    return response.headers.get("Server") or response.headers.get("User-Agent") or ""


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
