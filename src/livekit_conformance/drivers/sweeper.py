"""
Delete the objects that dead runs have left on a deployment, and nothing else.

A name proves nothing: only objects with a valid mark are considered. Of those, an object is a
leftover if the ledger of a dead run names it, or if it is older than its time to live. Objects of a
living run stay.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from livekit import api

from livekit_conformance.drivers.api.livekit_api import ApiRefused, LiveKitClient
from livekit_conformance.drivers.ownership.ledger import RecordedRun
from livekit_conformance.errors import ConformanceError, NotPermitted
from livekit_conformance.protocol import mark
from livekit_conformance.protocol.mark import Kind

# More than any run can have created; a longer list means that the sweeper misjudges ownership.
MOST_DELETED: Final = 50


class TooManyLeftovers(ConformanceError):
    """
    Raised before the first deletion: the list of leftovers is implausibly long.
    """


@dataclass(frozen=True, slots=True)
class ListedObject:
    """
    An object as the server lists it.
    """

    kind: Kind
    name: str
    id: str
    metadata: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.id})"


@dataclass(frozen=True, slots=True)
class Leftover:
    """
    Object that no run needs any more, with the reason `why`.
    """

    found: ListedObject
    run: str
    why: str

    def __str__(self) -> str:
        return f"{self.found} of run {self.run}: {self.why}"


@dataclass(frozen=True, slots=True)
class Swept:
    """
    Deleted leftovers, and those that stayed with the reason.
    """

    deleted: tuple[Leftover, ...]
    left: tuple[tuple[Leftover, str], ...]


class Sweeper:
    """
    Sweeper of one deployment. `environment` is the name under which the runs tested it.

    `secret` is the API secret that signs the marks.
    """

    def __init__(
        self, client: LiveKitClient, *, secret: str, environment: str, past: Iterable[RecordedRun]
    ) -> None:
        self._client = client
        self._secret = secret
        self._environment = environment
        self._past: Mapping[str, RecordedRun] = {run.run: run for run in past}

    async def find(self) -> list[Leftover]:
        """
        Return the leftovers in the order in which they can be deleted: rules before their trunks.

        Raises ApiRefused and Unreachable when the server does not list its objects.
        """
        client = self._client
        listed = [
            *map(_rule, await client.list_dispatch_rules()),
            *(_trunk("inbound-trunk", trunk) for trunk in await client.list_inbound_trunks()),
            *(_trunk("outbound-trunk", trunk) for trunk in await client.list_outbound_trunks()),
            *map(_room, await client.list_rooms()),
        ]
        return [leftover for found in listed if (leftover := self._judged(found)) is not None]

    async def delete(self, leftovers: Iterable[Leftover]) -> Swept:
        """
        Delete `leftovers` one by one; report those that cannot be deleted with the error.

        Raises TooManyLeftovers before the first deletion.
        """
        leftovers = list(leftovers)
        if len(leftovers) > MOST_DELETED:
            raise TooManyLeftovers(
                f"{len(leftovers)} objects exceed the limit of {MOST_DELETED}, so nothing was "
                "deleted. List them with --dry-run, and delete the surplus by hand"
            )
        deleted: list[Leftover] = []
        left: list[tuple[Leftover, str]] = []
        for leftover in leftovers:
            try:
                if await self._is_still_there(leftover.found):
                    await self._delete(leftover.found)
                deleted.append(leftover)
            except (ApiRefused, NotPermitted) as error:
                left.append((leftover, str(error)))
        return Swept(tuple(deleted), tuple(left))

    def _judged(self, found: ListedObject) -> Leftover | None:
        proof = mark.read(found.metadata, self._secret, kind=found.kind, name=found.name)
        if proof is None:
            return None
        run = self._past.get(proof.run)
        if run is not None and run.lives:
            return None
        if (
            run is not None
            and run.environment == self._environment
            and (found.kind, found.name) in run.intended
        ):
            return Leftover(found, proof.run, "its run is dead")
        if time.time() >= proof.expires:
            return Leftover(found, proof.run, f"it is older than its {proof.ttl} s")
        return None

    async def _is_still_there(self, found: ListedObject) -> bool:
        """
        Return whether the object still exists: another room may have its name since.
        """
        if found.kind != "room":
            return True
        rooms = [_room(room) for room in await self._client.list_rooms(found.name)]
        return found in rooms

    async def _delete(self, found: ListedObject) -> None:
        client = self._client
        client.adopt(found.kind, found.name if found.kind == "room" else found.id)
        try:
            match found.kind:
                case "room":
                    await self._delete_room(found.name)
                case "dispatch-rule":
                    await client.delete_dispatch_rule(found.id)
                case _:
                    await client.delete_trunk(found.id)
        except ApiRefused as refused:
            if refused.code != "not_found":
                raise

    async def _delete_room(self, name: str) -> None:
        try:
            await self._client.delete_room(name)
        except ApiRefused as refused:
            if refused.code == "not_found":
                raise
            # The node of the room may be dead. DeleteRoom asks that node; CreateRoom chooses a new
            # one (livekit-server pkg/service/roomallocator.go, SelectRoomNode).
            await self._client.reopen_room(name)
            await self._client.delete_room(name)


def _room(room: api.Room) -> ListedObject:
    return ListedObject("room", room.name, room.sid, room.metadata)


def _rule(rule: api.SIPDispatchRuleInfo) -> ListedObject:
    return ListedObject("dispatch-rule", rule.name, rule.sip_dispatch_rule_id, rule.metadata)


def _trunk(kind: Kind, trunk: api.SIPInboundTrunkInfo | api.SIPOutboundTrunkInfo) -> ListedObject:
    return ListedObject(kind, trunk.name, trunk.sip_trunk_id, trunk.metadata)
