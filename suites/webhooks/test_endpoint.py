"""
Webhook endpoint: it accepts the events of livekit-server, and nothing else.
"""

from collections.abc import Mapping
from statistics import median

import pytest

from livekit_conformance.drivers.api.http_answers import HttpAnswer
from livekit_conformance.drivers.logs import LogTail
from livekit_conformance.drivers.webhooks.receiver import WebhookReceiver
from livekit_conformance.drivers.webhooks.sender import (
    WebhookSender,
    accepted,
    new_event,
    refused,
)
from livekit_conformance.drivers.webhooks.variant_probe import genuine, taken_trials
from livekit_conformance.errors import NotConfigured, blocked, require, violated
from livekit_conformance.judges.answers import judge_answer
from livekit_conformance.judges.preconditions import SIGNED_EVENT_REFUSED
from livekit_conformance.judges.webhooks import (
    BODY_NOT_LIMITED,
    REPLAY_NOT_NOTICED,
    REPLAY_TAKEN,
    SLOW_ENDPOINT,
)
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.webhook_forgery import FORGERIES
from livekit_conformance.protocol.webhook_trials import DIFFERENCES

_FAST_S = 1.0
_LARGE = 10 * 2**20
_LOGGED_WITHIN_S = 5.0

_STRANGE_EVENTS = {
    "unknown-event": lambda: new_event("conformance_event"),
    "unknown-field": lambda: new_event(conformance={"unknown": [1, None, "two"]}),
    "other-order": lambda: dict(reversed(new_event().items())),
}


@pytest.mark.clause("1.3-endpoint-accepts-signed-event")
async def test_the_endpoint_accepts_a_signed_event(
    endpoint: WebhookSender, recorder: Recorder
) -> None:
    """
    A correctly signed room_finished gets 2xx within the timeout.
    """
    answer = await genuine(endpoint, recorder)

    taken = [] if accepted(answer) else await taken_trials(endpoint, recorder, answer)
    differs = "".join(f"; it accepts the same event {DIFFERENCES[trial]}" for trial in taken)
    _require(answer, "room_finished", fits=accepted(answer), expected="2xx", more=differs)


@pytest.mark.clause("1.3-endpoint-answers-fast")
async def test_the_endpoint_answers_fast(endpoint: WebhookSender) -> None:
    """
    The median of three answers comes within a second.
    """
    times = [(await endpoint.send(new_event())).duration_s for _ in range(3)]

    if median(times) > _FAST_S:
        seen = (
            f"it took {', '.join(f'{t:.2f} s' for t in times)}; until then livekit-server holds "
            "back the next event of the room"
        )
        raise violated(SLOW_ENDPOINT, seen, seconds=[round(t, 2) for t in times])


@pytest.mark.clause("1.3-endpoint-refuses")
@pytest.mark.parametrize("forgery", FORGERIES)
async def test_the_endpoint_refuses(endpoint: WebhookSender, forgery: str) -> None:
    """
    An unproven event gets 4xx where the same event, proven, gets 2xx.
    """
    _require_accepted(await endpoint.send(new_event()))

    answer = await endpoint.send(FORGERIES[forgery](endpoint.signer, new_event()))

    _require(
        answer,
        forgery,
        fits=refused(answer),
        expected="4xx",
        more=f" for the forgery {forgery}",
    )


@pytest.mark.clause("1.3-endpoint-ignores-replay")
async def test_the_endpoint_ignores_a_replay(
    endpoint: WebhookSender, receiver: WebhookReceiver | None, logs: Mapping[str, LogTail]
) -> None:
    """
    A delivery that comes again, byte for byte, is refused or has no second effect.

    Two answers of 2xx prove nothing about effects: they are observed in an endpoint of ours, else
    in the application's log, else not at all.
    """
    delivery = endpoint.signer.sign(event := new_event())
    _require_accepted(await endpoint.send(delivery))
    replay = await endpoint.send(delivery)
    if refused(replay):
        return

    effects = [seen for seen in receiver.taken if seen.id == event["id"]] if receiver else []
    if len(effects) > 1:
        seen = f"it acted {len(effects)} times"
        raise violated(REPLAY_TAKEN, seen, effects=len(effects))
    if effects:
        return
    if (application := logs.get("application")) is not None:
        line, waited = await application.wait_for(
            lambda line: event["id"] in line.raw and _names_a_replay(line.raw),
            within=_LOGGED_WITHIN_S,
            holding=[event["id"]],
            what=f"a line that calls {event['id']} a replay",
        )
        if line is None:
            seen = (
                f"it answered the replay with {replay.status}, and no log line shows that it "
                f"recognised it: {waited}"
            )
            raise violated(REPLAY_NOT_NOTICED, seen, status=replay.status)
    else:
        raise NotConfigured(
            "logs: [{service: application, path: ...}] whose lines call a repeated event id a "
            f"replay or duplicate; the endpoint answered the replay with {replay.status}, so "
            "whether it acted twice is unknown"
        )


