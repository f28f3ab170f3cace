"""
Failures where several servers share one address.
"""

from __future__ import annotations

from livekit_conformance.catalogue.cause import Cause, check, lost
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.errors import Failure
from livekit_conformance.wording import Text

# Links whose requests come after those that show whether livekit-server answers at all.
_LATER = (
    *(Link.CLOCK, Link.API_KEY, Link.TOKENS, Link.GRANTS, Link.ROOMS, Link.ROOM_LIFE),
    *(Link.LINE, Link.OUTBOUND_FAILURE),
)
_SOME_SILENT = tuple(
    lost(link, failure)
    for link in _LATER
    for failure in (Failure.TIMED_OUT, Failure.ENDED, Failure.RESET, Failure.REFUSED)
)

CAUSES: tuple[Cause, ...] = (
    Cause(
        "some-connections-get-no-answer",
        Link.ROOM_LIFE,
        Text(
            en="livekit-server answers on some connections to `livekit.url` and not on others",
            ru="На одних соединениях с `livekit.url` livekit-server отвечает, на других — нет",
        ),
        Text(
            en=(
                "livekit-server answered on the earlier connections but not on a new one. Either a "
                "load balancer sends part of the connections to a server that is down or hangs, or "
                "one of the host's addresses is no longer in use."
            ),
            ru=(
                "По прежним соединениям livekit-server отвечал, а по новому — нет. Либо "
                "балансировщик направляет часть соединений на сервер, который не работает или "
                "завис, либо один из адресов хоста больше не используется."
            ),
        ),
        Text(
            en=(
                "Test each server behind the address separately, `curl -i` of its own http "
                "address: every server must answer `OK`. Remove the servers that do not answer "
                "from the load balancer (and from DNS), and give the load balancer a health check "
                "of GET /."
            ),
            ru=(
                "Проверьте каждый сервер за этим адресом отдельно, `curl -i` по его собственному "
                "адресу с http: каждый должен ответить `OK`. Уберите неотвечающие из "
                "балансировщика (и из DNS) и настройте на балансировщике проверку GET /."
            ),
        ),
        shows=_SOME_SILENT,
        also=(check("1.1-server-answers", "PASS"),),
        breaks=_LATER,
        source="drivers/api/livekit_api.py: a new connection for each request; tests/faults",
    ),
)
