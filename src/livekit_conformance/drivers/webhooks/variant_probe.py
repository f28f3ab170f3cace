"""
Find out why an endpoint refuses a signed event: send it again, with one variation each time.
"""

from __future__ import annotations

from livekit_conformance import run_clock
from livekit_conformance.drivers.api.http_answers import HttpAnswer
from livekit_conformance.drivers.webhooks.sender import WebhookSender, accepted, new_event
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import EndpointAnswer, Recorder
from livekit_conformance.protocol.webhook_trials import GENUINE, TRIALS


async def genuine(endpoint: WebhookSender, recorder: Recorder) -> HttpAnswer:
    """
    Return the answer to a signed event as livekit-server sends it.

    Raises Unreachable without an answer.
    """
    try:
        answer = await endpoint.send(new_event())
    except Unreachable as unreachable:
        _record(recorder, GENUINE, unreachable)
        raise
    _record(recorder, GENUINE, answer)
    return answer


async def taken_trials(endpoint: WebhookSender, recorder: Recorder) -> list[str]:
    """
    Return those of `TRIALS` whose event the endpoint accepts; one without an answer does not count.
    """
    taken = []
    for trial, forge in TRIALS.items():
        try:
            answer = await endpoint.send(forge(endpoint.signer, new_event()))
        except Unreachable as unreachable:
            _record(recorder, trial, unreachable)
            continue
        _record(recorder, trial, answer)
        if accepted(answer):
            taken.append(trial)
    return taken


def _record(recorder: Recorder, trial: str, outcome: HttpAnswer | Unreachable) -> None:
    answer = outcome if isinstance(outcome, HttpAnswer) else None
    lost = outcome if isinstance(outcome, Unreachable) else None
    way = f" after a redirect ({answer.redirected})" if answer and answer.redirected else ""
    came = f"{answer.status}{way}" if answer else lost.detail if lost else ""
    recorder.record(
        EndpointAnswer(
            run_clock.now(),
            f"the endpoint answers a signed event ({trial}): {came}",
            trial=trial,
            status=answer.status if answer else None,
            redirected=answer.redirected if answer else 0,
            error=lost.detail if lost else None,
            phase=lost.phase if lost else None,
            failure=lost.failure if lost else None,
        )
    )
