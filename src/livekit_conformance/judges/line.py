"""
Judge whether trunks and dispatch rules route a call unambiguously.
"""

from __future__ import annotations

from typing import Final

from livekit_conformance.findings import Code, Finding, Json, Says
from livekit_conformance.protocol.dispatch import ConflictError, IncomingCall

# livekit-server cannot choose between trunks, or between rules. Data of both: trunks.
TWO_TRUNKS: Final = Code("line.two-trunks-match")
TWO_RULES: Final = Code("line.two-rules-match")


def judge_conflict(conflict: ConflictError, call: IncomingCall, *, is_own: bool) -> Finding:
    """
    Return the conflict that callers of the number of `call` run into; `is_own`: this one too.

    It is unseen if only the source address of the call, which is unknown, could decide.
    """
    matching = conflict.trunks
    code = TWO_TRUNKS if matching else TWO_RULES
    data: dict[str, Json] = {"trunks": [trunk.id for trunk in matching]}
    if not call.source_ip and any(trunk.allowed_addresses for trunk in matching):
        seen = (
            f"{conflict}: only the source address of the call, which is unknown here, could tell "
            f"{', '.join(trunk.id for trunk in matching)} apart"
        )
        return Finding(code, seen, says=Says.UNSEEN, data=data)
    broken = "trunk-match" if matching else "dispatch-rule"
    return Finding(
        code,
        f"livekit-server refuses such calls with 503: {conflict}"
        + "".join(f"; {trunk.id} {trunk.name!r} matches" for trunk in matching),
        # A conflict for other callers only does not keep our calls from being tested.
        broken if is_own else "line",
        data=data,
    )
