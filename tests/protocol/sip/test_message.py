"""
Messages: parsing returns what was written, and anything else is refused with a reason.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_conformance.protocol.sip import message
from livekit_conformance.protocol.sip.message import (
    CSeq,
    Headers,
    Request,
    Response,
    SipSyntaxError,
    StreamParser,
    parse,
)

INVITE = b"""\
INVITE sip:+15550123@127.0.0.1:5060 SIP/2.0\r
Via: SIP/2.0/UDP 127.0.0.1:40000;branch=z9hG4bK-one;rport\r
Max-Forwards: 70\r
From: "A caller" <sip:+15550100@127.0.0.1>;tag=from-1\r
To: <sip:+15550123@127.0.0.1:5060>\r
Call-ID: conformance-1\r
CSeq: 1 INVITE\r
Contact: <sip:+15550100@127.0.0.1:40000>\r
Content-Type: application/sdp\r
Content-Length: 5\r
\r
v=0\r
"""
RINGING = b"""\
SIP/2.0 180 Ringing\r
v: SIP/2.0/UDP 127.0.0.1:40000;branch=z9hG4bK-one\r
f: <sip:+15550100@127.0.0.1>;tag=from-1\r
t: <sip:+15550123@127.0.0.1:5060>;tag=to-1\r
i: conformance-1\r
CSeq: 1 INVITE\r
l: 0\r
\r
"""
MESSAGES = pytest.mark.parametrize("data", [INVITE, RINGING], ids=["request", "response"])


def changed(old: bytes, new: bytes, message: bytes = INVITE) -> bytes:
    assert old in message
    return message.replace(old, new, 1)


def test_a_request_is_read_in_its_parts() -> None:
    """
    Start line, identity, addresses and body are read as they were written.
    """
    message = parse(INVITE)

    assert isinstance(message, Request)
    assert (message.method, message.uri) == ("INVITE", "sip:+15550123@127.0.0.1:5060")
    assert message.via.branch == "z9hG4bK-one"
    assert (message.from_.display, message.from_.tag, message.to.tag) == (
        "A caller",
        "from-1",
        None,
    )
    assert (message.call_id, message.cseq) == ("conformance-1", CSeq(1, "INVITE"))
    assert message.contact is not None
    assert message.contact.sip_uri.port == 40000
    assert message.body == b"v=0\r\n"


def test_a_method_of_digits_is_no_status() -> None:
    """
    The ladder tells requests and responses apart by their labels.
    """
    data = INVITE.replace(b"INVITE sip", b"180 sip").replace(b"1 INVITE", b"1 180")

    assert parse(data).label == "method 180"


def test_compact_forms_are_their_long_forms() -> None:
    """
    `v`, `f`, `t`, `i` and `l` mean Via, From, To, Call-ID and Content-Length.
    """
    message = parse(RINGING)

    assert isinstance(message, Response)
    assert (message.status, message.reason, message.label) == (180, "Ringing", "180 Ringing")
    assert (message.call_id, message.to.tag) == ("conformance-1", "to-1")


@MESSAGES
def test_what_was_parsed_is_written_the_same(data: bytes) -> None:
    """
    Parsing a serialised message returns the same message.
    """
    message = parse(data)

    assert parse(message.to_bytes()) == message.with_headers(parse(message.to_bytes()).headers)
    assert parse(message.to_bytes()).to_bytes() == message.to_bytes()


@pytest.mark.parametrize("pieces", ["whole", "byte by byte", "with the next message"])
@MESSAGES
def test_a_stream_is_cut_into_the_same_messages(data: bytes, pieces: str) -> None:
    """
    However TCP splits the bytes, the messages equal those of the datagrams.
    """
    parser = StreamParser()
    stream = b"\r\n\r\n" + data + b"\r\n" + RINGING
    chunks = {
        "whole": [stream],
        "byte by byte": [stream[at : at + 1] for at in range(len(stream))],
        "with the next message": [stream[:-20], stream[-20:]],
    }[pieces]

    messages = []
    for chunk in chunks:
        parser.feed(chunk)
        while (message := parser.next_message()) is not None:
            messages.append(message)

    assert messages == [parse(data), parse(RINGING)]


def test_bytes_after_the_content_length_of_a_datagram_are_dropped() -> None:
    """
    RFC 3261 section 18.3.
    """
    assert parse(INVITE + b"trailing") == parse(INVITE)


def test_the_star_of_a_register_is_no_address() -> None:
    """
    `Contact: *` in a REGISTER removes all registrations, RFC 3261 section 10.2.2.
    """
    message = parse(changed(b"<sip:+15550100@127.0.0.1:40000>", b"*"))

    assert message.contact is None


def test_an_unreadable_contact_leaves_the_rest_readable() -> None:
    """
    An answer with one must be acknowledged and ended all the same.
    """
    message = parse(changed(b"<sip:+15550100@127.0.0.1:40000>", b"<"))

    with pytest.raises(SipSyntaxError, match="left open"):
        _ = message.contact


def test_without_content_length_the_body_is_the_rest_of_the_datagram() -> None:
    """
    RFC 3261 section 18.3.
    """
    assert parse(changed(b"Content-Length: 5\r\n", b"") + b"a=b").body == b"v=0\r\na=b"


def test_a_folded_header_is_one_line() -> None:
    """
    RFC 3261 section 7.3.1: a line that begins with white space continues the previous one.
    """
    message = parse(changed(b"Max-Forwards: 70", b"Subject: one\r\n  two\r\n\tthree"))

    assert message.headers.one("Subject") == "one two three"


@pytest.mark.parametrize("fold", [b"\r\n ", b" \t \r\n\t ", b"\r\n \r\n\t\r\n  "])
def test_a_fold_is_one_blank_however_long_it_is(fold: bytes) -> None:
    """
    RFC 3261 section 25.1: LWS, also over several lines.
    """
    message = parse(changed(b"Max-Forwards: 70", b"Subject: one" + fold + b"two"))

    assert message.headers.one("Subject") == "one two"


def test_several_vias_in_one_line_are_several_hops() -> None:
    """
    The topmost Via is the first of the list.
    """
    message = parse(
        changed(b";rport\r\n", b";rport, SIP/2.0/TCP proxy.example;branch=z9hG4bK2\r\n")
    )

    assert message.headers.listed("Via")[1] == "SIP/2.0/TCP proxy.example;branch=z9hG4bK2"
    assert message.via.branch == "z9hG4bK-one"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no empty line"),
        (b"\r\n\r\n", "no empty line"),
        (INVITE[:60], "no empty line"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "not a method"),
        (changed(b"SIP/2.0\r\n", b"SIP/3.0\r\n"), "version"),
        (changed(b"INVITE sip", b"INVITE  sip"), "neither a request nor a status line"),
        (changed(b"180", b"999", RINGING), "not a status"),
        (changed(b"Via", b"Vai"), "Via is missing"),
        (changed(b"Call-ID: conformance-1\r\n", b""), "Call-ID stands 0 times"),
        (changed(b"CSeq: 1 INVITE\r\n", b"CSeq: 1 INVITE\r\nCSeq: 2 INVITE\r\n"), "2 times"),
        (changed(b"CSeq: 1 INVITE", b"CSeq: 1 BYE"), "the request line INVITE"),
        (changed(b"CSeq: 1 ", b"CSeq: 2147483648 "), "not a number up to"),
        (changed(b"CSeq: 1 ", "CSeq: \u0661 ".encode()), "not a number up to"),
        (changed(b"Content-Length: 5", b"Content-Length: 6"), "shorter than Content-Length"),
        (changed(b"Content-Length: 5", b"Content-Length: -1"), "not a number up to"),
        (changed(b"Max-Forwards: 70", b"Max-Forwards"), "without a colon"),
        (changed(b"Max-Forwards", b"Max Forwards"), "not a header name"),
        (changed(b"Max-Forwards: 70", b"Subject: a\x00b"), "control character"),
        (changed(b"Max-Forwards: 70", b"Subject: a\nb"), "control character"),
        (changed(b"Max-Forwards: 70", b"Subject: \xff"), "not UTF-8"),
        (changed(b'"A caller"', b'"A caller'), "left open"),
        (changed(b"branch=z9hG4bK-one", b"=z9hG4bK-one"), "not a parameter"),
        (changed(b"Max-Forwards: 70\r\n", b"S:\r\n" * 1001), "more than 1000"),
        (changed(b"tag=from-1", b"tag=from-1" + b";a" * 101), "more than 100 parts"),
        (changed(b"Max-Forwards: 70", b"Subject: " + b"a" * 65_536), "longer than 65536"),
    ],
)
def test_what_is_no_message_is_refused_with_a_reason(data: bytes, why: str) -> None:
    """
    The error names the defect.
    """
    with pytest.raises(SipSyntaxError, match=why):
        parse(data)


def test_an_error_quotes_a_long_text_shortened() -> None:
    """
    It ends up in a report.
    """
    with pytest.raises(SipSyntaxError, match=r"not an address: .*\.\.\.") as caught:
        parse(changed(b"<sip:+15550123@127.0.0.1:5060>\r\nCall", b"a" * 60_000 + b"\r\nCall"))
    assert len(str(caught.value)) < 250


def test_a_head_on_a_stream_is_read_once_and_not_with_each_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Neither while its end has not arrived nor while its body arrives.
    """
    read: list[bytes] = []
    read_head = message._read_head

    def counted(head: bytes) -> tuple[str, Headers]:
        read.append(head)
        return read_head(head)

    monkeypatch.setattr(message, "_read_head", counted)
    parser = StreamParser()
    messages = []
    for byte in INVITE * 2:
        parser.feed(bytes([byte]))
        messages.append(parser.next_message())

    assert read == [INVITE.partition(b"\r\n\r\n")[0]] * 2
    assert [found for found in messages if found] == [parse(INVITE)] * 2


