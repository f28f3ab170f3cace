"""
Redis bus between livekit-sip and livekit-server: the findings of its judge, in two languages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text
from livekit_conformance.config_doctor import redis_uses
from livekit_conformance.diagnosis.advice import advice_on
from livekit_conformance.doctor.findings import LinkFinding, not_checked, ok, problem, warning
from livekit_conformance.drivers.bus import (
    CREATE_PARTICIPANT,
    DISPATCH_RULES,
    TRUNK_AUTHENTICATION,
    Bus,
)
from livekit_conformance.environments.profile import DeploymentFiles
from livekit_conformance.errors import Blocked, Unreachable
from livekit_conformance.findings import Code, Finding, Json, Says
from livekit_conformance.judges import bus as judge

_REFUSED_WORDS = ("noauth", "wrongpass", "authentication", "password", "username", "noperm")

_IN_RUSSIAN: Mapping[Code, str] = MappingProxyType(
    {
        judge.REPLICA: "Redis на `{redis}` — реплика мастера `{master}` только для чтения: "
        "сервисам в неё не записать",
        judge.FULL: "Redis на `{redis}` занял {used} из {limit} байт (`maxmemory`), политика "
        "`{policy}`: заполненный Redis отказывает сервисам в записи",
        judge.CANNOT_SAVE: "Redis на `{redis}` не смог сохранить данные на диск и поэтому "
        "отказывает сервисам в записи",
        judge.LOADING: "Redis на `{redis}` ещё не прочитал свои данные с диска",
        judge.CLUSTER_IS_DOWN: "кластер Redis узла `{redis}` не работает и отказывает сервисам в "
        "записи",
        judge.OTHER_MODE: "{service} использует Redis на `{redis}` как {used_as}, а это {mode}",
        judge.OTHER_TLS: "`{redis}` работает {speaks_tls} TLS, а {service} обращается к нему иначе",
        judge.LIMITED_ACCOUNT: "Redis на `{redis}` отказывает пользователю `{user}` ({service}) в "
        "`{refused}`: не хватает правил `{rules}`",
        judge.NO_SERVER: "ни один livekit-server не слушает шину на `{redis}`: на вызовы придёт "
        "503; зарегистрированы узлы: {nodes}",
        judge.NO_SIP_SERVICE: "ни один livekit-sip не слушает шину на `{redis}`: исходящие вызовы "
        "получат 503 через 1 с",
    }
)
_WORDS_IN_RUSSIAN: Mapping[Json, str] = MappingProxyType(
    {
        "alone": "один экземпляр",
        "cluster": "кластер",
        "sentinel": "Sentinel",
        "the profile": "профиль",
        "a LiveKit service": "сервис LiveKit",
        True: "только с",
        False: "без",
    }
)
_MARKS: Mapping[Says, Callable[[Link, Text, Text], LinkFinding]] = MappingProxyType(
    {Says.VIOLATED: problem, Says.SUSPICIOUS: warning, Says.UNSEEN: not_checked}
)


async def ask_bus(bus: Bus, files: DeploymentFiles) -> tuple[str | None, Sequence[LinkFinding]]:
    """
    Ask Redis as the suites do: return the recorded livekit-server version, and the findings.
    """
    uses = redis_uses(files.texts())
    found: list[LinkFinding] = []
    try:
        state, accounts = await bus.look({use.service: use.user for use in uses})
        found += map(in_words, judge.judge_redis(state, uses, accounts))
        listeners = await bus.listeners()
        nodes = await bus.nodes()
        version = await bus.server_version()
    except Unreachable as failed:
        return None, [*found, judge_failure(failed)]
    except Blocked as failed:
        # The profile is wrong, so nothing else can be seen.
        wrong = (replace(each, says=Says.VIOLATED) for each in failed.findings)
        return None, [*found, *map(in_words, wrong)]
    return version, [*found, *judge_listeners(bus.endpoint, listeners, nodes)]


# -- judgement


def judge_failure(failed: Unreachable) -> LinkFinding:
    """
    Return the problem that Redis refused or failed to answer.
    """
    is_refusal = any(word in failed.detail.lower() for word in _REFUSED_WORDS)
    return problem(
        Link.BUS,
        Text(
            en=f"Redis at `{failed.endpoint}` does not answer queries: `{failed.detail}`",
            ru=f"Redis на `{failed.endpoint}` не отвечает на запросы: `{failed.detail}`",
        ),
        Text(
            en="Put the account into the URL of the profile, as in livekit.yaml: "
            "`redis: redis://USER:PASSWORD@HOST:6379`; permission to read is enough",
            ru="Укажите в URL профиля учётную запись, как в livekit.yaml: "
            "`redis: redis://USER:PASSWORD@HOST:6379`; права на чтение достаточно",
        )
        if is_refusal
        else Text(
            en="Check that Redis runs there and does not hang: `redis-cli -u URL ping`; with TLS "
            "the URL begins with `rediss://`",
            ru="Проверьте, что Redis там работает и не завис: `redis-cli -u URL ping`; с TLS URL "
            "начинается с `rediss://`",
        ),
    )


def judge_listeners(
    redis: str, listeners: Mapping[str, int], nodes: Sequence[str]
) -> Iterator[LinkFinding]:
    """
    Check that both sides of the bus have subscribed.
    """
    servers = min(listeners[TRUNK_AUTHENTICATION], listeners[DISPATCH_RULES])
    services = listeners[CREATE_PARTICIPANT]
    for link, service, count, found in (
        (Link.BUS, "livekit-server", servers, judge.judge_server(redis, servers, nodes)),
        (Link.BUS_SIP, "livekit-sip", services, judge.judge_sip_service(redis, services)),
    ):
        yield from map(in_words, found)
        if count:
            yield ok(
                link,
                Text(
                    en=f"{service} listens on the bus ({count})",
                    ru=f"{service} слушает шину ({count})",
                ),
            )


def in_words(found: Finding) -> LinkFinding:
    """
    Return a finding of the judge as a line of the doctor, with the advice on it.
    """
    russian = {name: _in_russian(value) for name, value in found.data.items()}
    text = Text(en=found.seen, ru=_IN_RUSSIAN[found.code].format(**russian))
    return _MARKS[found.says](Link(str(found.link)), text, advice_on(found))


def _in_russian(value: Json) -> str:
    match value:
        case list() | tuple():
            return " ".join(map(str, value)) or "нет"
        case int() if not isinstance(value, bool):
            return str(value)
        case _:
            return _WORDS_IN_RUSSIAN.get(value, str(value))
