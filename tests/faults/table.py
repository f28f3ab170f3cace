"""
Table of twelve faults by nine areas, with the expected report for each of the 108 cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import AREAS
from tests.faults.fault import Kind
from tests.faults.places import Place
from tests.faults.verdicts import SURVIVED, Said

# The bad connection for each area: the one that its checks depend on. Configuration and
# environment only name it, and must not be affected by its faults.
PLACES: Mapping[str, Place] = MappingProxyType(
    {
        "configuration": Place.WEBHOOK,
        "environment": Place.API,
        "connectivity": Place.API,
        "authentication": Place.API,
        "rooms": Place.API,
        "webhooks": Place.WEBHOOK,
        "sip": Place.SIP,
        "retry": Place.WEBHOOK,
        "errors": Place.API,
    }
)
assert tuple(PLACES) == AREAS

# ok: the area is not affected (PASS); stop: it could not be tested (BLOCKED).
_WORDS = {"ok": "PASS", "stop": "BLOCKED", "FAIL": "FAIL"}
_VERDICTS = """
           configuration environment connectivity authentication rooms webhooks sip  retry errors
refuse     ok            ok          stop         stop           stop  FAIL     stop stop  stop
reset      ok            ok          stop         stop           stop  FAIL     stop stop  stop
black-hole ok            ok          stop         stop           stop  FAIL     stop stop  stop
hang-up    ok            ok          stop         stop           stop  FAIL     stop stop  stop
latency    ok            ok          ok           ok             ok    ok       ok   ok    ok
trickle    ok            ok          ok           ok             ok    ok       ok   ok    ok
cut        ok            ok          stop         stop           stop  FAIL     stop stop  stop
corrupt    ok            ok          stop         stop           stop  FAIL     stop stop  stop
drop       ok            ok          ok           ok             stop  stop     FAIL ok    ok
duplicate  ok            ok          ok           ok             ok    FAIL     FAIL stop  ok
reorder    ok            ok          ok           ok             ok    ok       ok   ok    ok
answer     ok            ok          FAIL         stop           stop  FAIL     FAIL stop  stop
"""


def _read(table: str) -> Mapping[tuple[Kind, str], str]:
    head, *rows = (line.split() for line in table.strip().splitlines())
    return {
        (Kind(name), area): _WORDS[verdict]
        for name, *verdicts in rows
        for area, verdict in zip(head, verdicts, strict=True)
    }


VERDICTS = MappingProxyType(_read(_VERDICTS))

# The error for a closed connection depends on milliseconds.
_HUNG_UP = "ended before the answer|reset by peer"
# Without its webhook an agent does not join, and livekit-server logs the failed delivery.
_NOT_TOLD = frozenset({Link.DELIVERY, Link.ANSWER, Link.LOGS})


def _endpoint(link: Link, cause: str, words: str) -> Said:
    return Said(link, cause, words, follows=_NOT_TOLD)


SAID: Mapping[tuple[Place, Kind], Said] = MappingProxyType(
    {
        (Place.API, Kind.REFUSE): Said(Link.TCP, "server-unreachable", "Connection refused"),
        (Place.API, Kind.RESET): Said(Link.SERVER, "server-drops-connections", "reset by peer"),
        (Place.API, Kind.BLACK_HOLE): Said(
            Link.SERVER, "server-does-not-answer", "no answer in time"
        ),
        (Place.API, Kind.HANG_UP): Said(Link.SERVER, "server-drops-connections", _HUNG_UP),
        (Place.API, Kind.LATENCY): SURVIVED,
        (Place.API, Kind.TRICKLE): SURVIVED,
        (Place.API, Kind.CUT): Said(Link.SERVER, "server-drops-connections", "ended before"),
        (Place.API, Kind.CORRUPT): Said(Link.SERVER, "server-url-is-not-livekit", "not HTTP"),
        (Place.API, Kind.DROP): Said(
            Link.ROOM_LIFE, "some-connections-get-no-answer", "no answer in time"
        ),
        (Place.API, Kind.DUPLICATE): SURVIVED,
        (Place.API, Kind.REORDER): SURVIVED,
        (Place.API, Kind.ANSWER): Said(Link.SERVER, "proxy-has-no-server", "received 502"),
        (Place.SIP, Kind.REFUSE): Said(
            Link.SIP_SOCKET, "sip-listens-elsewhere", "Connection refused"
        ),
        # It answers once, and then nobody listens any more.
        (Place.SIP, Kind.RESET): Said(
            Link.SIP_SOCKET, "livekit-sip-stopped-during-the-run", "Connection refused"
        ),
        (Place.SIP, Kind.BLACK_HOLE): Said(
            Link.SIP_SOCKET, "sip-hangs", "accepted, and nothing is answered"
        ),
        (Place.SIP, Kind.HANG_UP): Said(
            Link.SIP_SOCKET, "sip-unreachable", "over TCP: the connection was closed"
        ),
        (Place.SIP, Kind.LATENCY): SURVIVED,
        (Place.SIP, Kind.TRICKLE): SURVIVED,
        (Place.SIP, Kind.CUT): Said(
            Link.SIP_SOCKET, "sip-unreachable", "over TCP: the connection was closed"
        ),
        (Place.SIP, Kind.CORRUPT): Said(
            Link.SIP_SOCKET, "sip-hangs", "accepted, and nothing is answered"
        ),
        (Place.SIP, Kind.DROP): Said(Link.SIP_SOCKET, "sip-answers-get-lost", "trying-only: 100"),
        (Place.SIP, Kind.DUPLICATE): Said(
            Link.SIP_SOCKET,
            "sip-datagrams-come-twice",
            "responses that arrived twice",
            follows=frozenset({Link.LOGS}),
        ),
        (Place.SIP, Kind.REORDER): SURVIVED,
        (Place.SIP, Kind.ANSWER): Said(
            Link.SIP_SOCKET, "sip-answered-in-between", "received 500 Server Internal Error"
        ),
        (Place.WEBHOOK, Kind.REFUSE): _endpoint(
            Link.ENDPOINT_SOCKET, "webhook-endpoint-unreachable", "Connection refused"
        ),
        (Place.WEBHOOK, Kind.RESET): _endpoint(
            Link.ENDPOINT, "endpoint-drops-connections", "reset by peer"
        ),
        (Place.WEBHOOK, Kind.BLACK_HOLE): _endpoint(
            Link.ENDPOINT, "endpoint-is-too-slow", "no answer in time"
        ),
        (Place.WEBHOOK, Kind.HANG_UP): _endpoint(
            Link.ENDPOINT, "endpoint-drops-connections", _HUNG_UP
        ),
        (Place.WEBHOOK, Kind.LATENCY): SURVIVED,
        (Place.WEBHOOK, Kind.TRICKLE): SURVIVED,
        (Place.WEBHOOK, Kind.CUT): _endpoint(
            Link.ENDPOINT, "endpoint-drops-connections", "ended before"
        ),
        (Place.WEBHOOK, Kind.CORRUPT): _endpoint(
            Link.ENDPOINT, "endpoint-drops-connections", "not HTTP"
        ),
        # Deliveries of livekit-server arrive; our own do not.
        (Place.WEBHOOK, Kind.DROP): Said(
            Link.ENDPOINT, "endpoint-is-too-slow", "no answer in time"
        ),
        (Place.WEBHOOK, Kind.DUPLICATE): Said(
            Link.DELIVERY, "webhooks-come-twice", "the ids are not unique"
        ),
        (Place.WEBHOOK, Kind.REORDER): SURVIVED,
        (Place.WEBHOOK, Kind.ANSWER): _endpoint(Link.ENDPOINT, "endpoint-fails", "received 502"),
    }
)
