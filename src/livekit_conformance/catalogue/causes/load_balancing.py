"""
Failures where several servers share one address.
"""

from __future__ import annotations

from livekit_conformance.catalogue.cause import Cause, Sign, check, lost
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

# Where a call breaks depends on what ails the node.
_OF_A_CALL = (
    *(Link.BUS, Link.TRUNK, Link.CREDENTIALS, Link.DISPATCH, Link.OFFER, Link.JOIN),
    *(Link.AGENT, Link.ANSWER),
)


def _one_fails(cause_id: str, service: str, look: Text) -> Cause:
    seen = Sign("node", {"service": service})
    return Cause(
        cause_id,
        Link.CAPACITY,
        Text(
            en=f"One {service} of several takes calls and answers none of them",
            ru=f"Один {service} из нескольких берёт вызовы и не отвечает ни на один",
        ),
        Text(
            en=(
                "Calls fail by the node that they come to: the evidence names the node that "
                "answered none of its calls, and those that answered all of theirs. A retry may "
                "succeed, which hides the fault."
            ),
            ru=(
                "Удача вызова зависит от узла, на который он попал: в уликах названы узел, не "
                "ответивший ни на один вызов, и те, что ответили на все свои. Повторный вызов "
                "может удаться, и это скрывает неисправность."
            ),
        ),
        look,
        shows=(seen,),
        proofs=(Sign("node", {"service": service, "is_clear": True}),),
        otherwise="possible",
        breaks=_OF_A_CALL,
        source="nodeID in the log lines of both services; tests/field/test_nodes.py",
    )


CAUSES: tuple[Cause, ...] = (
    _one_fails(
        "one-sip-service-of-several-fails",
        "livekit-sip",
        Text(
            en=(
                "Find the machine by `nodeID` in {sip_log}; compare its configuration with that of "
                "the others (`ws_url`, `api_key`, `api_secret`, `nat_1_to_1_ip`). Until "
                "it is repaired, take it out of the SBC, load balancer or DNS in front."
            ),
            ru=(
                "Найдите машину по `nodeID`: искать в {sip_log}; сравните её конфигурацию с "
                "остальными (`ws_url`, `api_key`, `api_secret`, `nat_1_to_1_ip`). До "
                "исправления уберите её из SBC, балансировщика или DNS впереди."
            ),
        ),
    ),
    _one_fails(
        "one-server-of-several-fails",
        "livekit-server",
        Text(
            en=(
                "Find the machine by `nodeID` in {server_log}; compare its configuration with that "
                "of the others (`rtc`, `keys`, `webhook`), and the firewall in front of "
                "its media ports. Until it is repaired, stop it: the others then get all rooms."
            ),
            ru=(
                "Найдите машину по `nodeID`: искать в {server_log}; сравните её конфигурацию с "
                "остальными (`rtc`, `keys`, `webhook`) и файрвол перед её медиапортами. "
                "До исправления остановите её: тогда комнаты достанутся остальным."
            ),
        ),
    ),
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
