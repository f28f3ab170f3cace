"""
Redis that runs, but not as the services need it: it refuses what they write, or their accounts.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Cause, Sign, found, log
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.judges.bus import (
    CANNOT_SAVE,
    CLUSTER_IS_DOWN,
    FULL,
    LIMITED_ACCOUNT,
    LOADING,
    OTHER_MODE,
    OTHER_TLS,
    REPLICA,
)
from livekit_conformance.wording import Text

# Links that depend on Redis.
OF_REDIS = (Link.NODE, Link.API_KEY, Link.ROOMS, Link.TRUNK, Link.LINE, Link.BUS_SIP)

_WRITES = (
    "livekit-server registers itself and stores rooms there, and both services write a key for "
    "each request that they take from the bus. So nobody answers on the bus, although all are "
    "subscribed: CreateRoom fails with 500, and calls are refused with 503 after a second."
)
_WRITES_RU = (
    "В нём livekit-server регистрируется и хранит комнаты, а оба сервиса записывают ключ для "
    "каждого запроса, который берут с шины. Поэтому на шине никто не отвечает, хотя подписки "
    "есть: CreateRoom завершается с 500, а вызовы через секунду отклоняются с 503."
)
_SOURCE = "livekit/psrpc internal/bus/bus_redis.go; livekit pkg/routing/redisrouter.go"


def _said(code: str) -> tuple[Sign, ...]:
    """
    Return the signs that Redis refused a service with an error of this code.
    """
    word = re.compile(rf"\b{code}\b")
    return (
        *(log(service, error=word) for service in ("livekit-server", "livekit-sip")),
        Sign("http", {"status": 500, "body": word}),
        Sign("bus", {"refusal": word}),
    )


_REPLICA = (found(REPLICA), *_said("READONLY"))
_FULL = (found(FULL, says="violated"), *_said("OOM command not allowed"))
_CANNOT_SAVE = (found(CANNOT_SAVE, says="violated"), *_said("MISCONF"))
_LOADING = (found(LOADING), *_said("LOADING"))
_CLUSTER_IS_DOWN = (found(CLUSTER_IS_DOWN), *_said("CLUSTERDOWN"))
_NO_CONNECTION = _said("max number of clients reached")
_LIMITED = (found(LIMITED_ACCOUNT), *_said("NOPERM"))
_CLUSTER = (found(OTHER_MODE, mode="cluster"), *_said("MOVED"))
_SENTINEL = (found(OTHER_MODE, mode="sentinel"),)
_ALONE = (found(OTHER_MODE, mode="alone"),)
_TLS = (found(OTHER_TLS, speaks_tls=True),)
_NO_TLS = (found(OTHER_TLS, speaks_tls=False),)

CAUSES: tuple[Cause, ...] = (
    Cause(
        "redis-is-a-replica",
        Link.BUS,
        Text(
            en="The services use a read-only replica of Redis instead of its master",
            ru="Сервисы используют реплику Redis, доступную только для чтения, а не мастер",
        ),
        Text(
            en=f"A replica refuses to write (`READONLY`). {_WRITES}",
            ru=f"Реплика отказывает в записи (`READONLY`). {_WRITES_RU}",
        ),
        Text(
            en=(
                "Set `redis.address` in {server_yaml} and {sip_yaml} to the master, which "
                "`{redis_cli} -h HOST INFO replication` names (`master_host`, `master_port`), and "
                "restart {both}. If this Redis should be the master itself: `{redis_cli} -h HOST "
                "REPLICAOF NO ONE`. Where masters change, use `redis.sentinel_addresses` and "
                "`redis.sentinel_master_name`."
            ),
            ru=(
                "Укажите в `redis.address` из {server_yaml} и {sip_yaml} мастер: его называет "
                "`{redis_cli} -h HOST INFO replication` (`master_host`, `master_port`). Затем "
                "перезапустите {both}. Если мастером должен быть сам этот Redis: `{redis_cli} -h "
                "HOST REPLICAOF NO ONE`. Если мастер меняется, используйте "
                "`redis.sentinel_addresses` и `redis.sentinel_master_name`."
            ),
        ),
        shows=_REPLICA,
        proofs=_REPLICA,
        breaks=OF_REDIS,
        source=_SOURCE,
    ),
    Cause(
        "redis-is-full",
        Link.BUS,
        Text(
            en="The memory of Redis is full: it refuses what the services write",
            ru="Память Redis заполнена: он отказывает сервисам в записи",
        ),
        Text(
            en=(
                "Redis has reached `maxmemory`, and its `maxmemory-policy` lets it delete nothing "
                f"instead (`OOM command not allowed`). {_WRITES}"
            ),
            ru=(
                "Redis достиг `maxmemory`, а его `maxmemory-policy` не позволяет удалить что-либо "
                f"взамен (`OOM command not allowed`). {_WRITES_RU}"
            ),
        ),
        Text(
            en=(
                "Raise the limit: `{redis_cli} CONFIG SET maxmemory 1gb`, and the same in "
                "redis.conf or in the size of the managed Redis. See what fills it: `{redis_cli} "
                "--bigkeys`. Leave the policy at `noeviction`: any other may delete your trunks. "
                "Give LiveKit a Redis of its own if another application fills this one."
            ),
            ru=(
                "Увеличьте предел: `{redis_cli} CONFIG SET maxmemory 1gb`, и то же в redis.conf "
                "или в размере управляемого Redis. Чем он занят: `{redis_cli} --bigkeys`. Политику "
                "оставьте `noeviction`: с любой другой могут быть удалены ваши транки. Если Redis "
                "заполняет другое приложение, дайте LiveKit отдельный Redis."
            ),
        ),
        shows=_FULL,
        proofs=_FULL,
        breaks=OF_REDIS,
        source=_SOURCE,
    ),
    Cause(
        "redis-cannot-save",
        Link.BUS,
        Text(
            en="Redis cannot write its data to disk, so it refuses what the services write",
            ru="Redis не может сохранить данные на диск и поэтому отказывает сервисам в записи",
        ),
        Text(
            en=(
                "The last snapshot or append to its file failed, and Redis then accepts no more "
                f"writes (`MISCONF`, `stop-writes-on-bgsave-error yes`). {_WRITES}"
            ),
            ru=(
                "Последнее сохранение в файл не удалось, и Redis больше не принимает записей "
                f"(`MISCONF`, `stop-writes-on-bgsave-error yes`). {_WRITES_RU}"
            ),
        ),
        Text(
            en=(
                "The last lines of the log of Redis name the reason. Usually the disk is full (`df "
                "-h`) or its data directory is not writable (`{redis_cli} CONFIG GET dir`). After "
                "the repair, `{redis_cli} BGSAVE` makes it accept writes again."
            ),
            ru=(
                "Причину называют последние строки журнала Redis. Обычно диск заполнен (`df -h`) "
                "или каталог данных недоступен для записи (`{redis_cli} CONFIG GET dir`). После "
                "исправления `{redis_cli} BGSAVE` снова разрешит запись."
            ),
        ),
        shows=_CANNOT_SAVE,
        proofs=_CANNOT_SAVE,
        breaks=OF_REDIS,
        source=_SOURCE,
    ),
    Cause(
        "redis-is-loading",
        Link.BUS,
        Text(
            en="Redis has started and is still loading its data from disk",
            ru="Redis запустился и ещё читает данные с диска",
        ),
        Text(
            en=(
                "Until the file is loaded, Redis refuses nearly every command (`LOADING`). "
                "Services that start meanwhile exit. With gigabytes of data this takes minutes."
            ),
            ru=(
                "Пока файл не прочитан, Redis отклоняет почти все команды (`LOADING`). Сервисы, "
                "которые запускаются в это время, завершаются. С гигабайтами данных это длится "
                "минуты."
            ),
        ),
        Text(
            en=(
                "Wait until `{redis_cli} INFO persistence` shows `loading:0`, then restart the "
                "services that exited. If it takes long, find what fills Redis (`{redis_cli} "
                "--bigkeys`): LiveKit itself stores little, so give it a Redis of its own."
            ),
            ru=(
                "Дождитесь `loading:0` в `{redis_cli} INFO persistence` и перезапустите "
                "завершившиеся сервисы. Если это длится долго, посмотрите, чем занят Redis "
                "(`{redis_cli} --bigkeys`): сам LiveKit хранит мало, дайте ему отдельный Redis."
            ),
        ),
        shows=_LOADING,
        proofs=_LOADING,
        breaks=(*OF_REDIS, Link.SIP_SOCKET, Link.TCP),
        source="Redis loading.c; the error LOADING of server.c",
    ),
    Cause(
        "redis-cluster-is-down",
        Link.BUS,
        Text(
            en="The Redis cluster is down: some of its slots have no node",
            ru="Кластер Redis не работает: у части слотов нет узла",
        ),
        Text(
            en=(
                "A cluster with a missing slot refuses all commands on keys (`CLUSTERDOWN`), "
                f"unless `cluster-require-full-coverage` is `no`. {_WRITES}"
            ),
            ru=(
                "Кластер, в котором не хватает слота, отклоняет все команды с ключами "
                "(`CLUSTERDOWN`), если `cluster-require-full-coverage` не равно `no`. "
                f"{_WRITES_RU}"
            ),
        ),
        Text(
            en=(
                "`{redis_cli} -h HOST CLUSTER INFO` shows `cluster_state:fail`, and `{redis_cli} "
                "--cluster check HOST:PORT` names the slots without a node. Start the node that "
                "had them, or promote its replica there: `CLUSTER FAILOVER TAKEOVER`. If its data "
                "are lost: `{redis_cli} --cluster fix HOST:PORT`."
            ),
            ru=(
                "`{redis_cli} -h HOST CLUSTER INFO` показывает `cluster_state:fail`, а "
                "`{redis_cli} --cluster check HOST:PORT` называет слоты без узла. Запустите узел, "
                "на котором они были, или повысьте его реплику, выполнив на ней `CLUSTER FAILOVER "
                "TAKEOVER`. Если данные потеряны: `{redis_cli} --cluster fix HOST:PORT`."
            ),
        ),
        shows=_CLUSTER_IS_DOWN,
        proofs=_CLUSTER_IS_DOWN,
        breaks=OF_REDIS,
        source="Redis cluster.c, the error CLUSTERDOWN",
    ),
    Cause(
        "redis-has-no-connection-left",
        Link.BUS,
        Text(
            en="Redis accepts no more connections: `maxclients` is reached",
            ru="Redis больше не принимает соединений: достигнут `maxclients`",
        ),
        Text(
            en=(
                "Redis closes each new connection at once (`ERR max number of clients reached`). "
                "A service keeps the connections that it has, so some requests work and others "
                "fail, and after a restart nothing works."
            ),
            ru=(
                "Redis сразу закрывает каждое новое соединение (`ERR max number of clients "
                "reached`). Имеющиеся соединения сервис сохраняет, поэтому одни запросы проходят, "
                "другие нет, а после перезапуска не работает ничего."
            ),
        ),
        Text(
            en=(
                "See who holds the connections: `{redis_cli} CLIENT LIST`. Raise the limit: "
                "`{redis_cli} CONFIG SET maxclients 10000`, and the same in redis.conf, with an "
                "open file limit to match (`ulimit -n`); of a managed Redis, choose a larger plan."
            ),
            ru=(
                "Посмотрите, кто держит соединения: `{redis_cli} CLIENT LIST`. Увеличьте предел: "
                "`{redis_cli} CONFIG SET maxclients 10000`, и то же в redis.conf, вместе с "
                "пределом открытых файлов (`ulimit -n`); у управляемого Redis выберите тариф "
                "больше."
            ),
        ),
        shows=_NO_CONNECTION,
        proofs=_NO_CONNECTION,
        breaks=(*OF_REDIS, Link.SIP_SOCKET, Link.TCP),
        source="Redis networking.c acceptCommonHandler",
    ),
    Cause(
        "redis-limits-the-account",
        Link.BUS,
        Text(
            en="The account of a LiveKit service may not use the channels or keys that it needs",
            ru="Учётной записи сервиса LiveKit не разрешены нужные ему каналы или ключи Redis",
        ),
        Text(
            en=(
                "The login works, but the ACL of Redis refuses commands (`NOPERM`). Since Redis 7 "
                "a new user may use no channel until a rule allows it. The services also write "
                "keys with names of any form, one for each request, so rules for single keys are "
                "not enough. Of channels and those keys the services log nothing: nobody answers "
                "on the bus."
            ),
            ru=(
                "Вход выполняется, но ACL Redis отказывает в командах (`NOPERM`). Начиная с Redis "
                "7 новому пользователю не разрешён ни один канал, пока нет правила. Кроме того, "
                "сервисы записывают ключи с произвольными именами, по одному на запрос, поэтому "
                "правил для отдельных ключей мало. О них и о каналах журналы сервисов молчат, "
                "а на шине просто никто не отвечает."
            ),
        ),
        Text(
            en=(
                "Add the missing rules to the user that `redis.username` names: `{redis_cli} ACL "
                "SETUSER USER '&*' '~*' +@all -@dangerous`, then `{redis_cli} ACL SAVE` (or the "
                "same in users.acl or redis.conf). The services pick it up by themselves. "
                "`{redis_cli} ACL LOG` must show no new refusal."
            ),
            ru=(
                "Добавьте недостающие правила пользователю из `redis.username`: `{redis_cli} ACL "
                "SETUSER USER '&*' '~*' +@all -@dangerous`, затем `{redis_cli} ACL SAVE` (или то "
                "же в users.acl или redis.conf). Сервисы подхватят это сами. В `{redis_cli} ACL "
                "LOG` не должно появляться новых отказов."
            ),
        ),
        shows=_LIMITED,
        proofs=_LIMITED,
        breaks=OF_REDIS,
        source="livekit/psrpc internal/bus/bus_redis.go; redis.io, ACL: acl-pubsub-default",
    ),
    Cause(
        "redis-is-a-cluster",
        Link.BUS,
        Text(
            en="Redis is a cluster, but a service uses it as a single instance",
            ru="Redis работает кластером, а сервис использует его как один экземпляр",
        ),
        Text(
            en=(
                "A node of a cluster answers for its own keys only, and refuses the others with "
                "`MOVED`. A client that is given `redis.address` does not follow."
            ),
            ru=(
                "Узел кластера отвечает только за свои ключи, для остальных возвращает `MOVED`. "
                "Клиент, которому задан `redis.address`, по такой ссылке не идёт."
            ),
        ),
        Text(
            en=(
                "In {server_yaml} and {sip_yaml} write `redis.cluster_addresses: [HOST:6379, ...]` "
                "with some nodes of the cluster in place of `redis.address`, and restart {both}."
            ),
            ru=(
                "В {server_yaml} и {sip_yaml} вместо `redis.address` укажите "
                "`redis.cluster_addresses: [HOST:6379, ...]` с несколькими узлами кластера и "
                "перезапустите {both}."
            ),
        ),
        shows=_CLUSTER,
        proofs=_CLUSTER,
        breaks=OF_REDIS,
        source="livekit/protocol redis/redis.go",
    ),
    Cause(
        "redis-is-a-sentinel",
        Link.BUS,
        Text(
            en="The address of a service is that of a Redis Sentinel, not of Redis itself",
            ru="Адрес, заданный сервису, принадлежит Redis Sentinel, а не самому Redis",
        ),
        Text(
            en=(
                "A Sentinel tells clients where the master is; it has neither keys nor the "
                "channels of the bus. A service that uses it as Redis finds nobody there."
            ),
            ru=(
                "Sentinel лишь сообщает клиентам, где мастер; ни ключей, ни каналов шины у него "
                "нет. Сервис, который использует его как Redis, никого там не находит."
            ),
        ),
        Text(
            en=(
                "In the file of that service write `redis.sentinel_addresses: [HOST:26379]` and "
                "`redis.sentinel_master_name` (`{redis_cli} -p 26379 SENTINEL MASTERS` has the "
                "name) in place of `redis.address`, and restart it."
            ),
            ru=(
                "В файле этого сервиса вместо `redis.address` укажите `redis.sentinel_addresses: "
                "[HOST:26379]` и `redis.sentinel_master_name` (имя покажет `{redis_cli} -p 26379 "
                "SENTINEL MASTERS`) и перезапустите его."
            ),
        ),
        shows=_SENTINEL,
        proofs=_SENTINEL,
        breaks=OF_REDIS,
        source="livekit/protocol redis/redis.go",
    ),
    Cause(
        "redis-is-a-single-instance",
        Link.BUS,
        Text(
            en="A service looks for a cluster or a Sentinel, but Redis is a single instance",
            ru="Сервис ищет кластер или Sentinel, а Redis — один обычный экземпляр",
        ),
        Text(
            en=(
                "`redis.cluster_addresses` or `redis.sentinel_addresses` in its file leads to an "
                "ordinary Redis, which knows neither the commands of a cluster nor those of a "
                "Sentinel: the service cannot start."
            ),
            ru=(
                "`redis.cluster_addresses` или `redis.sentinel_addresses` в его файле ведёт на "
                "обычный Redis, который не знает ни команд кластера, ни команд Sentinel: сервис не "
                "может запуститься."
            ),
        ),
        Text(
            en=(
                "Write `redis.address: HOST:6379` in its place (the port of a Sentinel is usually "
                "26379, not 6379), and restart the service."
            ),
            ru=(
                "Укажите вместо этого `redis.address: HOST:6379` (порт Sentinel — обычно 26379, а "
                "не 6379) и перезапустите сервис."
            ),
        ),
        shows=_ALONE,
        proofs=_ALONE,
        breaks=(*OF_REDIS, Link.SIP_SOCKET, Link.SERVER, Link.TCP),
        source="livekit/protocol redis/redis.go",
    ),
    Cause(
        "redis-speaks-tls",
        Link.BUS,
        Text(
            en="Redis speaks TLS only, but it is addressed without TLS",
            ru="Redis принимает только TLS, а к нему обращаются без TLS",
        ),
        Text(
            en="Redis closes each connection at once, as if it were down.",
            ru="Redis сразу закрывает каждое соединение, как будто он остановлен.",
        ),
        Text(
            en=(
                "Write `redis.tls: {{enabled: true}}` in {server_yaml} and {sip_yaml} (with "
                "`ca_cert_file` for a certificate of your own authority) and restart {both}. In "
                "the profile `redis` begins with `rediss://`."
            ),
            ru=(
                "Укажите `redis.tls: {{enabled: true}}` в {server_yaml} и {sip_yaml} (и "
                "`ca_cert_file`, если сертификат выдан своим центром) и перезапустите {both}. В "
                "профиле `redis` должен начинаться с `rediss://`."
            ),
        ),
        shows=_TLS,
        proofs=_TLS,
        breaks=OF_REDIS,
        source="livekit/protocol redis/redis.go; redis.conf tls-port",
    ),
    Cause(
        "redis-speaks-no-tls",
        Link.BUS,
        Text(
            en="Redis speaks no TLS, but it is addressed with TLS",
            ru="Redis работает без TLS, а к нему обращаются с TLS",
        ),
        Text(
            en="Redis does not answer the TLS handshake, so the connection times out or ends.",
            ru="Redis не отвечает на TLS-рукопожатие: соединение обрывается или истекает время.",
        ),
        Text(
            en=(
                "Remove `redis.tls` and `redis.use_tls` from {server_yaml} and {sip_yaml}, or use "
                "the TLS port of Redis (`tls-port` in redis.conf). In the profile `redis` begins "
                "with `redis://`."
            ),
            ru=(
                "Удалите `redis.tls` и `redis.use_tls` из {server_yaml} и {sip_yaml} или "
                "используйте TLS-порт Redis (`tls-port` в redis.conf). В профиле `redis` должен "
                "начинаться с `redis://`."
            ),
        ),
        shows=_NO_TLS,
        proofs=_NO_TLS,
        breaks=(*OF_REDIS, Link.SIP_SOCKET, Link.SERVER, Link.TCP),
        source="livekit/protocol redis/redis.go; redis.conf tls-port",
    ),
)
IDS = tuple(cause.id for cause in CAUSES)
