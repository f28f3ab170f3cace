"""
URIs, name-addr headers and Via values.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_conformance.protocol.sip.address import NameAddr, SipUri, Via
from livekit_conformance.protocol.sip.syntax import Parameters, SipSyntaxError


@pytest.mark.parametrize(
    "text",
    [
        "sip:127.0.0.1",
        "sip:+15550100@127.0.0.1:5060",
        "sips:alice@gateway.example:5061",
        "sip:alice:secret@gateway.example;transport=tcp;lr",
        "sip:alice@[2001:db8::1]:5060",
        "sip:%61lice@gateway.example?subject=call%20me",
        "sip:+1-555-0100;postd=pp22@gateway.example;user=phone",
        "sip:callee@livekit_sip:5060",
    ],
)
def test_a_sip_uri_is_written_as_it_was_read(text: str) -> None:
    """
    Scheme, user, host, port, parameters and headers survive.
    """
    assert str(SipUri.parse(text)) == text


def test_a_sip_uri_comes_apart() -> None:
    """
    User, host, port and parameters have their own fields.
    """
    uri = SipUri.parse("SIP:+15550100@Gateway.example:5060;transport=tcp;lr")

    assert (uri.scheme, uri.user, uri.host, uri.port) == (
        "sip",
        "+15550100",
        "Gateway.example",
        5060,
    )
    assert uri.parameters.get("Transport") == "tcp"
    assert "lr" in uri.parameters
    assert uri.parameters.get("lr") is None


@pytest.mark.parametrize(
    "text",
    ["", "sip:", "tel:+15550100", "sip:a@", "sip:a@b@c", "sip:a b@c", "sip:a@b:65536", "sip:a@b:x"],
)
def test_what_is_no_sip_uri_is_refused(text: str) -> None:
    """
    The error quotes the text.
    """
    with pytest.raises(SipSyntaxError):
        SipUri.parse(text)


@pytest.mark.parametrize(
    ("text", "display", "uri", "tag"),
    [
        ("<sip:a@b>;tag=1", None, "sip:a@b", "1"),
        ("sip:a@b;tag=1", None, "sip:a@b", "1"),
        ('"Alice; <x>, \\"A\\"" <sip:a@b;lr> ; tag = 1', 'Alice; <x>, "A"', "sip:a@b;lr", "1"),
        ("Alice Smith <sip:a@b>", "Alice Smith", "sip:a@b", None),
        ("<tel:+15550100>;tag=x", None, "tel:+15550100", "x"),
    ],
)
def test_both_forms_of_an_address_are_read(
    text: str, display: str | None, uri: str, tag: str | None
) -> None:
    """
    RFC 3261 section 20: without angle brackets all parameters belong to the header.
    """
    address = NameAddr.parse(text)

    assert (address.display, address.uri, address.tag) == (display, uri, tag)
    assert NameAddr.parse(str(address)) == address


@pytest.mark.parametrize(
    "text", ["", "*", "<>", "<sip:a@b", "sip:a@b?x=1", "a@b", "<sip:a@b> trailing", "(x) <sip:a@b>"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """
    An incomplete address is refused.
    """
    with pytest.raises(SipSyntaxError):
        NameAddr.parse(text)


def test_a_tag_is_set_in_its_place() -> None:
    """
    Other parameters stay as they are.
    """
    address = NameAddr.parse("<sip:a@b>;tag=1;x=y")

    assert str(address.with_tag("2")) == "<sip:a@b>;tag=2;x=y"


def test_a_via_is_read_with_white_space_and_written_without() -> None:
    """
    SLASH and COLON may be surrounded by white space, RFC 3261 section 25.1.
    """
    via = Via.parse("SIP / 2.0 / UDP  Gateway.example : 5060 ;branch=z9hG4bKx ; rport")

    assert str(via) == "SIP/2.0/UDP Gateway.example:5060;branch=z9hG4bKx;rport"
    assert via.sent_by == ("gateway.example", 5060)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("SIP/2.0/UDP 10.0.0.1;branch=x", "SIP/2.0/UDP 10.0.0.1;branch=x;received=192.0.2.1"),
        ("SIP/2.0/UDP 192.0.2.1;branch=x", "SIP/2.0/UDP 192.0.2.1;branch=x"),
        (
            "SIP/2.0/UDP 192.0.2.1;rport;branch=x",
            "SIP/2.0/UDP 192.0.2.1;rport=5070;branch=x;received=192.0.2.1",
        ),
    ],
)
def test_a_server_notes_where_a_request_came_from(text: str, seen: str) -> None:
    """
    RFC 3261 section 18.2.1 and RFC 3581 section 4.
    """
    assert str(Via.parse(text).seen_from("192.0.2.1", 5070)) == seen


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("SIP/2.0/UDP 192.0.2.9:5066;branch=z9hG4bK-1", 5066),
        ("SIP/2.0/UDP proxy.example.org;branch=z9hG4bK-1", 5060),
        ("SIP/2.0/UDP 192.0.2.9:5066;branch=z9hG4bK-1;rport", 40000),
        ("SIP/2.0/UDP 192.0.2.9:5066;branch=z9hG4bK-1;received=198.51.100.7", 5066),
    ],
)
def test_a_response_goes_to_the_address_that_the_request_came_from(text: str, port: int) -> None:
    """
    RFC 3261 section 18.2.2, RFC 3581 section 4; an address written by the sender is ignored.
    """
    assert Via.parse(text).reply_address("192.0.2.1", 40000) == ("192.0.2.1", port)


@pytest.mark.parametrize("text", ["", "SIP/2.0/UDP", "SIP/1.0/UDP a", "SIP/2.0/UDP a;b c"])
def test_what_is_no_via_is_refused(text: str) -> None:
    """
    Version, transport and sent-by must be there.
    """
    with pytest.raises(SipSyntaxError):
        Via.parse(text)


@given(text=st.text(alphabet='sip:a@b.1<>;=,"\\ []/?%\x00é', max_size=30))
def test_any_text_is_an_address_or_raises_sip_syntax_error(text: str) -> None:
    """
    The invariant of each reader.
    """
    for reader in (SipUri.parse, NameAddr.parse, Via.parse, Parameters.parse):
        try:
            value = reader(text)
        except SipSyntaxError:
            continue
        assert isinstance(str(value), str)
