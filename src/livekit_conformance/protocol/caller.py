"""
Whose call a SIP participant is: told by the Call-ID, or behind a provider by what a provider keeps.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from livekit_conformance.protocol.dispatch import normalized

_CALL_ID = "sip.callIDFull"
_TAG = "sip.callID"
_CALLER = "sip.phoneNumber"
_CALLED = "sip.trunkPhoneNumber"


@dataclass(frozen=True, slots=True)
class DialledCall:
    """
    A call as it was sent: Call-ID, users of From and To.

    `tag` is that of the answers, which without a provider is livekit-sip's own id of the call. A
    provider may make a call of its own out of it, with another Call-ID and another From.
    """

    call_id: str
    caller: str
    called: str
    tag: str | None = None
    through_provider: bool = False


class UnclearError(Exception):
    """
    It cannot be told which participant is the caller; the text says why, and what would help.
    """


def is_proven(call: DialledCall, told: Mapping[str, str]) -> bool:
    """
    Whether a participant with these attributes has the Call-ID or the tag of the call.
    """
    # Servers up to 1.8 are told the Call-ID only after participant_joined.
    has_tag = call.tag is not None and told.get(_TAG) == call.tag
    return told.get(_CALL_ID) == call.call_id or has_tag


def caller_of(
    call: DialledCall,
    newcomers: Mapping[str, Mapping[str, str]],
    *,
    own_callers: Collection[str] = (),
    alike: int = 1,
) -> str | None:
    """
    The key of the caller among `newcomers`: SIP participants that came since, with attributes.

    Without a provider only the Call-ID or the tag count, and it does not matter who else is there.
    Behind one it is the only participant with our caller's number, else the only one that called
    our number at all, unless with the number of another of our callers (`own_callers`): then the
    provider has put another caller in. None when there is no such participant; raises UnclearError
    when there are more than `alike`, our calls that still look for a caller, or one that does not
    show its numbers. Of those that are all ours it is the first.
    """
    for key, told in newcomers.items():
        if is_proven(call, told):
            return key
    if not call.through_provider:
        return None
    others = set(map(normalized, own_callers)) - {normalized(call.caller)}
    possible = {
        key: told for key, told in newcomers.items() if _number(told, _CALLER) not in others
    }
    for name, number in ((_CALLER, call.caller), (_CALLED, call.called)):
        fitting = [
            key for key, told in possible.items() if _number(told, name) == normalized(number) != ""
        ]
        if len(fitting) > alike:
            raise UnclearError(
                f"{len(fitting)} SIP participants with {name} {number} came while we called, and "
                "behind a provider none of them has our Call-ID: call when nobody else does, or "
                "let the provider keep the caller's number"
            )
        if fitting:
            return fitting[0]
    if possible:
        shown = (
            f"{told.get(_CALLER, 'unknown')} to {told.get(_CALLED, 'unknown')}"
            for told in possible.values()
        )
        raise UnclearError(
            f"SIP participants came while we called, but none from {call.caller} or to "
            f"{call.called}: {', '.join(shown)}. Where a provider changes the Call-ID and both "
            "numbers, or the dispatch rule hides them, nothing tells which call is ours"
        )
    return None


def _number(told: Mapping[str, str], name: str) -> str:
    return normalized(told.get(name, ""))
