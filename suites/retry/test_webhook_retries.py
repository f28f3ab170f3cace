"""
Retries of webhooks by livekit-server: failed deliveries only.
"""

from itertools import repeat

import pytest

from livekit_conformance.catalogue.log_lines import ON_PURPOSE
from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.own_rooms import RoomNames
from livekit_conformance.drivers.webhooks.receiver import WebhookReceiver
from livekit_conformance.drivers.webhooks.retry_probe import Tries, refuse_deliveries
from livekit_conformance.errors import blocked, violated
from livekit_conformance.judges.preconditions import NO_NEXT_EVENT, nothing_delivered
from livekit_conformance.judges.webhooks import NOT_RETRIED, REFUSAL_RETRIED

# livekit-server waits 1 s before the second try and 15 s in all.
_ENDS_WITHIN_S = 25.0


@pytest.mark.clause("1.3-delivery-is-retried")
async def test_a_failed_delivery_is_tried_again(
    client: LiveKitClient, receiver: WebhookReceiver, room_names: RoomNames
) -> None:
    """
    An event that was answered with 500 once comes again: same id, same bytes, signed.
    """
    tries = await _refuse(client, receiver, room_names, 500, times=1)

    again = {(seen.id, seen.raw) for seen in tries.started}
    deliveries, bodies = len(tries.started), len(again)
    if (deliveries, bodies) != (2, 1):
        seen = (
            f"{deliveries} deliveries with {bodies} different bodies, expected 2 with the same; "
            f"{tries}"
        )
        raise violated(NOT_RETRIED, seen, deliveries=deliveries, bodies=bodies)


@pytest.mark.clause("1.3-refusal-is-not-retried")
async def test_a_refused_delivery_is_not_tried_again(
    client: LiveKitClient, receiver: WebhookReceiver, room_names: RoomNames
) -> None:
    """
    An event that was answered with 404 does not come again before the next event of its room.
    """
    tries = await _refuse(client, receiver, room_names, 404)

    if tries.next is None:
        see = "1.3-server-delivers-room-events"
        reason = f"room_finished never came, so a later retry cannot be ruled out: {tries}"
        raise blocked(NO_NEXT_EVENT, reason, remedy=f"See {see}", see=see)
    if (deliveries := len(tries.started)) != 1:
        seen = f"{deliveries} deliveries of an event answered with 404, expected 1; {tries}"
        raise violated(REFUSAL_RETRIED, seen, deliveries=deliveries)


async def _refuse(
    client: LiveKitClient,
    receiver: WebhookReceiver,
    names: RoomNames,
    status: int,
    *,
    times: int | None = None,
) -> Tries:
    tries = await refuse_deliveries(
        client,
        receiver,
        names.new(f"{status}-{ON_PURPOSE}"),
        statuses=repeat(status) if times is None else repeat(status, times),
        within=_ENDS_WITHIN_S,
    )
    if not tries.started:
        reason = f"livekit-server delivered no event, so none could be refused: {tries}"
        raise nothing_delivered(reason)
    return tries
