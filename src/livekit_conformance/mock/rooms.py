"""
Rooms of livekit-server: their participants, their end, and their webhook events.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from livekit.protocol.models import (
    Codec,
    DisconnectReason,
    ParticipantInfo,
    ParticipantPermission,
    TrackInfo,
    TrackSource,
    TrackType,
)
from livekit.protocol.models import Room as RoomInfo
from livekit.protocol.room import CreateRoomRequest
from livekit.protocol.webhook import WebhookEvent

from livekit_conformance.mock import identifiers
from livekit_conformance.mock.config import MockConfig
from livekit_conformance.mock.logs import ServiceLog

_AUDIO_CODECS: Final = ("audio/PCMU", "audio/PCMA", "audio/opus", "audio/red")
_VIDEO_CODECS: Final = (
    *("video/VP8", "video/H264", "video/VP9", "video/AV1", "video/H265"),
    "video/rtx",
)


@dataclass(slots=True)
class Room:
    """
    One open room.
    """

    info: RoomInfo
    departure_timeout_s: float
    participants: dict[str, ParticipantInfo] = field(default_factory=dict)
    timer: asyncio.TimerHandle | None = None

    @property
    def is_kept_open(self) -> bool:
        """
        True if a participant keeps the room open; agents do not count.
        """
        return any(not _is_agent(p) for p in self.participants.values())


class RoomStore:
    """
    All rooms by name. Every change goes to `notify` as the webhook event that it causes.
    """

    def __init__(
        self, config: MockConfig, log: ServiceLog, notify: Callable[[WebhookEvent], None]
    ) -> None:
        self._config = config
        self._log = log
        self._notify = notify
        self._rooms: dict[str, Room] = {}
        self._deleted: list[RoomInfo] = []
        self._node = identifiers.new(identifiers.NODE)
        # Called when somebody else removes a participant from a room.
        self.on_removed: Callable[[str, str], None] = lambda _room, _identity: None

    def get(self, name: str) -> Room | None:
        """
        Return the open room of that name.
        """
        return self._rooms.get(name)

    def infos(self, names: Iterable[str]) -> list[RoomInfo]:
        """
        Return the infos of the rooms of these names, or of all rooms if no name is given.
        """
        wanted = set(names)
        known = [*(room.info for room in self._rooms.values()), *self._deleted]
        return [info for info in known if not wanted or info.name in wanted]

    def of_callers(self) -> list[str]:
        """
        Return the names of the rooms that have a SIP participant.
        """
        return [
            name
            for name, room in self._rooms.items()
            if any(p.kind == ParticipantInfo.Kind.SIP for p in room.participants.values())
        ]

    def create(self, request: CreateRoomRequest) -> RoomInfo:
        """
        Return the room of that name, creating it if necessary.

        The settings of a room that is open stay as they are, as on livekit-server 1.13.5.
        """
        if room := self._rooms.get(request.name):
            return room.info
        self._log.write(
            "info", "selected node for room", room=request.name, selectedNodeID=self._node
        )
        now = time.time()
        departure = request.departure_timeout or self._config.departure_timeout_s
        info = RoomInfo(
            sid=identifiers.new(identifiers.ROOM),
            name=request.name,
            empty_timeout=request.empty_timeout or self._config.empty_timeout_s,
            departure_timeout=round(departure),
            max_participants=request.max_participants,
            creation_time=int(now),
            creation_time_ms=int(now * 1000),
            turn_password=identifiers.random_characters(),
            enabled_codecs=[Codec(mime=mime) for mime in (*_AUDIO_CODECS, *_VIDEO_CODECS)],
            metadata=request.metadata,
        )
        room = self._rooms[info.name] = Room(info, departure)
        if not self._config.faults.empty_rooms_stay:
            self._end_after(room, info.empty_timeout, "empty timeout")
        self._publish("room_started", room)
        return info

    def delete(self, name: str) -> bool:
        """
        Close the room of that name; return False if there is none.
        """
        if (room := self._rooms.get(name)) is None:
            return False
        self._log.write("info", "deleting room", part="room", room=name, roomID=room.info.sid)
        self._close(room, DisconnectReason.ROOM_DELETED)
        if self._config.faults.deleted_rooms_listed:
            self._deleted.append(room.info)
        return True

    def join(self, name: str, participant: ParticipantInfo) -> ParticipantInfo:
        """
        Add `participant` to the room, creating the room; one of the same identity leaves.
        """
        self.create(CreateRoomRequest(name=name))
        room = self._rooms[name]
        if participant.identity in room.participants:
            self._part(room, participant.identity, DisconnectReason.DUPLICATE_IDENTITY)
            self.on_removed(name, participant.identity)
        now = time.time()
        participant.MergeFrom(
            ParticipantInfo(
                sid=identifiers.new(identifiers.PARTICIPANT),
                state=ParticipantInfo.State.ACTIVE,
                joined_at=int(now),
                joined_at_ms=int(now * 1000),
                permission=ParticipantPermission(
                    can_subscribe=True, can_publish=True, can_publish_data=True
                ),
            )
        )
        room.participants[participant.identity] = participant
        self._count(room)
        if room.is_kept_open and room.timer:
            room.timer.cancel()
            room.timer = None
        self._publish("participant_joined", room, participant=participant)
        return participant

    def publish_audio(self, name: str, identity: str, track_name: str) -> TrackInfo:
        """
        Publish a microphone track of a participant in the room.
        """
        room = self._rooms[name]
        participant = room.participants[identity]
        track = TrackInfo(
            sid=identifiers.new(identifiers.TRACK),
            type=TrackType.AUDIO,
            name=track_name,
            source=TrackSource.MICROPHONE,
            mime_type="audio/opus",
            mid="0",
            stream="camera",
        )
        participant.tracks.append(track)
        participant.is_publisher = True
        self._count(room)
        self._publish("track_published", room, participant=participant, track=track)
        return track

    def update_attributes(self, name: str, identity: str, attributes: Mapping[str, str]) -> None:
        """
        Set attributes of a participant that is still in the room.
        """
        room = self._rooms.get(name)
        if room and identity in room.participants:
            room.participants[identity].attributes.update(attributes)

    def leave(
        self,
        name: str,
        identity: str,
        reason: DisconnectReason = DisconnectReason.CLIENT_INITIATED,
    ) -> bool:
        """
        Remove a participant from a room; return False if it is not there.

        The room ends after its departure time-out unless another participant keeps it open.
        """
        room = self._rooms.get(name)
        if room is None or identity not in room.participants:
            return False
        was_kept_open = room.is_kept_open
        self._part(room, identity, reason)
        if was_kept_open and not room.is_kept_open and not self._config.faults.rooms_never_end:
            self._end_after(room, room.departure_timeout_s, "departure timeout")
        return True

    def close(self) -> None:
        """
        Discard all rooms without sending events.
        """
        for room in self._rooms.values():
            if room.timer:
                room.timer.cancel()
        self._rooms.clear()

    def _end_after(self, room: Room, delay: float, reason: str) -> None:
        room.timer = asyncio.get_running_loop().call_later(delay, self._expire, room, reason)

    def _expire(self, room: Room, reason: str) -> None:
        self._close(room, DisconnectReason.ROOM_CLOSED)
        self._log.write("info", "closing idle room", part="room", **_named(room), reason=reason)

    def _close(self, room: Room, reason: DisconnectReason) -> None:
        if room.timer:
            room.timer.cancel()
        self._log.write("info", "closing room", part="room", **_named(room))
        del self._rooms[room.info.name]
        for identity in list(room.participants):
            self._part(room, identity, reason)
            self.on_removed(room.info.name, identity)
        self._log.write("info", "deleting room state", room=room.info.name)
        self._log.write("info", "room closed", part="room", **_named(room))
        self._publish("room_finished", room)

    def _part(self, room: Room, identity: str, reason: DisconnectReason) -> None:
        participant = room.participants.pop(identity)
        participant.state = ParticipantInfo.State.DISCONNECTED
        participant.disconnect_reason = reason
        tracks = list(participant.tracks)
        del participant.tracks[:]
        self._count(room)
        self._log.write(
            "info",
            "participant closing",
            **_named(room),
            participant=identity,
            participantID=participant.sid,
            reason=_CLOSE_REASONS[reason],
            kind=ParticipantInfo.Kind.Name(participant.kind),
        )
        for track in tracks:
            self._publish("track_unpublished", room, participant=participant, track=track)
        self._publish("participant_left", room, participant=participant)

    def _count(self, room: Room) -> None:
        participants = room.participants.values()
        room.info.num_participants = sum(not _is_agent(p) for p in participants)
        room.info.num_publishers = sum(p.is_publisher for p in participants)

    def _publish(
        self,
        event: str,
        room: Room,
        *,
        participant: ParticipantInfo | None = None,
        track: TrackInfo | None = None,
    ) -> None:
        info = RoomInfo()
        info.CopyFrom(room.info)
        # Only the API reports the numbers.
        info.ClearField("num_participants")
        info.ClearField("num_publishers")
        if participant is not None:
            participant.version += 1
        if participant is not None and track is not None:
            # Events of tracks identify their room and participant and hold no more of them.
            info = RoomInfo(sid=info.sid, name=info.name)
            participant = ParticipantInfo(sid=participant.sid, identity=participant.identity)
        self._notify(
            # The message copies its fields: later changes do not affect the queue.
            WebhookEvent(
                event=event,
                room=info,
                participant=participant,
                track=track,
                id=identifiers.new(identifiers.EVENT),
                created_at=int(time.time()),
            )
        )


# Reasons of `participant closing` as the log names them.
_CLOSE_REASONS: Final[Mapping[int, str]] = {
    DisconnectReason.CLIENT_INITIATED: "CLIENT_REQUEST_LEAVE",
    DisconnectReason.DUPLICATE_IDENTITY: "DUPLICATE_IDENTITY",
    DisconnectReason.PARTICIPANT_REMOVED: "SERVICE_REQUEST_REMOVE_PARTICIPANT",
    DisconnectReason.ROOM_CLOSED: "ROOM_CLOSED",
    DisconnectReason.ROOM_DELETED: "SERVICE_REQUEST_DELETE_ROOM",
    DisconnectReason.USER_REJECTED: "USER_REJECTED",
    DisconnectReason.USER_UNAVAILABLE: "USER_UNAVAILABLE",
}


def _is_agent(participant: ParticipantInfo) -> bool:
    return participant.kind == ParticipantInfo.Kind.AGENT


def _named(room: Room) -> dict[str, Any]:
    return {"room": room.info.name, "roomID": room.info.sid}
