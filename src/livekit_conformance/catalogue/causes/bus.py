"""
Causes of services that do not answer on the Redis bus that they use, or should use.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Cause, Sign, check, log, probe
from livekit_conformance.catalogue.causes.bus_signs import (
    BUS_IS_EMPTY,
    NO_SIP_ON_BUS,
    REFUSED_AFTER_SELECTION,
    SERVER_ON_BUS,
    SIP_ON_BUS,
)
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text

_NO_RESPONSE = log("livekit-sip", error=re.compile(r"no response from servers"))
_NOBODY_DIALS = Sign(
    "http",
    {
        "url": re.compile(r"/livekit\.SIP/CreateSIPParticipant$"),
        "status": 503,
        "body": re.compile(r"no response from servers"),
    },
)
_CALLS_COME_IN = probe(outcome=re.compile(r"^(answered|kept-ringing)$"))
_HANGS = Sign(
    "http", {"url": re.compile(r"^https?://[^/]+/?$"), "error": re.compile(r"^no answer in time")}
)
_OPTIONS_SILENT = check(
    "1.5-sip-answers-options",
    "BLOCKED",
    message=re.compile(r"over TCP the connection is accepted, and nothing is answered"),
)
_OPTIONS_REFUSED = check(
    "1.5-sip-answers-options", "BLOCKED", message=re.compile(r"Connection refused")
)

CAUSES: tuple[Cause, ...] = (
    Cause(
        "server-hangs",
        Link.SERVER,
        Text(
            en="livekit-server hangs: its process is there and answers nobody",
            ru="livekit-server завис: процесс есть, но никому не отвечает",
        ),
        Text(
            en=(
                "Its port accepts connections and its subscriptions stand in Redis, but neither "
                "HTTP nor livekit-sip gets an answer. A process that is frozen or deadlocked "
                "still counts as a listener on the bus."
            ),
            ru=(
                "Порт принимает соединения, подписки в Redis стоят, но ответа нет ни по HTTP, ни "
                "для livekit-sip. Замороженный или зависший процесс всё ещё числится слушателем "
                "шины."
            ),
        ),
        Text(
            en=(
                "Restart livekit-server. To find out why, first `kill -ABRT PID`: it ends with "
                "the stacks of all goroutines in its log. State T in `ps -o stat= -p PID` means "
                "that somebody has stopped it: `kill -CONT PID`."
            ),
            ru=(
                "Перезапустите livekit-server. Чтобы узнать причину, сначала `kill -ABRT PID`: "
                "он запишет стеки всех горутин в журнал. Состояние T в `ps -o stat= -p PID` "
                "значит, что процесс кто-то остановил: `kill -CONT PID`."
            ),
        ),
        shows=(_HANGS,),
        also=(SERVER_ON_BUS, REFUSED_AFTER_SELECTION),
        proofs=(_HANGS,),
        breaks=(Link.BUS,),
        source="livekit/psrpc pkg/client/rpc.go; PUBSUB NUMSUB of a process in SIGSTOP",
    ),
    Cause(
        "sip-not-running",
        Link.SIP_SOCKET,
        Text(en="livekit-sip does not run", ru="livekit-sip не запущен"),
        Text(
            en=(
                "Nothing listens at its SIP port, and nobody listens on the Redis bus for "
                "outbound calls. It has died, was not started, or ended while it was starting."
            ),
            ru=(
                "На его SIP-порту никто не слушает, и на шине Redis никто не ждёт исходящих "
                "звонков. Он упал, не был запущен или завершился при запуске."
            ),
        ),
        Text(
            en=(
                "Start livekit-sip (systemctl status livekit-sip, docker ps -a). If it ends at "
                "once, the last lines of its log say why, for instance `unable to connect to "
                "redis`: livekit-conformance diagnose LOG"
            ),
            ru=(
                "Запустите livekit-sip (systemctl status livekit-sip, docker ps -a). Если он "
                "сразу завершается, причину называют последние строки его журнала, например "
                "`unable to connect to redis`: livekit-conformance diagnose LOG"
            ),
        ),
        shows=(_OPTIONS_REFUSED,),
        also=(NO_SIP_ON_BUS,),
        proofs=(_OPTIONS_REFUSED,),
        breaks=(Link.BUS_SIP,),
        source="livekit/sip cmd/livekit-sip/main.go; livekit/livekit#3875",
    ),
    Cause(
        "sip-hangs",
        Link.SIP_SOCKET,
        Text(
            en="livekit-sip hangs: its process is there and answers nobody",
            ru="livekit-sip завис: процесс есть, но никому не отвечает",
        ),
        Text(
            en=(
                "Its port accepts TCP connections and its subscription stands in Redis, but "
                "OPTIONS gets no answer, neither over UDP nor over TCP. A firewall would not let "
                "the connection in. A process that is frozen or deadlocked still counts as a "
                "listener on the bus."
            ),
            ru=(
                "Порт принимает TCP-соединения, подписка в Redis стоит, но на OPTIONS нет ответа "
                "ни по UDP, ни по TCP. Брандмауэр не впустил бы и соединение. Замороженный или "
                "зависший процесс всё ещё числится слушателем шины."
            ),
        ),
        Text(
            en=(
                "Restart livekit-sip. To find out why, first `kill -ABRT PID`: it ends with the "
                "stacks of all goroutines in its log. State T in `ps -o stat= -p PID` means that "
                "somebody has stopped it: `kill -CONT PID`."
            ),
            ru=(
                "Перезапустите livekit-sip. Чтобы узнать причину, сначала `kill -ABRT PID`: он "
                "завершится и запишет стеки всех горутин в журнал. Состояние T в `ps -o stat= -p "
                "PID` значит, что процесс кто-то остановил: `kill -CONT PID`."
            ),
        ),
        shows=(_OPTIONS_SILENT,),
        also=(SIP_ON_BUS,),
        source="livekit/sip pkg/sip/server.go; PUBSUB NUMSUB of a process in SIGSTOP",
    ),
    Cause(
        "sip-has-a-cluster-id",
        Link.BUS_SIP,
        Text(
            en="livekit-sip takes inbound calls, but listens for no outbound ones: `cluster_id`",
            ru="livekit-sip принимает входящие и не слушает исходящие: `cluster_id`",
        ),
        Text(
            en=(
                "Inbound calls work, so both services are on the same Redis. But livekit-sip is "
                "not subscribed to requests for outbound calls: with `cluster_id` in "
                "livekit-sip.yaml it listens on a channel of that name, and the open-source "
                "livekit-server asks on the one without. CreateSIPParticipant fails with 503 `no "
                "response from servers`."
            ),
            ru=(
                "Входящие звонки работают, значит, обе службы на одном Redis. Но на запросы "
                "исходящих звонков livekit-sip не подписан: с `cluster_id` в livekit-sip.yaml он "
                "слушает канал с этим именем, а открытый livekit-server спрашивает в канале без "
                "него. CreateSIPParticipant отвечает 503 `no response from servers`."
            ),
        ),
        Text(
            en=(
                "Remove `cluster_id` from livekit-sip.yaml and restart livekit-sip. Then "
                "`redis-cli PUBSUB NUMSUB 'SIPInternal|CreateSIPParticipant|REQ'` must say 1."
            ),
            ru=(
                "Удалите `cluster_id` из livekit-sip.yaml и перезапустите livekit-sip. После "
                "этого `redis-cli PUBSUB NUMSUB 'SIPInternal|CreateSIPParticipant|REQ'` должен "
                "показать 1."
            ),
        ),
        shows=(NO_SIP_ON_BUS,),
        also=(_CALLS_COME_IN,),
        source="livekit/sip pkg/service/service.go RegisterCreateSIPParticipantTopic",
    ),
    Cause(
        "sip-bus-has-no-server",
        Link.BUS,
        Text(
            en="No livekit-server answers livekit-sip on the Redis bus",
            ru="Ни один livekit-server не отвечает livekit-sip на шине Redis",
        ),
        Text(
            en=(
                "livekit-sip asked over Redis which trunk the call belongs to, and no "
                'livekit-server answered, so it refused the call ("auth check failed", "no '
                'response from servers"). API keys have nothing to do with this.'
            ),
            ru=(
                "livekit-sip спросил через Redis, к какому транку относится звонок, и ни один "
                'livekit-server не ответил, поэтому звонок отклонён ("auth check failed", "no '
                'response from servers"). API-ключи тут ни при чём.'
            ),
        ),
        Text(
            en=(
                "Start livekit-server, or restart it if it hangs. If it runs: `redis.address` "
                "(and `username`, `password`, `sentinel_*`) in livekit.yaml and livekit-sip.yaml "
                "must name the same Redis, and livekit.yaml must have a `redis:` section at all."
            ),
            ru=(
                "Запустите livekit-server или перезапустите, если он завис. Если он работает: "
                "`redis.address` (а также `username`, `password`, `sentinel_*`) в livekit.yaml и "
                "livekit-sip.yaml должны указывать на один и тот же Redis, и в livekit.yaml "
                "вообще должен быть раздел `redis:`."
            ),
        ),
        shows=(BUS_IS_EMPTY, _NO_RESPONSE, REFUSED_AFTER_SELECTION),
        proofs=(BUS_IS_EMPTY, _NO_RESPONSE),
        yields_to=(
            *("redis-refuses-login", "redis-unreachable", "server-hangs"),
            *("server-has-no-redis", "server-on-another-redis", "sip-on-another-redis"),
            "server-not-ready",
        ),
        source="livekit/sip pkg/sip/inbound.go; livekit/psrpc errors.go; livekit/sip#256",
    ),
    Cause(
        "bus-has-no-sip-service",
        Link.BUS_SIP,
        Text(
            en="No livekit-sip listens on the Redis bus for outbound calls",
            ru="Ни один livekit-sip не слушает шину Redis для исходящих звонков",
        ),
        Text(
            en=(
                "livekit-server asks over Redis who places an outbound call, and no livekit-sip "
                'answers: CreateSIPParticipant fails with 503 "no response from servers".'
            ),
            ru=(
                "livekit-server спрашивает через Redis, кто сделает исходящий звонок, и ни один "
                'livekit-sip не отвечает: CreateSIPParticipant завершается с 503 "no response '
                'from servers".'
            ),
        ),
        Text(
            en=(
                "Start livekit-sip, or restart it if it hangs. If it runs: `redis` in "
                "livekit-sip.yaml must name the Redis of livekit-server, and `cluster_id` must "
                "not be set (livekit-server asks without one)."
            ),
            ru=(
                "Запустите livekit-sip или перезапустите, если он завис. Если он работает: "
                "`redis` в livekit-sip.yaml должен указывать на Redis livekit-server, а "
                "`cluster_id` не должен быть задан (livekit-server спрашивает без него)."
            ),
        ),
        shows=(NO_SIP_ON_BUS, _NOBODY_DIALS),
        proofs=(NO_SIP_ON_BUS,),
        yields_to=(
            *("redis-refuses-login", "redis-unreachable", "sip-on-another-redis"),
            *("sip-not-running", "sip-has-a-cluster-id"),
        ),
        source="livekit pkg/service/sip.go; livekit/psrpc errors.go; livekit/livekit#3875",
    ),
)
