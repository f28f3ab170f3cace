"""
livekit-server, examined without changing anything: greeting, clock, keys, lists.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text
from livekit_conformance.doctor.findings import LinkFinding, not_checked, ok, problem, warning
from livekit_conformance.drivers.api.livekit_api import ApiRefused, LiveKitClient
from livekit_conformance.drivers.api.trunks_and_rules import Telephony, read_telephony
from livekit_conformance.errors import Blocked, Unreachable
from livekit_conformance.protocol.http_date import ClockOffset, clock_offset
from livekit_conformance.secrets.patterns import masked

# Leeway of tokens, accepted clock difference, and statuses of livekit-server.
_LEEWAY_S = 60.0
_EXACT_S = 5.0
_OK, _NOT_READY, _SERVER_ERROR = 200, 406, 500
_STRONG_BYTES = 32

NTP = Text(
    en="Set both clocks by NTP: `timedatectl`",
    ru="Синхронизируйте часы обеих машин по NTP: `timedatectl`",
)


@dataclass(frozen=True, slots=True)
class Greeting:
    """
    Response to GET /, with our Unix times before and after it.
    """

    status: int
    text: str
    headers: Mapping[str, str]
    asked: float
    answered: float


async def greet(client: LiveKitClient) -> Sequence[LinkFinding]:
    """
    Send GET /: check that it is livekit-server, that it is ready, and that its clock is right.
    """
    asked = time.time()
    try:
        answer = await client.get("/")
    except Unreachable as silent:
        return [does_not_answer(client.url, silent)]
    return judge_greeting(
        Greeting(answer.status, answer.text, answer.headers, asked, time.time()), client.url
    )


async def list_rooms(client: LiveKitClient, key: str) -> Sequence[LinkFinding]:
    """
    Send ListRooms: check that the server accepts the API key.
    """
    try:
        rooms = await client.list_rooms()
    except ApiRefused as refused:
        return [judge_refusal(refused, key)]
    except Unreachable as silent:
        return [does_not_answer(client.url, silent)]
    shown = masked(key)
    text = Text(
        en=f"the API key `{shown}` is accepted; open rooms: {len(rooms)}",
        ru=f"API-ключ `{shown}` принят; открытых комнат: {len(rooms)}",
    )
    return [ok(Link.API_KEY, text)]


async def list_telephony(client: LiveKitClient) -> tuple[Telephony | None, Sequence[LinkFinding]]:
    """
    Send ListSIPInboundTrunk and ListSIPDispatchRule: return the lists, unless they are refused.
    """
    try:
        telephony = await read_telephony(client)
    except Unreachable as silent:
        return None, [does_not_answer(client.url, silent)]
    except Blocked as blocked:
        return None, [judge_missing_telephony(blocked)]
    trunks, rules = len(telephony.trunks), len(telephony.rules)
    text = Text(
        en=f"the SIP API answers; inbound trunks: {trunks}, dispatch rules: {rules}",
        ru=f"SIP API отвечает; входящих транков: {trunks}, правил маршрутизации: {rules}",
    )
    return telephony, [ok(Link.GRANTS, text)]


# -- judgement


def does_not_answer(url: str, silent: Unreachable) -> LinkFinding:
    """
    Return the problem that the connection is established, but no answer comes.
    """
    return problem(
        Link.SERVER,
        Text(
            en=f"`{url}` does not answer HTTP: `{silent.detail}` (after {silent.waited:.1f} s)",
            ru=f"`{url}` не отвечает по HTTP: `{silent.detail}` (за {silent.waited:.1f} с)",
        ),
        Text(
            en="livekit-server hangs, or another service listens there: check its log, restart "
            "it, and compare the port with `port` in livekit.yaml",
            ru="livekit-server завис, или на этом порту кто-то другой: посмотрите его лог, "
            "перезапустите его и сверьте порт с `port` в livekit.yaml",
        ),
    )


def judge_greeting(greeting: Greeting, url: str) -> list[LinkFinding]:
    """
    Judge server, node and clock by the response to GET /.
    """
    if greeting.status == _NOT_READY:
        return [
            ok(
                Link.SERVER,
                Text(en="livekit-server answers `GET /`", ru="livekit-server отвечает на `GET /`"),
            ),
            problem(
                Link.NODE,
                Text(
                    en="livekit-server reports that it is not ready: `406 Not Ready`",
                    ru="livekit-server сообщает, что не готов: `406 Not Ready`",
                ),
                Text(
                    en="It has not reached Redis for 4 s or more, or is overloaded: check that the "
                    "Redis of `redis.address` in livekit.yaml runs, and read the server's log",
                    ru="Он не видит Redis 4 с или дольше либо перегружен: проверьте, что Redis из "
                    "`redis.address` в livekit.yaml работает, и посмотрите лог сервера",
                ),
            ),
            *_clock(greeting),
        ]
    if (greeting.status, greeting.text.strip()) != (_OK, "OK"):
        start = greeting.text[:60].strip()
        return [
            problem(
                Link.SERVER,
                Text(
                    en=f"`GET /` returned {greeting.status} `{start}`, not 200 `OK`",
                    ru=f"на `GET /` получен ответ {greeting.status} `{start}`, а не 200 `OK`",
                ),
                Text(
                    en=f"Another service answers at `{url}`: correct `livekit.url`, or configure "
                    "the proxy there to pass requests to livekit-server",
                    ru=f"По адресу `{url}` не livekit-server: исправьте `livekit.url` или "
                    "настройте прокси так, чтобы он передавал запросы livekit-server",
                ),
            )
        ]
    return [
        ok(
            Link.SERVER,
            Text(
                en="livekit-server answers `GET /` and is ready",
                ru="livekit-server отвечает на `GET /` и готов",
            ),
        ),
        *_clock(greeting),
    ]


def _clock(greeting: Greeting) -> Iterator[LinkFinding]:
    try:
        offset = clock_offset(
            greeting.headers["Date"], asked=greeting.asked, answered=greeting.answered
        )
    except (KeyError, ValueError):
        yield not_checked(
            Link.CLOCK,
            Text(
                en="the clock of livekit-server: its answer has no readable header `Date`",
                ru="часы livekit-server: в ответе нет понятного заголовка `Date`",
            ),
            Text(
                en="Configure the proxy in front of livekit-server to pass the header on",
                ru="Настройте прокси перед livekit-server так, чтобы он передавал этот заголовок",
            ),
        )
        return
    yield judge_clock(offset)


def judge_clock(offset: ClockOffset) -> LinkFinding:
    """
    Judge the clock difference: small, large, or so large that tokens are refused.
    """
    middle = (offset.least + offset.most) / 2
    ahead = middle >= 0
    text = Text(
        en=f"the clock of livekit-server is {offset}",
        ru=f"часы livekit-server {'спешат' if ahead else 'отстают'} относительно наших на "
        f"{abs(middle):.1f} с (±{offset.uncertainty:.1f} с)",
    )
    if offset.proven > _LEEWAY_S:
        return problem(Link.CLOCK, text, NTP)
    if offset.proven > _EXACT_S:
        return warning(Link.CLOCK, text, NTP)
    return ok(
        Link.CLOCK,
        Text(
            en="the clock of livekit-server agrees with ours",
            ru="часы livekit-server совпадают с нашими",
        ),
    )


# Remedy by error text of the server; the first entry whose text is in the answer counts.
_KEYS_IN_LIVEKIT_YAML: tuple[tuple[tuple[str, ...], Text], ...] = (
    (
        ("invalid API key",),
        Text(
            en="livekit-server does not know this key: set `LIVEKIT_API_KEY` (`livekit.api_key`) "
            "to one of those under `keys:` in livekit.yaml (or in `LIVEKIT_KEYS`)",
            ru="livekit-server не знает этот ключ: задайте в `LIVEKIT_API_KEY` (`livekit.api_key`) "
            "один из ключей, записанных под `keys:` в livekit.yaml (или в `LIVEKIT_KEYS`)",
        ),
    ),
    (
        ("signature is invalid", "cryptographic primitive"),
        Text(
            en="livekit-server knows the key, but with another secret: set `LIVEKIT_API_SECRET` "
            "(`livekit.api_secret`) to the secret of this key under `keys:` in livekit.yaml",
            ru="Ключ известен, а секрет другой: задайте в `LIVEKIT_API_SECRET` "
            "(`livekit.api_secret`) секрет этого ключа из `keys:` в livekit.yaml",
        ),
    ),
    (("is expired", "not valid yet"), NTP),
    (
        ("permissions denied", "no permissions"),
        Text(
            en="The key pair is right, but something in front of livekit-server replaces or drops "
            "the header `Authorization`: check the proxy",
            ru="Пара ключей верна, но кто-то между нами и livekit-server подменяет или теряет "
            "заголовок `Authorization`: проверьте прокси",
        ),
    ),
)


def judge_refusal(refused: ApiRefused, key: str) -> LinkFinding:
    """
    Judge a refusal of ListRooms.
    """
    text = " ".join(refused.text.split())[:120] or "(empty body)"
    if refused.status >= _SERVER_ERROR:
        return problem(
            Link.NODE,
            Text(
                en=f"livekit-server cannot read its rooms: {refused.status} `{text}`",
                ru=f"livekit-server не может прочитать свои комнаты: {refused.status} `{text}`",
            ),
            Text(
                en="It has lost Redis: check that the Redis of `redis.address` in livekit.yaml "
                "runs, and read the log of livekit-server",
                ru="Он потерял Redis: проверьте, что Redis из `redis.address` в livekit.yaml "
                "работает, и посмотрите лог livekit-server",
            ),
        )
    known = (
        remedy
        for words, remedy in _KEYS_IN_LIVEKIT_YAML
        if any(word in refused.text for word in words)
    )
    remedy = next(known, None) or Text(
        en=f"{refused.hint}; the log of livekit-server has a line about it",
        ru="Сверьте `livekit.url`, ключ и секрет с livekit.yaml; в логе livekit-server есть строка "
        "об этом запросе",
    )
    return problem(
        Link.API_KEY,
        Text(
            en=f"the API key `{masked(key)}` is refused: {refused.status} `{text}`",
            ru=f"API-ключ `{masked(key)}` отвергнут: {refused.status} `{text}`",
        ),
        remedy,
    )


def judge_missing_telephony(blocked: Blocked) -> LinkFinding:
    """
    Return the problem that trunks and rules cannot be listed.
    """
    cause = blocked.__cause__
    answer = (
        f"{cause.status} {cause.text.strip()}" if isinstance(cause, ApiRefused) else str(blocked)
    )
    text = Text(
        en=f"the trunks and dispatch rules cannot be listed: `{answer}`",
        ru=f"не удалось получить список транков и правил: `{answer}`",
    )
    if "sip not connected" in answer:
        return problem(
            Link.BUS,
            text,
            Text(
                en="livekit-server runs without Redis, and SIP needs it: write the same `redis:` "
                "into livekit.yaml as into livekit-sip.yaml and restart it",
                ru="livekit-server запущен без Redis, а SIP без него не работает: запишите в "
                "livekit.yaml тот же `redis:`, что в livekit-sip.yaml, и перезапустите его",
            ),
        )
    return problem(
        Link.GRANTS,
        text,
        Text(
            en="Read the log of livekit-server for this time; the SIP API needs Redis and a "
            "version with SIP",
            ru="Посмотрите лог livekit-server за это время; нужны Redis и версия с поддержкой SIP",
        ),
    )


def judge_secret(secret: str) -> Iterator[LinkFinding]:
    """
    Check that the secret is long enough for the hash that it keys.
    """
    length = len(secret.encode())
    if length < _STRONG_BYTES:
        yield warning(
            Link.API_KEY,
            Text(
                en=f"the API secret has {length} bytes; a short secret can be brute-forced from a "
                "token",
                ru=f"в API-секрете {length} байт; короткий секрет можно подобрать по токену",
            ),
            Text(
                en="Make a new pair of 32 bytes or more: `livekit-server generate-keys`",
                ru="Создайте новую пару, не короче 32 байт: `livekit-server generate-keys`",
            ),
        )
