"""
Dialogs, and the requests and responses that a user agent creates inside and outside them.

Source: RFC 3261 sections 8 (requests and responses), 9 (CANCEL), 12 (dialogs), 13.2.2.4 (ACK for a
2xx) and 15 (BYE). The caller passes in the random parts (tags, branches, Call-IDs).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from livekit_conformance.protocol.sip.message import (
    NO_HEADERS,
    CSeq,
    Headers,
    NameAddr,
    Request,
    Response,
    SipSyntaxError,
    SipUri,
    Via,
)

MAGIC_COOKIE = "z9hG4bK"
MAX_FORWARDS = 70
_TRYING = 100
# Credentials are valid for the ACK too, RFC 3261 section 22.1.
_CREDENTIALS = ("Authorization", "Proxy-Authorization")


def new_request(
    method: str,
    uri: str,
    *,
    via: Via,
    caller: NameAddr,
    callee: NameAddr,
    call_id: str,
    cseq: int,
    contact: NameAddr | None = None,
    extra: Headers = NO_HEADERS,
    body: bytes = b"",
) -> Request:
    """
    Return a request outside any dialog, with the headers that section 8.1.1 demands.
    """
    headers = Headers.of(
        ("Via", via),
        ("Max-Forwards", MAX_FORWARDS),
        ("From", caller),
        ("To", callee),
        ("Call-ID", call_id),
        ("CSeq", CSeq(cseq, method)),
        *([("Contact", contact)] if contact else []),
        *extra,
    )
    return Request(method, uri, headers, body)


def again_with(request: Request, *, via: Via, header: tuple[str, str]) -> Request:
    """
    Return the same request as a new transaction with credentials: section 22.2.

    Call-ID, From tag and To stay the same; the CSeq number increases by one.
    """
    cseq = request.cseq
    headers = (
        request.headers.without(header[0])
        .replacing("Via", via)
        .replacing("CSeq", CSeq(cseq.number + 1, cseq.method))
        .adding(header)
    )
    return request.with_headers(headers)


def cancel(invite: Request) -> Request:
    """
    Return the CANCEL of an INVITE that received a provisional response, section 9.1.

    It has the INVITE's Request-URI, topmost Via with the same branch, From, To, Call-ID, CSeq
    number and Route.
    """
    return Request(
        "CANCEL",
        invite.uri,
        Headers.of(
            ("Via", invite.via),
            ("Max-Forwards", MAX_FORWARDS),
            ("From", invite.headers.one("From")),
            ("To", invite.headers.one("To")),
            ("Call-ID", invite.call_id),
            ("CSeq", CSeq(invite.cseq.number, "CANCEL")),
            *(("Route", value) for value in invite.headers.all("Route")),
        ),
    )


def seen_from(request: Request, host: str, port: int) -> Request:
    """
    Return the request with its source address recorded in the topmost Via, section 18.2.1.
    """
    own, *others = request.headers.listed("Via")
    vias = [Via.parse(own).seen_from(host, port), *others]
    headers = request.headers.without("Via")
    return request.with_headers(Headers.of(*(("Via", via) for via in vias), *headers))


def response_to(
    request: Request,
    status: int,
    reason: str,
    *,
    to_tag: str | None = None,
    contact: NameAddr | None = None,
    extra: Headers = NO_HEADERS,
    body: bytes = b"",
) -> Response:
    """
    Return a response to `request`, section 8.2.6, with its Via, From, To, Call-ID and CSeq.

    `to_tag` is added if To has no tag, except to a 100. Record-Route is copied, as responses that
    establish a dialog must do (section 12.1.1).
    """
    to = request.to
    if to.tag is None and to_tag is not None and status != _TRYING:
        to = to.with_tag(to_tag)
    headers = Headers.of(
        *(("Via", value) for value in request.headers.all("Via")),
        ("From", request.headers.one("From")),
        ("To", to),
        ("Call-ID", request.call_id),
        ("CSeq", request.cseq),
        *(("Record-Route", value) for value in request.headers.all("Record-Route")),
        *([("Contact", contact)] if contact else []),
        *extra,
    )
    return Response(status, reason, headers, body)


@dataclass(frozen=True, slots=True)
class Dialog:
    """
    A dialog as one side sees it, section 12. Immutable: methods that change it return a new one.

    `target` is the URI of the other side's Contact, `routes` the route set in sending order. Where
    the other side gave none that can be used, the dialog is tolerant, so that the call can be
    ended: the target is then the URI that the call began with, and the route set empty.
    """

    call_id: str
    local: NameAddr
    remote: NameAddr
    target: str
    routes: tuple[str, ...]
    local_cseq: int
    remote_cseq: int | None = None

    @classmethod
    def of_caller(cls, invite: Request, response: Response) -> Dialog:
        """
        Return the caller's dialog that a response establishes, section 12.1.2.
        """
        return cls(
            call_id=invite.call_id,
            local=invite.from_,
            remote=response.to,
            target=_target(response) or invite.uri,
            routes=_routes(response)[::-1],
            local_cseq=invite.cseq.number,
        )

    @classmethod
    def of_callee(cls, invite: Request, local_tag: str) -> Dialog:
        """
        Return the callee's dialog after its response with `local_tag`, section 12.1.1.
        """
        return cls(
            call_id=invite.call_id,
            local=invite.to.with_tag(local_tag),
            remote=invite.from_,
            target=_target(invite) or invite.from_.uri,
            routes=_routes(invite),
            local_cseq=0,
            remote_cseq=invite.cseq.number,
        )

    @property
    def next_hop(self) -> SipUri:
        """
        The URI to which the requests of this side go: the first route, else the target.

        Raises SipSyntaxError: the target is no SIP URI; the routes are (section 12.2.1.1).
        """
        return NameAddr.parse(self.routes[0]).sip_uri if self.routes else SipUri.parse(self.target)

    def owns(self, message: Request | Response) -> bool:
        """
        Return True if `message` belongs to this dialog: Call-ID and both tags match.
        """
        mine, theirs = message.to, message.from_
        if isinstance(message, Response):
            mine, theirs = theirs, mine
        return (message.call_id, mine.tag, theirs.tag) == (
            self.call_id,
            self.local.tag,
            self.remote.tag,
        )

    def request(
        self,
        method: str,
        *,
        via: Via,
        contact: NameAddr | None = None,
        extra: Headers = NO_HEADERS,
        body: bytes = b"",
    ) -> tuple[Dialog, Request]:
        """
        Return the next request of this side (BYE, re-INVITE, ...), preceded by the dialog after it.

        Source: section 12.2.1.1.
        """
        after = replace(self, local_cseq=self.local_cseq + 1)
        request = _request_in(after, method, via=via, contact=contact, extra=extra, body=body)
        return after, request

    def ack(self, invite: Request, *, via: Via) -> Request:
        """
        Return the ACK for a 2xx to `invite`, section 13.2.2.4.

        It is a request with its own branch and the INVITE's CSeq number and credentials.

        Every retransmission of the 2xx is answered with the same bytes.
        """
        credentials = [(name, v) for name in _CREDENTIALS for v in invite.headers.all(name)]
        numbered = replace(self, local_cseq=invite.cseq.number)
        return _request_in(numbered, "ACK", via=via, extra=Headers.of(*credentials))

    def is_in_order(self, request: Request) -> bool:
        """
        Return True if the request's CSeq exceeds the last one; else 500 is due: section 12.2.2.
        """
        return self.remote_cseq is None or request.cseq.number > self.remote_cseq

    def after(self, message: Request | Response) -> Dialog:
        """
        Return the dialog after a request of the other side, or a 2xx to a re-INVITE, was accepted.

        Target refresh requests and their 2xx (INVITE, UPDATE) update the target: section 12.2.
        """
        cseq = message.cseq
        dialog = self
        if isinstance(message, Request):
            dialog = replace(dialog, remote_cseq=cseq.number)
        if cseq.method in {"INVITE", "UPDATE"}:
            dialog = replace(dialog, target=_target(message) or dialog.target)
        return dialog


def _target(message: Request | Response) -> str | None:
    try:
        uris = [contact.uri for contact in (message.contact,) if contact and contact.sip_uri]
    except SipSyntaxError:
        return None
    return uris[0] if uris else None


def _routes(message: Request | Response) -> tuple[str, ...]:
    try:
        routes = message.headers.listed("Record-Route")
        return tuple(route for route in routes if NameAddr.parse(route).sip_uri)
    except SipSyntaxError:
        return ()


def _request_in(
    dialog: Dialog,
    method: str,
    *,
    via: Via,
    contact: NameAddr | None = None,
    extra: Headers = NO_HEADERS,
    body: bytes = b"",
) -> Request:
    uri, routes = dialog.target, dialog.routes
    if routes and "lr" not in NameAddr.parse(routes[0]).sip_uri.parameters:
        # A strict router (RFC 2543) expects its own URI in the Request-URI: section 12.2.1.1.
        uri, routes = NameAddr.parse(routes[0]).uri, (*routes[1:], f"<{dialog.target}>")
    return new_request(
        method,
        uri,
        via=via,
        caller=dialog.local,
        callee=dialog.remote,
        call_id=dialog.call_id,
        cseq=dialog.local_cseq,
        contact=contact,
        extra=Headers.of(*(("Route", route) for route in routes), *extra),
        body=body,
    )


def is_ack_of(ack: Request, answer: Response) -> bool:
    """
    Return True if `ack` acknowledges this 2xx: Call-ID, tags and CSeq number match (13.2.2.4).
    """
    return (ack.call_id, ack.from_.tag, ack.to.tag, ack.cseq.number) == (
        answer.call_id,
        answer.from_.tag,
        answer.to.tag,
        answer.cseq.number,
    )


@dataclass(frozen=True, slots=True)
class Retransmission:
    """
    Schedule of a 2xx to INVITE, which is sent again until its ACK arrives, section 13.3.1.4.

    The interval begins with T1 and doubles up to T2; after 64*T1 retransmission stops and the
    dialog should be ended with a BYE. Reliable transports need it too, because a proxy on the path
    may use an unreliable one.
    """

    at: float
    interval: float
    gives_up_at: float
    longest: float

    @classmethod
    def starting(cls, now: float, *, t1: float = 0.5, t2: float = 4.0) -> Retransmission:
        """
        Return the first retransmission after a 2xx that was sent at `now`.
        """
        return cls(now + t1, t1, now + 64 * t1, t2)

    def following(self) -> Retransmission | None:
        """
        Return the next retransmission after this one; None when it is time to give up.
        """
        interval = min(2 * self.interval, self.longest)
        at = self.at + interval
        return replace(self, at=at, interval=interval) if at < self.gives_up_at else None
