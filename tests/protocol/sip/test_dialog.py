"""
Dialogs and the requests made in and around them.
"""

import pytest

from livekit_conformance.protocol.sip.dialog import (
    Dialog,
    Retransmission,
    again_with,
    cancel,
    is_ack_of,
    new_request,
    response_to,
    seen_from,
)
from livekit_conformance.protocol.sip.message import (
    Headers,
    NameAddr,
    Request,
    Response,
    Via,
    parse,
)

VIA = Via.parse("SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-1;rport")
OTHER_VIA = Via.parse("SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-2;rport")
CALLER_CONTACT = NameAddr("sip:+15550100@192.0.2.9:5060")
CALLEE_CONTACT = NameAddr("sip:192.0.2.1:5070;transport=udp")


def invite(*routes: str) -> Request:
    return new_request(
        "INVITE",
        "sip:+15550123@192.0.2.1",
        via=VIA,
        caller=NameAddr("sip:+15550100@192.0.2.9").with_tag("from"),
        callee=NameAddr("sip:+15550123@192.0.2.1"),
        call_id="call-1",
        cseq=7,
        contact=CALLER_CONTACT,
        extra=Headers.of(*(("Record-Route", route) for route in routes)),
    )


def ok(*routes: str) -> Response:
    return response_to(invite(*routes), 200, "OK", to_tag="to", contact=CALLEE_CONTACT)


def test_a_new_request_has_what_the_rfc_demands_and_can_be_parsed() -> None:
    """
    RFC 3261 section 8.1.1: To, From, CSeq, Call-ID, Max-Forwards, Via.
    """
    assert parse(invite().to_bytes()).to_bytes() == invite().to_bytes()
    for name in ("To", "From", "CSeq", "Call-ID", "Max-Forwards", "Via"):
        assert name in invite().headers


def test_a_request_with_credentials_is_a_new_transaction_of_the_same_call() -> None:
    """
    RFC 3261 section 22.2: Call-ID, From and To stay, CSeq goes up by one, the branch is fresh.
    """
    again = again_with(invite(), via=OTHER_VIA, header=("Proxy-Authorization", "Digest x"))

    assert str(again.cseq) == "8 INVITE"
    assert again.via.branch == "z9hG4bK-2"
    assert (again.call_id, again.from_, again.to) == ("call-1", invite().from_, invite().to)
    assert again.headers.one("Proxy-Authorization") == "Digest x"


def test_a_cancel_has_the_branch_and_the_number_of_its_invite() -> None:
    """
    RFC 3261 section 9.1.
    """
    request = cancel(invite())

    assert (request.uri, request.via, str(request.cseq)) == (invite().uri, VIA, "7 CANCEL")
    assert (request.to, request.from_) == (invite().to, invite().from_)
    assert "Contact" not in request.headers


def test_a_response_copies_the_identity_of_its_request() -> None:
    """
    RFC 3261 section 8.2.6: all Vias in order, From, To with a tag, Call-ID, CSeq.
    """
    request = invite("<sip:proxy.example;lr>")
    request = request.with_headers(request.headers.adding(("Via", "SIP/2.0/UDP far.example")))

    response = response_to(request, 200, "OK", to_tag="to", contact=CALLEE_CONTACT)

    assert response.headers.all("Via") == request.headers.all("Via")
    assert (response.from_, response.to.tag, response.cseq) == (
        request.from_,
        "to",
        request.cseq,
    )
    assert response.headers.all("Record-Route") == ["<sip:proxy.example;lr>"]


def test_a_100_has_no_tag_and_a_tag_that_is_there_stays() -> None:
    """
    RFC 3261 section 8.2.6.2.
    """
    tagged = invite().with_headers(invite().headers.replacing("To", "<sip:a@b>;tag=kept"))

    assert response_to(invite(), 100, "Trying", to_tag="to").to.tag is None
    assert response_to(tagged, 200, "OK", to_tag="to").to.tag == "kept"


def test_both_sides_of_a_dialog_mirror_each_other() -> None:
    """
    RFC 3261 section 12.1: tags, targets, and the route set in opposite orders.
    """
    routes = ("<sip:near.example;lr>", "<sip:far.example;lr>")
    caller = Dialog.of_caller(invite(*routes), ok(*routes))
    callee = Dialog.of_callee(invite(*routes), "to")

    assert (caller.local.tag, caller.remote.tag) == ("from", "to")
    assert (callee.local.tag, callee.remote.tag) == ("to", "from")
    assert (caller.target, callee.target) == (CALLEE_CONTACT.uri, CALLER_CONTACT.uri)
    assert caller.routes == ("<sip:far.example;lr>", "<sip:near.example;lr>")
    assert callee.routes == routes


def test_a_bye_goes_to_the_contact_along_the_routes() -> None:
    """
    RFC 3261 section 12.2.1.1: loose routing, the next CSeq, both tags.
    """
    dialog = Dialog.of_caller(invite(), ok("<sip:near.example;lr>", "<sip:far.example;lr>"))

    after, bye = dialog.request("BYE", via=OTHER_VIA)

    assert (bye.uri, str(bye.cseq)) == (CALLEE_CONTACT.uri, "8 BYE")
    assert (bye.from_.tag, bye.to.tag) == ("from", "to")
    assert bye.headers.all("Route") == ["<sip:far.example;lr>", "<sip:near.example;lr>"]
    assert after.request("BYE", via=OTHER_VIA)[1].cseq.number == 9


