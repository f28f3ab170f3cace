"""
Title of each link of the chain, and the next step when it is broken without a known cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from livekit_conformance.catalogue.chain import Link, Stage
from livekit_conformance.wording import Text


@dataclass(frozen=True, slots=True)
class Words:
    """
    Title of a link, and the next thing to examine when it is broken without a known cause.
    """

    title: Text
    look: Text


STAGES: Mapping[Stage, Text] = MappingProxyType(
    {
        Stage.SERVER: Text(en="livekit-server answers", ru="livekit-server отвечает"),
        Stage.ACCESS: Text(en="It grants access", ru="Он даёт доступ"),
        Stage.ENTRY: Text(en="The call reaches a room", ru="Вызов попадает в комнату"),
        Stage.WEBHOOKS: Text(
            en="The application is notified", ru="Приложение получает уведомление"
        ),
        Stage.TALK: Text(en="The agent answers", ru="Агент отвечает"),
    }
)
BESIDE = Text(en="Outside the call path", ru="Вне пути вызова")
WORDS: Mapping[Link, Words] = MappingProxyType(
    {
        Link.CONFIGURATION: Words(
            Text(en="profile and configuration files", ru="профиль и файлы конфигурации"),
            Text(
                en="Run `livekit-conformance doctor` and correct what it lists, starting with the "
                "first line.",
                ru="Запустите `livekit-conformance doctor` и исправьте найденное, начиная с первой "
                "строки.",
            ),
        ),
        Link.DNS: Words(
            Text(en="name resolution of livekit.url", ru="разрешение имени из livekit.url"),
            Text(
                en="Resolve the host of `livekit.url` on this machine: getent hosts HOST",
                ru="Проверьте, разрешается ли на этой машине имя хоста из `livekit.url`: getent "
                "hosts HOST",
            ),
        ),
        Link.TCP: Words(
            Text(en="TCP connection to livekit-server", ru="TCP-соединение с livekit-server"),
            Text(
                en="On the server's machine, list the listeners ({ports}), then try the port from "
                "here: nc -vz HOST PORT",
                ru="На машине сервера посмотрите, какой процесс слушает порт ({ports}), затем "
                "проверьте порт отсюда: nc -vz HOST PORT",
            ),
        ),
        Link.TLS: Words(
            Text(en="TLS with livekit-server", ru="TLS с livekit-server"),
            Text(
                en="Inspect the certificate that the server presents: openssl s_client -connect "
                "HOST:443 -servername HOST",
                ru="Посмотрите, какой сертификат предъявляет сервер: openssl s_client -connect "
                "HOST:443 -servername HOST",
            ),
        ),
        Link.SERVER: Words(
            Text(en="HTTP on livekit-server", ru="HTTP на livekit-server"),
            Text(
                en="Send a request by hand: curl -i the URL of `livekit.url` with http(s). Then "
                "look for the reason in {server_log} and in that of the proxy in front of it.",
                ru="Отправьте запрос вручную: curl -i по адресу из `livekit.url` с http(s). Затем "
                "ищите причину в {server_log} и в журнале прокси перед ним.",
            ),
        ),
        Link.NODE: Words(
            Text(en="readiness of livekit-server", ru="готовность livekit-server"),
            Text(
                en="Look at the last lines in {server_log}, then check the load of its machine and "
                "Redis.",
                ru="Посмотрите последние строки в {server_log}, затем проверьте загрузку его "
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
                en="Find the line with status 401 in livekit-server's log: its field `error` gives "
                "the reason for the refusal.",
                ru="Найдите в журнале livekit-server строку со статусом 401: причина отказа — в "
                "поле `error`.",
            ),
        ),
        Link.TOKENS: Words(
            Text(en="refusal of bad tokens", ru="отклонение негодных токенов"),
            Text(
                en="A token that must be refused was accepted: see which check failed, and what "
                "stands between this machine and livekit-server.",
                ru="Принят токен, который нужно было отклонить: посмотрите, какая проверка не "
                "прошла и что стоит между этой машиной и livekit-server.",
            ),
        ),
        Link.GRANTS: Words(
            Text(en="token grants", ru="права токенов"),
            Text(
                en="Decode the refused token and compare its grants with those that the method "
                "requires.",
                ru="Раскодируйте отклонённый токен и сравните его права с теми, которых требует "
                "метод.",
            ),
        ),
        Link.ROOMS: Words(
            Text(en="creating and listing rooms", ru="создание и список комнат"),
            Text(
                en="Create a room by hand and list it (lk room create NAME; lk room list), then "
                "read livekit-server's log for that moment.",
                ru="Создайте комнату вручную и выведите список (lk room create NAME; lk room "
                "list), затем прочитайте журнал livekit-server за этот момент.",
            ),
        ),
        Link.ROOM_LIFE: Words(
            Text(en="room lifecycle", ru="жизненный цикл комнат"),
            Text(
                en="Compare the section `room` of {server_yaml} with what the check saw.",
                ru="Сравните раздел `room` в {server_yaml} с тем, что увидела проверка.",
            ),
        ),
        Link.WEBRTC: Words(
            Text(en="joining a room", ru="вход в комнату"),
            Text(
                en="Join a room from another network (lk room join) and find the participant in "
                "livekit-server's log: the cause is signalling, ICE or the port range of `rtc`.",
                ru="Войдите в комнату из другой сети (lk room join) и найдите участника в журнале "
                "livekit-server: причина в сигнализации, ICE или диапазоне портов в `rtc`.",
            ),
        ),
        Link.ENDPOINT_DNS: Words(
            Text(en="name resolution of webhook.url", ru="разрешение имени из webhook.url"),
            Text(
                en="Resolve the host of `webhook.url` on livekit-server's machine: getent hosts "
                "HOST",
                ru="Проверьте, разрешается ли имя хоста из `webhook.url` на машине "
                "livekit-server: getent hosts HOST",
            ),
        ),
        Link.ENDPOINT_SOCKET: Words(
            Text(en="connection to the webhook endpoint", ru="соединение с приёмником вебхуков"),
            Text(
                en="On the application's machine, list the listeners (ss -ltnp), then try the port "
                "from livekit-server's machine.",
                ru="На машине приложения посмотрите, какой процесс слушает порт (ss -ltnp), затем "
                "проверьте порт с машины livekit-server.",
            ),
        ),
        Link.ENDPOINT_TLS: Words(
            Text(en="TLS with the webhook endpoint", ru="TLS с приёмником вебхуков"),
            Text(
                en="Inspect the certificate that the application presents: openssl s_client "
                "-connect HOST:PORT -servername HOST",
                ru="Посмотрите, какой сертификат предъявляет приложение: openssl s_client -connect "
                "HOST:PORT -servername HOST",
            ),
        ),
        Link.ENDPOINT: Words(
            Text(en="webhook endpoint of the application", ru="приёмник вебхуков приложения"),
            Text(
                en="Find the moment of the check in the application's log: which status did it "
                "return to the POST, and why?",
                ru="Найдите в журнале приложения момент проверки: каким кодом оно ответило на POST "
                "и почему?",
            ),
        ),
        Link.VERIFICATION: Words(
            Text(en="verification of webhooks", ru="проверка подписи вебхуков"),
            Text(
                en="Check the code of the endpoint: it must verify the signature over the raw "
                "body, compare `sha256`, check `exp`, and process each event id once.",
                ru="Проверьте код приёмника: он должен проверять подпись по сырому телу запроса, "
                "сравнивать `sha256`, проверять `exp` и обрабатывать каждый id события один раз.",
            ),
        ),
        Link.DELIVERY: Words(
            Text(en="delivery of webhooks", ru="доставка вебхуков"),
            Text(
                en="Find `sent webhook` and `failed to send webhook` in livekit-server's log: "
                "these lines name the URL and the error.",
                ru="Найдите `sent webhook` и `failed to send webhook` в журнале livekit-server: в "
                "этих строках указаны URL и ошибка.",
            ),
        ),
        Link.LINE: Words(
            Text(en="trunks and dispatch rules", ru="транки и правила диспетчеризации"),
            Text(
                en="List both and compare them with the dialled number: lk sip inbound list; lk "
                "sip dispatch list",
                ru="Выведите оба списка и сравните с набираемым номером: lk sip inbound list; lk "
                "sip dispatch list",
            ),
        ),
        Link.SIP_SOCKET: Words(
            Text(en="SIP socket of livekit-sip", ru="SIP-сокет livekit-sip"),
            Text(
                en="On livekit-sip's machine, check whether the INVITE arrives: {tcpdump}. Then "
                "look at the last lines in {sip_log}.",
                ru="На машине livekit-sip проверьте, приходит ли INVITE: {tcpdump}. Затем "
                "посмотрите последние строки в {sip_log}.",
            ),
        ),
        Link.BUS: Words(
            Text(en="livekit-server on the Redis bus", ru="livekit-server на шине Redis"),
            Text(
                en="List the subscribers in Redis: {redis_cli} PUBSUB CHANNELS '*IOInfo*'; then "
                "read the start of livekit-server's log (`using multi-node routing via redis`).",
                ru="Посмотрите подписки в Redis: {redis_cli} PUBSUB CHANNELS '*IOInfo*'; затем "
                "прочитайте начало журнала livekit-server (`using multi-node routing via "
                "redis`).",
            ),
        ),
        Link.BUS_SIP: Words(
            Text(en="livekit-sip on the Redis bus", ru="livekit-sip на шине Redis"),
            Text(
                en="List the subscribers in Redis: {redis_cli} PUBSUB CHANNELS '*SIPInternal*'; "
                "then read the start of livekit-sip's log.",
                ru="Посмотрите подписки в Redis: {redis_cli} PUBSUB CHANNELS '*SIPInternal*'; "
                "затем прочитайте начало журнала livekit-sip.",
            ),
        ),
        Link.TRUNK: Words(
            Text(en="matching of the inbound trunk", ru="выбор входящего транка"),
            Text(
                en="Set `logging.level: debug` in {server_yaml}: livekit-server then logs for each "
                "call the trunk that matched, or `No SIP trunk matched`.",
                ru="Поставьте `logging.level: debug` в {server_yaml}: тогда livekit-server пишет "
                "для каждого вызова, какой транк подошёл, или `No SIP trunk matched`.",
            ),
        ),
        Link.CREDENTIALS: Words(
            Text(en="trunk credentials", ru="учётные данные транка"),
            Text(
                en="Compare the realm and algorithm of the 407, and the trunk's user, with what "
                "the caller sends; livekit-sip's log has a line for each refused caller.",
                ru="Сравните realm и алгоритм из 407 и имя пользователя транка с тем, что шлёт "
                "звонящий; в журнале livekit-sip есть строка на каждый отказ.",
            ),
        ),
        Link.DISPATCH: Words(
            Text(en="dispatch rule", ru="правило диспетчеризации"),
            Text(
                en="List the rules and compare their `trunk_ids` and numbers with the call (lk sip "
                "dispatch list); find the call in livekit-sip's log by `sipCallID`.",
                ru="Выведите правила и сравните их `trunk_ids` и номера с вызовом (lk sip "
                "dispatch list); найдите вызов в журнале livekit-sip по `sipCallID`.",
            ),
        ),
        Link.OFFER: Words(
            Text(en="media offered in the INVITE", ru="медиа в INVITE (SDP offer)"),
            Text(
                en="Find `Cannot start media` in livekit-sip's log: its field `error` names the "
                "problem with codecs, encryption or ports. Compare it with the SDP of the INVITE.",
                ru="Найдите `Cannot start media` в журнале livekit-sip: поле `error` называет "
                "проблему с кодеками, шифрованием или портами. Сравните с SDP из INVITE.",
            ),
        ),
        Link.STRANGERS: Words(
            Text(en="calls that match no trunk", ru="посторонние вызовы"),
            Text(
                en="A call that belongs to no trunk was accepted: find the trunks without "
                "`numbers` (lk sip inbound list).",
                ru="Принят вызов, который не относится ни к одному транку: найдите транки без "
                "`numbers` (lk sip inbound list).",
            ),
        ),
        Link.JOIN: Words(
            Text(en="livekit-sip joining the room", ru="вход livekit-sip в комнату"),
            Text(
                en="Find the call in livekit-sip's log by `sipCallID` and read its lines with "
                "level error; then find `/rtc` in livekit-server's log at the same moment.",
                ru="Найдите вызов в журнале livekit-sip по `sipCallID` и прочитайте строки уровня "
                "error; затем найдите `/rtc` в журнале livekit-server за тот же момент.",
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
            Text(en="webhooks of the call", ru="вебхуки вызова"),
            Text(
                en="Compare the webhooks that the endpoint received (evidence/) with the lines "
                "`sent webhook` in livekit-server's log.",
                ru="Сравните вебхуки, полученные приёмником (evidence/), со строками `sent "
                "webhook` в журнале livekit-server.",
            ),
        ),
        Link.AGENT: Words(
            Text(en="agent in the room", ru="агент в комнате"),
            Text(
                en="List the participants while the phone rings (lk room participants list ROOM): "
                "is anybody there besides the caller? Then read the agent's log.",
                ru="Пока идут гудки, выведите участников (lk room participants list ROOM): есть ли "
                "кто-то кроме звонящего? Затем прочитайте журнал агента.",
            ),
        ),
        Link.ANSWER: Words(
            Text(en="answer of the call", ru="ответ на вызов"),
            Text(
                en="Find the call in livekit-sip's log by `sipCallID`: what did it wait for after "
                "it had joined the room?",
                ru="Найдите вызов в журнале livekit-sip по `sipCallID`: чего он ждал после входа "
                "в комнату?",
            ),
        ),
        Link.MEDIA: Words(
            Text(en="RTP of the call", ru="RTP вызова"),
            Text(
                en="Compare the address and port in the SDP answer (evidence/) with those that the "
                "caller can reach, and capture on both sides: tcpdump -n udp",
                ru="Сравните адрес и порт из SDP-ответа (evidence/) с тем, что доступно звонящему, "
                "и снимите трафик с обеих сторон: tcpdump -n udp",
            ),
        ),
        Link.AUDIO: Words(
            Text(en="sound in both directions", ru="звук в обе стороны"),
            Text(
                en="The message names the silent direction. Then check which tracks in the room "
                "are published and not muted.",
                ru="В сообщении указано, в какую сторону нет звука. Затем проверьте, какие треки в "
                "комнате опубликованы и не приглушены (muted).",
            ),
        ),
        Link.HANG_UP: Words(
            Text(en="end of the call", ru="завершение вызова"),
            Text(
                en="Find the call in livekit-sip's log by `sipCallID`: did BYE arrive, and what "
                "did the room do after it?",
                ru="Найдите вызов в журнале livekit-sip по `sipCallID`: пришёл ли BYE и что стало "
                "с комнатой после него?",
            ),
        ),
        Link.CAPACITY: Words(
            Text(en="several calls", ru="несколько вызовов"),
            Text(
                en="While the calls run, watch the load, `max_cpu_utilization` and the RTP port "
                "range of livekit-sip.",
                ru="Во время вызовов следите за нагрузкой, `max_cpu_utilization` и диапазоном "
                "RTP-портов livekit-sip.",
            ),
        ),
        Link.OUTBOUND: Words(
            Text(en="outbound calls", ru="исходящие вызовы"),
            Text(
                en="Read the Twirp code and the SIP status in the response of "
                "CreateSIPParticipant, then livekit-sip's log of that call.",
                ru="Прочитайте код Twirp и статус SIP в ответе CreateSIPParticipant, затем журнал "
                "livekit-sip для этого вызова.",
            ),
        ),
        Link.OUTBOUND_FAILURE: Words(
            Text(en="report of a failed outbound call", ru="отчёт о неудачном исходящем вызове"),
            Text(
                en="Compare the SIP status that the provider sent with the metadata of the Twirp "
                "error.",
                ru="Сравните статус SIP от провайдера с метаданными ошибки Twirp.",
            ),
        ),
        Link.RECOVERY: Words(
            Text(en="recovery after a failure", ru="восстановление после сбоя"),
            Text(
                en="Read the logs of both services from the failure on: which one did not "
                "reconnect?",
                ru="Прочитайте журналы обоих сервисов с момента сбоя: какой из них не "
                "переподключился?",
            ),
        ),
        Link.CLIENT: Words(
            Text(en="our own client", ru="наш собственный клиент"),
            Text(
                en="Compare config/retry_policies.yaml and config/error_handling.yaml with what "
                "the check saw.",
                ru="Сравните config/retry_policies.yaml и config/error_handling.yaml с тем, что "
                "увидела проверка.",
            ),
        ),
        Link.LOGS: Words(
            Text(en="logs", ru="журналы"),
            Text(
                en="Check that the log file named in the profile is the one that the service "
                "writes, and that its level is `info`.",
                ru="Проверьте, что в профиле указан тот файл журнала, в который пишет сервис, и "
                "что его уровень — `info`.",
            ),
        ),
    }
)
