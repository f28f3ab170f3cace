"""
RTP packets, mu-law, and measuring a sound.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_conformance.protocol import rtp
from livekit_conformance.protocol.rtp import Packet, RtpSyntaxError


@pytest.mark.parametrize("marker", [True, False])
def test_a_packet_is_read_as_it_was_written(*, marker: bool) -> None:
    """
    RFC 3550 section 5.1.
    """
    sent = Packet(101, 65535, 2**32 - 1, 0xDEADBEEF, b"sound", marker=marker)

    assert Packet.decode(sent.encode()) == sent
    assert sent.encode()[:2] == (b"\x80\xe5" if marker else b"\x80\x65")


def test_sources_extension_and_padding_are_taken_off() -> None:
    """
    Two CSRCs, an extension of one word, three bytes of padding.
    """
    header = bytes.fromhex("b2000001000000020000000300000004000000050001000100000000")

    assert Packet.decode(header + b"sound" + b"\x00\x00\x03").payload == b"sound"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80" * 11,
        bytes.fromhex("400000010000000200000003"),
        bytes.fromhex("830000010000000200000003"),
        bytes.fromhex("900000010000000200000003"),
        bytes.fromhex("900000010000000200000003") + b"\x00\x00\x00\x01",
        bytes.fromhex("a00000010000000200000003") + b"\x09",
        bytes.fromhex("a00000010000000200000003") + b"\x00",
    ],
    ids=["empty", "short", "version", "csrc", "extension", "long extension", "padding", "zero"],
)
def test_what_is_no_packet_is_refused(data: bytes) -> None:
    """
    So is a header that announces more than there is.
    """
    with pytest.raises(RtpSyntaxError):
        Packet.decode(data)


@given(data=st.binary(max_size=40))
def test_any_bytes_are_a_packet_or_raise_rtp_syntax_error(data: bytes) -> None:
    """
    The invariant of the decoder.
    """
    try:
        received = Packet.decode(data)
    except RtpSyntaxError:
        return
    assert len(received.payload) <= len(data) - 12


def test_mu_law_keeps_every_code() -> None:
    """
    Decoding and encoding again returns the same code; the two zeros are one.
    """
    codes = bytes(range(256))

    assert rtp.encode_pcmu(rtp.decode_pcmu(codes)) == codes.replace(b"\x7f", b"\xff")


@pytest.mark.parametrize(
    ("code", "sample"),
    [(0xFF, 0), (0x7F, 0), (0x80, 32124), (0x00, -32124), (0xF0, 120), (0xEF, 132), (0x8F, 16764)],
)
def test_mu_law_has_the_values_of_the_standard(code: int, sample: int) -> None:
    """
    ITU-T G.711 table 2a, scaled from 14 to 16 bits.
    """
    assert rtp.decode_pcmu(bytes([code])) == [sample]


@given(sample=st.integers(-40000, 40000))
def test_mu_law_is_off_by_a_step_at_most(sample: int) -> None:
    """
    A step is a sixteenth of its segment; anything beyond the loudest code is clipped.
    """
    (decoded,) = rtp.decode_pcmu(rtp.encode_pcmu([sample]))
    clipped = max(-32124, min(32124, sample))

    assert abs(decoded - clipped) <= max(8, abs(clipped) / 16)


@pytest.mark.parametrize("frequency", [220.0, 440.0, 1000.0, 3000.0])
@pytest.mark.parametrize("amplitude", [0.05, 0.5])
def test_a_tone_is_found_after_mu_law(frequency: float, amplitude: float) -> None:
    """
    Its level is its amplitude, its frequency is dominant, and other frequencies are absent.
    """
    tone = rtp.tone(frequency, 8000, amplitude=amplitude)
    samples = rtp.decode_pcmu(rtp.encode_pcmu(tone))

    assert rtp.level(samples, frequency) == pytest.approx(amplitude, rel=0.05)
    assert rtp.level(samples, frequency + 150) < amplitude / 50
    assert rtp.dominant_frequency(samples) == pytest.approx(frequency, abs=3.0)


def test_silence_has_no_frequency_and_no_level() -> None:
    """
    Neither has a sound too short to measure.
    """
    assert rtp.dominant_frequency([0] * 4000) is None
    assert rtp.dominant_frequency(rtp.tone(440, 63)) is None
    assert rtp.level([0] * 4000, 440.0) == 0.0
    assert rtp.level(rtp.tone(440, 799), 440.0) == 0.0


def test_a_share_is_of_the_energy() -> None:
    own, other = rtp.tone(440, 8000), rtp.tone(1000, 8000)
    both = [a + b for a, b in zip(own, other, strict=True)]

    assert rtp.share(own, 440.0) == pytest.approx(1.0, abs=0.02)
    assert rtp.share(both, 440.0) == pytest.approx(0.5, abs=0.02)
    assert rtp.share(other, 440.0) == pytest.approx(0.0, abs=0.02)
    assert rtp.share([0] * 8000, 440.0) == 0.0


def test_a_tone_goes_on_where_it_stopped() -> None:
    """
    Packets made one by one contain the same sine as one long packet.
    """
    pieces = [s for start in range(0, 800, 160) for s in rtp.tone(440, 160, start=start)]

    assert pieces == pytest.approx(rtp.tone(440, 800))
