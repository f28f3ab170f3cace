"""
Causes of a livekit-server that does not answer, is not ready, or does not keep rooms.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Cause, Not, Sign, check, found, lost
from livekit_conformance.catalogue.causes import redis_state
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.errors import Failure
from livekit_conformance.judges.server import (
    ANOTHER_SERVICE,
    NOT_TRUSTED,
    PROXY_ALONE,
    SPEAKS_NO_TLS,
    WANTS_TLS,
)
from livekit_conformance.wording import Text

_NOT_TRUSTED = found(NOT_TRUSTED, link=Link.TLS)
_NO_TLS_THERE = found(SPEAKS_NO_TLS, link=Link.TLS)
_TLS_ONLY = found(WANTS_TLS)
_PROXY_ANSWER = found(PROXY_ALONE)
_OTHER_ANSWER = found(ANOTHER_SERVICE)
_NO_HOST = lost(Link.DNS, Not(Failure.RESOLVER_SILENT))
_REFUSED = lost(Link.TCP, Failure.REFUSED)
_DROPPED = (lost(Link.TCP, Failure.TIMED_OUT), lost(Link.TCP, Failure.NO_ROUTE))
_SILENT = lost(Link.SERVER, Failure.TIMED_OUT)
_NO_HTTP = lost(Link.SERVER, Not(Failure.TIMED_OUT))
_BROKEN_OFF = tuple(
    lost(Link.SERVER, failure) for failure in (Failure.RESET, Failure.ENDED, Failure.BROKEN)
)
_NOT_READY = check("1.1-server-is-ready")
_OTHER_NODES = check("1.2-every-connection-sees-the-room")
_CREATE_ROOM = re.compile(r"RoomService/CreateRoom$")
_NO_NODE = Sign("http", {"url": _CREATE_ROOM, "body": re.compile(r"any available nodes")})
_ROOM_MADE = Sign("http", {"url": _CREATE_ROOM, "status": 200})

CAUSES: tuple[Cause, ...] = (
    Cause(
        "server-host-does-not-resolve",
        Link.DNS,
        Text(
            en="The host of `livekit.url` does not resolve",
            ru="Имя хоста из `livekit.url` не разрешается",
        ),
        Text(
            en=(
                "The resolver of this machine does not know this name (it is misspelt, its DNS "
                "record is missing, or it exists only in another network)."
            ),
            ru=(
                "Резолвер этой машины не знает такого имени (в нём опечатка, нет записи DNS или "
                "оно существует только в другой сети)."
            ),
        ),
        Text(
            en=(
                "Correct the host in `livekit.url` of the profile (LIVEKIT_URL), or add its DNS "
                "record; `getent hosts HOST` must print an address here."
            ),
            ru=(
                "Исправьте хост в `livekit.url` профиля (LIVEKIT_URL) или добавьте запись DNS; "
                "`getent hosts HOST` должен вывести здесь адрес."
            ),
        ),
        shows=(_NO_HOST,),
        proofs=(_NO_HOST,),
        source="getaddrinfo(3)",
    ),
    Cause(
        "server-unreachable",
        Link.TCP,
        Text(
            en="Nothing listens at the address of `livekit.url`",
            ru="По адресу из `livekit.url` никто не слушает",
        ),
        Text(
            en=(
                "The connection was refused at once: the machine is up, but no process listens on "
                "that port. livekit-server is not running, or listens on another port or address."
            ),
            ru=(
                "В соединении сразу отказано: машина работает, но порт никто не слушает. "
                "livekit-server не запущен или слушает другой порт или адрес."
            ),
        ),
        Text(
            en=(
                "See whether livekit-server runs ({processes}). If it ended, the last line of "
                "{server_log} gives the reason; `livekit-conformance config check livekit.yaml` "
                "tests its file. If it runs, set `livekit.url` of the profile (LIVEKIT_URL) to its "
                "`port`, and check that `bind_addresses` in {server_yaml} is not 127.0.0.1 only "
                "({ports} on its machine). Then `curl -i` of the URL with http must answer 200 OK."
            ),
            ru=(
                "Проверьте, работает ли livekit-server ({processes}). Если он завершился, причина "
                "— в последней строке: искать в {server_log}; его файл проверит "
                "`livekit-conformance config check livekit.yaml`. Если работает, укажите в "
                "`livekit.url` профиля (LIVEKIT_URL) его `port` и проверьте, что `bind_addresses` "
                "в {server_yaml} — не только 127.0.0.1 ({ports} на его машине). После этого "
                "`curl -i` по этому URL с http должен ответить 200 OK."
            ),
        ),
        shows=(_REFUSED,),
        proofs=(_REFUSED,),
        yields_to=("server-not-running", "server-listens-elsewhere"),
        source="connect(2) ECONNREFUSED; livekit pkg/service/server.go",
    ),
    Cause(
        "server-address-is-cut-off",
        Link.TCP,
        Text(
            en="The path to the address of `livekit.url` is blocked",
            ru="Путь к адресу из `livekit.url` закрыт",
        ),
        Text(
            en=(
                "The connection was neither accepted nor refused: a firewall or security group "
                "drops the packets, there is no route, or no machine has the address."
            ),
            ru=(
                "Соединение не принято и не отклонено: пакеты отбрасывает файрвол или security "
                "group, нет маршрута или у адреса нет машины."
            ),
        ),
        Text(
            en=(
                "Check the address in `livekit.url` of the profile (LIVEKIT_URL), then open its "
                "TCP port for this machine in every firewall on the path. `nc -vz HOST PORT` must "
                "succeed from here."
            ),
            ru=(
                "Проверьте адрес в `livekit.url` профиля (LIVEKIT_URL), затем откройте его "
                "TCP-порт для этой машины во всех файрволах на пути. `nc -vz HOST PORT` отсюда "
                "должен пройти."
            ),
        ),
        shows=_DROPPED,
        proofs=_DROPPED,
        source="connect(2) ETIMEDOUT, EHOSTUNREACH",
    ),
    Cause(
        "server-url-scheme-is-wrong",
        Link.TLS,
        Text(
            en="`livekit.url` has the wrong scheme: ws and wss are mixed up",
            ru="В `livekit.url` неверная схема: перепутаны ws и wss",
        ),
        Text(
            en=(
                "The client used TLS on a port without TLS, or the other way round. The "
                "certificate is not involved."
            ),
            ru="К порту без TLS обратились по TLS или наоборот. Сертификат тут ни при чём.",
        ),
        Text(
            en=(
                "Change `livekit.url` of the profile (LIVEKIT_URL): `ws://HOST:7880` leads to "
                "livekit-server itself, which has no TLS; `wss://HOST` leads to the proxy with the "
                "certificate."
            ),
            ru=(
                "Исправьте `livekit.url` профиля (LIVEKIT_URL): `ws://HOST:7880` ведёт к самому "
                "livekit-server, у которого TLS нет; `wss://HOST` ведёт к прокси с сертификатом."
            ),
        ),
        shows=(_NO_TLS_THERE, _TLS_ONLY),
        proofs=(_NO_TLS_THERE, _TLS_ONLY),
        breaks=(Link.SERVER,),
        source="OpenSSL ssl_err.c; Go net/http server.go; nginx",
    ),
    Cause(
        "certificate-not-trusted",
        Link.TLS,
        Text(
            en="The certificate of `livekit.url` is not trusted",
            ru="Сертификат `livekit.url` не является доверенным",
        ),
        Text(
            en=(
                "TLS with the server of `livekit.url` failed: the certificate has expired, is for "
                "another host name or comes from an unknown authority, or the server does not "
                "support TLS 1.2. Other clients of livekit-server refuse to connect for the same "
                "reason."
            ),
            ru=(
                "TLS с сервером из `livekit.url` не установлен: сертификат просрочен, выдан на "
                "другое имя или неизвестным центром либо сервер не поддерживает TLS 1.2. Другие "
                "клиенты livekit-server откажутся подключаться по той же причине."
            ),
        ),
        Text(
            en=(
                "Renew the certificate, or set `livekit.url` to the host name in the certificate. "
                "For a private authority, set on this machine: "
                "SSL_CERT_FILE=/path/to/authority.pem"
            ),
            ru=(
                "Обновите сертификат или укажите в `livekit.url` хост, на который он выдан. Для "
                "частного центра сертификации задайте на этой машине: "
                "SSL_CERT_FILE=/path/to/authority.pem"
            ),
        ),
        shows=(_NOT_TRUSTED,),
        proofs=(_NOT_TRUSTED,),
        source="drivers/reachability.py",
    ),
    Cause(
        "server-does-not-answer",
        Link.SERVER,
        Text(
            en="The port of `livekit.url` accepts connections, but no HTTP answer comes",
            ru="Порт из `livekit.url` принимает соединения, но ответа HTTP нет",
        ),
        Text(
            en=(
                "GET / was sent, but no answer came in time: the process on that port hangs, or it "
                "is a service that does not speak HTTP, for instance livekit-sip."
            ),
            ru=(
                "Запрос GET / отправлен, но ответ вовремя не пришёл: процесс на этом порту завис "
                "или это сервис, который работает не по HTTP, например livekit-sip."
            ),
        ),
        Text(
            en=(
                "Find the process that has the port ({ports} on that machine). If it is "
                "livekit-server, restart it. If not, correct the port in `livekit.url` of the "
                "profile (LIVEKIT_URL): 7880, unless `port` of {server_yaml} is another."
            ),
            ru=(
                "Посмотрите, какой процесс занял порт ({ports} на той машине). Если это "
                "livekit-server, перезапустите его. Если нет, исправьте порт в `livekit.url` "
                "профиля (LIVEKIT_URL): 7880, если в {server_yaml} не задан другой `port`."
            ),
        ),
        shows=(_SILENT,),
        proofs=(_SILENT,),
        source="livekit pkg/service/server.go",
    ),
    Cause(
        "server-drops-connections",
        Link.SERVER,
        Text(
            en="The server at `livekit.url` closes the connection before it answers",
            ru="Соединение с `livekit.url` обрывается до ответа",
        ),
        Text(
            en=(
                "The port accepts connections and closes them before GET / is answered. Possible "
                "reasons: a published container port or load balancer without livekit-server "
                "behind it, a port of another protocol, or a device on the path that resets "
                "connections."
            ),
            ru=(
                "Порт принимает соединения и закрывает их до ответа на GET /. Возможные причины: "
                "опубликованный порт контейнера или балансировщик без livekit-server, порт с "
                "другим протоколом или устройство на пути, которое сбрасывает соединения."
            ),
        ),
        Text(
            en=(
                "Run `curl -iv` of the URL with http here and on the machine of livekit-server. If "
                "only the first fails, check what is between them (published port, upstream, "
                "firewall). If both fail, find the process that has the port ({ports}) and "
                "start livekit-server on it."
            ),
            ru=(
                "Выполните `curl -iv` по этому URL с http здесь и на машине livekit-server. Если "
                "ошибка только здесь, проверьте то, что между ними (опубликованный порт, upstream, "
                "файрвол). Если и там, посмотрите, какой процесс занял порт ({ports}), и "
                "запустите на этом порту livekit-server."
            ),
        ),
        shows=_BROKEN_OFF,
        proofs=_BROKEN_OFF,
        source="connection reset or ended before the answer; tests/faults",
    ),
    Cause(
        "proxy-has-no-server",
        Link.SERVER,
        Text(
            en="A proxy answers at `livekit.url`, but livekit-server behind it does not",
            ru="По `livekit.url` отвечает прокси, а livekit-server за ним — нет",
        ),
        Text(
            en=(
                "GET / was answered with 502, 503 or 504: the proxy or load balancer works but "
                "gets no answer from livekit-server."
            ),
            ru=(
                "На GET / пришёл ответ 502, 503 или 504: прокси или балансировщик работает, но "
                "livekit-server ему не отвечает."
            ),
        ),
        Text(
            en=(
                "Start livekit-server. If it is running, set the upstream of the proxy to its "
                "address and to `port` of {server_yaml}, as seen from the proxy. The error log of "
                "the proxy names the address that it tried."
            ),
            ru=(
                "Запустите livekit-server. Если он работает, укажите в upstream прокси его адрес и "
                "`port` из {server_yaml}, как они видны с прокси. В журнале ошибок прокси есть "
                "адрес, к которому он обращался."
            ),
        ),
        shows=(_PROXY_ANSWER,),
        proofs=(_PROXY_ANSWER,),
        source="RFC 9110 section 15.6",
    ),
    Cause(
        "server-url-is-not-livekit",
        Link.SERVER,
        Text(
            en="Something other than livekit-server answers at `livekit.url`",
            ru="По `livekit.url` отвечает не livekit-server",
        ),
        Text(
            en=(
                "livekit-server answers GET / with 200 `OK` or 406 `Not Ready`. The service at "
                "this address answered something else, or did not answer in HTTP at all."
            ),
            ru=(
                "livekit-server отвечает на GET / кодом 200 `OK` или 406 `Not Ready`. Сервис по "
                "этому адресу ответил иначе или вовсе не по HTTP."
            ),
        ),
        Text(
            en=(
                "Set `livekit.url` of the profile (LIVEKIT_URL) to scheme, host and port of "
                "livekit-server, without a path. If it should lead to a proxy, let the proxy "
                "forward all paths to livekit-server. `curl -i` of the URL with http(s) must "
                "answer `OK`."
            ),
            ru=(
                "Укажите в `livekit.url` профиля (LIVEKIT_URL) схему, хост и порт livekit-server "
                "без пути. Если он должен вести к прокси, пусть прокси передаёт livekit-server все "
                "пути. `curl -i` по этому URL с http(s) должен ответить `OK`."
            ),
        ),
        shows=(_OTHER_ANSWER, _NO_HTTP),
        proofs=(_OTHER_ANSWER,),
        excludes=_BROKEN_OFF,
        source="livekit pkg/service/server.go healthCheck",
    ),
    Cause(
        "server-not-ready",
        Link.NODE,
        Text(
            en="livekit-server is running but reports that it is not ready",
            ru="livekit-server работает, но сообщает, что не готов",
        ),
        Text(
            en=(
                "livekit-server answers GET / with 406: its own statistics, which it keeps in "
                "Redis, are older than 4 s. It has lost Redis, or the machine is overloaded."
            ),
            ru=(
                "На GET / livekit-server отвечает 406: его собственная статистика, которую он "
                "хранит в Redis, старше 4 с. Он потерял связь с Redis, или машина перегружена."
            ),
        ),
        Text(
            en=(
                "Look for Redis errors in its log. Check that Redis is running and that `redis` in "
                "{server_yaml} leads to it, then restart {server}. `curl -i` of livekit.url with "
                "http must answer 200 OK again."
            ),
            ru=(
                "Найдите в его журнале ошибки Redis. Проверьте, что Redis работает и `redis` в "
                "{server_yaml} ведёт к нему, затем перезапустите {server}. `curl -i` по "
                "livekit.url с http снова должен ответить 200 OK."
            ),
        ),
        shows=(_NOT_READY,),
        proofs=(_NOT_READY,),
        # Data in Redis and traffic through it: rooms, trunks and rules, and requests of
        # livekit-sip.
        breaks=(Link.ROOMS, Link.LINE, Link.BUS),
        yields_to=("redis-unreachable", "redis-refuses-login", *redis_state.IDS),
        source="livekit pkg/service/server.go healthCheck",
    ),
    Cause(
        "servers-do-not-share-redis",
        Link.ROOMS,
        Text(
            en="The livekit-servers behind `livekit.url` do not share one Redis",
            ru="Серверы livekit-server за `livekit.url` не используют общий Redis",
        ),
        Text(
            en=(
                "A room created over one connection is not listed over another: the load balancer "
                "leads to servers that know nothing of each other. So rooms, calls and agents land "
                "on different servers at random."
            ),
            ru=(
                "Комната, созданная через одно соединение, не видна через другое: балансировщик "
                "ведёт к серверам, которые не знают друг о друге. Поэтому комнаты, вызовы и агенты "
                "случайно попадают на разные серверы."
            ),
        ),
        Text(
            en=(
                "Set the same `redis:` section (address and `db`) in {server_yaml} of every "
                "livekit-server behind that address and restart them: each must log `using "
                "multi-node routing via redis`. Or leave only one server behind the address."
            ),
            ru=(
                "Пропишите каждому livekit-server за этим адресом одинаковый раздел `redis:` "
                "(адрес и `db`) в {server_yaml} и перезапустите их: каждый должен написать в "
                "журнал `using multi-node routing via redis`. Либо оставьте за адресом один сервер."
            ),
        ),
        shows=(_OTHER_NODES,),
        proofs=(_OTHER_NODES,),
        # A server without any Redis has no trunks either.
        breaks=(Link.ROOM_LIFE, Link.JOIN, Link.TRUNK, Link.LINE),
        source="livekit pkg/service/redisstore.go; livekit/livekit#253",
    ),
    Cause(
        "no-node-takes-rooms",
        Link.ROOMS,
        Text(
            en="No livekit-server accepts new rooms: all are shutting down or stale",
            ru="Ни один livekit-server не принимает новые комнаты: все завершаются или их записи "
            "устарели",
        ),
        Text(
            en=(
                "CreateRoom failed with `could not find any available nodes`: the server got "
                "SIGTERM and waits for its last participants to leave, or its own entry in Redis "
                "is older than 5 s: it cannot write there (Redis is a read-only replica, full, or "
                "refuses its account)."
            ),
            ru=(
                "CreateRoom завершился ошибкой `could not find any available nodes`: сервер "
                "получил SIGTERM и ждёт ухода последних участников, или его запись о себе в Redis "
                "старше 5 с: он не может туда писать (Redis — реплика только для чтения, заполнен "
                "или не даёт прав его учётной записи)."
            ),
        ),
        Text(
            en=(
                "Start a livekit-server that stays up (with an orchestrator: let the new one "
                "become ready before the old one is stopped), or restart this one. A second "
                "SIGTERM ends it at once, with its calls. If nobody stopped it, test its Redis: "
                "`{redis_cli} INFO replication` must show `role:master`, and `{redis_cli} SET "
                "probe 1 EX 1` as its user must answer OK."
            ),
            ru=(
                "Запустите livekit-server, который останется работать (в оркестраторе: пусть новый "
                "станет готов до остановки старого), или перезапустите этот. Второй SIGTERM "
                "завершит его сразу вместе с вызовами. Если его не останавливали, проверьте его "
                "Redis: `{redis_cli} INFO replication` должен показать `role:master`, а "
                "`{redis_cli} SET probe 1 EX 1` от его пользователя — ответить OK."
            ),
        ),
        shows=(_NO_NODE,),
        proofs=(_NO_NODE,),
        excludes=(_ROOM_MADE,),
        breaks=(Link.JOIN,),
        yields_to=redis_state.IDS,
        source="livekit pkg/routing/selector/errors.go; livekit/livekit#1851",
    ),
    Cause(
        "no-node-for-a-moment",
        Link.ROOMS,
        Text(
            en="livekit-server accepted new rooms only at times",
            ru="livekit-server принимал новые комнаты лишь временами",
        ),
        Text(
            en=(
                "CreateRoom failed with `could not find any available nodes`, and worked at "
                "another moment of this run. So the server's entry in Redis was older than 5 s: "
                "livekit-server got no CPU time for seconds, had just started, or began to shut "
                "down (SIGTERM) during the run."
            ),
            ru=(
                "CreateRoom завершился ошибкой `could not find any available nodes`, а в другой "
                "момент этого прогона сработал. Значит, запись сервера в Redis была старше 5 с: "
                "livekit-server секундами не получал процессорного времени, только что запустился "
                "или во время прогона начал завершаться (SIGTERM)."
            ),
        ),
        Text(
            en=(
                "Look for a start, `shutdown` or `high cpu load` at that moment in {server_log}. "
                "Find what else uses the CPU of its machine (in a container, its CPU limit), and "
                "run the checks again at a quieter time."
            ),
            ru=(
                "Найдите за этот момент запуск, `shutdown` или `high cpu load` в {server_log}. "
                "Узнайте, что ещё занимает процессор его машины (в контейнере — его предел CPU), и "
                "повторите проверки в более спокойное время."
            ),
        ),
        shows=(_NO_NODE,),
        also=(_ROOM_MADE,),
        breaks=(Link.JOIN,),
        yields_to=("deployment-is-overloaded", *redis_state.IDS),
        source="livekit pkg/routing/selector/errors.go; pkg/routing/selector/utils.go",
    ),
)
