"""
Causes of services that do not answer on the Redis bus that they use, or should use.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Cause, Sign, any_of, check, found, log, lost, probe
from livekit_conformance.catalogue.causes import redis_state
from livekit_conformance.catalogue.causes.bus_signs import (
    BUS_IS_EMPTY,
    NO_SIP_ON_BUS,
    REFUSED_AFTER_SELECTION,
    SERVER_ON_BUS,
    SIP_ON_BUS,
    SIP_PORT_CLOSED,
)
from livekit_conformance.catalogue.chain import ENDS_WITH, Link
from livekit_conformance.catalogue.log_lines import errors
from livekit_conformance.errors import Failure
from livekit_conformance.judges.bus import NO_SERVER, NO_SIP_SERVICE
from livekit_conformance.judges.sip_socket import SILENT_OVER_UDP
from livekit_conformance.wording import Text

_NO_RESPONSE = log("livekit-sip", error=re.compile(errors.NO_RESPONSE))
_NOBODY_DIALS = Sign(
    "http",
    {
        "url": re.compile(r"/livekit\.SIP/CreateSIPParticipant$"),
        "status": 503,
        "body": re.compile(errors.NO_RESPONSE),
    },
)
_CALLS_COME_IN = probe(outcome=any_of("answered", "kept-ringing"))
_HANGS = Sign(
    "http",
    {
        "url": re.compile(r"^https?://[^/]+/?$"),
        "phase": "answer",
        "failure": Failure.TIMED_OUT,
    },
)
# Reasons why nobody answers on the bus.
_MORE_EXACT = (
    *("redis-refuses-login", "redis-unreachable", "server-hangs"),
    *("server-has-no-redis", "server-on-another-redis", "sip-on-another-redis"),
    *("server-not-ready", "server-not-running", "deployment-is-overloaded"),
    *redis_state.IDS,
)
_NOBODY_ANSWERS = (BUS_IS_EMPTY, _NO_RESPONSE, REFUSED_AFTER_SELECTION)
_OPTIONS_SILENT = found(SILENT_OVER_UDP, over_tcp="silent")
_SIP_IS_REFUSED = log("livekit-sip", error=re.compile(r"dial tcp .*connection refused"))

CAUSES: tuple[Cause, ...] = (
    Cause(
        "server-hangs",
        Link.SERVER,
        Text(
            en="livekit-server hangs: its process runs but answers nothing",
            ru="livekit-server завис: процесс есть, но ни на что не отвечает",
        ),
        Text(
            en=(
                "Its port accepts connections and its subscriptions are in Redis, but it answers "
                "neither HTTP nor livekit-sip. A frozen or deadlocked process still counts as a "
                "subscriber of the bus."
            ),
            ru=(
                "Порт принимает соединения, подписки в Redis есть, но ответа нет ни по HTTP, ни "
                "для livekit-sip. Замороженный или зависший процесс всё ещё числится подписчиком "
                "шины."
            ),
        ),
        Text(
            en=(
                "Restart {server}. To find the reason, first run `kill -ABRT PID`: the process "
                "ends and writes the stacks of all goroutines to its log. State T in `ps -o stat= "
                "-p PID` means that the process was stopped by a signal: `kill -CONT PID`."
            ),
            ru=(
                "Перезапустите {server}. Чтобы узнать причину, сначала выполните `kill -ABRT PID`: "
                "процесс завершится и запишет в журнал стеки всех горутин. Состояние T в `ps -o "
                "stat= -p PID` значит, что процесс остановлен сигналом: `kill -CONT PID`."
            ),
        ),
        shows=(_HANGS,),
        also=(SERVER_ON_BUS, REFUSED_AFTER_SELECTION),
        proofs=(_HANGS,),
        breaks=(Link.BUS,),
        yields_to=("deployment-is-overloaded",),
        source="livekit/psrpc pkg/client/rpc.go; PUBSUB NUMSUB of a process in SIGSTOP",
    ),
    Cause(
        "server-listens-elsewhere",
        Link.TCP,
        Text(
            en="livekit-server runs, but listens at another address or port",
            ru="livekit-server работает, но слушает другой адрес или порт",
        ),
        Text(
            en=(
                "livekit-server is on the Redis bus, so it runs. But neither we at `livekit.url` "
                "nor livekit-sip at its `ws_url` can connect: both are refused at once."
            ),
            ru=(
                "livekit-server есть на шине Redis, значит, он работает. Но подключиться не могут "
                "ни мы по `livekit.url`, ни livekit-sip по `ws_url`: обоим сразу отказано."
            ),
        ),
        Text(
            en=(
                "Compare `port` and `bind_addresses` of {server_yaml} with both URLs ({ports} on "
                "its machine shows where it listens). Correct the file, or both URLs, and restart "
                "what was changed. Then `curl -i` of the URL with http must answer 200 OK."
            ),
            ru=(
                "Сравните `port` и `bind_addresses` из {server_yaml} с обоими URL ({ports} на его "
                "машине покажет, где он слушает). Исправьте файл или оба URL и перезапустите то, "
                "что изменили. После этого `curl -i` по URL с http должен ответить 200 OK."
            ),
        ),
        shows=(lost(Link.TCP, Failure.REFUSED),),
        also=(SERVER_ON_BUS, _SIP_IS_REFUSED),
        proofs=(_SIP_IS_REFUSED,),
        breaks=(Link.JOIN,),
        source="livekit pkg/service/server.go Start",
    ),
    Cause(
        "server-not-running",
        Link.SERVER,
        Text(en="livekit-server is not running", ru="livekit-server не запущен"),
        Text(
            en=(
                "Nothing listens at the address of `livekit.url`, and livekit-sip, which reaches "
                "livekit-server over Redis, gets no answer either: the URL is not at fault. "
                "livekit-server crashed, was never started, or does not start with its "
                "livekit.yaml."
            ),
            ru=(
                "По адресу из `livekit.url` никто не слушает, и livekit-sip, который обращается к "
                "livekit-server через Redis, тоже не получает ответа: дело не в URL. "
                "livekit-server упал, не был запущен или не запускается со своим livekit.yaml."
            ),
        ),
        Text(
            en=(
                "Start livekit-server ({processes}). If it ends at once, the last line of its log "
                "gives the reason, for instance an unknown key or a value of the wrong type. To "
                "test a file: `livekit-conformance config check livekit.yaml`"
            ),
            ru=(
                "Запустите livekit-server ({processes}). Если он сразу завершается, причина — в "
                "последней строке его журнала, например неизвестный ключ или значение не того "
                "типа. Проверить файл: `livekit-conformance config check livekit.yaml`"
            ),
        ),
        shows=_NOBODY_ANSWERS,
        also=(lost(Link.TCP, Failure.REFUSED),),
        proofs=_NOBODY_ANSWERS,
        breaks=ENDS_WITH[Link.SERVER],
        yields_to=(
            *("server-does-not-start", "server-has-no-keys", "webhook-key-is-not-known"),
            *("server-cannot-listen", "server-has-ended"),
            *("redis-refuses-login", "redis-unreachable", *redis_state.IDS),
        ),
        source="livekit cmd/server/main.go; livekit/psrpc pkg/client/rpc.go",
    ),
    Cause(
        "sip-not-running",
        Link.SIP_SOCKET,
        Text(en="livekit-sip is not running", ru="livekit-sip не запущен"),
        Text(
            en=(
                "Nothing listens on its SIP port, and nothing is subscribed on the Redis bus to "
                "requests for outbound calls. livekit-sip crashed, was never started, or ended "
                "during its start."
            ),
            ru=(
                "На SIP-порту никто не слушает, и на шине Redis никто не подписан на запросы "
                "исходящих вызовов. livekit-sip упал, не был запущен или завершился при запуске."
            ),
        ),
        Text(
            en=(
                "Start livekit-sip ({processes}). If it ends at "
                "once, the last lines of its log give the reason, for instance `unable to connect "
                "to redis`: `livekit-conformance diagnose LOG`"
            ),
            ru=(
                "Запустите livekit-sip ({processes}). Если он "
                "сразу завершается, причина — в последних строках его журнала, например `unable to "
                "connect to redis`: `livekit-conformance diagnose LOG`"
            ),
        ),
        shows=SIP_PORT_CLOSED,
        also=(NO_SIP_ON_BUS,),
        proofs=SIP_PORT_CLOSED,
        breaks=(Link.BUS_SIP,),
        source="livekit/sip cmd/livekit-sip/main.go; livekit/livekit#3875",
    ),
    Cause(
        "sip-hangs",
        Link.SIP_SOCKET,
        Text(
            en="livekit-sip hangs: its process runs but answers nothing",
            ru="livekit-sip завис: процесс есть, но ни на что не отвечает",
        ),
        Text(
            en=(
                "Its port accepts TCP connections and its subscription is in Redis, but OPTIONS "
                "gets no answer, over UDP or over TCP. A firewall would block the connection too. "
                "A frozen or deadlocked process still counts as a subscriber of the bus."
            ),
            ru=(
                "Порт принимает TCP-соединения, подписка в Redis есть, но на OPTIONS нет ответа ни "
                "по UDP, ни по TCP. Файрвол не пропустил бы и соединение. Замороженный или "
                "зависший процесс всё ещё числится подписчиком шины."
            ),
        ),
        Text(
            en=(
                "Restart {sip}. To find the reason, first run `kill -ABRT PID`: the process ends "
                "and writes the stacks of all goroutines to its log. State T in `ps -o stat= -p "
                "PID` means that the process was stopped by a signal: `kill -CONT PID`."
            ),
            ru=(
                "Перезапустите {sip}. Чтобы узнать причину, сначала выполните `kill -ABRT PID`: "
                "процесс завершится и запишет в журнал стеки всех горутин. Состояние T в `ps -o "
                "stat= -p PID` значит, что процесс остановлен сигналом: `kill -CONT PID`."
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
            en="livekit-sip accepts inbound calls but gets no requests for outbound calls: "
            "`cluster_id`",
            ru="livekit-sip принимает входящие вызовы, но не получает запросов на исходящие: "
            "`cluster_id`",
        ),
        Text(
            en=(
                "Inbound calls work, so both services use the same Redis. But livekit-sip is not "
                "subscribed to requests for outbound calls. With `cluster_id` in livekit-sip.yaml "
                "it subscribes to a channel of that name, while the open-source livekit-server "
                "publishes to the channel without it. CreateSIPParticipant fails with 503 `no "
                "response from servers`."
            ),
            ru=(
                "Входящие вызовы работают, значит, оба сервиса используют один Redis. Но на "
                "запросы исходящих вызовов livekit-sip не подписан. С `cluster_id` в "
                "livekit-sip.yaml он подписан на канал с этим именем, а открытый livekit-server "
                "публикует в канал без него. CreateSIPParticipant завершается ошибкой 503 `no "
                "response from servers`."
            ),
        ),
        Text(
            en=(
                "Remove `cluster_id` from {sip_yaml} and restart {sip}. Then `{redis_cli} PUBSUB "
                "NUMSUB 'SIPInternal|CreateSIPParticipant|REQ'` must show 1."
            ),
            ru=(
                "Удалите `cluster_id` из {sip_yaml} и перезапустите {sip}. После этого "
                "`{redis_cli} PUBSUB NUMSUB 'SIPInternal|CreateSIPParticipant|REQ'` должен "
                "показать 1."
            ),
        ),
        shows=(NO_SIP_ON_BUS,),
        also=(_CALLS_COME_IN,),
        source="livekit/sip pkg/service/service.go RegisterCreateSIPParticipantTopic",
    ),
    Cause(
        "server-answers-late-on-bus",
        Link.BUS,
        Text(
            en="livekit-server is on the Redis bus, but its answer reaches livekit-sip too late",
            ru="livekit-server на шине Redis есть, но его ответ приходит к livekit-sip слишком "
            "поздно",
        ),
        Text(
            en=(
                "Both services are subscribed in the Redis of the profile, yet livekit-sip gave up "
                "after a second without an answer about the trunk of the call. Each request "
                "crosses Redis several times, so a slow path to it, packet loss, a busy Redis or a "
                "livekit-server short of CPU is enough."
            ),
            ru=(
                "Оба сервиса подписаны в Redis из профиля, но livekit-sip через секунду перестал "
                "ждать ответа о транке вызова. Каждый запрос проходит через Redis несколько раз: "
                "достаточно медленного пути до него, потери пакетов, занятого Redis или нехватки "
                "процессора у livekit-server."
            ),
        ),
        Text(
            en=(
                "Measure the path to Redis from the host of each service: `{redis_cli} -h HOST "
                "--latency` must stay below 50 ms. Look for slow commands with `{redis_cli} "
                "SLOWLOG GET`, and for CPU limits and throttling of livekit-server. Also check "
                "that no second livekit-sip uses another Redis: PUBSUB NUMSUB counts all of them "
                "together."
            ),
            ru=(
                "Измерьте путь до Redis с машины каждого сервиса: `{redis_cli} -h HOST --latency` "
                "должен показывать меньше 50 мс. Найдите медленные команды через `{redis_cli} "
                "SLOWLOG GET` и проверьте, не ограничен ли процессор у livekit-server. Проверьте "
                "также, нет ли второго livekit-sip с другим Redis: PUBSUB NUMSUB считает всех "
                "подписчиков вместе."
            ),
        ),
        shows=(_NO_RESPONSE, REFUSED_AFTER_SELECTION),
        also=(SERVER_ON_BUS, SIP_ON_BUS),
        # A livekit-server that fails our own requests is not slow only for livekit-sip.
        excludes=(check("1.1-server-answers", "BLOCKED"), check("1.2-created-room-is-listed")),
        yields_to=_MORE_EXACT,
        source="livekit/psrpc pkg/client/rpc.go: a second to claim a request",
    ),
    Cause(
        "sip-bus-has-no-server",
        Link.BUS,
        Text(
            en="No livekit-server answers livekit-sip over the Redis bus",
            ru="Ни один livekit-server не отвечает livekit-sip по шине Redis",
        ),
        Text(
            en=(
                "livekit-sip asked over Redis for the trunk of the call, but no livekit-server "
                'answered. So livekit-sip refused the call ("auth check failed", "no response from '
                'servers"). API keys are not involved.'
            ),
            ru=(
                "livekit-sip спросил через Redis, к какому транку относится вызов, но ни один "
                'livekit-server не ответил. Поэтому livekit-sip отклонил вызов ("auth check '
                'failed", "no response from servers"). API-ключи тут ни при чём.'
            ),
        ),
        Text(
            en=(
                "Start livekit-server, or restart it if it hangs. If it is running, check that "
                "there is a `redis:` section in {server_yaml}, and that `redis.address` (and "
                "`username`, `password`, `sentinel_*`) in {server_yaml} and {sip_yaml} name the "
                "same Redis."
            ),
            ru=(
                "Запустите livekit-server или перезапустите, если он завис. Если он работает, "
                "проверьте, что в {server_yaml} есть раздел `redis:` и что `redis.address` (а "
                "также `username`, `password`, `sentinel_*`) в {server_yaml} и {sip_yaml} "
                "указывают на один и тот же Redis."
            ),
        ),
        shows=(found(NO_SERVER), BUS_IS_EMPTY, _NO_RESPONSE, REFUSED_AFTER_SELECTION),
        proofs=(BUS_IS_EMPTY, _NO_RESPONSE),
        yields_to=(*_MORE_EXACT, "server-answers-late-on-bus"),
        source="livekit/sip pkg/sip/inbound.go; livekit/psrpc errors.go; livekit/sip#256",
    ),
    Cause(
        "bus-has-no-sip-service",
        Link.BUS_SIP,
        Text(
            en="No livekit-sip is subscribed to requests for outbound calls on the Redis bus",
            ru="Ни один livekit-sip не подписан на запросы исходящих вызовов на шине Redis",
        ),
        Text(
            en=(
                "livekit-server requests a livekit-sip for an outbound call over Redis, but none "
                'answers: CreateSIPParticipant fails with 503 "no response from servers".'
            ),
            ru=(
                "livekit-server ищет через Redis сервис livekit-sip для исходящего вызова, но ни "
                'один не отвечает: CreateSIPParticipant завершается ошибкой 503 "no response from '
                'servers".'
            ),
        ),
        Text(
            en=(
                "Start livekit-sip, or restart it if it hangs. If it is running, check that "
                "`redis` in {sip_yaml} names the Redis of livekit-server, and that `cluster_id` is "
                "not set (livekit-server publishes without one)."
            ),
            ru=(
                "Запустите livekit-sip или перезапустите, если он завис. Если он работает, "
                "проверьте, что `redis` в {sip_yaml} указывает на Redis сервера livekit-server, а "
                "`cluster_id` не задан (livekit-server публикует запросы без него)."
            ),
        ),
        shows=(found(NO_SIP_SERVICE), NO_SIP_ON_BUS, _NOBODY_DIALS),
        proofs=(NO_SIP_ON_BUS,),
        yields_to=(
            *("redis-refuses-login", "redis-unreachable", "sip-on-another-redis"),
            *("sip-not-running", "sip-has-a-cluster-id", "deployment-is-overloaded"),
            *redis_state.IDS,
        ),
        source="livekit pkg/service/sip.go; livekit/psrpc errors.go; livekit/livekit#3875",
    ),
)
