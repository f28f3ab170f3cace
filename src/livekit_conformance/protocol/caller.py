"""
Find the SIP participant of our call: by Call-ID, or behind a provider by the phone numbers.
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

    `tag` is the To tag of the responses, which without a provider is livekit-sip's own id of the
    call. A provider may place a call of its own, with another Call-ID and another From.
    """

    call_id: str
    caller: str
    called: str
    tag: str | None = None
    through_provider: bool = False


class UnclearError(Exception):
    """
    The caller cannot be identified; the text gives the reason and a remedy.
    """


def is_proven(call: DialledCall, attributes: Mapping[str, str]) -> bool:
    """
    Return True if a participant with these attributes has the Call-ID or the tag of the call.
    """
    # Servers up to 1.8 receive the Call-ID only after participant_joined.
    has_tag = call.tag is not None and attributes.get(_TAG) == call.tag
    return attributes.get(_CALL_ID) == call.call_id or has_tag


def caller_of(
    call: DialledCall,
    newcomers: Mapping[str, Mapping[str, str]],
    *,
    own_callers: Collection[str] = (),
    alike: int = 1,
) -> str | None:
    """
    Return the key of the caller in `newcomers`: new SIP participants with their attributes.

    Without a provider only the Call-ID or the tag counts; other participants are ignored. Behind a
    provider, the caller is the only participant with our caller's number, else the only one that
    called our number. Participants with the number of another of our callers (`own_callers`) are
    excluded: there the provider has substituted another caller. If all candidates are our own
    calls, return the first.

    Return None if nobody is left. Raise UnclearError if there are more candidates than `alike` (the
    number of our calls that still look for their caller), or if a participant shows neither number.
    """
    for key, attributes in newcomers.items():
        if is_proven(call, attributes):
            return key
    if not call.through_provider:
        return None
    others = set(map(normalized, own_callers)) - {normalized(call.caller)}
    possible = {
        key: attributes
        for key, attributes in newcomers.items()
        if _number(attributes, _CALLER) not in others
    }
    for name, number in ((_CALLER, call.caller), (_CALLED, call.called)):
        fitting = [
            key
            for key, attributes in possible.items()
            if _number(attributes, name) == normalized(number) != ""
        ]
        if len(fitting) > alike:
            raise UnclearError(
                f"{len(fitting)} SIP participants with {name} {number} came while we called, and "
                "behind a provider none of them has our Call-ID: call when nobody else does, or "
                "make the provider keep the caller's number"
            )
        if fitting:
            return fitting[0]
    if possible:
        shown = (
            f"{attributes.get(_CALLER, 'unknown')} to {attributes.get(_CALLED, 'unknown')}"
            for attributes in possible.values()
        )
        raise UnclearError(
            f"SIP participants came while we called, but none from {call.caller} or to "
            f"{call.called}: {', '.join(shown)}. Where a provider changes the Call-ID and both "
            "numbers, or the dispatch rule hides them, our call cannot be identified"
        )
    return None


def _number(attributes: Mapping[str, str], name: str) -> str:
    return normalized(attributes.get(name, ""))
