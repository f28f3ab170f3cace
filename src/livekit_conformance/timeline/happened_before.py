"""
Pairs of cause and effect in a call that two machines saw: their clocks are compared by these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import TypeVar

from livekit_conformance.catalogue.log_lines import SERVER as _SERVER
from livekit_conformance.catalogue.log_lines import SIP as _SIP
from livekit_conformance.catalogue.log_lines import KnownLine, of_server, of_sip
from livekit_conformance.observations import (
    HttpExchange,
    LineOfLog,
    Observation,
    SipExchange,
    WebhookArrival,
)
from livekit_conformance.timeline.clocks import OURS, Before
from livekit_conformance.timeline.events import answers_invite, is_invite, sip_label

Seen = TypeVar("Seen", bound=Observation)

_SECOND_S = 1.0


def causes(
    sip: Sequence[SipExchange],
    logs: Sequence[LineOfLog],
    webhooks: Sequence[WebhookArrival],
    http: Sequence[HttpExchange],
    began: float,
) -> list[Before]:
    """
    Return every pair of cause and effect, in seconds after `began`; `logs` are those of this call.
    """
    pairs = [
        *_of_sip(sip, [line for line in logs if line.service == _SIP]),
        *_of_join(logs),
        *_of_webhooks(webhooks, logs),
        *_of_dates(http),
    ]
    return [
        Before(
            pair.cause,
            pair.caused_at - began,
            pair.effect,
            pair.effect_at - began,
            pair.seen,
            coarse=pair.coarse,
        )
        for pair in pairs
    ]


def _of_sip(sip: Sequence[SipExchange], lines: Sequence[LineOfLog]) -> Iterator[Before]:
    sent = [message for message in sip if message.direction == "sent"]
    came = [message for message in sip if message.direction == "received"]
    invite = _first(filter(is_invite, sent))
    if invite is not None:
        came_in = f"`{of_sip.INVITE_CAME.message}`"
        processing = _line(lines, of_sip.INVITE_CAME)
        yield from _before(invite, OURS, processing, _SIP, f"INVITE -> {came_in}")
        first = _first(m for m in came if answers_invite(m))
        yield from _before(processing, _SIP, first, OURS, f"{came_in} -> first answer")
        answer = _first(m for m in came if answers_invite(m, at_least=200) and _is_last(m, came))
        for known in (of_sip.ACCEPTS, of_sip.NO_AUTH_RESULT):
            line = _line(lines, known)
            yield from _before(line, _SIP, answer, OURS, f"`{known.message}` -> final answer")
        for method, known in (("ACK", of_sip.ACK_CAME), ("BYE", of_sip.BYE_CAME)):
            # The first ACK may belong to a challenge: it is earlier, which does no harm.
            request = _first(m for m in sent if sip_label(m) == method)
            line = _line(lines, known)
            yield from _before(request, OURS, line, _SIP, f"{method} -> `{known.message}`")
        return
    invite = _first(filter(is_invite, came))
    created = _line(lines, of_sip.DIALS)
    seen = f"`{of_sip.DIALS.message}` -> INVITE"
    yield from _before(created, _SIP, invite, OURS, seen)
    if any(sip_label(message) == "CANCEL" for message in came):
        return  # livekit-sip gave up before it was answered
    final = _first(m for m in sent if answers_invite(m, at_least=200))
    for known in (of_sip.ESTABLISHED, of_sip.INVITE_FAILED):
        line = _line(lines, known)
        yield from _before(final, OURS, line, _SIP, f"final answer -> `{known.message}`")


def _is_last(message: SipExchange, among: Sequence[SipExchange]) -> bool:
    """
    Return whether no later answer among them has another status, so that it is no challenge.
    """
    later = (m.status for m in among if m.at > message.at and answers_invite(m))
    return all(status == message.status for status in later)


def _of_join(lines: Sequence[LineOfLog]) -> Iterator[Before]:
    path = ((of_sip.JOINING, _SIP), (of_server.SESSION, _SERVER), (of_sip.JOINED, _SIP))
    for (cause, cause_clock), (effect, effect_clock) in pairwise(path):
        seen = f"`{cause.message}` -> `{effect.message}`"
        yield from _before(
            _line(lines, cause), cause_clock, _line(lines, effect), effect_clock, seen
        )


def _of_webhooks(
    arrivals: Iterable[WebhookArrival], lines: Iterable[LineOfLog]
) -> Iterator[Before]:
    """
    Yield the pairs that webhook deliveries give.

    livekit-server logs a delivery once it was answered, with the time that the answer took.
    """
    sent = {id_: line for line in lines if (id_ := line.fields.get("id"))}
    known: set[str] = set()
    for arrival in arrivals:
        if not arrival.id or arrival.id in known:
            continue  # delivered again
        known.add(arrival.id)
        if created := arrival.created_at:
            yield Before(
                _SERVER, created, OURS, arrival.at, "createdAt of a webhook -> arrival", coarse=True
            )
        line = sent.get(arrival.id)
        if line is None or line.message != of_server.SENT.message:
            continue
        yield Before(
            OURS,
            arrival.at,
            _SERVER,
            line.at,
            f"arrival of a webhook -> `{of_server.SENT.message}`",
        )
        took = line.fields.get("sendDuration")
        if isinstance(took, int | float):
            yield Before(
                _SERVER, line.at - took, OURS, arrival.at, "sending of a webhook -> arrival"
            )


def _of_dates(http: Iterable[HttpExchange]) -> Iterator[Before]:
    for answer in http:
        if not answer.date:
            continue
        try:
            written = parsedate_to_datetime(answer.date).timestamp()
        except ValueError:
            continue
        asked = answer.at - answer.duration_s
        yield Before(OURS, asked, _SERVER, written + _SECOND_S, "request -> Date", coarse=True)
        yield Before(_SERVER, written, OURS, answer.at, "Date -> answer", coarse=True)


def _before(
    cause: Observation | None,
    cause_clock: str,
    effect: Observation | None,
    effect_clock: str,
    seen: str,
) -> Iterator[Before]:
    if cause is not None and effect is not None:
        yield Before(cause_clock, cause.at, effect_clock, effect.at, seen)


def _line(lines: Iterable[LineOfLog], known: KnownLine) -> LineOfLog | None:
    return _first(line for line in lines if line.message == known.message)


def _first(found: Iterable[Seen]) -> Seen | None:
    return next(iter(found), None)
