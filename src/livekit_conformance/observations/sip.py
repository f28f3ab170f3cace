"""
Observations of SIP and media: messages, the outcome and end of a call, the sound in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from livekit_conformance.errors import Failure
from livekit_conformance.observations.observation import Kind, Observation, own_fields
from livekit_conformance.protocol.near_miss import Obstacle
from livekit_conformance.protocol.sip.ladder import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class SipExchange(Observation):
    """
    SIP message that was sent or received, or a violation or failure beside the messages.

    `call` is the Call-ID, `status` that of a response, `at_s` the time since the first request.
    `lost` is the reason why a request got no answer, `failure` its kind. Without a `direction`,
    `text` is no message: it is the violation or the failure.
    """

    call: str | None = None
    transport: str | None = None
    direction: Direction | None = None
    status: int | None
    at_s: float | None = None
    text: str = ""
    lost: str | None = None
    failure: Failure | None = None

    kind: ClassVar[Kind] = "sip"


@dataclass(frozen=True, slots=True, kw_only=True)
class SipCall(Observation):
    """
    Call that was placed, and how its INVITE ended: `final_at_s` seconds after it was sent.

    `purpose` is `probe` for the call of most checks. `outcome` is a CallOutcome, or the code of
    the API's error for an outbound call. `fails_at` is the link at which the run itself makes the
    call fail.

    Of an inbound call: `points_at` is the link that the responses to its INVITE point at; times of
    the first responses 100 and 180; `repeated` counts the copies of messages that the network made;
    `media` is the address in the SDP answer, `media_elsewhere` whether it is another one than that
    of the SIP messages, `media_unreachable` why no media can reach it, `codecs` are those of the
    answer.

    Of an outbound call: its `room`; `said` is the error text of the API, and `sip_status` the
    status in it.
    """

    call: str | None
    purpose: str
    is_outbound: bool = False
    outcome: str | None
    points_at: str | None = None
    final_status: int | None
    final_at_s: float | None
    trying_at_s: float | None = None
    ringing_at_s: float | None = None
    repeated: int = 0
    fails_at: str | None = None
    media: str | None = None
    codecs: str | None = None
    media_elsewhere: bool = False
    media_unreachable: str | None = None
    room: str | None = None
    said: str | None = None
    sip_status: str | None = None

    kind: ClassVar[Kind] = "sip-call"
    quoted: ClassVar[tuple[str, ...]] = ("said",)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnd(Observation):
    """
    End of an answered call: who hung up.

    `after_s` is the time since the answer if livekit-sip did; `status` is the response to our BYE.
    """

    call: str
    by: Literal["us", "them"]
    after_s: float | None
    status: int | None

    kind: ClassVar[Kind] = "call-end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media(Observation):
    """
    Sound that one `side` heard: RTP packets (the caller, livekit-sip) or samples (the agent).

    `level` (0 to 1) is that of `tone_hz`: the dominant tone, or the one that was listened for. Of
    livekit-sip: its packets from the caller, those it `sent` there, and those `from_room`. `heard`
    is all of it in words.
    """

    side: str
    heard: str = ""
    call: str | None = None
    packets: int | None = None
    samples: int | None = None
    lost: int | None = None
    jitter_ms: float | None = None
    tone_hz: float | None = None
    level: float | None = None
    problems: tuple[str, ...] = ()
    sent: int | None = None
    from_room: int | None = None

    kind: ClassVar[Kind] = "media"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQuality(Observation):
    """
    Quality of what the caller heard while it listened: rating `r` and `mos` of the E-model.

    Of the `expected` packets some were `lost`, others `late` for the jitter buffer of a phone.
    `delay_ms` is one-way. First packet and sound came so many seconds after the answer, None if
    never. Meanwhile this machine was up to `own_delay_ms` late itself.
    """

    call: str
    r: float
    mos: float
    expected: int
    lost: int
    late: int
    reordered: int
    duplicated: int
    jitter_ms: float
    longest_gap_ms: float
    delay_ms: float
    own_delay_ms: float
    first_packet_s: float | None
    first_sound_s: float | None

    kind: ClassVar[Kind] = "quality"

    def figures(self) -> dict[str, Any]:
        """
        Return the fields as plain JSON values.
        """
        return {each.name: getattr(self, each.name) for each in own_fields(type(self))}

    @property
    def loss_percent(self) -> float:
        """
        Percentage of the expected packets that did not arrive.
        """
        return 100 * self.lost / self.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchMatch(Observation):
    """
    Match of a call against the trunks and dispatch rules that the server lists.

    `trunk` and `rule` are ids; `source` is the caller's address, empty if it is not known;
    `ignored` means that the call was placed, and no response came. `trunks` and `rules` count those
    that there are. The obstacles are the mismatches of the closest one, empty if a rule takes the
    call. The rest are the terms of the call.
    """

    caller: str
    called: str
    source: str
    ignored: bool
    trunk: str | None
    rule: str | None
    asks_for_pin: bool
    allowed_addresses: str
    trunks: int
    rules: int
    trunk_obstacles: tuple[Obstacle, ...]
    rule_obstacles: tuple[Obstacle, ...]
    ringing_timeout_s: float | None
    max_call_duration_s: float | None
    only_codecs: str
    encryption: str
    room_preset: str = ""

    kind: ClassVar[Kind] = "dispatch"
