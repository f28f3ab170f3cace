"""
Failures of Redis, or of the connection to it.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Cause, Sign, check, log
from livekit_conformance.catalogue.causes.bus_signs import (
    BUS_IS_EMPTY,
    NO_SIP_ON_BUS,
    REFUSED_AFTER_SELECTION,
    SERVER_ON_BUS,
    SIP_ON_BUS,
)
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text

_NO_NODE = Sign("bus", {"registered": 0})
_NO_TRUNKS = Sign("dispatch", {"trunks": 0, "rules": 0})
_TRUNKS_LISTED = Sign(
    "http", {"url": re.compile(r"/livekit\.SIP/ListSIPInboundTrunk$"), "status": 200}
)
_ROOMS_FAIL = Sign("http", {"url": re.compile(r"/livekit\.RoomService/ListRooms$"), "status": 500})

# livekit-server passes the error of its Redis on to API clients (go-redis, RESP errors).
_LOGIN = re.compile(r"\b(NOAUTH|WRONGPASS|NOPERM)\b")
_NOT_REACHED = re.compile(
    r"(could not get rooms|could not list|^\{\"code\":\"unknown\",\"msg\":\").*"
    r"(dial tcp:? [^\"]*(connection refused|i/o timeout|no route|no such host)|i/o timeout)"
)
_SERVER_REFUSED_BY_REDIS = Sign("http", {"status": 500, "body": _LOGIN})
_SERVER_WITHOUT_REDIS = Sign("http", {"status": 500, "body": _NOT_REACHED})
_NO_REDIS_CONFIGURED = re.compile(r"sip not connected \(redis required\)")
# livekit-sip and livekit-server write it in plain text when they cannot start, go-redis while
# it tries to reconnect.
_LOGIN_REFUSED_LINES = tuple(
    log(service, message=re.compile(rf"unable to connect to redis.*{_LOGIN.pattern}"))
    for service in ("livekit-sip", "livekit-server")
)
_UNREACHABLE_LINES = tuple(
    log(
        service,
        message=re.compile(
            r"redis: connection pool: failed to dial"
            r"|unable to connect to redis.*(connection refused|i/o timeout|no such host)"
        ),
    )
    for service in ("livekit-sip", "livekit-server")
)
_API_LOGIN = log(
    "livekit-server", level="info", message=re.compile(r"^API (RoomService|SIP)\."), error=_LOGIN
)
_API_NO_REDIS = log(
    "livekit-server", level="info", message=re.compile(r"^API SIP\."), error=_NO_REDIS_CONFIGURED
)
_REDIS_REFUSES = (_SERVER_REFUSED_BY_REDIS, *_LOGIN_REFUSED_LINES, _API_LOGIN)
_REDIS_SILENT = (_SERVER_WITHOUT_REDIS, *_UNREACHABLE_LINES)
_SERVER_HAS_NO_REDIS = (
    Sign("http", {"status": 500, "body": _NO_REDIS_CONFIGURED}),
    _API_NO_REDIS,
)
# Links that depend on Redis.
_OF_REDIS = (Link.NODE, Link.API_KEY, Link.ROOMS, Link.TRUNK, Link.LINE, Link.BUS_SIP)
_SOURCE = "livekit pkg/service/sip.go; livekit/protocol redis/redis.go; livekit/psrpc errors.go"

CAUSES: tuple[Cause, ...] = (
    Cause(
        "redis-refuses-login",
        Link.BUS,
        Text(
            en="Redis refuses the user or password of a LiveKit service",
            ru="Redis не принимает пользователя или пароль службы LiveKit",
        ),
        Text(
            en=(
                "Redis answered with NOAUTH, WRONGPASS or NOPERM. Without Redis livekit-server "
                "keeps no rooms and no trunks, and livekit-sip gets no answer about its calls; a "
                "service that is started in this state ends at once."
            ),
            ru=(
                "Redis ответил NOAUTH, WRONGPASS или NOPERM. Без Redis livekit-server не хранит "
                "ни комнат, ни транков, а livekit-sip не получает ответов о звонках; служба, "
                "запущенная в таком состоянии, сразу завершается."
            ),
        ),
        Text(
            en=(
                "Write the password of Redis (`requirepass`, or the user of its ACL) as "
                "`redis.password` and `redis.username` into livekit.yaml and livekit-sip.yaml, "
                "then restart both. To try it: `redis-cli -h HOST -a PASSWORD ping` must answer "
                "PONG."
            ),
            ru=(
                "Впишите пароль Redis (`requirepass` или пользователь из его ACL) как "
                "`redis.password` и `redis.username` в livekit.yaml и livekit-sip.yaml и "
                "перезапустите обе службы. Проверка: `redis-cli -h HOST -a PASSWORD ping` должен "
                "ответить PONG."
            ),
        ),
        shows=_REDIS_REFUSES,
        proofs=_REDIS_REFUSES,
        breaks=_OF_REDIS,
        source=_SOURCE,
    ),
    Cause(
        "redis-unreachable",
        Link.BUS,
        Text(
            en="A LiveKit service cannot reach Redis: it is down or does not answer",
            ru="Служба LiveKit не может достучаться до Redis: он остановлен или не отвечает",
        ),
        Text(
            en=(
                "Connections to Redis are refused or get no answer. livekit-server keeps rooms, "
                "trunks and rules there, and both services talk to each other over it: the API "
                "fails with 500 and calls are refused with 503. API keys have nothing to do with "
                "this."
            ),
            ru=(
                "Соединения с Redis отклоняются или остаются без ответа. В нём livekit-server "
                "хранит комнаты, транки и правила, и через него службы говорят друг с другом: "
                "API отвечает 500, звонки отклоняются с 503. API-ключи тут ни при чём."
            ),
        ),
        Text(
            en=(
                "Start Redis, or restart it if it hangs; `redis-cli -h HOST ping` must answer "
                "PONG from the machines of both services. If it does: correct `redis.address` in "
                "livekit.yaml and livekit-sip.yaml. Both services connect again by themselves."
            ),
            ru=(
                "Запустите Redis или перезапустите, если он завис; `redis-cli -h HOST ping` "
                "должен ответить PONG с машин обеих служб. Если отвечает — исправьте "
                "`redis.address` в livekit.yaml и livekit-sip.yaml. Обе службы переподключаются "
                "сами."
            ),
        ),
        shows=_REDIS_SILENT,
        proofs=_REDIS_SILENT,
        breaks=_OF_REDIS,
        source=_SOURCE,
    ),
    Cause(
        "server-has-no-redis",
        Link.BUS,
        Text(
            en="livekit-server runs without Redis: it has no SIP at all",
            ru="livekit-server работает без Redis: SIP у него нет совсем",
        ),
        Text(
            en=(
                "Its SIP API answers `sip not connected (redis required)`: it was started "
                "without the section `redis`. Rooms work, but it has no trunks, and livekit-sip "
                "finds nobody on the bus: calls are refused with 503 after a second."
            ),
            ru=(
                "Его SIP API отвечает `sip not connected (redis required)`: он запущен без "
                "раздела `redis`. Комнаты работают, но транков у него нет, а livekit-sip никого "
                "не находит на шине: звонки через секунду отклоняются с 503."
            ),
        ),
        Text(
            en=(
                "Write `redis:` with `address: HOST:6379` into livekit.yaml, the same as in "
                "livekit-sip.yaml, and restart livekit-server. Its log must say `using "
                "multi-node routing via redis`. Then create trunks and rules."
            ),
            ru=(
                "Добавьте в livekit.yaml раздел `redis:` с `address: HOST:6379`, как в "
                "livekit-sip.yaml, и перезапустите livekit-server. В его журнале должно "
                "появиться `using multi-node routing via redis`. Затем создайте транки и правила."
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
                "livekit-server answers and has a Redis, but nobody from it listens on the Redis "
                "of the profile, where livekit-sip does. So livekit-sip asks in vain and refuses "
                'calls ("auth check failed", "no response from servers").'
            ),
            ru=(
                "livekit-server отвечает, и Redis у него есть, но на Redis из профиля его нет — "
                "а livekit-sip слушает именно там. Поэтому livekit-sip спрашивает впустую и "
                'отклоняет звонки ("auth check failed", "no response from servers").'
            ),
        ),
        Text(
            en=(
                "Set `redis.address` in livekit.yaml to that of livekit-sip.yaml and restart "
                "livekit-server. Then look at the trunks, which are kept in Redis: lk sip "
                "inbound list"
            ),
            ru=(
                "Поставьте в livekit.yaml тот же `redis.address`, что в livekit-sip.yaml, и "
                "перезапустите livekit-server. Затем проверьте транки, они хранятся в Redis: lk "
                "sip inbound list"
            ),
        ),
        shows=(BUS_IS_EMPTY,),
        also=(SIP_ON_BUS, _TRUNKS_LISTED),
        proofs=(BUS_IS_EMPTY,),
        breaks=(Link.LINE, Link.TRUNK),
        # In this case it has lost its Redis; in the first seconds only its answers show that.
        excludes=(check("1.1-server-is-ready"), _ROOMS_FAIL),
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
                "livekit-sip takes calls, but it does not listen on the Redis of the profile, "
                "where livekit-server does. It asks somewhere else which trunk a call belongs "
                'to, and gets no answer ("auth check failed", "no response from servers").'
            ),
            ru=(
                "livekit-sip принимает звонки, но на Redis из профиля, где слушает "
                "livekit-server, его нет. О транке звонка он спрашивает в другом месте и не "
                'получает ответа ("auth check failed", "no response from servers").'
            ),
        ),
        Text(
            en=(
                "Set `redis.address` in livekit-sip.yaml to that of livekit.yaml and restart "
                "livekit-sip. Then `redis-cli PUBSUB NUMSUB "
                "'SIPInternal|CreateSIPParticipant|REQ'` must say 1."
            ),
            ru=(
                "Поставьте в livekit-sip.yaml тот же `redis.address`, что в livekit.yaml, и "
                "перезапустите livekit-sip. После этого `redis-cli PUBSUB NUMSUB "
                "'SIPInternal|CreateSIPParticipant|REQ'` должен показать 1."
            ),
        ),
        shows=(REFUSED_AFTER_SELECTION,),
        also=(NO_SIP_ON_BUS, SERVER_ON_BUS),
        proofs=(REFUSED_AFTER_SELECTION,),
        breaks=(Link.BUS_SIP,),
        yields_to=("redis-refuses-login", "redis-unreachable", "server-hangs"),
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
                "It listens on this Redis, but has not registered itself in the database of the "
                "profile, and it knows no trunk and no rule: what was created is in another "
                "database. Messages on the bus pass between databases, so everything looks "
                "healthy, and calls ring without end."
            ),
            ru=(
                "Он слушает на этом Redis, но в базе из профиля не зарегистрирован и не знает ни "
                "одного транка и правила: созданное лежит в другой базе. Сообщения шины проходят "
                "между базами, поэтому всё выглядит исправным, а звонки бесконечно звонят."
            ),
        ),
        Text(
            en=(
                "Set `redis.db` in livekit.yaml back to the database with your trunks and "
                "restart livekit-server. To find it: `redis-cli -n DB HLEN sip_inbound_trunk` "
                "for each DB."
            ),
            ru=(
                "Верните в livekit.yaml `redis.db` на базу с вашими транками и перезапустите "
                "livekit-server. Найти её: `redis-cli -n DB HLEN sip_inbound_trunk` для каждой "
                "базы DB."
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
            en="livekit-server knows no trunk and no dispatch rule at all",
            ru="livekit-server не знает ни одного транка и ни одного правила",
        ),
        Text(
            en=(
                "The lists of inbound trunks and dispatch rules are empty. They are kept in "
                "Redis only: they were never created here, or Redis has lost its data (restarted "
                "without persistence, without its volume, or flushed). Services and keys may all "
                "be in order."
            ),
            ru=(
                "Списки входящих транков и правил пусты. Они хранятся только в Redis: либо их "
                "здесь не создавали, либо Redis потерял данные (перезапущен без сохранения на "
                "диск, без своего тома или очищен). Службы и ключи при этом могут быть в порядке."
            ),
        ),
        Text(
            en=(
                "Create them again: lk sip inbound create, lk sip dispatch create. Then let "
                "Redis keep its data: `appendonly yes` in redis.conf and its data directory on a "
                "volume that outlives the container. `lk sip inbound list` must show the trunk "
                "also after a restart of Redis."
            ),
            ru=(
                "Создайте их заново: lk sip inbound create, lk sip dispatch create. Затем пусть "
                "Redis хранит данные: `appendonly yes` в redis.conf и каталог данных на томе, "
                "который переживёт контейнер. `lk sip inbound list` должен показывать транк и "
                "после перезапуска Redis."
            ),
        ),
        shows=(_NO_TRUNKS,),
        proofs=(_NO_TRUNKS,),
        breaks=(Link.TRUNK, Link.CREDENTIALS, Link.DISPATCH),
        # A list that Redis cuts off with EOF is answered with 200, and empty.
        excludes=(check("1.1-server-is-ready"), _ROOMS_FAIL),
        yields_to=("server-on-another-redis", "server-on-another-redis-db"),
        source="livekit pkg/service/redisstore_sip.go; livekit/livekit#2464",
    ),
)
