"""
Delivery of signed webhooks: complete, to the right endpoint, and in order.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest

from livekit_conformance import run_clock
from livekit_conformance.catalogue.log_lines import of_server
from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.logs import LogTail
from livekit_conformance.drivers.own_rooms import OwnRooms
from livekit_conformance.drivers.webhooks.receiver import WebhookReceiver
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import require, violated
from livekit_conformance.judges.webhooks import NOT_LOGGED_AS_DELIVERED, judge_room_events
from livekit_conformance.observations import Recorder, WebhookDelivery
from livekit_conformance.protocol.logline import LogLine

_DELIVERED_WITHIN_S = 5.0


@pytest.mark.clause("1.3-server-delivers-room-events")
async def test_the_server_delivers_the_events_of_a_room(
    client: LiveKitClient, rooms: OwnRooms, receiver: WebhookReceiver, profile: Profile
) -> None:
    """
    room_started and room_finished of one room arrive once each, in order, signed and fresh.

    The room is created twice: events of one room name arrive in sequence, so the second
    room_started proves that no further event of the first room will come.
    """
    since = run_clock.now()
    name = (await rooms.make(empty_timeout=30)).name
    await _wait_for(receiver, "room_started", name, 1)
    await client.delete_room(name)
    await _wait_for(receiver, "room_finished", name, 1)
    await rooms.make(name, empty_timeout=30)
    await _wait_for(receiver, "room_started", name, 2)

    arrived = receiver.deliveries(name)

    # A proxy in front of the receiver may put the receiver's name into Host.
    hosts = [urlsplit(profile.webhook.url).netloc, profile.webhook.listen or ""]
    require(
        judge_room_events(arrived, hosts=hosts, since=since, within=_DELIVERED_WITHIN_S),
        context=f"arrived: {_shown(receiver, since)}",
    )


@pytest.mark.clause("1.3-delivery-log-shows-success")
async def test_the_log_shows_the_delivery(
    rooms: OwnRooms,
    receiver: WebhookReceiver | None,
    logs: Mapping[str, LogTail],
    profile: Profile,
    recorder: Recorder,
) -> None:
    """
    The log of livekit-server has room_started of a new room sent to this URL, answered with 2xx.

    Where we have no endpoint of our own, this is the proof that webhooks reach the endpoint.
    """
    del receiver  # where it is the endpoint, it must be up
    name = (await rooms.make(empty_timeout=30)).name

    line, waited = await logs["livekit-server"].wait_for(
        lambda line: (
            (line.fields.get("event"), line.fields.get("room")) == ("room_started", name)
            and "webhook" in line.message
        ),
        within=profile.webhook.timeout + _DELIVERED_WITHIN_S,
        holding=[name],
        what=f"a line on the webhook room_started of {name}",
    )

    _record(line or _latest_delivery(logs["livekit-server"]), profile.webhook.url, recorder)
    url = profile.webhook.url
    delivery, problem = ("no-line", str(waited)) if line is None else _log_problem(line, url)
    if delivery != "made":
        detail = "" if line is None else line.error
        seen = f"delivery to {url}: {problem}"
        raise violated(NOT_LOGGED_AS_DELIVERED, seen, url=url, delivery=delivery, detail=detail)


def _latest_delivery(log: LogTail) -> LogLine | None:
    """
    Return the latest log line about the delivery of another room's event.

    livekit-server tries for 15 s before it logs a failure, and longer where nothing answers.
    """
    about_webhooks = [line for _, line in log.lines.holding(["webhook"])]
    deliveries = (line for line in reversed(about_webhooks) if line.fields.get("event"))
    return next((line for line in deliveries if "webhook" in line.message), None)


def _record(line: LogLine | None, wanted: str, recorder: Recorder) -> None:
    fields = line.fields if line else {}
    url = fields.get("url")
    status = fields.get("statusCode")
    recorder.record(
        WebhookDelivery(
            run_clock.now(),
            f"log of livekit-server: {line.message} {line.error or status or ''} to {url}"
            if line
            else "log of livekit-server: no line about any webhook",
            event=fields.get("event"),
            url=url,
            elsewhere=line is not None and url != wanted,
            status=status,
            message=line.message if line else None,
            error=line.error if line else None,
            reason=fields.get("reason"),
        )
    )


async def _wait_for(receiver: WebhookReceiver, event: str, room: str, count: int) -> None:
    await receiver.wait_for(
        lambda _: len(receiver.deliveries(room, event)) >= count, within=_DELIVERED_WITHIN_S
    )


def _log_problem(line: LogLine, url: str) -> tuple[str, str]:
    """
    Return what became of the delivery that a line is about, and what is wrong with it.
    """
    status = line.fields.get("statusCode")
    if line.message != of_server.SENT.message:
        seen = f"its log line is {line.message!r}: {line.error or line.fields.get('reason')}"
        return "failed", seen
    if line.fields.get("url") != url:
        return "elsewhere", f"it went to {line.fields.get('url')}"
    if status is None:
        return (
            "no-status",
            "no status in its log line: before 1.13.5 livekit-server logs `sent` unless it got 5xx",
        )
    is_taken = 200 <= status < 300
    return "made" if is_taken else "refused", f"the endpoint answered {line.fields.get('status')}"


def _shown(receiver: WebhookReceiver, since: float) -> list[str]:
    return [
        *(
            f"{seen.event or 'an event'} {seen.room} ({seen.problem or 'signed'})"
            for seen in receiver.arrivals
            if seen.at >= since
        ),
        *(f"{stray} (another path)" for stray in receiver.strays[-3:]),
    ]