def test_a_stream_without_content_length_is_refused() -> None:
    """
    RFC 3261 section 18.3: only this header marks the end of a message on a stream.
    """
    parser = StreamParser()
    parser.feed(changed(b"Content-Length: 5\r\n", b""))

    with pytest.raises(SipSyntaxError, match="no Content-Length"):
        parser.next_message()


def test_a_stream_that_never_ends_its_headers_is_refused() -> None:
    """
    The memory of the parser is bounded.
    """
    parser = StreamParser()
    parser.feed(b"INVITE sip:a SIP/2.0\r\nSubject: " + b"x" * 70_000)

    with pytest.raises(SipSyntaxError, match="no end of the headers"):
        parser.next_message()


@pytest.mark.parametrize("value", ["two\r\nVia: lines", "null\x00", "bell\x07"])
def test_a_header_cannot_be_made_to_hold_another_one(value: str) -> None:
    """
    A value that would break out of its line never gets into a message.
    """
    with pytest.raises(SipSyntaxError, match="control character"):
        Headers.of(("Subject", value))


@pytest.mark.parametrize("uri", ["", "sip:a b", "sip:a\r\nVia: x"])
def test_a_request_line_cannot_be_made_of_more_than_its_parts(uri: str) -> None:
    """
    A Request-URI contains neither white space nor line ends.
    """
    with pytest.raises(SipSyntaxError):
        Request("INVITE", uri)


