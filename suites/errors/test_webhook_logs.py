"""
Log lines about failed webhooks, and about refused ones.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping

import pytest

from livekit_conformance.catalogue.log_lines import of_server
from livekit_conformance.drivers.logs import LogTail
from livekit_conformance.drivers.webhooks.retry_probe import Tries
from livekit_conformance.drivers.webhooks.sender import WebhookSender, new_event, refused
from livekit_conformance.errors import blocked, violated
from livekit_conformance.judges.logs import NOT_LOGGED
from livekit_conformance.judges.preconditions import (
    FORGERY_NOT_REFUSED,
    NOT_TOLD_APART,
    nothing_delivered,
)
from livekit_conformance.observations import HttpExchange, Recorder
from livekit_conformance.protocol.logline import LogLine
from livekit_conformance.protocol.own_names import NEAR_S
from livekit_conformance.protocol.webhook_forgery import FORGERIES
from livekit_conformance.waiting import Waited

_LOGGED_WITHIN_S = 5.0
# Names of libraries for a wrong signature; the phrase of 401 alone is no reason.
_REASON = re.compile(
    r"signature|sha-?256|hash|token|jwt|jose|jws|crypto|secret|hmac|verif|api key", re.IGNORECASE
)


@pytest.mark.clause("1.4-failed-webhook-is-logged")
async def test_a_failed_webhook_is_logged(
    failing_delivery: asyncio.Task[Tries], logs: Mapping[str, LogTail]
) -> None:
    """
    The line names the event, the endpoint and as many attempts as the endpoint has counted.
    """
    tries = await failing_delivery
    line, waited = await _line_of_failure(tries, logs)

    lacks = f"the line: {waited}" if line is None else _lacks(line, tries)
    if lacks:
        seen = f"its log lacks {lacks}; {tries}"
        raise violated(NOT_LOGGED, seen, services=["livekit-server"], about="failed-webhook")


@pytest.mark.clause("1.4-failed-webhook-tells-status")
async def test_the_line_of_a_failed_webhook_has_the_status(
    failing_delivery: asyncio.Task[Tries], logs: Mapping[str, LogTail]
) -> None:
    """
    The line contains the status 500 of the endpoint.
    """
    line, waited = await _line_of_failure(await failing_delivery, logs)

    has_status = line is not None and any(
        "500" in str(line.fields.get(name, "")) for name in ("error", "status", "statusCode")
    )
    if not has_status:
        only = f"no such line: {waited}" if line is None else f"the line has only: {line.error}"
        seen = f"{only} (livekit-server up to 1.13.5 does not log it: see the endpoint's own log)"
        raise violated(NOT_LOGGED, seen, services=["livekit-server"], about="status-of-webhook")


@pytest.mark.clause("1.4-application-logs-refusals")
async def test_the_application_logs_why_it_refuses(
    endpoint: WebhookSender, logs: Mapping[str, LogTail], recorder: Recorder
) -> None:
    """
    After a wrongly signed event the application's log has a new line with the reason.

    Where webhooks of others are refused too, only the id of the event shows that a line is ours.
    """
    log = logs["application"]
    before = len(log.read())
    event = new_event()
    answer = await endpoint.send(FORGERIES["wrong-key"](endpoint.signer, event))
    if not refused(answer):
        see = "1.3-endpoint-refuses"
        raise blocked(
            FORGERY_NOT_REFUSED,
            f"the endpoint answered {answer.status} to a wrongly signed event, expected 4xx",
            remedy=f"See {see}",
            see=see,
            status=answer.status,
        )

    line, waited = await log.wait_for(
        _gives_a_reason,
        after=before,
        within=_LOGGED_WITHIN_S,
        what="a line that names the reason of a refusal (a signature, a token, a hash)",
    )
    if line is not None and (others := _refusals_of_others(log.lines, recorder, endpoint.url)):
        line, _ = await log.wait_for(
            _gives_a_reason,
            within=_LOGGED_WITHIN_S,
            holding=[event["id"]],
            what=f"a line that names the reason and {event['id']}",
        )
        if line is None:
            raise blocked(
                NOT_TOLD_APART,
                f"a line names the reason of a refusal, but cannot be told apart from others': "
                f"{others} more are about webhooks that this run did not send, and none names the "
                "id of its event",
                remedy="Let the application log the id of a refused event, or run the check when "
                "nobody else sends to the endpoint",
                service=log.service,
                others=others,
            )

    if line is None:
        seen = f"in its log: {waited}"
        raise violated(NOT_LOGGED, seen, services=[log.service], about="refused-webhook")


def _gives_a_reason(line: LogLine) -> bool:
    return _REASON.search(line.raw) is not None


def _refusals_of_others(lines: Iterable[LogLine], recorder: Recorder, url: str) -> int:
    """
    Return the number of refusals logged at times at which the run sent nothing to the endpoint.
    """
    sent = [
        seen.at
        for seen in recorder.observations
        if isinstance(seen, HttpExchange) and seen.url == url
    ]
    return sum(
        line.at is not None
        and _gives_a_reason(line)
        and all(abs(line.at - at) > NEAR_S for at in sent)
        for line in lines
    )


async def _line_of_failure(
    tries: Tries, logs: Mapping[str, LogTail]
) -> tuple[LogLine | None, Waited]:
    if not tries.started:
        reason = f"livekit-server delivered no event, so none could fail: {tries}"
        raise nothing_delivered(reason)
    return await logs["livekit-server"].wait_for(
        lambda line: (
            line.message == of_server.NOT_SENT.message
            and line.fields.get("id") == tries.started[0].id
        ),
        within=_LOGGED_WITHIN_S,
        holding=[tries.started[0].id],
        what=f"`{of_server.NOT_SENT.message}` with the event {tries.started[0].id}",
    )


def _lacks(line: LogLine, tries: Tries) -> str:
    attempts = re.search(r"(\d+) attempt", line.error)
    required = {
        "the endpoint": re.search(r"https?://", line.raw),
        "the number of attempts": attempts and int(attempts[1]) == len(tries.started),
    }
    return " and ".join(what for what, is_there in required.items() if not is_there)
