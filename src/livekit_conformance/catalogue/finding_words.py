"""
Words of findings in Russian, by code. Their English sentence is made by the judge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType

from livekit_conformance.catalogue.unseen_words import UNSEEN
from livekit_conformance.findings import Finding, Json
from livekit_conformance.wording import Language

# Templates with the data of the finding.
RUSSIAN: Mapping[str, str] = MappingProxyType(
    {
        **UNSEEN,
        # -- known issues of the profile
        "check.known-until": "известно до {expires} ({owner}): «{reason}»",
        "check.known-until-expired": "запись в known_issues ({owner}) истекла {expires}",
        "check.known-no-longer": "указано в known_issues, но больше не нарушается: удалите запись",
        # -- answers
        "answer.unexpected": "`{request}`: получен ответ {status} «{text}», а нужен {expected}",
        # -- the network
        "network.not-carried": "{endpoint}: {failure} (за {waited_s} с)",
        # -- the services' files
        "config.wrong": "{place}: `{key}` {problem}: {consequence}. {remedy}",
        "config.keys-elsewhere": "в livekit.yaml нет `keys`: livekit-server берёт их из `key_file` "
        "или `LIVEKIT_KEYS`",
        # -- Redis and the bus
        "redis.is-a-replica": "Redis на `{redis}` — реплика мастера `{master}` только для чтения: "
        "сервисам в неё не записать",
        "redis.is-full": "Redis на `{redis}` занял {used} из {limit} байт (`maxmemory`), политика "
        "`{policy}`: заполненный Redis отказывает сервисам в записи",
        "redis.cannot-save": "Redis на `{redis}` не смог сохранить данные на диск и поэтому "
        "отказывает сервисам в записи",
        "redis.is-loading": "Redis на `{redis}` ещё не прочитал свои данные с диска",
        "redis.cluster-is-down": "кластер Redis узла `{redis}` не работает и отказывает сервисам в "
        "записи",
        "redis.other-mode": "{service} использует Redis на `{redis}` как {used_as}, а это {mode}",
        "redis.other-tls": "`{redis}` работает {speaks_tls} TLS, а {service} обращается к нему "
        "иначе",
        "redis.limited-account": "Redis на `{redis}` отказывает пользователю `{user}` ({service}) "
        "в `{refused}`: не хватает правил `{rules}`",
        "bus.no-server": "ни один livekit-server не слушает шину на `{redis}`: на вызовы придёт "
        "503; зарегистрированы узлы: {nodes}",
        "bus.no-sip-service": "ни один livekit-sip не слушает шину на `{redis}`: исходящие вызовы "
        "получат 503 через 1 с",
        # -- livekit-server
        "clock.differs": "часы livekit-server расходятся с нашими на {ahead_s} с "
        "(±{uncertainty_s} с); синхронизируйте обе машины по NTP",
        "clock.no-date": "часы livekit-server: в ответе на `GET /` нет понятного заголовка `Date`",
        "clock.not-comparable": "ответ шёл слишком долго, и часы не сравнить (±{uncertainty_s} с)",
        "api-key.secret-too-short": "в API-секрете {length} байт: короткий секрет можно подобрать "
        "по токену",
        "tls.certificate-expires-soon": "сертификат `{endpoint}` действует ещё {days} дн.",
        "server.another-service": "на `GET /` получен ответ {status}, а не 200 `OK`: по этому URL "
        "отвечает другой сервис",
        "server.wants-tls": "на `GET /` получен ответ {status}: этот порт ждёт TLS",
        "server.proxy-alone": "на `GET /` ответил только прокси: {status}",
        "server.not-ready": "на `GET /` получен ответ {status}: livekit-server не видит Redis или "
        "перегружен",
        "server.not-encrypted": "соединение с `{host}` не зашифровано: токены могут перехватить",
        "server.speaks-no-tls": "`{endpoint}` не понимает TLS: «{reason}»",
        "server.certificate-not-trusted": "сертификату `{endpoint}` нельзя доверять: «{reason}»",
        "api-key.unknown": "ключ отвергнут с {status}: livekit-server не знает такого API-ключа",
        "api-key.other-secret": "ключ отвергнут с {status}: у livekit-server другой секрет для "
        "этого ключа",
        "api-key.other-clock": "ключ отвергнут с {status}: часы обеих машин расходятся больше чем "
        "на минуту",
        "api-key.header-lost": "ключ отвергнут с {status}: по дороге теряется или подменяется "
        "заголовок `Authorization`",
        "api-key.refused-by-proxy": "ключ отвергнут с {status} прокси перед livekit-server: сам "
        "сервер отвечает 401",
        "api-key.wrong-path": "ответ {status}: неверный путь в `livekit.url`",
        "api-key.too-many-requests": "ответ {status}: слишком много запросов",
        "api-key.refused": "API-ключ отвергнут: {status}",
        "rooms.server-failed": "ключ принят, но livekit-server не смог выполнить запрос: {status}",
        "variable.odd-value": "значение `{variable}` выглядит неверным (`{oddity}`)",
        "variable.looks-wrong": "`{variable}`: {oddities}",
        "variable.only-in-env-file": "{variable} задана только в env-файле, а его не читают ни "
        "сервисы, ни прогоны по расписанию: `export {variable}=...`",
        "variable.differs-in-env-file": "{variable}: в env-файле другое значение, и оно не "
        "действует: сделайте их одинаковыми или удалите одно",
        "env-file.taken-by-git": "git хранит {path} или взял бы его с `git add`: впишите имя файла "
        "в .gitignore; если git его уже хранит, выполните `git rm --cached {path}` и создайте "
        "новые ключи",
        "env-file.open-to-others": "другие учётные записи могут открыть {path} (права {mode}): "
        "`chmod 600 {path}`",
        "profile.incomplete": "не хватает ключей профиля: {keys}; задайте переменные: {variables}",
        # -- trunks, rules and calls
        "line.two-trunks-match": "livekit-server не может выбрать между транками {trunks} и "
        "отвечает на такие вызовы 503: `{conflict}`",
        "line.two-rules-match": "livekit-server не может выбрать между двумя правилами и отвечает "
        "на такие вызовы 503: `{conflict}`",
        "line.other-room-name": "комната получит имя `{room}`, а оно не подходит под `{pattern}` "
        "(call_id: {call_id})",
        "line.no-rule-takes-the-call": "ни одно правило не принимает вызов, и комнаты по шаблону "
        "`{pattern}` (call_id: {call_id}) не будет",
        "sip.other-response": "на OPTIONS получен ответ {status} `{reason}` ({by}), а не 200",
        "sip.silent-over-udp": "на OPTIONS по UDP нет ответа; по TCP: {over_tcp}",
        "call.not-answered": "за {within_s} с на вызов не ответили; получено: {statuses}",
        "call.answered-late": "на вызов ответили через {after_s} с, позже чем за {within_s} с",
        "call.agent-is-silent": "RTP шёл, но {silent_s} с в нём не было звука",
        "call.caller-is-alone": "RTP шёл, но {silent_s} с без звука; в комнате {room} никого, "
        "кроме звонящего",
        "call.contact-is-silent": "Contact в 200 OK ведёт на {hop}, и на BYE там никто не ответил; "
        "на {server} ответ пришёл",
        "outbound.shows-another-caller": "вызываемый увидел номер {shown}, а не {expected}",
        "call.caller-hears-itself": "доля тона, который звонящий отправил сам, в том, что он "
        "услышал: {share}",
        "call.several-agents": "в комнате {room} со звонящим говорят сразу {agents} участника",
        "call.nobody-spoke": "за {within_s} с никто в комнате не опубликовал звук; получено: "
        "{statuses}",
        "call.caller-not-listed": "звонящего нет среди участников комнат; получено: {statuses}",
        "call.no-track": "livekit-sip вошёл в комнату, но не опубликовал дорожку: сигнализация "
        "работает, а соединение WebRTC — нет; получено: {statuses}",
        "call.hung-up-early": "livekit-sip завершил вызов через {after_s} с после ответа, раньше "
        "звонящего",
        "call.no-rtp": "до звонящего не дошёл RTP",
        "call.too-quiet": "уровень звука у звонящего {caller}, у агента {agent}; у обоих нужно не "
        "меньше {least}",
        "call.caller-is-not-heard": "в комнате `{room}` ни у одного агента нет права "
        "подписаться на звук звонящего",
        "wait.no-answer": "за {seconds} с livekit-server ни разу не ответил: результат неизвестен",
        "wait.in-vain": "за {seconds} с не дождались события: {event} (опросов: {polls})",
        "call.not-taken": "вызов не принят: {outcome}; ответы: {statuses}",
        "call.ended-by-a-limit-of-its-trunk": "вызов завершён через {after_s} с: у транка "
        "`{limit}` — {limit_s} с",
        "trunk.other-username": "`sip.username` не совпадает с `auth_username` транка `{trunk}`",
        "trunk.other-password": "`sip.password` не совпадает с `auth_password` транка `{trunk}`",
        "trunk.no-username": "`sip.username` пуст, а транк `{trunk}` спрашивает имя и пароль",
        "trunk.half-an-account": "у транка `{trunk}` есть `{has}`, но нет `{lacks}`, поэтому "
        "livekit-sip не спрашивает пароль ни у кого",
        "trunk.takes-anybody": "у транка `{trunk}` нет ни `auth_username`, ни `auth_password`, "
        "поэтому livekit-sip принимает вызовы от кого угодно; в профиле учётная запись есть",
        "trunk.no-challenge": "вызов без имени и пароля не получил запроса пароля (407 с MD5)",
        "room.shared": "два одновременных вызова не получили каждый свою комнату",
        "room.shared-by-a-direct-rule": "правило Direct собирает всех звонящих в одной комнате: "
        "они слышат друг друга, а второй вызов с того же номера обрывает первый",
        "call.muted": "звонящий не слышит тона: дорожка звука в комнате заглушена (muted)",
        "call.mos-too-low": "MOS {mos} (R {r}), а нужно не меньше {least}",
        "call.loss-too-high": "до звонящего не дошло пакетов: {lost} из {expected} ({percent} %), "
        "допустимо не больше {most} %",
        "call.jitter-too-high": "джиттер {jitter_ms} мс, допустимо не больше {most_ms} мс",
        "call.keys-are-refused": "в ответе есть {codecs}, но нет telephone-event для клавиш "
        "звонящего",
        "call.keys-are-lost": "звонящий нажал {pressed}, а до агента дошло: {arrived}",
        "call.bye-not-confirmed": "ответ на BYE: {status}, а нужен 200",
        "call.caller-left-late": "звонящий пропал из комнаты только через {seconds} с: "
        "livekit-server потерял запрос livekit-sip на выход и заметил лишь обрыв соединения",
        "call.not-cancelled": "ответ на CANCEL: {cancel}, на INVITE: {invite}, а нужны 200 и 487; "
        "звонящий {has_left}",
        "call.several-unanswered": "без ответа вызовов: {unanswered} из {calls} ({order}): "
        "{outcomes}",
        "call.not-recovered": "после сбоя ({during}) вызовы не принимались: прошло {seconds} с",
        "sip.packets-come-twice": "сеть дублирует пакеты: повторных ответов {count}, и пришли они "
        "сразу за первыми",
        "sip.messages-are-invalid": "сообщения нарушают RFC 3261, разделы {sections}; сами "
        "сообщения — в evidence",
        "outbound.not-answered": "исходящий вызов не принят: CreateSIPParticipant ответил "
        "`{answer}`, SIP-статус: {sip_status}; {reached}",
        "outbound.reported-otherwise": "CreateSIPParticipant ответил `{answer}`, SIP-статус: "
        "{sip_status}; нужны `{expected}` и {expected_status}",
        "outbound.not-in-the-room": "участника исходящего вызова нет в комнате `{room}`",
        "outbound.no-bye": "после RemoveParticipant вызываемому не пришёл BYE",
        "trunk.refuses-its-account": "с именем и паролем из профиля получено: {statuses}",
        "trunk.takes-a-wrong-account": "вызов с неверными именем или паролем не отвергнут до "
        "гудков; получено: {statuses}; комната: {room}",
        "trunk.takes-another-number": "вызов на номер {number}, которого нет ни у одного транка, "
        "попал в комнату `{room}`; получено: {statuses}. Правило без trunk_ids принимает вызовы "
        "всех: привяжите его к транку",
        "room.other-name": "комната вызова названа `{room}`, а имя должно подходить под "
        "`{pattern}` (call_id: {call_id})",
        "room.not-foretold": "имя `{room}` верное, но транки и правила предсказывают для этого "
        "вызова другое",
        "room.name-changed": "имя `{asked}` превратилось в `{created}`; в списке под этим именем: "
        "{listed}",
        "room.long-name-not-refused": "имя в {size} байт: ответ `{answer}`, а нужен отказ "
        "`invalid_argument`, который называет предел",
        "room.made-again": "повторный CreateRoom вернул другую комнату: {again}, а была {first}",
        "room.settings-lost": "комната не сохранила того, с чем создана: {lost}",
        "room.not-deleted": "после DeleteRoom {is_listed}; второй DeleteRoom ответил `{again}`, а "
        "нужен `not_found`",
        "room.not-seen-everywhere": "комнату {room} видят не все соединения: у серверов за "
        "livekit.url нет общего Redis",
        "participant.not-joined": "войти в комнату не удалось: «{detail}». Проверьте, что прокси "
        "пропускает WebSocket, а RTC-порты сервера доступны",
        # -- logs
        "log.holds-secrets": "есть строки с секретом: {services}",
        "log.holds-tokens": "есть строки с целым токеном: {services}. livekit-server до 1.13.5 "
        "пишет в журнал токены, которые отвергает: ограничьте доступ к журналу или обновите сервер",
        "log.not-parseable": "есть строки в неизвестном виде или без времени: {services}",
        "log.known-error": "таких строк: {count}; первая: `{first}`",
        "log.level-hides-refusals": "в журнале нет строк ниже уровня warn, а отказы своих методов "
        "livekit-server пишет с уровнем info: `logging.level: info` покажет их",
        "log.line-is-missing": "в журнале ({services}) нет полной строки {about}",
        # -- webhooks
        "webhook.not-logged-as-delivered": "доставка на {url}: {delivery} `{detail}`",
        "webhook.no-address": "у имени {host} нет адреса: исправьте webhook.url (DOMAIN) или "
        "запись в DNS",
        "webhook.slow-endpoint": "приёмник отвечал {seconds} с; до ответа livekit-server "
        "придерживает следующее событие комнаты",
        "webhook.body-not-limited": "ответ на 10 МиБ: {large}, на следующее событие: {after}",
        "webhook.replay-taken": "приёмник выполнил одно и то же событие несколько раз: {effects}",
        "webhook.replay-not-noticed": "на повтор приёмник ответил {status}, и ни одна строка "
        "журнала не показывает, что он его узнал",
        "webhook.not-retried": "доставок: {deliveries}, разных тел: {bodies}, а нужны две с одним "
        "телом",
        "webhook.refusal-retried": "событие, отвергнутое с 404, доставлено несколько раз: "
        "{deliveries}, а нужен один",
        "webhook.wrong-events": "ожидались события: {expected}; пришли: {received}",
        "webhook.room-end-missing": "не пришло событие о конце комнаты; ожидались: {expected}; "
        "пришли: {received}",
        "webhook.delivered-twice": "одно событие доставлено несколько раз: {ids}",
        "webhook.id-repeated": "у разных событий один и тот же id: {ids}",
        "webhook.wrong-form": "у события `{event}` неверное поле: {received}",
        "webhook.wrong-caller": "`participant_joined` описывает не звонящего по SIP: не хватает "
        "{lacks}",
    }
)
_FAILURES: Mapping[Json, str] = MappingProxyType(
    {
        "no-such-name": "у этого имени нет адреса",
        "resolver-silent": "DNS не отвечает",
        "refused": "в соединении отказано, там никто не слушает",
        "no-route": "нет маршрута",
        "timed-out": "нет ответа",
        "reset": "соединение сброшено",
        "ended": "соединение закрыто до ответа",
        "broken": "ответ пришёл не целиком",
        "foreign": "ответ по другому протоколу",
        "no-tls": "там не понимают TLS",
        "tls": "TLS-рукопожатие не удалось",
        "other": "запрос или ответ не дошёл",
    }
)
_OUTCOMES: Mapping[Json, str] = MappingProxyType(
    {
        "answered": "ответ есть",
        "refused": "отказ",
        "kept-ringing": "только гудки",
        "ringing-stopped": "после гудков ничего не пришло",
        "trying-only": "после 100 ничего не пришло",
        "silence": "ответа нет",
    }
)
_MODES: Mapping[Json, str] = MappingProxyType(
    {"alone": "один экземпляр", "cluster": "кластер", "sentinel": "Sentinel"}
)
# Values of the data that are words, by the name of the datum.
_VALUES: Mapping[str, Mapping[Json, str]] = MappingProxyType(
    {
        "failure": _FAILURES,
        "over_tcp": {
            **_FAILURES,
            "answered": "ответ есть",
            "silent": "соединение принято, ответа нет",
        },
        "mode": _MODES,
        "used_as": _MODES,
        "service": {"the profile": "профиль", "a LiveKit service": "сервис LiveKit"},
        "speaks_tls": {True: "только с", False: "без"},
        "by": {"": "сервис не назвал себя"},
        "event": {
            "room-listed": "комната появилась в списке",
            "room-ended": "комната закрылась",
            "participant-listed": "участник появился в списке комнаты",
            "caller-left": "звонящий покинул комнату",
        },
        "outcome": _OUTCOMES,
        "outcomes": _OUTCOMES,
        **{name: {None: "его нет"} for name in ("status", "cancel", "invite")},
        **{name: {None: "нет"} for name in ("sip_status", "expected_status", "room")},
        "large": {None: "соединение закрыто"},
        "reached": {True: "наш слушатель получил INVITE", False: "INVITE до слушателя не дошёл"},
        "has_left": {True: "вышел из комнаты", False: "остался в комнате"},
        "is_listed": {True: "она осталась в списке", False: "её в списке нет"},
        "order": {"in-a-row": "подряд", "at-once": "одновременно"},
        "during": {
            "server-restart": "перезапуск livekit-server",
            "sip-restart": "перезапуск livekit-sip",
            "redis-restart": "перезапуск Redis",
            "redis-pause": "остановка Redis",
            "bus-partition": "разрыв шины",
            "wrong-sip-secret": "неверный секрет у livekit-sip",
        },
        "about": {
            "refused-token": "об отвергнутом токене с причиной",
            "refused-caller": "об отвергнутом звонящем с причиной",
            "refused-webhook": "с причиной отказа в вебхуке",
            "failed-join": "о неудачном входе в комнату",
            "failed-webhook": "о неудачной доставке: событие, адрес и число попыток",
            "status-of-webhook": "со статусом приёмника (livekit-server до 1.13.5 его не пишет: "
            "смотрите журнал самого приёмника)",
        },
        "delivery": {
            "no-line": "строки о ней нет",
            "failed": "не удалась",
            "elsewhere": "ушла на другой адрес",
            "no-status": "статуса в строке нет (livekit-server до 1.13.5 пишет `sent` при любом "
            "ответе, кроме 5xx)",
            "refused": "приёмник отказал",
        },
    }
)


def has_words(found: Finding) -> bool:
    """
    Return whether a finding can be put into Russian.
    """
    return found.code in RUSSIAN


def said(found: Finding, language: Language) -> str:
    """
    Return the sentence of a finding; in English as long as its code has no Russian words.
    """
    template = RUSSIAN.get(found.code)
    if language == "en" or template is None:
        return found.seen
    values = {name: _in_russian(name, value) for name, value in found.data.items()}
    # A result of another version may lack data.
    return template.format_map(defaultdict(lambda: "?", values))


def _in_russian(name: str, value: Json) -> str:
    if isinstance(value, list | tuple):
        # Rules of an account are copied as they stand.
        separator = " " if name == "rules" else ", "
        return separator.join(_in_russian(name, each) for each in value) or "нет"
    if isinstance(value, dict):
        # A text in each language.
        return str(value.get("ru", value))
    return _VALUES.get(name, {}).get(value, str(value))
