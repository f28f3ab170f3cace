"""
Fail deliveries of livekit-server on purpose and count its attempts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.own_rooms import delete_if_there
from livekit_conformance.drivers.webhooks.receiver import WebhookReceiver
from livekit_conformance.protocol.webhook_arrival import Arrival

# Ends the room if the suite is killed meanwhile.
_EMPTY_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Tries:
    """
    Deliveries of one room_started, and the room_finished that followed them.

    livekit-server delivers the events of a room one after the other, so `next` (None: it did not
    come in time) proves that there will be no further attempt.
    """

    room: str
    started: tuple[Arrival, ...]
    next: Arrival | None
    within: float

    def __str__(self) -> str:
        times = ", ".join(f"{seen.at - self.started[0].at:.1f} s" for seen in self.started)
        then = "followed" if self.next else f"did not follow within {self.within:g} s"
        statuses = [seen.status for seen in self.started]
        return (
            f"{len(self.started)} deliveries of room_started, answered with {statuses} at "
            f"{times or 'no time'}; room_finished {then}"
        )


async def refuse_deliveries(
    client: LiveKitClient,
    receiver: WebhookReceiver,
    room: str,
    *,
    statuses: Iterable[int],
    within: float,
) -> Tries:
    """
    Create a room, answer its room_started with `statuses` (then 200), and delete the room.

    Then wait up to `within` seconds for its room_finished.
    """
    receiver.script("room_started", room, statuses)
    try:
        await client.create_room(room, empty_timeout=_EMPTY_TIMEOUT_S)
    finally:
        await delete_if_there(client, room)
    after = await receiver.wait_for(
        lambda seen: (seen.event, seen.room) == ("room_finished", room), within=within
    )
    return Tries(room, tuple(receiver.deliveries(room, "room_started")), after, within)
