"""
Observations of an inbound call that was placed: its answers, its sound and its end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from livekit_conformance import run_clock
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.drivers.sip.caller import OutgoingCall
from livekit_conformance.drivers.sip.rtp_session import Heard
from livekit_conformance.observations import CallEnd, CallQuality, Recorder, SipCall
from livekit_conformance.protocol.reachability import why_unreachable
from livekit_conformance.protocol.sip.ladder import repeated, round_trip_s
from livekit_conformance.protocol.sip.message import Response
from livekit_conformance.protocol.sip.outcome import Answer, broken_link, outcome
from livekit_conformance.protocol.voice_quality import quality_of

_FIRST_FINAL = 200
_TRYING, _RINGING = 100, 180


def answers_of(call: OutgoingCall, *, within: float = math.inf) -> tuple[Answer, ...]:
    """
    Return the responses to the INVITE, without challenges that were followed by another INVITE.

    A refusal later than `within` seconds ended no call that the caller still waited for.
    """
    received = [
        Answer(step.status, step.at_s)
        for step in call.ladder
        if step.direction == "received" and step.status is not None
    ]
    provisional = [answer for answer in received if answer.status < _FIRST_FINAL]
    if call.final is None or call.final_at_s is None or call.cancelled:
        return tuple(provisional)
    if not call.final.is_success and call.final_at_s > within:
        return tuple(provisional)
    return (*provisional, Answer(call.final.status, call.final_at_s, call.final.reason))


def record_attempt(
    call: OutgoingCall,
    text: str,
    purpose: str,
    answers: Sequence[Answer],
    recorder: Recorder,
    *,
    fails_at: Link | None = None,
) -> None:
    """
    Record the outcome of an INVITE, and the media address in its answer.

    `fails_at` is the link at which the run makes the call fail, if it does.
    """
    final = answers[-1] if answers else None
    media = codecs = unreachable = None
    elsewhere = False
    if (described := call.described) is not None:
        unreachable = why_unreachable(described.address, peer=call.server_host or "")
        elsewhere = described.address != call.server_host
        address = f"{described.address}:{described.port}"
        media = f"{address} ({unreachable})" if unreachable else address
        codecs = ", ".join(codec.name for codec in described.codecs)
    recorder.record(
        SipCall(
            run_clock.now(),
            text,
            call=call.call_id,
            purpose=purpose,
            outcome=outcome(answers).value,
            points_at=broken_link(answers),
            trying_at_s=_first(answers, _TRYING),
            ringing_at_s=_first(answers, _RINGING),
            final_status=final.status if final else None,
            final_at_s=final.at_s if final else None,
            repeated=repeated(call.ladder),
            fails_at=fails_at.value if fails_at is not None else None,
            media=media,
            codecs=codecs,
            media_elsewhere=elsewhere,
            media_unreachable=unreachable,
        )
    )


def record_end(
    call: OutgoingCall, bye: Response | None, by_them_after_s: float | None, recorder: Recorder
) -> None:
    """
    Record who hung up an answered call, and the response to our BYE.
    """
    answer = bye.status if bye else None
    text = (
        f"we hung up; BYE was answered with {answer or 'nothing'}"
        if by_them_after_s is None
        else f"livekit-sip hung up {by_them_after_s:.2f} s after its answer"
    )
    recorder.record(
        CallEnd(
            run_clock.now(),
            text,
            call=call.call_id,
            by="us" if by_them_after_s is None else "them",
            after_s=by_them_after_s,
            status=answer,
        )
    )


def record_quality(call: OutgoingCall, heard: Heard, recorder: Recorder) -> CallQuality | None:
    """
    Record and return the quality of what the caller heard; None if it heard nothing.
    """
    quality = quality_of(heard.reception, round_trip_s(call.ladder))
    if quality is None or call.media is None:
        return None
    recorded = CallQuality(
        run_clock.now(),
        f"the caller heard with {quality}",
        call=call.call_id,
        r=round(quality.r, 1),
        mos=round(quality.mos, 2),
        expected=quality.expected,
        lost=quality.lost,
        late=quality.late,
        reordered=heard.reception.reordered,
        duplicated=heard.reception.duplicated,
        jitter_ms=round(quality.jitter_ms, 1),
        longest_gap_ms=round(1000 * heard.longest_gap_s, 1),
        delay_ms=round(quality.delay_ms, 1),
        own_delay_ms=round(1000 * heard.own_delay_s, 1),
        first_packet_s=_rounded(call.media.first_packet_s),
        first_sound_s=_rounded(call.media.first_sound_s),
    )
    recorder.record(recorded)
    return recorded


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _first(answers: Sequence[Answer], status: int) -> float | None:
    return next((answer.at_s for answer in answers if answer.status == status), None)
