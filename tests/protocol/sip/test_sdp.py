"""
Session descriptions: offers, answers, and texts of other implementations.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_conformance.protocol.sip import sdp
from livekit_conformance.protocol.sip.sdp import Codec, Direction
from livekit_conformance.protocol.sip.syntax import SipSyntaxError

OFFER = sdp.offer("192.0.2.1", 40000, session_id=7)
GATEWAY = """\
v=0
o=gateway 1 2 IN IP4 192.0.2.9
s=call
c=IN IP4 192.0.2.9
t=0 0
a=sendonly
m=video 6000 RTP/AVP 96
c=IN IP4 192.0.2.11
a=inactive
m=audio 5000/2 RTP/AVP 18 0 96 97
c=IN IP4 192.0.2.10/127
a=rtpmap:96 telephone-event/8000
a=fmtp:96 0-16
a=ptime:20.0
"""


def test_an_offer_is_read_as_it_was_written() -> None:
    """
    PCMU and telephone events, 20 ms, both ways.
    """
    assert sdp.parse(str(OFFER)) == OFFER
    assert "m=audio 40000 RTP/AVP 0 101\r\n" in str(OFFER)


def test_the_audio_stream_of_a_gateway_is_read() -> None:
    """
    Stream lines override session lines; other streams, fractions and bare LF are ignored.
    """
    description = sdp.parse(GATEWAY)

    assert (description.address, description.port) == ("192.0.2.10", 5000)
    assert [codec.name for codec in description.codecs] == [
        "G729",
        "PCMU",
        "telephone-event",
        "unknown",
    ]
    assert description.codecs[2].fmtp == "0-16"
    assert (description.direction, description.ptime) == (Direction.SENDONLY, None)


def test_the_first_rtpmap_and_fmtp_of_a_type_count() -> None:
    """
    A static type has its fmtp too, and an rtpmap of its own overrides its usual encoding.
    """
    extra = "a=rtpmap:96 CN/8000\na=fmtp:96 1\na=fmtp:18 annexb=no\na=rtpmap:0 L16/16000\n"
    codecs = sdp.parse(GATEWAY + extra).codecs

    assert [(codec.name, codec.clock_rate, codec.fmtp) for codec in codecs[:3]] == [
        ("G729", 8000, "annexb=no"),
        ("L16", 16000, None),
        ("telephone-event", 8000, "0-16"),
    ]


def test_an_answer_takes_what_both_know_under_the_numbers_of_the_offer() -> None:
    """
    RFC 3264 section 6.1: payload types are the offerer's, the direction is mirrored.
    """
    answer = sdp.answer(sdp.parse(GATEWAY), "192.0.2.1", 40000, session_id=7)

    assert [(codec.payload_type, codec.name) for codec in answer.codecs] == [
        (0, "PCMU"),
        (96, "telephone-event"),
    ]
    assert answer.direction is Direction.RECVONLY
    assert answer.payload_type(sdp.PCMU) == 0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (("RTP/AVP 0 101", "RTP/AVP 9 101"), "G722, telephone-event"),
        (("RTP/AVP", "RTP/SAVP"), "RTP/SAVP"),
    ],
)
def test_an_offer_without_anything_in_common_is_refused(changes: tuple[str, str], why: str) -> None:
    """
    Telephone events alone carry no conversation, and SRTP is not plain RTP.
    """
    offered = sdp.parse(str(OFFER).replace(*changes))

    with pytest.raises(sdp.NoCommonCodec, match=why):
        sdp.answer(offered, "192.0.2.1", 40000, session_id=7)


def test_a_refused_stream_is_read_as_port_zero() -> None:
    """
    RFC 3264 section 6.
    """
    assert sdp.parse(str(OFFER).replace("audio 40000", "audio 0")).port == 0


def test_names_of_codecs_compare_without_case() -> None:
    """
    RFC 4855 section 3: encoding names are case-insensitive.
    """
    assert Codec(0, "pcmu").same_format(sdp.PCMU)
    assert not Codec(0, "PCMU", 16000).same_format(sdp.PCMU)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("v=0", "v=1"),
        ("m=audio", "m=video"),
        ("m=audio 40000", "m=audio 70000"),
        ("m=audio 40000 RTP/AVP 0 101", "m=audio 40000"),
        ("AVP 0 101", "AVP 0 128"),
        ("o=- 7 1 IN IP4 192.0.2.1\r\n", ""),
        ("o=- 7 1", "o=- 7"),
        ("c=IN IP4 192.0.2.1\r\n", ""),
        ("c=IN IP4", "c=IN ATM"),
        ("a=rtpmap:0 PCMU/8000", "a=rtpmap:0 PCMU"),
        ("s=-", "s -"),
        ("a=ptime:20", "a=ptime:20\x1c"),
        ("s=-", "s=\x00"),
        ("s=-", "s=a\rb"),
        ("AVP 0 101", "AVP" + " 0" * 129),
        ("s=-", "s=" + "-" * 65_536),
    ],
)
def test_what_is_no_description_is_refused(old: str, new: str) -> None:
    """
    Each line that a call needs must be present and readable.
    """
    text = str(OFFER)
    assert old in text

    with pytest.raises(SipSyntaxError):
        sdp.parse(text.replace(old, new))


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"v=0"])
def test_no_text_is_no_description(data: bytes) -> None:
    """
    An empty or binary body raises too.
    """
    with pytest.raises(SipSyntaxError):
        sdp.parse(data)


LINES = str(OFFER).splitlines(keepends=True)


@given(
    lines=st.lists(
        st.one_of(st.sampled_from(LINES), st.text(alphabet="vocsma=: 01/-\r\nIP4.", max_size=12)),
        max_size=14,
    )
)
def test_any_text_is_a_description_or_raises_sip_syntax_error(lines: list[str]) -> None:
    """
    The invariant; a parsed description can be written and read again.
    """
    try:
        description = sdp.parse("".join(lines))
    except SipSyntaxError:
        return
    assert sdp.parse(str(description)).port == description.port
