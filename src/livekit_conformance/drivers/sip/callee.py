"""
SIP listener: accept the calls that livekit-sip places and handle them as a `Behaviour` prescribes.

The other half of the SIP agent: RFC 3261 transactions with their timers, verified digest
challenges, offer and answer, real RTP. Every message is recorded with its time.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from livekit_conformance.drivers.sip.endpoint import SipEndpoint, fresh
from livekit_conformance.drivers.sip.outgoing_call import ALLOW
from livekit_conformance.drivers.sip.received_call import (
    ANSWER,
    BUSY,
    DECLINE,
    REASONS,
    RING,
    SILENT,
    Behaviour,
    ReceivedCall,
)
from livekit_conformance.drivers.sip.wire import Address
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.sip.dialog import response_to
from livekit_conformance.protocol.sip.message import Headers, Request, SipSyntaxError
from livekit_conformance.protocol.sip.transaction import DEFAULT_TIMING, Timing, Transaction
from livekit_conformance.protocol.sip.violations import SipViolation

__all__ = [
    "ANSWER",
    "BUSY",
    "DECLINE",
    "RING",
    "SILENT",
    "Behaviour",
    "ReceivedCall",
    "SipListener",
]

# Time for which closing the listener waits for each call that nobody hung up, in seconds.
_LEAVE_WITHIN_S = 1.0


class SipListener:
    """
    A user agent on a bound UDP socket. Use it as an asynchronous context manager.

    It accepts only calls to `number`, and only inside `behaving`: strangers also call a public
    address. `tone_hz` is played into every answered call.
    """

    def __init__(
        self,
        bound: socket.socket,
        *,
        number: str,
        recorder: Recorder,
        tone_hz: float = 440.0,
        timing: Timing = DEFAULT_TIMING,
    ) -> None:
        self._bound = bound
        self._number = number
        self._recorder = recorder
        self._tone_hz = tone_hz
        self._timing = timing
        # Behaviour for the next calls, and the list that collects them.
        self._expected: tuple[Behaviour, list[ReceivedCall]] | None = None
        # By Call-ID and tag of the caller, which a request of somebody else does not share.
        self._calls: dict[tuple[str, str | None], ReceivedCall] = {}
        self._opened: SipEndpoint | None = None

    async def __aenter__(self) -> Self:
        endpoint = SipEndpoint(None, "udp", recorder=self._recorder, timing=self._timing)
        endpoint.on_request = self._request_received
        await endpoint.listen(self._bound)
        self._opened = endpoint
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            for call in self._calls.values():
                await call.leave(_LEAVE_WITHIN_S)
        finally:
            self._endpoint.close()

    @property
    def _endpoint(self) -> SipEndpoint:
        assert self._opened is not None, "the listener is used outside of `async with`"
        return self._opened

    @property
    def address(self) -> Address:
        """
        Address to send calls to.
        """
        return self._endpoint.local

    @property
    def violations(self) -> Sequence[SipViolation]:
        """
        Violations of RFC 3261 by callers so far, also where they led to no call.
        """
        return tuple(self._endpoint.violations)

    @contextmanager
    def behaving(self, behaviour: Behaviour) -> Iterator[list[ReceivedCall]]:
        """
        Apply this behaviour to new calls while the context is open; yield the list of these calls.

        A call keeps its behaviour to its end. Outside of the context a call gets 480.
        """
        assert self._expected is None, "two at once could not tell their calls apart"
        came: list[ReceivedCall] = []
        self._expected = behaviour, came
        try:
            yield came
        finally:
            self._expected = None

    def _request_received(self, request: Request, transaction: Transaction | None) -> None:
        call = self._calls.get((request.call_id, request.from_.tag)) or self._new_call(request)
        if call is not None:
            call.request_received(request, transaction)
        elif transaction is not None and request.method == "CANCEL":
            self._endpoint.answer_cancel(request, transaction)
        elif transaction is not None:
            status = self._refusal(request)
            response = response_to(
                request,
                status,
                REASONS[status],
                to_tag=fresh(),
                extra=Headers.of(("Allow", ALLOW)),
            )
            self._endpoint.respond(transaction, response)

    def _new_call(self, invite: Request) -> ReceivedCall | None:
        is_first = invite.method == "INVITE" and invite.to.tag is None
        if self._expected is None or not is_first or not self._is_for_us(invite):
            return None
        behaviour, came = self._expected
        call = ReceivedCall(
            self._endpoint,
            invite,
            behaviour,
            tone_hz=self._tone_hz,
            recorder=self._recorder,
            timing=self._timing,
        )
        self._calls[call.call_id, invite.from_.tag] = call
        came.append(call)
        return call

    def _is_for_us(self, invite: Request) -> bool:
        try:
            user = invite.to.sip_uri.user
        except SipSyntaxError:
            return False
        # Providers write the same number with and without the plus sign.
        return (user or "").lstrip("+") == self._number.lstrip("+")

    def _refusal(self, request: Request) -> int:
        match request.method:
            case "OPTIONS":
                return 200
            case "INVITE" if request.to.tag is None:
                return 480 if self._is_for_us(request) else 404
            case "INVITE" | "BYE":
                return 481
            case _:
                return 405
