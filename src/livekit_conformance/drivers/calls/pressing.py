"""
The caller presses keys, and our agent receives them.
"""

from __future__ import annotations

from typing import Final

from livekit_conformance.drivers.agent.stand_in import AgentStandIn
from livekit_conformance.drivers.sip.caller import OutgoingCall
from livekit_conformance.protocol.sip.sdp import TELEPHONE_EVENT
from livekit_conformance.waiting import wait_until

# Two at the ends of the keypad; a deployed agent is not pressed any, because they may mean a lot.
PRESSED: Final = "1#"
# They take a third of a second, and longer on a busy machine.
_ARRIVE_WITHIN_S = 10.0


async def press(call: OutgoingCall, agent: AgentStandIn, room: str) -> str | None:
    """
    Press keys and return those that arrived at `agent`; None if the call takes none or is over.
    """
    described = call.described
    if call.media is None or described is None or described.payload_type(TELEPHONE_EVENT) is None:
        return None
    call.media.press(PRESSED)

    async def why_not_yet() -> str | None:
        arrived = await agent.keys(room)
        return None if len(arrived) >= len(PRESSED) or not call.is_up else f"{arrived} arrived"

    await wait_until(why_not_yet, within=_ARRIVE_WITHIN_S)
    return await agent.keys(room) if call.is_up else None
