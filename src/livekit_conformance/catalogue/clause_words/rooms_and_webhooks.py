"""
Words about clauses on rooms, webhooks and logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from livekit_conformance.catalogue.clause_words.words import ClauseWords
from livekit_conformance.wording import Text

_SEE_ROOMS = Text(
    en="Create a room by hand and list it (`lk room create NAME`, `lk room list`), and read "
    "livekit-server's log for that moment: with several nodes, all must use the same Redis "
    "(`redis.address` in {server_yaml}).",
    ru="Создайте комнату вручную и выведите список (`lk room create NAME`, `lk room list`), затем "
    "прочитайте журнал livekit-server за этот момент: если узлов несколько, у всех должен быть "
    "один Redis (`redis.address` в {server_yaml}).",
)
_SEE_ROOMS_ON_CLOUD = Text(
    en="Create a room by hand and list it (`lk room create NAME`, `lk room list`); if both work, "
    "report it to LiveKit with the name of the room and the time.",
    ru="Создайте комнату вручную и выведите список (`lk room create NAME`, `lk room list`); если "
    "это работает, сообщите в LiveKit имя комнаты и время.",
)
_ROOM_SETTINGS = Text(
    en="Compare the section `room` of {server_yaml} (`empty_timeout`, `departure_timeout`, "
    "`max_room_name_length`) with what was seen, and restart {server} after a change.",
    ru="Сравните раздел `room` в {server_yaml} (`empty_timeout`, `departure_timeout`, "
    "`max_room_name_length`) с увиденным и перезапустите {server} после правки.",
)
_ENDPOINT_LOG = Text(
    en="Find the request in the application's log by its time: the handler of `webhook.url` must "
    "verify the token over the raw body, answer 200 at once, and process the event afterwards.",
    ru="Найдите запрос в журнале приложения по времени: обработчик `webhook.url` должен проверить "
    "токен по сырому телу, сразу ответить 200 и только потом обрабатывать событие.",
)
_SERVER_LOG_KEYS = Text(
    en="Remove what writes the secret: `logging.level: debug` of the service, or a proxy that logs "
    "the header `Authorization`; then replace the secret that was exposed.",
    ru="Уберите то, что пишет секрет: `logging.level: debug` у сервиса или прокси, который пишет "
    "заголовок `Authorization`; затем замените раскрытый секрет.",
)
_LOG_LEVEL = Text(
    en="Set `logging: {{level: info, json: true}}` in {server_yaml} and {sip_yaml}, restart the "
    "service, and check that `logs` of the profile names the log of this very service.",
    ru="Задайте `logging: {{level: info, json: true}}` в {server_yaml} и {sip_yaml}, перезапустите "
    "сервис и убедитесь, что `logs` в профиле указывает на журнал именно этого сервиса.",
)
_DELIVERY = Text(
    en="Set `webhook: {{urls: [URL], api_key: KEY}}` in {server_yaml} to the URL of `webhook.url` "
    "and a key below `keys`, and restart {server}; its log has `failed to send webhook` with "
    "the reason.",
    ru="Задайте в {server_yaml} `webhook: {{urls: [URL], api_key: KEY}}`: адрес из `webhook.url` и "
    "ключ из `keys`; перезапустите {server}. Причина — в строке `failed to send webhook` его "
    "журнала.",
)

ROOMS_AND_WEBHOOKS: Mapping[str, ClauseWords] = MappingProxyType(
    {
        # -- rooms
        "1.2-created-room-is-listed": ClauseWords(
            "ListRooms должен вернуть комнату, созданную CreateRoom, — и по имени, и в полном "
            "списке, с тем же sid",
            _SEE_ROOMS,
            _SEE_ROOMS_ON_CLOUD,
        ),
        "1.1-participant-joins": ClauseWords(
            "участник должен подключиться к комнате в отведённое время",
            Text(
                en="Open the media ports to this machine: 7881/tcp and the UDP ports of `rtc` in "
                "{server_yaml}, and set `rtc.use_external_ip: true` behind NAT.",
                ru="Откройте для этой машины порты медиа: 7881/tcp и UDP-порты из `rtc` в "
                "{server_yaml}; за NAT задайте `rtc.use_external_ip: true`.",
            ),
            Text(
                en="Let this machine reach *.livekit.cloud on 443/tcp, 3478/udp and UDP "
                "50000-60000; try it with `lk room join`.",
                ru="Откройте с этой машины *.livekit.cloud: 443/tcp, 3478/udp и UDP 50000-60000; "
                "проверить: `lk room join`.",
            ),
        ),
        "1.2-too-long-name-is-refused": ClauseWords(
            "имя комнаты длиннее предела должно получить отказ invalid_argument, в котором назван "
            "предел",
            _ROOM_SETTINGS,
            _SEE_ROOMS_ON_CLOUD,
        ),
        "1.2-create-is-idempotent": ClauseWords(
            "создание уже открытой комнаты должно вернуть её с тем же sid",
            _SEE_ROOMS,
            _SEE_ROOMS_ON_CLOUD,
        ),
        "1.2-settings-are-kept": ClauseWords(
            "комната должна сохранить тайм-ауты, метаданные и предел участников, с которыми "
            "создана",
            _ROOM_SETTINGS,
            _SEE_ROOMS_ON_CLOUD,
        ),
        "1.2-deleted-room-is-gone": ClauseWords(
            "удалённой комнаты не должно быть в списке, а повторное удаление должно вернуть "
            "not_found",
            _SEE_ROOMS,
            _SEE_ROOMS_ON_CLOUD,
        ),
        "1.2-every-connection-sees-the-room": ClauseWords(
            "комната, созданная через одно соединение, должна быть видна через любое другое",
            _SEE_ROOMS,
            _SEE_ROOMS_ON_CLOUD,
        ),
        "1.2-empty-room-expires": ClauseWords(
            "комната, в которую никто не вошёл, должна закрыться за empty_timeout плюс 15 с",
            _ROOM_SETTINGS,
            _SEE_ROOMS_ON_CLOUD,
        ),
        "1.2-name-is-kept-exactly": ClauseWords(
            "комната должна иметь ровно то имя, с которым создана", _SEE_ROOMS, _SEE_ROOMS_ON_CLOUD
        ),
        # -- the endpoint
        "1.3-server-config-names-the-endpoint": ClauseWords(
            "в webhook.urls файла livekit.yaml должен стоять URL приёмника, а webhook.api_key "
            "должен быть одним из keys",
            _DELIVERY,
        ),
        "1.3-endpoint-resolves": ClauseWords(
            "имя хоста из webhook.url должно разрешаться",
            Text(
                en="Create the DNS record for the host of `webhook.url` (DOMAIN), or correct "
                "DOMAIN; check with `getent hosts HOST`.",
                ru="Создайте запись DNS для хоста из `webhook.url` (DOMAIN) или исправьте DOMAIN; "
                "проверить: `getent hosts HOST`.",
            ),
        ),
        "1.3-endpoint-accepts-connections": ClauseWords(
            "хост и порт из webhook.url должны принимать соединения",
            Text(
                en="Start the application on the port of `webhook.url` (PORT), and open it in the "
                "firewall; `ss -ltnp` on its machine lists who listens.",
                ru="Запустите приложение на порту из `webhook.url` (PORT) и откройте порт в "
                "файрволе; кто слушает, покажет `ss -ltnp` на его машине.",
            ),
        ),
        "1.3-endpoint-tls-is-trusted": ClauseWords(
            "сертификат webhook.url должен действовать для своего хоста, с доверенной цепочкой, по "
            "TLS 1.2 или новее",
            Text(
                en="Install a certificate for this host, with the full chain, where TLS for "
                "`webhook.url` terminates; inspect it with `openssl s_client -connect HOST:PORT "
                "-servername HOST`.",
                ru="Установите сертификат на имя этого хоста, с полной цепочкой, там, где "
                "терминируется TLS для `webhook.url`; проверить: `openssl s_client -connect "
                "HOST:PORT -servername HOST`.",
            ),
        ),
        "1.3-endpoint-accepts-signed-event": ClauseWords(
            "приёмник вебхуков должен ответить 2xx на правильно подписанное событие в отведённое "
            "время",
            _ENDPOINT_LOG,
        ),
        "1.3-endpoint-answers-fast": ClauseWords(
            "приёмнику вебхуков следует отвечать за 1 с: пока он отвечает, вызов ждёт",
            Text(
                en="Answer 200 before processing: let the handler of `webhook.url` pass the event "
                "to a queue or a background task.",
                ru="Отвечайте 200 до обработки: пусть обработчик `webhook.url` передаёт событие в "
                "очередь или фоновую задачу.",
            ),
        ),
        "1.3-endpoint-refuses": ClauseWords(
            "приёмник вебхуков должен отклонять с 4xx запрос, который подписал не livekit-server, "
            "и тело, которое не JSON",
            Text(
                en="Verify each request in the handler with `WebhookReceiver` of the SDK: "
                "signature, `exp`, and `sha256` of the raw body; answer 401 otherwise.",
                ru="Проверяйте каждый запрос в обработчике с помощью `WebhookReceiver` из SDK: "
                "подпись, `exp` и `sha256` сырого тела; иначе отвечайте 401.",
            ),
        ),
        "1.3-endpoint-ignores-replay": ClauseWords(
            "приёмнику вебхуков следует обрабатывать id события один раз или отклонять повтор",
            Text(
                en="Keep the event ids of the last minutes in the application, and answer a known "
                "one with 200 without processing it.",
                ru="Храните в приложении id событий за последние минуты и на уже известный "
                "отвечайте 200 без обработки.",
            ),
        ),
        "1.3-endpoint-tolerates": ClauseWords(
            "приёмник вебхуков должен принимать неизвестные события, неизвестные поля и любой их "
            "порядок",
            Text(
                en="Answer 200 to events that the handler does not know, and ignore unknown "
                "fields: newer servers send more of both.",
                ru="Отвечайте 200 на события, которых обработчик не знает, и пропускайте "
                "неизвестные поля: новые серверы присылают и то и другое.",
            ),
        ),
        "1.3-endpoint-path-is-exact": ClauseWords(
            "соседнему пути следует отвечать 404, а приёмнику не следует отвечать 2xx на GET",
            Text(
                en="Route exactly the path of `webhook.url` with POST to the handler, and nothing "
                "else: no catch-all route, no prefix.",
                ru="Направляйте в обработчик только путь из `webhook.url` и только POST: без "
                "маршрута на всё и без префикса.",
            ),
        ),
        "1.3-endpoint-limits-body": ClauseWords(
            "приёмнику вебхуков следует отклонять тело в 10 МиБ и принимать следующее событие",
            Text(
                en="Limit the body of requests to the handler, for instance `client_max_body_size "
                "1m` in nginx, and answer 413 to more.",
                ru="Ограничьте размер тела запроса к обработчику, например `client_max_body_size "
                "1m` в nginx, и на большее отвечайте 413.",
            ),
        ),
        # -- deliveries
        "1.3-server-delivers-room-events": ClauseWords(
            "livekit-server должен доставить room_started и room_finished комнаты на заданный "
            "адрес, каждое по разу, с подписью заданным ключом по точным байтам тела",
            _DELIVERY,
        ),
        "1.3-delivery-log-shows-success": ClauseWords(
            "в журнале livekit-server следует быть записям о доставке на этот URL со статусом 2xx",
            _DELIVERY,
        ),
        "1.3-delivery-is-retried": ClauseWords(
            "livekit-server должен повторить доставку события, на которое приёмник ответил 500",
            Text(
                en="Raise `webhook.resource_url_notifier.max_age` in {server_yaml} if it is set, "
                "and update livekit-server: it retries four times.",
                ru="Увеличьте `webhook.resource_url_notifier.max_age` в {server_yaml}, если он "
                "задан, и обновите livekit-server: он повторяет четыре раза.",
            ),
        ),
        "1.3-refusal-is-not-retried": ClauseWords(
            "livekit-server не следует повторять событие, на которое приёмник ответил 4xx: оно "
            "считается доставленным, и приёмник, отказавший по ошибке, его теряет",
            Text(
                en="Look for a proxy between livekit-server and the application that repeats "
                "requests (`proxy_next_upstream` in nginx), and switch that off for POST.",
                ru="Поищите между livekit-server и приложением прокси, который повторяет запросы "
                "(`proxy_next_upstream` в nginx), и выключите это для POST.",
            ),
        ),
        "1.3-call-events-arrive-in-order": ClauseWords(
            "вебхуки вызова должны прийти в порядке room_started, participant_joined и "
            "track_published, participant_left, room_finished, каждый со своим id и с атрибутами "
            "sip.* звонящего",
            _DELIVERY,
        ),
        # -- logs
        "1.4-application-logs-refusals": ClauseWords(
            "приложению следует писать в журнал, почему оно отклонило вебхук",
            Text(
                en="Log the reason at level warning in the branch of the handler that refuses: no "
                "token, wrong signature, expired, other body.",
                ru="В ветке обработчика, которая отклоняет запрос, пишите причину с уровнем "
                "warning: нет токена, неверная подпись, истёк срок, другое тело.",
            ),
        ),
        "1.4-failed-webhook-is-logged": ClauseWords(
            "livekit-server должен записать неудавшийся вебхук: событие, адрес и число попыток",
            _LOG_LEVEL,
        ),
        "1.4-failed-webhook-tells-status": ClauseWords(
            "в строке о неудавшемся вебхуке следует указывать последний статус приёмника",
            Text(
                en="livekit-server 1.13 does not write it: find the status in the application's "
                "own log, and accept this in `known_issues` of the profile.",
                ru="livekit-server 1.13 его не пишет: смотрите статус в журнале самого приложения "
                "и примите это в `known_issues` профиля.",
            ),
        ),
        "1.4-logs-hold-no-secrets": ClauseWords(
            "в журналах не должно быть API-секрета и пароля транка", _SERVER_LOG_KEYS
        ),
        "1.4-logs-hold-no-tokens": ClauseWords(
            "в журналах не следует хранить токены целиком",
            Text(
                en="Remove the header `Authorization` and the parameter `access_token` from the "
                "log format of the proxy, and from what the application logs.",
                ru="Уберите заголовок `Authorization` и параметр `access_token` из формата журнала "
                "прокси и из того, что пишет приложение.",
            ),
        ),
        "1.4-logs-are-parseable": ClauseWords(
            "99 % строк журнала следует быть в JSON или консольном формате, со временем",
            Text(
                en="Set `logging: {{json: true}}` for the services, and the format of the "
                "application to JSON with a field for the time.",
                ru="Задайте сервисам `logging: {{json: true}}`, а приложению — формат JSON с полем "
                "времени.",
            ),
        ),
        "1.4-refused-token-is-logged": ClauseWords(
            "livekit-server должен за 5 с записать отклонённый токен: время, уровень, статус, "
            "метод, путь и причину",
            _LOG_LEVEL,
        ),
        "1.4-refused-caller-is-logged": ClauseWords(
            "livekit-sip должен записать отклонённого звонящего: причину, From, To и Call-ID",
            _LOG_LEVEL,
        ),
        "1.4-failed-join-is-logged": ClauseWords(
            "неудавшийся вход livekit-sip в комнату должен попасть в журналы обеих сторон так, "
            "чтобы строки можно было связать с вызовом",
            _LOG_LEVEL,
        ),
        "1.5-logs-are-clean": ClauseWords(
            'за время прогона в журналах не должно быть "auth check failed", "no response from '
            'servers" и других известных ошибок',
            Text(
                en="Look up the quoted line with `livekit-conformance diagnose LOG`: it names the "
                "cause and the fix of each known error.",
                ru="Найдите процитированную строку командой `livekit-conformance diagnose LOG`: "
                "она назовёт причину и исправление каждой известной ошибки.",
            ),
        ),
    }
)
