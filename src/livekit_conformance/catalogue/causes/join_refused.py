"""
Causes for which livekit-server, as it is set up, lets no caller join the room of the call.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Cause, Given, Sign, log, probe
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import SERVER, SIP, errors
from livekit_conformance.wording import Text

# livekit-server pkg/service/errors.go and pkg/rtc/errors.go: each of its limits.
_OVER_A_LIMIT = re.compile(f"{errors.OVER_A_LIMIT}|{errors.ROOM_IS_FULL}")
_LIMITED = (
    log(SERVER, error=_OVER_A_LIMIT),
    log(SIP, error=_OVER_A_LIMIT),
    log(SIP, response=_OVER_A_LIMIT),
)
_UNKNOWN_PRESET = (
    log(SERVER, error=re.compile(errors.UNKNOWN_PRESET)),
    log(SIP, response=re.compile(errors.UNKNOWN_PRESET)),
)
_HAS_A_PRESET = Sign("dispatch", {"room_preset": Given()})
_NOT_JOINED = probe(points_at=Link.JOIN)
_LOW_LIMIT = Sign(
    "config", {"file": "livekit.yaml", "key": re.compile(r"^(room|limit)\.max_(part|room|attr)")}
)
_NO_OPUS = log(SIP, error=re.compile(errors.NO_OPUS))

CAUSES: tuple[Cause, ...] = (
    Cause(
        "rule-names-an-unknown-preset",
        Link.JOIN,
        Text(
            en="`room_preset` of the dispatch rule names a room configuration that livekit-server "
            "does not have",
            ru="`room_preset` правила диспетчеризации называет конфигурацию комнаты, которой нет в "
            "livekit-server",
        ),
        Text(
            en=(
                "The rule that takes the call gives its room a preset, and livekit-server refuses "
                "to create a room with one that it does not have. So livekit-sip cannot join, and "
                "the call is refused with 486."
            ),
            ru=(
                "Правило, которое принимает вызов, задаёт комнате пресет, а livekit-server не "
                "создаёт комнату с пресетом, которого у него нет. Поэтому livekit-sip не может "
                "войти, и вызов отклоняется ответом 486."
            ),
        ),
        Text(
            en=(
                "Remove `room_preset` from the dispatch rule (`lk sip dispatch list`, then `lk sip "
                "dispatch update`), or add a configuration of that name below "
                "`room.room_configurations` in {server_yaml} and restart {server}."
            ),
            ru=(
                "Удалите `room_preset` из правила диспетчеризации (`lk sip dispatch list`, затем "
                "`lk sip dispatch update`) или добавьте конфигурацию с этим именем в "
                "`room.room_configurations` из {server_yaml} и перезапустите {server}."
            ),
        ),
        shows=(*_UNKNOWN_PRESET, _HAS_A_PRESET),
        also=(_NOT_JOINED,),
        proofs=_UNKNOWN_PRESET,
        source="livekit pkg/service/roomallocator.go, ErrUnknownRoomConfiguration",
    ),
    Cause(
        "limit-keeps-participants-out",
        Link.JOIN,
        Text(
            en="A limit of livekit-server keeps rooms or participants of calls out",
            ru="Ограничение livekit-server не пускает комнаты или участников вызовов",
        ),
        Text(
            en=(
                "livekit-server refused a room or a participant because a limit was exceeded: on "
                "the number of participants, or on the length of a name, an identity, metadata or "
                "attributes. Its own words below say which one."
            ),
            ru=(
                "livekit-server отказал комнате или участнику, потому что превышено ограничение: "
                "на число участников либо на длину имени, identity, метаданных или атрибутов. "
                "Какое именно, видно из его собственных слов ниже."
            ),
        ),
        Text(
            en=(
                "Raise that limit in {server_yaml}, or delete it, and restart {server}: "
                "`room.max_participants` (a call needs 2: caller and agent), or "
                "`max_room_name_length`, `max_participant_identity_length`, "
                "`max_participant_name_length`, `max_metadata_size` or `max_attributes_size` below "
                "`limit` or `room`. `max_participants` may also be set in `room_config` of the "
                "dispatch rule."
            ),
            ru=(
                "Увеличьте это ограничение в {server_yaml} или уберите его и перезапустите "
                "{server}: `room.max_participants` (вызову нужны двое: звонящий и агент) либо "
                "`max_room_name_length`, `max_participant_identity_length`, "
                "`max_participant_name_length`, `max_metadata_size` или `max_attributes_size` в "
                "разделе `limit` или `room`. `max_participants` бывает и в `room_config` правила "
                "диспетчеризации."
            ),
        ),
        shows=(*_LIMITED, _LOW_LIMIT),
        proofs=_LIMITED,
        breaks=(Link.ROOMS, Link.ROOM_LIFE, Link.WEBRTC, Link.AGENT, Link.ANSWER),
        source="livekit pkg/service/errors.go, pkg/rtc/errors.go, pkg/config LimitConfig",
    ),
    Cause(
        "opus-is-not-enabled",
        Link.JOIN,
        Text(
            en="Opus is not among the codecs of the room, so livekit-sip cannot send audio",
            ru="Среди кодеков комнаты нет Opus, поэтому livekit-sip не может передавать звук",
        ),
        Text(
            en=(
                "livekit-sip sends the caller's audio to the room as Opus. livekit-server does not "
                "offer that codec, so the WebRTC connection fails and nobody is heard."
            ),
            ru=(
                "livekit-sip передаёт звук звонящего в комнату кодеком Opus. livekit-server его не "
                "предлагает, поэтому WebRTC-соединение не устанавливается и никого не слышно."
            ),
        ),
        Text(
            en=(
                "Add `- mime: audio/opus` to `room.enabled_codecs` in {server_yaml}, or delete "
                "`enabled_codecs` (all codecs are then enabled), and restart {server}."
            ),
            ru=(
                "Добавьте `- mime: audio/opus` в `room.enabled_codecs` в {server_yaml} или удалите "
                "`enabled_codecs` (тогда включены все кодеки) и перезапустите {server}."
            ),
        ),
        shows=(_NO_OPUS,),
        proofs=(_NO_OPUS,),
        breaks=(Link.WEBRTC, Link.AGENT, Link.ANSWER, Link.MEDIA, Link.AUDIO, Link.OUTBOUND),
        source="livekit/sip pkg/sip/room.go; livekit pkg/config RoomConfig.EnabledCodecs",
    ),
)
