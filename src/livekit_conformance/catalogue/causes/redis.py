"""
Failures of Redis, or of the connection to it.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Cause, Sign, check, log
from livekit_conformance.catalogue.causes import redis_state
from livekit_conformance.catalogue.causes.bus_signs import (
    BUS_IS_EMPTY,
    NO_SIP_ON_BUS,
    REFUSED_AFTER_SELECTION,
    SERVER_ON_BUS,
    SIP_ON_BUS,
)
from livekit_conformance.catalogue.causes.redis_state import OF_REDIS
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import SERVER, SIP, errors, of_both, of_server
from livekit_conformance.wording import Text

_NO_NODE = Sign("bus", {"registered": 0})
_NO_TRUNKS = Sign("dispatch", {"trunks": 0, "rules": 0})
_TRUNKS_LISTED = Sign(
    "http", {"url": re.compile(r"/livekit\.SIP/ListSIPInboundTrunk$"), "status": 200}
)
_ROOMS_FAIL = Sign("http", {"url": re.compile(r"/livekit\.RoomService/ListRooms$"), "status": 500})

# livekit-server passes the error of its Redis on to API clients (go-redis, RESP errors).
_LOGIN = re.compile(r"\b(NOAUTH|WRONGPASS)\b")
_NOT_REACHED = re.compile(
    r"(could not get rooms|could not list|^\{\"code\":\"unknown\",\"msg\":\").*"
    r"(dial tcp:? [^\"]*(connection refused|i/o timeout|no route|no such host)|i/o timeout)"
)
_SERVER_REFUSED_BY_REDIS = Sign("http", {"status": 500, "body": _LOGIN})
_SERVER_WITHOUT_REDIS = Sign("http", {"status": 500, "body": _NOT_REACHED})
_NO_REDIS_CONFIGURED = re.compile(re.escape(errors.NO_REDIS))
# livekit-sip and livekit-server write it in plain text when they cannot start, go-redis while
# it tries to reconnect.
_LOGIN_REFUSED_LINES = tuple(
    log(service, message=re.compile(rf"{of_both.NO_REDIS.message}.*{_LOGIN.pattern}"))
    for service in (SIP, SERVER)
)
_UNREACHABLE_LINES = tuple(
    log(
        service,
        message=re.compile(
            rf"{of_both.REDIS_LOST.message}"
            rf"|{of_both.NO_REDIS.message}.*(connection refused|i/o timeout|no such host)"
        ),
    )
    for service in (SIP, SERVER)
)
_API_LOGIN = log(
    SERVER,
    level="info",
    message=re.compile(rf"^{of_server.ANSWERED.message}(RoomService|SIP)\."),
    error=_LOGIN,
)
_API_NO_REDIS = log(
    SERVER,
    level="info",
    message=re.compile(rf"^{of_server.ANSWERED.message}SIP\."),
    error=_NO_REDIS_CONFIGURED,
)
_REDIS_REFUSES = (_SERVER_REFUSED_BY_REDIS, *_LOGIN_REFUSED_LINES, _API_LOGIN)
_REDIS_SILENT = (_SERVER_WITHOUT_REDIS, *_UNREACHABLE_LINES)
_SERVER_HAS_NO_REDIS = (
    Sign("http", {"status": 500, "body": _NO_REDIS_CONFIGURED}),
    _API_NO_REDIS,
)
_SOURCE = "livekit pkg/service/sip.go; livekit/protocol redis/redis.go; livekit/psrpc errors.go"

CAUSES: tuple[Cause, ...] = (
    Cause(
        "redis-refuses-login",
        Link.BUS,
        Text(
            en="Redis refuses the user name or password of a LiveKit service",
            ru="Redis не принимает пользователя или пароль сервиса LiveKit",
        ),
        Text(
            en=(
                "Redis answered NOAUTH or WRONGPASS. Without Redis livekit-server stores "
                "no rooms and no trunks, and livekit-sip gets no answer about its calls. A service "
                "started in this state ends at once."
            ),
            ru=(
                "Redis ответил NOAUTH или WRONGPASS. Без Redis livekit-server не хранит ни "
                "комнат, ни транков, а livekit-sip не получает ответов о своих вызовах. Сервис, "
                "запущенный в таком состоянии, сразу завершается."
            ),
        ),
        Text(
            en=(
                "Set `redis.username` and `redis.password` in {server_yaml} and {sip_yaml} to the "
                "account of Redis (`requirepass`, or a user of its ACL), then restart {both}. To "
                "test: `{redis_cli} -h HOST -a PASSWORD ping` must answer PONG."
            ),
            ru=(
                "Укажите в `redis.username` и `redis.password` из {server_yaml} и {sip_yaml} "
                "учётную запись Redis (`requirepass` или пользователь из его ACL) и перезапустите "
                "{both}. Проверка: `{redis_cli} -h HOST -a PASSWORD ping` должен ответить PONG."
            ),
        ),
        shows=_REDIS_REFUSES,
        proofs=_REDIS_REFUSES,
        breaks=OF_REDIS,
        yields_to=redis_state.IDS,
        source=_SOURCE,
    ),
    Cause(
        "redis-unreachable",
        Link.BUS,
        Text(
            en="A LiveKit service cannot reach Redis: it is down or does not answer",
            ru="Сервис LiveKit не может подключиться к Redis: тот остановлен или не отвечает",
        ),
        Text(
            en=(
                "Redis refuses connections or does not answer. livekit-server stores rooms, trunks "
                "and rules in Redis, and livekit-sip asks livekit-server over Redis: the API fails "
                "with 500, and calls are refused with 503. API keys are not involved."
            ),
            ru=(
                "Redis отклоняет соединения или не отвечает. В нём livekit-server хранит комнаты, "
                "транки и правила, через него же сервисы обмениваются сообщениями: API отвечает "
                "500, вызовы отклоняются с 503. API-ключи тут ни при чём."
            ),
        ),
        Text(
            en=(
                "Start Redis, or restart it if it hangs: `{redis_cli} -h HOST ping` must answer "
                "PONG on the machines of both services. If it does, correct `redis.address` in "
                "{server_yaml} and {sip_yaml}. Both services reconnect by themselves."
            ),
            ru=(
                "Запустите Redis или перезапустите, если он завис: `{redis_cli} -h HOST ping` "
                "должен ответить PONG на машинах обоих сервисов. Если отвечает, исправьте "
                "`redis.address` в {server_yaml} и {sip_yaml}. Оба сервиса переподключаются сами."
            ),
        ),
        shows=_REDIS_SILENT,
        proofs=_REDIS_SILENT,
        breaks=OF_REDIS,
        yields_to=redis_state.IDS,
        source=_SOURCE,
    ),
    Cause(
        "server-has-no-redis",
        Link.BUS,
        Text(
            en="livekit-server runs without Redis, so it has no SIP",
            ru="livekit-server работает без Redis, поэтому SIP на нём нет",
        ),
        Text(
            en=(
                "Its SIP API answers `sip not connected (redis required)`: livekit-server was "
                "started without the section `redis`. Rooms work, but there are no trunks, and "
                "livekit-sip finds no server on the bus: calls are refused with 503 after a "
                "second."
            ),
            ru=(
                "Его SIP API отвечает `sip not connected (redis required)`: livekit-server запущен "
                "без раздела `redis`. Комнаты работают, но транков нет, и livekit-sip не находит "
                "на шине ни одного сервера: через секунду вызовы отклоняются с 503."
            ),
        ),
        Text(
            en=(
                "Add `redis:` with `address: HOST:6379` to {server_yaml}, the same as in "
                "{sip_yaml}, and restart {server}. It must log `using multi-node routing via "
                "redis`. Then create trunks and rules."
            ),
            ru=(
                "Добавьте в {server_yaml} раздел `redis:` с `address: HOST:6379`, как в "
                "{sip_yaml}, и перезапустите {server}. В его журнале должно появиться `using "
                "multi-node routing via redis`. Затем создайте транки и правила."
            ),
        ),
        shows=_SERVER_HAS_NO_REDIS,
        proofs=_SERVER_HAS_NO_REDIS,
        breaks=(Link.TRUNK, Link.LINE),
        # In this case it is one of several servers, and chance decides which one answers.
        yields_to=("servers-do-not-share-redis",),
        source=_SOURCE,
    ),
    Cause(
        "server-on-another-redis",
        Link.BUS,
        Text(
            en="livekit-server uses another Redis than livekit-sip",
            ru="livekit-server использует не тот Redis, что livekit-sip",
        ),
        Text(
            en=(
                "livekit-server answers and has a Redis, but it is not subscribed on the Redis of "
                "the profile, where livekit-sip is. So livekit-sip gets no answer and refuses "
                'calls ("auth check failed", "no response from servers").'
            ),
            ru=(
                "livekit-server отвечает, и Redis у него есть, но на Redis из профиля, где слушает "
                "livekit-sip, он не подписан. Поэтому livekit-sip не получает ответа и отклоняет "
                'вызовы ("auth check failed", "no response from servers").'
            ),
        ),
        Text(
            en=(
                "Set `redis.address` in {server_yaml} to that of {sip_yaml} and restart {server}. "
                "Then check the trunks, which are stored in Redis: lk sip inbound list"
            ),
            ru=(
                "Поставьте в {server_yaml} тот же `redis.address`, что в {sip_yaml}, и "
                "перезапустите {server}. Затем проверьте транки, они хранятся в Redis: lk sip "
                "inbound list"
            ),
        ),
        shows=(BUS_IS_EMPTY,),
        also=(SIP_ON_BUS, _TRUNKS_LISTED),
        proofs=(BUS_IS_EMPTY,),
        breaks=(Link.LINE, Link.TRUNK),
        # In this case it has lost its Redis; in the first seconds only its answers show that.
        excludes=(check("1.1-server-is-ready"), _ROOMS_FAIL),
        yields_to=redis_state.IDS,
        source="livekit/sip#256; livekit/psrpc pkg/info/channels.go",
    ),
    Cause(
        "sip-on-another-redis",
        Link.BUS,
        Text(
            en="livekit-sip uses another Redis than livekit-server",
            ru="livekit-sip использует не тот Redis, что livekit-server",
        ),
        Text(
            en=(
                "livekit-sip accepts calls, but it is not subscribed on the Redis of the profile, "
                "where livekit-server is. It asks for the trunk of a call on another Redis and "
                'gets no answer ("auth check failed", "no response from servers").'
            ),
            ru=(
                "livekit-sip принимает вызовы, но на Redis из профиля, где слушает livekit-server, "
                "он не подписан. О транке вызова он спрашивает на другом Redis и не получает "
                'ответа ("auth check failed", "no response from servers").'
            ),
        ),
        Text(
            en=(
                "Set `redis.address` in {sip_yaml} to that of {server_yaml} and restart {sip}. "
                "Then `{redis_cli} PUBSUB NUMSUB 'SIPInternal|CreateSIPParticipant|REQ'` must show "
                "1."
            ),
            ru=(
                "Поставьте в {sip_yaml} тот же `redis.address`, что в {server_yaml}, и "
                "перезапустите {sip}. После этого `{redis_cli} PUBSUB NUMSUB "
                "'SIPInternal|CreateSIPParticipant|REQ'` должен показать 1."
            ),
        ),
        shows=(REFUSED_AFTER_SELECTION,),
        also=(NO_SIP_ON_BUS, SERVER_ON_BUS),
        proofs=(REFUSED_AFTER_SELECTION,),
        breaks=(Link.BUS_SIP,),
        yields_to=(
            *("redis-refuses-login", "redis-unreachable", "server-hangs"),
            *redis_state.IDS,
        ),
        source="livekit/sip#437; livekit/psrpc pkg/info/channels.go",
    ),
    Cause(
        "server-on-another-redis-db",
        Link.LINE,
        Text(
            en="livekit-server keeps its data in another database (`db`) of this Redis",
            ru="livekit-server хранит данные в другой базе (`db`) этого Redis",
        ),
        Text(
            en=(
                "livekit-server is subscribed on this Redis, but it is not registered in the "
                "database of the profile, and it lists no trunk and no rule: they were created in "
                "another database. Bus messages pass between databases, so everything looks "
                "healthy, while calls ring endlessly."
            ),
            ru=(
                "livekit-server подписан на этом Redis, но в базе из профиля не зарегистрирован и "
                "не видит ни одного транка и правила: они созданы в другой базе. Сообщения шины "
                "проходят между базами, поэтому всё выглядит исправным, а в вызовах идут "
                "бесконечные гудки."
            ),
        ),
        Text(
            en=(
                "Set `redis.db` in {server_yaml} back to the database that holds your trunks and "
                "restart {server}. To find that database, run `{redis_cli} -n DB HLEN "
                "sip_inbound_trunk` for each DB."
            ),
            ru=(
                "Верните в `redis.db` из {server_yaml} базу с вашими транками и перезапустите "
                "{server}. Чтобы найти её, выполните `{redis_cli} -n DB HLEN sip_inbound_trunk` "
                "для каждой базы DB."
            ),
        ),
        shows=(_NO_NODE,),
        also=(SERVER_ON_BUS, _NO_TRUNKS),
        proofs=(_NO_NODE,),
        breaks=(Link.TRUNK, Link.CREDENTIALS, Link.DISPATCH),
        source="livekit pkg/routing/redisrouter.go RegisterNode; pkg/service/redisstore_sip.go",
    ),
    Cause(
        "no-trunks-and-no-rules",
        Link.LINE,
        Text(
            en="livekit-server has no trunk and no dispatch rule",
            ru="На livekit-server нет ни одного транка и ни одного правила",
        ),
        Text(
            en=(
                "The lists of inbound trunks and dispatch rules are empty. They are stored only in "
                "Redis. Either they were never created here, or Redis has lost its data (restarted "
                "without persistence, without its volume, or flushed). The services and keys may "
                "all be in order."
            ),
            ru=(
                "Списки входящих транков и правил пусты. Они хранятся только в Redis. Либо их "
                "здесь не создавали, либо Redis потерял данные (перезапущен без сохранения на "
                "диск, без своего тома или очищен). Сервисы и ключи при этом могут быть в порядке."
            ),
        ),
        Text(
            en=(
                "Create them again: lk sip inbound create, lk sip dispatch create. Then make Redis "
                "keep its data: `{redis_cli} CONFIG SET appendonly yes`, the same in redis.conf, "
                "and its data directory on a volume that outlives the container. `lk sip inbound "
                "list` must still show the trunk after a restart of Redis."
            ),
            ru=(
                "Создайте их заново: lk sip inbound create, lk sip dispatch create. Затем "
                "настройте сохранение данных Redis: `{redis_cli} CONFIG SET appendonly yes`, то же "
                "в redis.conf, и каталог данных на томе, который переживёт контейнер. `lk sip "
                "inbound list` должен показывать транк и после перезапуска Redis."
            ),
        ),
        shows=(_NO_TRUNKS,),
        proofs=(_NO_TRUNKS,),
        breaks=(Link.TRUNK, Link.CREDENTIALS, Link.DISPATCH),
        # A list that Redis cuts off with EOF is answered with 200, and empty.
        excludes=(check("1.1-server-is-ready"), _ROOMS_FAIL),
        yields_to=(
            *("server-on-another-redis", "server-on-another-redis-db"),
            *redis_state.IDS,
        ),
        source="livekit pkg/service/redisstore_sip.go; livekit/livekit#2464",
    ),
)
