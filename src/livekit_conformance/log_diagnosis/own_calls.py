"""
Recognise the calls of the suite itself: it makes some of them fail, to see them refused.

They fail at few links, and only where its other calls came through does that prove nothing about
the deployment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import of_server, of_sip
from livekit_conformance.protocol.own_names import OWN_CALL

# Parts of a line by which it may be about such a call: plain, console, and inside Docker's JSON.
MARKS = (
    *(
        f"sipCallID{quote}:{blank}{quote}{OWN_CALL}"
        for quote in ('"', '\\"')
        for blank in ("", " ")
    ),
    of_sip.ESTABLISHED.message,
)
FAILED_ON_PURPOSE = frozenset(
    {Link.TRUNK, Link.CREDENTIALS, Link.DISPATCH, Link.OUTBOUND, Link.OUTBOUND_FAILURE}
)
_OURS = re.compile(
    rb'(?:[sS]ipCallID|participant|room)\\?": ?\\?"[^"\\]*' + OWN_CALL.encode() + rb"[0-9a-f]{12}"
)
_NAME = OWN_CALL.encode()
_CALL = re.compile(rb'"callID\\?": ?\\?"([^"\\]+)')
_OK = re.compile(rb'"status\\?": ?\\?"200')
# Lines of a call that has come through links at which the suite makes others fail.
_CROSSINGS: Mapping[bytes, frozenset[Link]] = {
    of_sip.AUTHENTICATED.message.encode(): frozenset({Link.CREDENTIALS}),
    of_sip.ACCEPTS.message.encode(): frozenset({Link.TRUNK, Link.CREDENTIALS, Link.DISPATCH}),
    of_sip.ESTABLISHED.message.encode(): frozenset({Link.OUTBOUND, Link.OUTBOUND_FAILURE}),
}
_DIALLED = of_server.DIALLED.message.encode()


@dataclass(slots=True)
class OwnCalls:
    """
    Ids of the suite's calls in the logs, and the links that one of them has come through.
    """

    ids: set[str] = field(default_factory=set)
    crossed: set[Link] = field(default_factory=set)

    def note(self, line: bytes) -> None:
        """
        Learn from a line that is about such a call.
        """
        if _NAME not in line or _OURS.search(line) is None:
            return
        if found := _CALL.search(line):
            self.ids.add(found[1].decode("utf-8", "replace"))
        for message, links in _CROSSINGS.items():
            if not links <= self.crossed and message in line:
                self.crossed |= links
        if _DIALLED in line and _OK.search(line):
            self.crossed |= {Link.OUTBOUND, Link.OUTBOUND_FAILURE}

    def has(self, call: str | None, raw: str) -> bool:
        """
        Return whether a line is about such a call, by its call or its own words.
        """
        return call in self.ids or _OURS.search(raw.encode("utf-8", "replace")) is not None
