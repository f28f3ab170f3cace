"""
Removes what dead runs have left on a deployment, and nothing else.

A name proves nothing: only what carries a valid mark is looked at, and of that only what the ledger
of a dead run names, or what is older than its time to live. What a living run has made stays.
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

# More than any run can have made; whoever finds more has a wrong idea of what is ours.
MOST_DELETED: Final = 50


class TooManyLeftovers(ConformanceError):
    """
    Nothing was deleted, because it would have been too much.
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
    An object that nobody needs any more, and why that is known.
    """

    found: ListedObject
    run: str
    why: str

    def __str__(self) -> str:
        return f"{self.found} of run {self.run}: {self.why}"


@dataclass(frozen=True, slots=True)
class Swept:
    """
    What was deleted, and what was left with the reason.
    """

    deleted: tuple[Leftover, ...]
    left: tuple[tuple[Leftover, str], ...]


class Sweeper:
    """
    Sweeps one deployment. `environment` is the name under which the runs tested it.

    `secret` is the API secret that marks are signed with.
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
        The leftovers, in the order in which they can be deleted: rules before their trunks.

        Raises ApiRefused and Unreachable when the server does not list what it has.
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
        Delete them one by one; what cannot be deleted is left, and told.

        Raises TooManyLeftovers before the first one is deleted.
        """
        leftovers = list(leftovers)
        if len(leftovers) > MOST_DELETED:
            raise TooManyLeftovers(
                f"{len(leftovers)} objects would be deleted, which is more than {MOST_DELETED}: "
                "nothing was. Look at them with --dry-run, and delete by hand what is too much"
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
        Look again: rooms are deleted by name, and meanwhile the name may be another room's.
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
                    await client.delete_room(found.name)
                case "dispatch-rule":
                    await client.delete_dispatch_rule(found.id)
                case _:
                    await client.delete_trunk(found.id)
        except ApiRefused as refused:
            if refused.code != "not_found":
                raise


def _room(room: api.Room) -> ListedObject:
    return ListedObject("room", room.name, room.sid, room.metadata)


def _rule(rule: api.SIPDispatchRuleInfo) -> ListedObject:
    return ListedObject("dispatch-rule", rule.name, rule.sip_dispatch_rule_id, rule.metadata)


def _trunk(kind: Kind, trunk: api.SIPInboundTrunkInfo | api.SIPOutboundTrunkInfo) -> ListedObject:
    return ListedObject(kind, trunk.name, trunk.sip_trunk_id, trunk.metadata)
