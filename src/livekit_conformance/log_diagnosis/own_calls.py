"""
Recognise the calls of the suite itself: it makes some of them fail, to see them refused.

They fail at few links, and only where its other calls came through does that prove nothing about
the deployment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import of_server, of_sip
from livekit_conformance.protocol.own_names import OWN_CALL

FAILED_ON_PURPOSE = frozenset(
    {Link.TRUNK, Link.CREDENTIALS, Link.DISPATCH, Link.OUTBOUND, Link.OUTBOUND_FAILURE}
)
_OURS = re.compile(
    rb'(?:[sS]ipCallID|participant|room)\\?": ?\\?"[^"\\]*' + OWN_CALL.encode() + rb"[0-9a-f]{12}"
)
_NAME = OWN_CALL.encode()
_CALL = re.compile(rb'"callID\\?": ?\\?"([^"\\]+)')
_OK = re.compile(rb'"status\\?": ?\\?"200')
# Of a call, the line that every one begins with, and lines of one that has come through links at
# which the suite makes others fail.
_BEGINS = of_sip.INVITE_CAME.message.encode()
_CROSSINGS: Mapping[bytes, frozenset[Link]] = {
    of_sip.ACCEPTS.message.encode(): frozenset({Link.TRUNK, Link.CREDENTIALS, Link.DISPATCH}),
    of_sip.AUTHENTICATED.message.encode(): frozenset({Link.CREDENTIALS}),
    of_sip.ESTABLISHED.message.encode(): frozenset({Link.OUTBOUND, Link.OUTBOUND_FAILURE}),
    of_server.DIALLED.message.encode(): frozenset({Link.OUTBOUND, Link.OUTBOUND_FAILURE}),
}
_DIALLED = of_server.DIALLED.message.encode()


@dataclass(slots=True)
class OwnCalls:
    """
    Ids of the suite's calls in the logs, and the links that one of them has come through.
    """

    ids: set[str] = field(default_factory=set)
    crossed: set[Link] = field(default_factory=set)

    def note(self, block: bytes) -> None:
        """
        Learn from the few lines of a block that show such calls; most logs have none.
        """
        if _NAME not in block:
            return
        for line in _lines_with(_BEGINS, block):
            if _OURS.search(line) and (found := _CALL.search(line)):
                self.ids.add(found[1].decode("utf-8", "replace"))
        for message, links in _CROSSINGS.items():
            if not links <= self.crossed and any(
                _OURS.search(line) and (message != _DIALLED or _OK.search(line))
                for line in _lines_with(message, block)
            ):
                self.crossed |= links

    def has(self, call: str | None, raw: str) -> bool:
        """
        Return whether a line is about such a call, by its call or its own words.
        """
        return call in self.ids or _OURS.search(raw.encode("utf-8", "replace")) is not None


def _lines_with(text: bytes, block: bytes) -> Iterator[bytes]:
    place = block.find(text)
    while place >= 0:
        end = block.find(b"\n", place)
        end = len(block) if end < 0 else end
        yield block[block.rfind(b"\n", 0, place) + 1 : end]
        place = block.find(text, end)
