"""
Search the rooms of the server for the SIP participant of a call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Sized
from types import TracebackType
from typing import Self

from livekit import api
from livekit.protocol.models import ParticipantInfo

from livekit_conformance.drivers.api.livekit_api import ApiRefused, LiveKitClient
from livekit_conformance.errors import Unreachable
from livekit_conformance.protocol.caller import DialledCall, UnclearError, caller_of, is_proven
from livekit_conformance.protocol.room_name import call_id_in
from livekit_conformance.waiting import POLITE_S, wait_until

# Most callers are found within a tenth of a second.
_EVERY_S = 0.03
# The search is cancelled when the call is over; this limit is only for the case that it is not.
_FOREVER_S = 60.0
# A busy server has many rooms; the suite is a guest there.
_ROOMS_LOOKED_AT = 10
# Requests that one search may need; reserved before the call, so that the search is not late.
_REQUESTS = 20


class CallerSearch:
    """
    Search for one caller: `room` and `participant` once found, `why` the caller is not known.

    An asynchronous context manager, entered before the call. `searches` are those of all our calls,
    which take no caller from each other; `own_callers` are the numbers that our calls come from.
    `webhooks` are those received so far; where they come, each arrival in a room is passed to
    `report`.
    """

    def __init__(
        self,
        client: LiveKitClient,
        pattern: str,
        call: DialledCall,
        *,
        own_callers: Collection[str],
        searches: set[CallerSearch],
        webhooks: Sized = (),
    ) -> None:
        self.room: api.Room | None = None
        self.participant: ParticipantInfo | None = None
        self.why: str | None = "nobody looked"
        self.is_over = False
        self._client = client
        self._pattern = pattern
        self._call = call
        self._own_callers = own_callers
        self._searches = searches
        self._webhooks = webhooks
        self._older: set[str] | None = None
        # Name of the room that a webhook has reported, and how often each room was looked at.
        self._reported: str | None = None
        self._looks: Counter[str] = Counter()
        # Behind a provider: participants of the rooms that the call may be put into, by sid of the
        # room.
        self._inside: dict[str, set[str]] = {}

    async def __aenter__(self) -> Self:
        self._searches.add(self)
        await self._remember()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.is_over = True

    async def _remember(self) -> None:
        """
        Remember the rooms that exist before the call.
        """
        await self._client.reserve(_REQUESTS)
        try:
            rooms = await self._client.list_rooms()
            if self._call.through_provider:
                for room in self._named(rooms)[:_ROOMS_LOOKED_AT]:
                    inside = await present(self._client, room.name)
                    self._inside[room.sid] = {participant.sid for participant in inside}
            self._older = {room.sid for room in rooms}
        except (ApiRefused, Unreachable) as error:
            # The API has checks of its own, and a call can be placed while it is down.
            self.why = str(error)

    def report(self, room: str, attributes: Mapping[str, str]) -> None:
        """
        Look into `room` alone if the participant that arrived there proves to be the caller.
        """
        if is_proven(self._call, attributes):
            self._reported = room

    async def until_settled(self) -> None:
        """
        Search until the caller is in a room and has published its audio track there.

        livekit-sip 1.8.0 can lose its own goodbye when a call is cancelled while it is still
        joining: then the server keeps the caller in the room for 20 s more.
        """

        async def why_not_yet() -> str | None:
            await self.once()
            if self.participant is None:
                return "the caller is in no room"
            return None if self.participant.tracks else "the caller has published no track"

        await wait_until(why_not_yet, within=_FOREVER_S, poll=_EVERY_S, slowest=POLITE_S)

    async def once(self) -> None:
        """
        Search once, unless the caller is already found, proven, and with a track.

        Behind a provider a found caller is dropped again when another candidate appears.
        """
        found = self.participant
        if found is not None and found.tracks and is_proven(self._call, found.attributes):
            return
        if self._call.through_provider and self._older is None:
            return  # new rooms cannot be told apart
        try:
            await self._look()
        except UnclearError as unclear:
            self.room, self.participant, self.why = None, None, str(unclear)
        except (ApiRefused, Unreachable) as error:
            self.why = str(error)

    def is_new(self, room: api.Room) -> bool:
        """
        Return whether the room is newer than the call; False if rooms could not be listed before.
        """
        return self._older is not None and room.sid not in self._older

    async def _look(self) -> None:
        seen = await self._newcomers()
        # Another search may have found its caller meanwhile, so there is no await from here on.
        others = self._searches - {self}
        taken = {other.participant.sid for other in others if other.participant is not None}
        seen = {
            sid: (room, who)
            for sid, (room, who) in seen.items()
            if sid not in taken or is_proven(self._call, who.attributes)
        }
        alike = 1 + sum(o.participant is None and not o.is_over for o in others)
        attributes = {sid: participant.attributes for sid, (_, participant) in seen.items()}
        sid = caller_of(self._call, attributes, own_callers=self._own_callers, alike=alike)
        self.why = self._unseen_rooms()
        if sid is not None:
            self.room, self.participant = seen[sid]
            self.why = None

    async def _newcomers(self) -> dict[str, tuple[api.Room, ParticipantInfo]]:
        """
        Return SIP participants that may be our caller, by sid; keep one found earlier if it has
        left.
        """
        seen: dict[str, tuple[api.Room, ParticipantInfo]] = {}
        if self.room is not None and self.participant is not None:
            seen[self.participant.sid] = self.room, self.participant
        for room in await self._rooms():
            self._looks[room.sid] += 1
            for participant in await present(self._client, room.name):
                if self._may_be_ours(participant, room):
                    seen[participant.sid] = room, participant
                if is_proven(self._call, participant.attributes):
                    return seen
        return seen

    async def _rooms(self) -> list[api.Room]:
        """
        Return the rooms to look into now; in a busy deployment, those that come next.
        """
        if self._reported is not None:
            return await self._client.list_rooms(self._reported)
        likely = self._likely(await self._client.list_rooms())
        self._looks.update(dict.fromkeys((room.sid for room in likely), 0))
        return sorted(likely, key=self._turn)[:_ROOMS_LOOKED_AT]

    def _turn(self, room: api.Room) -> tuple[bool, int, int]:
        # A rule may put the number of the caller, or the number dialled, into the room's name.
        is_ours = any(number in room.name for number in (self._call.caller, self._call.called))
        return not is_ours, self._looks[room.sid], -room.creation_time

    def _unseen_rooms(self) -> str | None:
        """
        Return why our caller may be in a room nobody looked into; None if it would be known.
        """
        unseen = sum(not looks for looks in self._looks.values())
        # A provider may have replaced the Call-ID, by which a report proves to be ours.
        would_be_known = len(self._webhooks) > 0 and not self._call.through_provider
        if would_be_known or not unseen:
            return None
        return (
            f"rooms of others came faster than they could be looked at: {unseen} of "
            f"{len(self._looks)} were not"
        )

    def _likely(self, rooms: Sequence[api.Room]) -> list[api.Room]:
        """
        Return the rooms to search: new ones, or existing ones that a Direct rule may use.
        """
        new = [room for room in rooms if room.sid not in (self._older or ())]
        if self._call.through_provider:
            return [*new, *(room for room in rooms if room.sid in self._inside)]
        return new or self._named(rooms)

    def _named(self, rooms: Iterable[api.Room]) -> list[api.Room]:
        return [room for room in rooms if call_id_in(room.name, self._pattern) is not None]

    def _may_be_ours(self, participant: ParticipantInfo, room: api.Room) -> bool:
        if participant.kind != ParticipantInfo.Kind.SIP:
            return False
        return participant.sid not in self._inside.get(room.sid, ())


async def present(client: LiveKitClient, room: str) -> list[ParticipantInfo]:
    """
    Return the participants of a room; none if the room has ended.
    """
    try:
        return await client.list_participants(room)
    except ApiRefused as refused:
        if refused.code == "not_found":
            return []
        raise