def test_a_strict_router_stands_in_the_request_uri() -> None:
    """
    RFC 3261 section 12.2.1.1: the target goes to the end of the routes.
    """
    dialog = Dialog.of_caller(invite(), ok("<sip:near.example;lr>", "<sip:strict.example>"))

    _, bye = dialog.request("BYE", via=OTHER_VIA)

    assert bye.uri == "sip:strict.example"
    assert bye.headers.all("Route") == ["<sip:near.example;lr>", f"<{CALLEE_CONTACT.uri}>"]


def test_the_ack_of_a_2xx_has_the_number_and_the_credentials_of_the_invite() -> None:
    """
    RFC 3261 section 13.2.2.4 and 22.1; its branch is its own.
    """
    asked = again_with(invite(), via=OTHER_VIA, header=("Proxy-Authorization", "Digest x"))
    dialog = Dialog.of_caller(asked, ok())

    ack = dialog.ack(asked, via=VIA)

    assert (ack.method, ack.uri, str(ack.cseq)) == ("ACK", CALLEE_CONTACT.uri, "8 ACK")
    assert ack.headers.one("Proxy-Authorization") == "Digest x"
    assert ack.to.tag == "to"


def test_a_dialog_knows_its_own_messages_and_their_order() -> None:
    """
    RFC 3261 section 12.2.2: Call-ID and tags identify the dialog, CSeq gives the order.
    """
    caller = Dialog.of_caller(invite(), ok())
    callee = Dialog.of_callee(invite(), "to")
    callee, first = callee.request("OPTIONS", via=VIA)
    _, second = callee.request("BYE", via=VIA)

    assert caller.owns(first)
    assert caller.owns(ok())
    assert not callee.owns(first)
    assert caller.after(first).is_in_order(second)
    assert not caller.after(second).is_in_order(first)


def test_a_reinvite_moves_the_target_and_an_options_does_not() -> None:
    """
    RFC 3261 section 12.2: only target refresh requests do.
    """
    moved = NameAddr("sip:192.0.2.77:5060")
    callee = Dialog.of_callee(invite(), "to")
    caller = Dialog.of_caller(invite(), ok())
    callee, options = callee.request("OPTIONS", via=VIA, contact=moved)
    callee, reinvite = callee.request("INVITE", via=VIA, contact=moved)

    assert caller.after(options).target == CALLEE_CONTACT.uri
    assert caller.after(reinvite).target == moved.uri


@pytest.mark.parametrize("contact", [None, "<", "<tel:+15550123>", "<sip:[:::::]>", "*"])
def test_without_a_usable_contact_the_dialog_goes_where_the_call_began(contact: str | None) -> None:
    """
    RFC 3261 section 12.1.1 requires one, but the call must be ended all the same.
    """
    headers = ok().headers.without("Contact").adding(*([("Contact", contact)] if contact else []))
    dialog = Dialog.of_caller(invite(), ok().with_headers(headers))
    called = Dialog.of_callee(invite().with_headers(invite().headers.without("Contact")), "to")

    assert dialog.ack(invite(), via=VIA).uri == invite().uri
    assert dialog.request("BYE", via=OTHER_VIA)[1].uri == invite().uri
    assert called.target == invite().from_.uri


@pytest.mark.parametrize("route", ["<", "<tel:+1>", "<sip:near.example>, <sip:[:::::];lr>", ""])
def test_a_route_set_that_cannot_be_read_is_empty(route: str) -> None:
    """
    Half of a route leads nowhere.
    """
    dialog = Dialog.of_caller(invite(), ok(route))

    assert dialog.routes == ()
    assert dialog.request("BYE", via=OTHER_VIA)[1].uri == CALLEE_CONTACT.uri


def test_an_ack_belongs_to_the_answer_with_its_identity() -> None:
    """
    RFC 3261 section 13.2.2.4: Call-ID, both tags and the CSeq number.
    """
    ack = Dialog.of_caller(invite(), ok()).ack(invite(), via=VIA)

    assert is_ack_of(ack, ok())
    for name, value in (
        ("Call-ID", "other"),
        ("From", "<sip:a@b>;tag=other"),
        ("To", "<sip:a@b>;tag=other"),
        ("CSeq", "8 ACK"),
    ):
        assert not is_ack_of(ack.with_headers(ack.headers.replacing(name, value)), ok())


def test_a_2xx_is_repeated_at_intervals_up_to_t2_for_64_t1() -> None:
    """
    RFC 3261 section 13.3.1.4.
    """
    times = []
    current: Retransmission | None = Retransmission.starting(0.0)
    while current is not None:
        times.append(current.at)
        current = current.following()

    assert times == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]


def test_only_the_topmost_via_says_where_a_request_came_from() -> None:
    """
    RFC 3261 section 18.2.1: the Vias of earlier hops stay unchanged and in order.
    """
    below = Via.parse("SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK-0;rport")
    request = invite()
    request = request.with_headers(request.headers.replacing("Via", f"{VIA}, {below}"))

    seen = seen_from(request, "192.0.2.200", 40000)

    assert [str(via) for via in seen.headers.listed("Via")] == [
        str(VIA.seen_from("192.0.2.200", 40000)),
        str(below),
    ]
    assert seen.headers.without("Via") == request.headers.without("Via")