def test_replacing_keeps_the_place_and_leaves_one() -> None:
    """
    Headers.replacing puts one value in place of the first of that name, in any form.
    """
    headers = Headers.of(("v", "one"), ("Via", "two"), ("To", "x"))

    assert headers.replacing("VIA", "three").fields == (("VIA", "three"), ("To", "x"))
    assert headers.without("via").fields == (("To", "x"),)
    assert headers.adding(("From", "y")).get("f") == "y"


# Mutations of real messages reach deeper than random bytes do.
pieces_of_messages = st.sampled_from(
    [
        INVITE,
        RINGING,
        *INVITE.split(b"\r\n"),
        b"\r\n",
        b";",
        b"<",
        b'"',
        b",",
        b":",
        b"=",
        b" ",
        b"\\",
    ]
)
garbage = st.one_of(
    st.binary(max_size=300),
    st.lists(st.one_of(pieces_of_messages, st.binary(max_size=8)), max_size=12).map(b"".join),
    st.tuples(st.integers(0, len(INVITE)), st.binary(max_size=4), st.integers(0, 30)).map(
        lambda cut: INVITE[: cut[0]] + cut[1] + INVITE[cut[0] + cut[2] :]
    ),
)


@given(data=garbage)
def test_garbage_either_parses_or_raises_sip_syntax_error(data: bytes) -> None:
    """
    The invariant of the parser; a parsed message has a readable identity and can be written again.
    """
    try:
        message = parse(data)
    except SipSyntaxError:
        return
    _ = message.via, message.from_, message.to, message.call_id, message.cseq
    assert parse(message.to_bytes()).to_bytes() == message.to_bytes()


@given(data=garbage, cut=st.integers(0, 300))
def test_garbage_on_a_stream_either_parses_or_raises_sip_syntax_error(
    data: bytes, cut: int
) -> None:
    """
    The same for streams, however the bytes are split.
    """
    parser = StreamParser()
    try:
        for chunk in (data[:cut], data[cut:]):
            parser.feed(chunk)
            while parser.next_message() is not None:
                pass
    except SipSyntaxError:
        return
