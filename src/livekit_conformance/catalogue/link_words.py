"""
Title of each link of the chain, and the next step when it is broken without a known cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from livekit_conformance.catalogue.chain import Link, Stage
from livekit_conformance.catalogue.text import Text


@dataclass(frozen=True, slots=True)
class Words:
    """
    Title of a link, and the next thing to examine when it is broken without a known cause.
    """

    title: Text
    look: Text


STAGES: Mapping[Stage, Text] = MappingProxyType(
    {
        Stage.SERVER: Text(en="livekit-server is reached", ru="livekit-server доступен"),
        Stage.ACCESS: Text(en="It gives access", ru="Он даёт доступ"),
        Stage.ENTRY: Text(en="The call gets into a room", ru="Звонок попадает в комнату"),
        Stage.WEBHOOKS: Text(en="The application hears of it", ru="Приложение узнаёт о нём"),
        Stage.TALK: Text(en="The agent answers", ru="Агент отвечает"),
    }
)
BESIDE = Text(en="Beside the call", ru="Помимо звонка")
WORDS: Mapping[Link, Words] = MappingProxyType(
    {
        Link.CONFIGURATION: Words(
            Text(en="profile and configuration files", ru="профиль и файлы конфигурации"),
            Text(
                en="Run `livekit-conformance doctor` and correct what it lists, first line first.",
                ru="Запустите `livekit-conformance doctor` и исправьте то, что он перечислит, "
                "начиная с первой строки.",
            ),
        ),
        Link.DNS: Words(
            Text(en="name resolution of livekit.url", ru="разрешение имени из livekit.url"),
            Text(
                en="Ask the resolver of this machine for the host of `livekit.url`: getent hosts "
                "HOST",
                ru="Спросите у резолвера этой машины адрес хоста из `livekit.url`: getent hosts "
                "HOST",
            ),
        ),
        Link.TCP: Words(
            Text(en="TCP connection to livekit-server", ru="TCP-соединение с livekit-server"),
            Text(
                en="On the server's machine see who listens (ss -ltnp), then try the port from "
                "here: nc -vz HOST PORT",
                ru="На машине сервера посмотрите, кто слушает порт (ss -ltnp), затем проверьте "
                "порт отсюда: nc -vz HOST PORT",
            ),
        ),
        Link.TLS: Words(
            Text(en="TLS with livekit-server", ru="TLS с livekit-server"),
            Text(
                en="Look at the certificate that is shown: openssl s_client -connect HOST:443 "
                "-servername HOST",
                ru="Посмотрите, какой сертификат предъявляется: openssl s_client -connect HOST:443 "
                "-servername HOST",
            ),
        ),
        Link.SERVER: Words(
            Text(en="HTTP of livekit-server", ru="HTTP у livekit-server"),
            Text(
                en="Ask by hand what answers there: curl -i the URL of `livekit.url` with http(s); "
                "then the log of livekit-server and of the proxy before it.",
                ru="Проверьте вручную, кто там отвечает: curl -i по адресу из `livekit.url` с "
                "http(s); затем журнал livekit-server и прокси перед ним.",
            ),
        ),
        Link.NODE: Words(
            Text(en="readiness of livekit-server", ru="готовность livekit-server"),
            Text(
                en="Read the last lines of livekit-server's log, and look at the load of its "
                "machine and at Redis.",
                ru="Прочитайте последние строки журнала livekit-server, проверьте загрузку его "
                "машины и Redis.",
            ),
        ),
        Link.CLOCK: Words(
            Text(en="clocks", ru="часы"),
            Text(
                en="Compare the clocks of both machines: date -u; timedatectl",
                ru="Сравните часы обеих машин: date -u; timedatectl",
            ),
        ),
        Link.API_KEY: Words(
            Text(en="API key", ru="API-ключ"),
            Text(
                en="Find the line of livekit-server's log with status 401: its field `error` says "
                "what it did not like about the token.",
                ru="Найдите в журнале livekit-server строку со статусом 401: поле `error` говорит, "
                "чем не понравился токен.",
            ),
        ),
        Link.TOKENS: Words(
            Text(en="refusal of bad tokens", ru="отказ негодным токенам"),
            Text(
                en="Somebody accepts tokens that nobody may accept: see which check failed, and "
                "what stands between here and livekit-server.",
                ru="Принимаются токены, которые принимать нельзя: посмотрите, какая проверка не "
                "прошла и что стоит между нами и livekit-server.",
            ),
        ),
        Link.GRANTS: Words(
            Text(en="grants of tokens", ru="права токенов"),
            Text(
                en="Decode the token that was refused and compare its grants with what the method "
                "needs.",
                ru="Раскодируйте отклонённый токен и сравните его права с тем, что нужно методу.",
            ),
        ),
        Link.ROOMS: Words(
            Text(en="creating and listing rooms", ru="создание и список комнат"),
            Text(
                en="Create a room by hand and list it (lk room create NAME; lk room list); then "
                "livekit-server's log at that moment.",
                ru="Создайте комнату вручную и выведите список (lk room create NAME; lk room "
                "list); затем посмотрите журнал livekit-server за этот момент.",
            ),
        ),
        Link.ROOM_LIFE: Words(
            Text(en="life of rooms", ru="жизнь комнат"),
            Text(
                en="Compare the section `room` of livekit.yaml with what the check saw.",
                ru="Сравните раздел `room` в livekit.yaml с тем, что увидела проверка.",
            ),
        ),
        Link.WEBRTC: Words(
            Text(en="joining a room", ru="вход в комнату"),
            Text(
                en="Join a room from another network (lk room join), and see livekit-server's log "
                "for the participant: signalling, ICE, or the port range of `rtc`.",
                ru="Войдите в комнату из другой сети (lk room join) и найдите участника в журнале "
                "livekit-server: сигнализация, ICE или диапазон портов в `rtc`.",
            ),
        ),
        Link.ENDPOINT_DNS: Words(
            Text(en="name resolution of webhook.url", ru="разрешение имени из webhook.url"),
            Text(
                en="Ask the resolver of livekit-server's machine for the host of `webhook.url`: "
                "getent hosts HOST",
                ru="Спросите у резолвера машины livekit-server адрес хоста из `webhook.url`: "
                "getent hosts HOST",
            ),
        ),
        Link.ENDPOINT_SOCKET: Words(
            Text(en="connection to the webhook endpoint", ru="соединение с адресом вебхуков"),
            Text(
                en="On the application's machine see who listens (ss -ltnp), then try the port "
                "from livekit-server's machine.",
                ru="На машине приложения посмотрите, кто слушает порт (ss -ltnp), затем проверьте "
                "порт с машины livekit-server.",
            ),
        ),
        Link.ENDPOINT_TLS: Words(
            Text(en="TLS with the webhook endpoint", ru="TLS с адресом вебхуков"),
            Text(
                en="Look at the certificate that the application shows: openssl s_client -connect "
                "HOST:PORT -servername HOST",
                ru="Посмотрите, какой сертификат предъявляет приложение: openssl s_client -connect "
                "HOST:PORT -servername HOST",
            ),
        ),
        Link.ENDPOINT: Words(
            Text(en="webhook endpoint of the application", ru="приём вебхуков приложением"),
            Text(
                en="Read the application's log for the moment of the check: what did it answer to "
                "POST, and why?",
                ru="Посмотрите в журнале приложения момент проверки: что оно ответило на POST и "
                "почему?",
            ),
        ),
        Link.VERIFICATION: Words(
            Text(en="verification of webhooks", ru="проверка подписи вебхуков"),
            Text(
                en="Read the code of the endpoint: signature over the raw body, `sha256` compared, "
                "`exp` checked, each event id taken once.",
                ru="Прочитайте код приёмника: подпись по сырому телу, сравнение `sha256`, проверка "
                "`exp`, каждый id события принимается один раз.",
            ),
        ),
        Link.DELIVERY: Words(
            Text(en="delivery of webhooks", ru="доставка вебхуков"),
            Text(
                en="Look for `sent webhook` and `failed to send webhook` in livekit-server's log: "
                "they name the URL and the error.",
                ru="Ищите `sent webhook` и `failed to send webhook` в журнале livekit-server: там "
                "названы URL и ошибка.",
            ),
        ),
        Link.LINE: Words(
            Text(en="trunks and dispatch rules", ru="транки и правила диспетчеризации"),
            Text(
                en="List them and compare with the number that is dialled: lk sip inbound list; lk "
                "sip dispatch list",
                ru="Выведите их и сравните с набираемым номером: lk sip inbound list; lk sip "
                "dispatch list",
            ),
        ),
        Link.SIP_SOCKET: Words(
            Text(en="SIP socket of livekit-sip", ru="SIP-сокет livekit-sip"),
            Text(
                en="On livekit-sip's machine watch whether the INVITE arrives at all: tcpdump -n "
                "port 5060",
                ru="На машине livekit-sip посмотрите, приходит ли INVITE вообще: tcpdump -n port "
                "5060",
            ),
        ),
        Link.BUS: Words(
            Text(en="Redis bus, side of livekit-server", ru="шина Redis, сторона livekit-server"),
            Text(
                en="Ask Redis who listens: redis-cli PUBSUB CHANNELS '*IOInfo*'; then the start of "
                "livekit-server's log (`using multi-node routing via redis`).",
                ru="Спросите Redis, кто слушает: redis-cli PUBSUB CHANNELS '*IOInfo*'; затем "
                "начало журнала livekit-server (`using multi-node routing via redis`).",
            ),
        ),
        Link.BUS_SIP: Words(
            Text(en="Redis bus, side of livekit-sip", ru="шина Redis, сторона livekit-sip"),
            Text(
                en="Ask Redis who listens: redis-cli PUBSUB CHANNELS '*SIPInternal*'; then the "
                "start of livekit-sip's log.",
                ru="Спросите Redis, кто слушает: redis-cli PUBSUB CHANNELS '*SIPInternal*'; затем "
                "начало журнала livekit-sip.",
            ),
        ),
        Link.TRUNK: Words(
            Text(en="match of an inbound trunk", ru="совпадение с входящим транком"),
            Text(
                en="Set `logging.level: debug` in livekit.yaml: livekit-server then says for each "
                "call which trunk matched, or `No SIP trunk matched`.",
                ru="Поставьте `logging.level: debug` в livekit.yaml: тогда livekit-server для "
                "каждого звонка пишет, какой транк подошёл, или `No SIP trunk matched`.",
            ),
        ),
        Link.CREDENTIALS: Words(
            Text(en="account of the trunk", ru="учётная запись транка"),
            Text(
                en="Compare realm, user and algorithm of the 407 with what the caller sends; "
                "livekit-sip's log has a line for each refused caller.",
                ru="Сравните realm, пользователя и алгоритм из 407 с тем, что шлёт звонящий; в "
                "журнале livekit-sip есть строка на каждый отказ.",
            ),
        ),
        Link.DISPATCH: Words(
            Text(en="dispatch rule", ru="правило диспетчеризации"),
            Text(
                en="List the rules and compare `trunk_ids` and numbers with the call (lk sip "
                "dispatch list); livekit-sip's log has the call under its `sipCallID`.",
                ru="Выведите правила и сравните `trunk_ids` и номера со звонком (lk sip dispatch "
                "list); в журнале livekit-sip звонок записан под своим `sipCallID`.",
            ),
        ),
        Link.OFFER: Words(
            Text(en="media offered in the INVITE", ru="медиа, предложенное в INVITE"),
            Text(
                en="Find `Cannot start media` in livekit-sip's log: its field `error` says what is "
                "wrong with codecs, encryption or ports; compare the SDP of the INVITE.",
                ru="Найдите `Cannot start media` в журнале livekit-sip: поле `error` говорит, что "
                "не так с кодеками, шифрованием или портами; сравните с SDP из INVITE.",
            ),
        ),
        Link.STRANGERS: Words(
            Text(en="calls that nobody expects", ru="посторонние звонки"),
            Text(
                en="A call that no trunk is for came in: list the trunks without `numbers` (lk sip "
                "inbound list).",
                ru="Прошёл звонок, для которого нет транка: найдите транки без `numbers` (lk sip "
                "inbound list).",
            ),
        ),
        Link.JOIN: Words(
            Text(en="livekit-sip joining the room", ru="вход livekit-sip в комнату"),
            Text(
                en="Find the call in livekit-sip's log by `sipCallID` and read its lines with "
                "level error; then livekit-server's log for `/rtc` at the same moment.",
                ru="Найдите звонок в журнале livekit-sip по `sipCallID` и прочитайте строки уровня "
                "error; затем журнал livekit-server для `/rtc` за тот же момент.",
            ),
        ),
        Link.ROOM_NAME: Words(
            Text(en="name of the room", ru="имя комнаты"),
            Text(
                en="Compare the room prefix or name in the dispatch rule with `rooms.name_pattern` "
                "of the profile: lk sip dispatch list",
                ru="Сравните префикс или имя комнаты в правиле с `rooms.name_pattern` профиля: lk "
                "sip dispatch list",
            ),
        ),
        Link.EVENTS: Words(
            Text(en="webhooks of the call", ru="вебхуки звонка"),
            Text(
                en="Compare what the endpoint received (evidence/) with the lines `sent webhook` "
                "of livekit-server's log.",
                ru="Сравните полученное приёмником (evidence/) со строками `sent webhook` в "
                "журнале livekit-server.",
            ),
        ),
        Link.AGENT: Words(
            Text(en="agent in the room", ru="агент в комнате"),
            Text(
                en="List the participants while it rings (lk room participants list ROOM): is "
                "there anybody but the caller? Then the agent's log.",
                ru="Пока идёт вызов, выведите участников (lk room participants list ROOM): есть ли "
                "кто-то кроме звонящего? Затем журнал агента.",
            ),
        ),
        Link.ANSWER: Words(
            Text(en="answer of the call", ru="ответ на звонок"),
            Text(
                en="Find the call in livekit-sip's log by `sipCallID`: what did it wait for after "
                "it had joined the room?",
                ru="Найдите звонок в журнале livekit-sip по `sipCallID`: чего он ждал после входа "
                "в комнату?",
            ),
        ),
        Link.MEDIA: Words(
            Text(en="RTP of the call", ru="RTP звонка"),
            Text(
                en="Compare the address and port in the SDP answer (evidence/) with what the "
                "caller can reach, and watch both sides: tcpdump -n udp",
                ru="Сравните адрес и порт из SDP-ответа (evidence/) с тем, что доступно звонящему, "
                "и посмотрите с обеих сторон: tcpdump -n udp",
            ),
        ),
        Link.AUDIO: Words(
            Text(en="sound in both directions", ru="звук в обе стороны"),
            Text(
                en="See which direction is silent in the message; then which tracks are published "
                "and not muted in the room.",
                ru="Посмотрите в сообщении, какая сторона молчит; затем какие дорожки в комнате "
                "опубликованы и не выключены.",
            ),
        ),
        Link.HANG_UP: Words(
            Text(en="end of the call", ru="завершение звонка"),
            Text(
                en="Find the call in livekit-sip's log by `sipCallID`: did BYE arrive, and what "
                "did the room do after it?",
                ru="Найдите звонок в журнале livekit-sip по `sipCallID`: пришёл ли BYE и что стало "
                "с комнатой после него?",
            ),
        ),
        Link.CAPACITY: Words(
            Text(en="several calls", ru="несколько звонков"),
            Text(
                en="Look at load, `max_cpu_utilization` and the RTP port range of livekit-sip "
                "while the calls run.",
                ru="Посмотрите на нагрузку, `max_cpu_utilization` и диапазон RTP-портов "
                "livekit-sip во время звонков.",
            ),
        ),
        Link.OUTBOUND: Words(
            Text(en="outbound calls", ru="исходящие звонки"),
            Text(
                en="Read the Twirp code and SIP status in the answer to CreateSIPParticipant, then "
                "livekit-sip's log for that call.",
                ru="Прочитайте код Twirp и статус SIP в ответе на CreateSIPParticipant, затем "
                "журнал livekit-sip за этот звонок.",
            ),
        ),
        Link.OUTBOUND_FAILURE: Words(
            Text(
                en="how a failed outbound call is told", ru="сообщение о неудачном исходящем звонке"
            ),
            Text(
                en="Compare the SIP status that the provider sent with the metadata of the Twirp "
                "error.",
                ru="Сравните статус SIP от провайдера с метаданными ошибки Twirp.",
            ),
        ),
        Link.RECOVERY: Words(
            Text(en="recovery after a failure", ru="восстановление после сбоя"),
            Text(
                en="Read the logs of both services from the moment of the failure on: who did not "
                "connect again?",
                ru="Прочитайте журналы обоих сервисов с момента сбоя: кто не подключился снова?",
            ),
        ),
        Link.CLIENT: Words(
            Text(en="our own client", ru="наш собственный клиент"),
            Text(
                en="Compare config/retry_policies.yaml and config/error_handling.yaml with what "
                "the check says.",
                ru="Сравните config/retry_policies.yaml и config/error_handling.yaml с тем, что "
                "говорит проверка.",
            ),
        ),
        Link.LOGS: Words(
            Text(en="logs", ru="журналы"),
            Text(
                en="Compare the log file named in the profile with what the service writes, and "
                "its level with `info`.",
                ru="Сравните файл журнала из профиля с тем, что пишет сервис, и его уровень с "
                "`info`.",
            ),
        ),
    }
)
