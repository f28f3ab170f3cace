"""
Our 2xx to an INVITE, sent again until its ACK arrives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from livekit_conformance.drivers.sip.endpoint import SipEndpoint
from livekit_conformance.protocol.sip.dialog import Retransmission, is_ack_of
from livekit_conformance.protocol.sip.message import Request, Response
from livekit_conformance.protocol.sip.transaction import Transaction


class RepeatedAnswer:
    """
    Send a 2xx as RFC 3261 section 13.3.1.4 demands; without an ACK, call `on_unacknowledged`.
    """

    def __init__(
        self,
        endpoint: SipEndpoint,
        transaction: Transaction,
        response: Response,
        on_unacknowledged: Callable[[], None],
    ) -> None:
        self._endpoint = endpoint
        self._transaction = transaction
        self._response = response
        self._on_unacknowledged = on_unacknowledged
        self._timer: asyncio.TimerHandle | None = None
        self._send(Retransmission.starting(endpoint.now()))

    def take(self, ack: Request) -> None:
        """
        Stop if `ack` acknowledges this answer.
        """
        if is_ack_of(ack, self._response):
            self.stop()

    def stop(self) -> None:
        """
        Send it no more.
        """
        if self._timer is not None:
            self._timer.cancel()

    def _send(self, following: Retransmission | None) -> None:
        self._endpoint.respond(self._transaction, self._response)
        loop = asyncio.get_running_loop()
        if following is None:
            self._on_unacknowledged()
        else:
            self._timer = loop.call_at(following.at, self._send, following.following())
