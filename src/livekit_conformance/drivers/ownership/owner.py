"""
Ownership of objects: recorded before creation, provable by a mark, never for calls of others.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

from livekit import api

from livekit_conformance.drivers.ownership.ledger import Ledger
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import NotPermitted
from livekit_conformance.protocol import mark
from livekit_conformance.protocol.mark import Kind, OwnershipMark

# Numbers that reach nobody: 555-01xx is reserved for examples.
_RESERVED = re.compile(r"\+155501\d\d")
_PUNCTUATION = re.compile(r"[ ()-]")


class Owner:
    """
    Claim objects for one run.

    `numbers` are those of the profile, which trunks and rules of ours may name in addition to the
    reserved ones; `rooms` is the limit of rooms that are open at once.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        secret: str,
        numbers: Iterable[str] = (),
        rooms: int | None = None,
    ) -> None:
        self._ledger = ledger
        self._secret = secret
        self._most_rooms = rooms
        self._rooms: set[str] = set()
        self._numbers = {_normalised(number) for number in numbers if number}

    @classmethod
    def of(cls, profile: Profile, ledger: Ledger) -> Owner:
        """
        Return the owner of the objects that a run creates on the deployment of `profile`.
        """
        return cls(
            ledger,
            secret=profile.livekit.api_secret.get_secret_value(),
            numbers=(profile.sip.number, profile.sip.outbound.number or ""),
            rooms=profile.limits.rooms,
        )

    def claim(self, kind: Kind, name: str, *, note: str = "") -> str:
        """
        Return the metadata for an object that is about to be created; the ledger has it on return.

        Raises NotPermitted when it would be one room too many.
        """
        if kind == "room":
            self._open_room(name)
        self._ledger.intend(kind, name)
        created = int(time.time())
        claimed = OwnershipMark(self._ledger.run, kind, name, created, self._ledger.ttl, note)
        return mark.write(claimed, self._secret)

    def mark_of(self, kind: Kind, name: str, metadata: str) -> OwnershipMark | None:
        """
        Return the mark of an object if it is signed with this deployment's secret, else None.
        """
        return mark.read(metadata, self._secret, kind=kind, name=name)

    def note_id(self, kind: Kind, name: str, server_id: str) -> None:
        """
        Record that the object exists, under this id.
        """
        self._ledger.complete(kind, name, server_id)

    def release_room(self, name: str) -> None:
        """
        Record that the room is gone, or was never created.
        """
        self._rooms.discard(name)

    def _open_room(self, name: str) -> None:
        others = self._rooms - {name}
        if self._most_rooms is not None and len(others) >= self._most_rooms:
            raise NotPermitted(
                f"limits.rooms of the profile is {self._most_rooms}, and {len(others)} rooms of "
                "this run are open"
            )
        self._rooms.add(name)

    def refuse_foreign_numbers(self, what: str, numbers: Iterable[str]) -> None:
        """
        Raise NotPermitted unless there are numbers, and all of them are ours.
        """
        given = [number for number in numbers if number]
        if not given:
            raise NotPermitted(f"{what} without numbers would take everybody's calls")
        if foreign := [number for number in given if not self._is_ours(number)]:
            raise NotPermitted(
                f"{what} would take the calls of {', '.join(foreign)}; only +1 555 01xx and the "
                "profile's own numbers are allowed"
            )

    def _is_ours(self, number: str) -> bool:
        plain = _normalised(number)
        return plain in self._numbers or _RESERVED.fullmatch(plain) is not None


def refuse_wildcards(rule: api.SIPDispatchRuleInfo, own_trunks: Iterable[str]) -> None:
    """
    Raise NotPermitted for a dispatch rule that is not bound to trunks of ours alone.
    """
    if not rule.trunk_ids:
        raise NotPermitted("a dispatch rule without trunk_ids would take everybody's calls")
    if foreign := set(rule.trunk_ids) - set(own_trunks):
        raise NotPermitted(f"a dispatch rule for trunks of others: {', '.join(sorted(foreign))}")


def _normalised(number: str) -> str:
    # livekit-server compares trunk numbers in this form.
    return "+" + _PUNCTUATION.sub("", number).removeprefix("+")