@pytest.mark.clause("1.3-endpoint-tolerates")
@pytest.mark.parametrize("shape", _STRANGE_EVENTS)
async def test_the_endpoint_tolerates(endpoint: WebhookSender, shape: str) -> None:
    """
    An event in a form that a newer livekit-server may send gets 2xx.
    """
    answer = await endpoint.send(_STRANGE_EVENTS[shape]())

    _require(answer, shape, fits=accepted(answer), expected="2xx", more=f" for an {shape}")


@pytest.mark.clause("1.3-endpoint-path-is-exact")
async def test_the_endpoint_has_one_path_and_one_method(endpoint: WebhookSender) -> None:
    """
    A signed event for another path gets 404, and GET gets no 2xx.
    """
    _require_accepted(await endpoint.send(new_event()))

    beside = await endpoint.send(new_event(), url=f"{endpoint.url}-conformance")
    got = await endpoint.get()

    unnoticed = "A wrong path in webhook.urls would go unnoticed"
    require(
        [
            *judge_answer(
                f"POST {beside.url}",
                beside.status,
                beside.text,
                fits=beside.status == 404,
                expected="404",
                seen=f"POST {beside.url} answered {_shown(beside)}, expected 404. {unnoticed}",
            ),
            *judge_answer(
                "GET",
                got.status,
                got.text,
                fits=not accepted(got),
                expected="4xx",
                seen=f"GET answered {_shown(got)}, expected no 2xx. {unnoticed}",
            ),
        ]
    )


@pytest.mark.clause("1.3-endpoint-limits-body")
async def test_the_endpoint_limits_the_body(endpoint: WebhookSender) -> None:
    """
    10 MiB, correctly signed, are refused or cut off, and the next event is accepted.
    """
    _require_accepted(await endpoint.send(new_event()))

    answer = await endpoint.send_large(endpoint.signer.sign(new_event(padding="x" * _LARGE)))
    after = await endpoint.send(new_event())

    if (answer is not None and not refused(answer)) or not accepted(after):
        seen = (
            f"received {_shown(answer) if answer else 'a closed connection'} for 10 MiB, then "
            f"{_shown(after)} for the next event"
        )
        large = answer.status if answer else None
        raise violated(BODY_NOT_LIMITED, seen, large=large, after=after.status)


def _require(answer: HttpAnswer, request: str, *, fits: bool, expected: str, more: str) -> None:
    """
    Raise Violation unless the endpoint's answer to this request fits.
    """
    require(
        judge_answer(
            request,
            answer.status,
            answer.text,
            fits=fits,
            expected=expected,
            seen=f"received {_shown(answer)}{more}, expected {expected}",
        )
    )


def _require_accepted(control: HttpAnswer) -> None:
    if not accepted(control):
        see = "1.3-endpoint-accepts-signed-event"
        raise blocked(
            SIGNED_EVENT_REFUSED,
            f"the endpoint answered {_shown(control)} to a correctly signed event",
            remedy=f"Fix {see} first: the refusals of an endpoint that refuses everything prove "
            "nothing",
            see=see,
            status=control.status,
        )


def _shown(answer: HttpAnswer) -> str:
    return f"{answer.status}: {answer.text[:200]!r}"


def _names_a_replay(text: str) -> bool:
    words = ("replay", "duplicate", "already", "seen before", "ignored")
    return any(word in text.lower() for word in words)
