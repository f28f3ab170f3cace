"""
Causes of webhooks that do not reach the application.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import (
    Between,
    Cause,
    Condition,
    Not,
    Sign,
    check,
    found,
    logged,
)
from livekit_conformance.catalogue.causes.application import CAUSES as OF_THE_APPLICATION
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import ON_PURPOSE, of_server
from livekit_conformance.judges.webhooks import DELIVERED_TWICE
from livekit_conformance.protocol.token import TokenRefusal
from livekit_conformance.wording import Text

_NOT_DELIVERED = check("1.3-server-delivers-room-events")
_CAME_TWICE = found(DELIVERED_TWICE)
_NO_ENDPOINT_HOST = check("1.3-endpoint-resolves")
_NO_ENDPOINT_SOCKET = check("1.3-endpoint-accepts-connections", "BLOCKED")
_NO_ENDPOINT_TLS = check("1.3-endpoint-tls-is-trusted")

_NO_URLS = Sign("config", {"what": "webhook.no-urls", "severity": "error"})
_OTHER_URLS = Sign("config", {"what": "webhook.other-urls", "severity": "error"})
# An endpoint that does not answer our own events does not answer livekit-server's either.
_UNANSWERED = Sign("endpoint", {"trial": "genuine", "status": None, "phase": "answer"})
_FAILING = Sign("endpoint", {"trial": "genuine", "status": Between(500, 599)})
_FILTERED = Sign("config", {"key": "webhook.filter_params"})
_NO_LINE = Sign("delivery", {"url": None})
_WENT_ELSEWHERE = Sign("delivery", {"elsewhere": True})
_UNKNOWN_KEY = Sign("webhook", {"unproven": TokenRefusal.UNKNOWN_KEY})

# Errors of Go for a failed connection.
_NO_CONNECTION = re.compile(
    r"connection refused|no such host|i/o timeout|no route to host|network is unreachable"
    r"|server misbehaving|gave HTTP response to HTTPS client"
)
_NOT_TRUSTED = re.compile(r"x509: |failed to verify certificate")
# An ordinary line, which is a sign only for `diagnose`: a run tests the endpoint itself.
# Matched by the status text: nearly every other line of a healthy log is a `sent webhook`.
_REFUSED = logged(
    of_server.SENT,
    status=re.compile(
        r"^(400 Bad Request|401 Unauthorized|403 Forbidden|404 Not Found|405 Method Not Allowed"
        r"|415 Unsupported Media Type)$"
    ),
    room=Not(re.compile(ON_PURPOSE)),
)
# An endpoint that answers no event is not tested again; livekit-server's deliveries are unknown.
_NO_ANSWER = ("endpoint-is-too-slow", "endpoint-drops-connections")
# An agent whose application is not notified of a call does not come.
_NO_AGENT = (Link.AGENT, Link.ANSWER)


def _failed(error: Condition) -> tuple[Sign, Sign]:
    """
    Return the signs that livekit-server gave an event up: in its log, to the profile's endpoint.
    """
    return (
        logged(of_server.NOT_SENT, error=error),
        Sign("delivery", {"elsewhere": False, "error": error}),
    )


CAUSES: tuple[Cause, ...] = (
    Cause(
        "webhook-host-does-not-resolve",
        Link.ENDPOINT_DNS,
        Text(
            en="The host of the webhook endpoint does not resolve",
            ru="Имя хоста приёмника вебхуков не разрешается",
        ),
        Text(
            en=(
                "The resolver of this machine does not know this name, so nothing can be delivered "
                "there."
            ),
            ru="Резолвер этой машины не знает такого имени, поэтому доставить туда ничего нельзя.",
        ),
        Text(
            en=(
                "Correct `webhook.url` of the profile (the variable DOMAIN) and `webhook.urls` in "
                "{server_yaml}, or the DNS record: `getent hosts HOST` must print an address."
            ),
            ru=(
                "Исправьте `webhook.url` профиля (переменную DOMAIN) и `webhook.urls` в "
                "{server_yaml} или DNS-запись: `getent hosts HOST` должен вывести адрес."
            ),
        ),
        shows=(_NO_ENDPOINT_HOST,),
        proofs=(_NO_ENDPOINT_HOST,),
        breaks=(Link.DELIVERY, *_NO_AGENT),
        source="drivers/reachability.py",
    ),
    Cause(
        "webhook-endpoint-unreachable",
        Link.ENDPOINT_SOCKET,
        Text(
            en="The webhook endpoint does not accept connections",
            ru="Приёмник вебхуков не принимает соединения",
        ),
        Text(
            en=(
                "Nothing accepted a connection at the host and port of `webhook.url`: the "
                "application is not running or has crashed (perhaps at an event of this call), it "
                "listens on another port or only on localhost, or a firewall blocks the path."
            ),
            ru=(
                "По хосту и порту из `webhook.url` никто не принял соединение: приложение не "
                "запущено или упало (возможно, на событии этого вызова), слушает другой порт или "
                "только localhost, либо мешает файрвол."
            ),
        ),
        Text(
            en=(
                "On the application's machine, check whether the application listens on this port "
                "(the variable PORT): `ss -ltnp`. Start it, or correct the port in the "
                "application, in `webhook.urls` of {server_yaml} and in `webhook.url` of the "
                "profile."
            ),
            ru=(
                "Посмотрите на машине приложения, слушает ли оно этот порт (переменная PORT): `ss "
                "-ltnp`. Запустите его или исправьте порт в приложении, в `webhook.urls` из "
                "{server_yaml} и в `webhook.url` профиля."
            ),
        ),
        shows=(_NO_ENDPOINT_SOCKET,),
        excludes=(_NO_ENDPOINT_HOST,),
        breaks=(Link.DELIVERY, *_NO_AGENT),
        source="drivers/reachability.py",
    ),
    Cause(
        "webhook-certificate-not-trusted",
        Link.ENDPOINT_TLS,
        Text(
            en="The certificate of the webhook endpoint is not trusted",
            ru="Сертификат приёмника вебхуков не является доверенным",
        ),
        Text(
            en=(
                "TLS with the endpoint failed. livekit-server verifies certificates too, so it "
                "delivers nothing there."
            ),
            ru=(
                "TLS с приёмником не установлен. livekit-server тоже проверяет сертификаты, "
                "поэтому он туда ничего не доставит."
            ),
        ),
        Text(
            en=(
                "Renew the certificate of the application for this host name, and serve its full "
                "chain. For a private authority, set SSL_CERT_FILE for livekit-server."
            ),
            ru=(
                "Обновите сертификат приложения для этого имени хоста и отдавайте полную цепочку. "
                "Если центр сертификации свой, задайте livekit-server переменную SSL_CERT_FILE."
            ),
        ),
        shows=(_NO_ENDPOINT_TLS, *_failed(_NOT_TRUSTED)),
        proofs=(_NO_ENDPOINT_TLS, *_failed(_NOT_TRUSTED)),
        breaks=(Link.DELIVERY, *_NO_AGENT),
        source="livekit/protocol webhook/resource_url_notifier.go",
    ),
    *OF_THE_APPLICATION,
    Cause(
        "webhooks-not-configured",
        Link.DELIVERY,
        Text(
            en="livekit-server is not configured to send webhooks",
            ru="livekit-server не настроен отправлять вебхуки",
        ),
        Text(
            en=(
                "Rooms begin and end, but livekit-server notifies nobody: livekit.yaml has no "
                "`webhook.urls`, or livekit-server was started with another file."
            ),
            ru=(
                "Комнаты открываются и закрываются, но livekit-server никого не уведомляет: в "
                "livekit.yaml нет `webhook.urls` или livekit-server запущен с другим файлом."
            ),
        ),
        Text(
            en=(
                "Add to {server_yaml}: `webhook: {{urls: [URL], api_key: KEY}}`. URL is "
                "`webhook.url` of the profile, KEY is one of `keys`. Restart {server}: it must log "
                "`sent webhook` for every room."
            ),
            ru=(
                "Добавьте в {server_yaml}: `webhook: {{urls: [URL], api_key: KEY}}`. URL — это "
                "`webhook.url` профиля, KEY — один из `keys`. Перезапустите {server}: в его "
                "журнале должно появиться `sent webhook` для каждой комнаты."
            ),
        ),
        yields_to=_NO_ANSWER,
        shows=(_NO_URLS, _NO_LINE),
        also=(_NOT_DELIVERED,),
        proofs=(_NO_URLS,),
        excludes=(_OTHER_URLS, _FILTERED),
        breaks=_NO_AGENT,
        source="livekit pkg/service/wire.go; livekit/protocol webhook/notifier.go",
    ),
    Cause(
        "webhooks-go-elsewhere",
        Link.DELIVERY,
        Text(
            en="livekit-server sends its webhooks to a URL other than the application's",
            ru="livekit-server шлёт вебхуки не на адрес приложения",
        ),
        Text(
            en=(
                "`webhook.urls` of livekit-server does not contain the URL at which the "
                "application accepts webhooks. Scheme, host, port and path must all match, and "
                "`localhost` is the machine (or container) of livekit-server."
            ),
            ru=(
                "В `webhook.urls` у livekit-server нет адреса, на котором приложение принимает "
                "вебхуки. Должны совпадать схема, хост, порт и путь, а `localhost` — это машина "
                "(или контейнер) самого livekit-server."
            ),
        ),
        Text(
            en=(
                "Set `webhook.urls` in {server_yaml} to exactly `webhook.url` of the profile and "
                "restart {server}. Then it must log `sent webhook` with this URL and `statusCode` "
                "200."
            ),
            ru=(
                "Укажите в `webhook.urls` из {server_yaml} ровно `webhook.url` профиля и "
                "перезапустите {server}. После этого в его журнале должно быть `sent webhook` с "
                "этим адресом и `statusCode` 200."
            ),
        ),
        shows=(_OTHER_URLS, _WENT_ELSEWHERE),
        also=(_NOT_DELIVERED,),
        proofs=(_OTHER_URLS, _WENT_ELSEWHERE),
        breaks=_NO_AGENT,
        source="livekit/protocol webhook/resource_url_notifier.go; livekit/protocol#729",
    ),
    Cause(
        "webhooks-are-filtered",
        Link.DELIVERY,
        Text(
            en="livekit-server does not send events that the application needs",
            ru="livekit-server не отправляет события, которые нужны приложению",
        ),
        Text(
            en=(
                "`webhook.filter_params` in livekit.yaml selects the events to send, and events of "
                "a room did not arrive."
            ),
            ru=(
                "`webhook.filter_params` в livekit.yaml задаёт, какие события отправлять, а "
                "события комнаты не пришли."
            ),
        ),
        Text(
            en=(
                "Delete `webhook.filter_params` from {server_yaml} (or list room_started, "
                "room_finished, participant_joined, participant_left and track_published in "
                "`include_events`) and restart {server}."
            ),
            ru=(
                "Удалите `webhook.filter_params` из {server_yaml} (или впишите в `include_events` "
                "room_started, room_finished, participant_joined, participant_left и "
                "track_published) и перезапустите {server}."
            ),
        ),
        shows=(_FILTERED,),
        also=(_NOT_DELIVERED,),
        excludes=(_OTHER_URLS, _NO_URLS),
        breaks=(Link.EVENTS, *_NO_AGENT),
        source="livekit/protocol webhook/filter.go",
    ),
    Cause(
        "webhooks-signed-with-another-key",
        Link.DELIVERY,
        Text(
            en="livekit-server signs its webhooks with a key that the application does not have",
            ru="livekit-server подписывает вебхуки ключом, которого нет у приложения",
        ),
        Text(
            en=(
                "The events arrive, but their signature names an API key other than the profile's: "
                "an application that knows only the profile's key answers them with 401."
            ),
            ru=(
                "События приходят, но в подписи указан другой API-ключ, не из профиля: приложение, "
                "которое знает только ключ из профиля, отвечает на них 401."
            ),
        ),
        Text(
            en=(
                "Set `webhook.api_key` in {server_yaml} to the key with which the application "
                "verifies (LIVEKIT_API_KEY) and restart {server}, or give the application that key "
                "pair."
            ),
            ru=(
                "Укажите в `webhook.api_key` из {server_yaml} ключ, которым приложение "
                "проверяет подпись (LIVEKIT_API_KEY), и перезапустите {server}, либо дайте "
                "приложению эту пару ключей."
            ),
        ),
        shows=(_UNKNOWN_KEY,),
        also=(_NOT_DELIVERED,),
        proofs=(_UNKNOWN_KEY,),
        breaks=_NO_AGENT,
        source="livekit/protocol webhook/verifier.go",
    ),
    Cause(
        "server-cannot-reach-endpoint",
        Link.DELIVERY,
        Text(
            en="livekit-server cannot reach the webhook endpoint from its machine",
            ru="livekit-server не может подключиться к приёмнику вебхуков со своей машины",
        ),
        Text(
            en=(
                "Its log has `failed to send webhook ... giving up after 5 attempt(s)` with a "
                "network error. A URL that works from elsewhere may not work from its machine or "
                "container; `localhost` there is the container itself."
            ),
            ru=(
                "В его журнале есть `failed to send webhook ... giving up after 5 attempt(s)` с "
                "сетевой ошибкой. Адрес, доступный из другого места, может быть недоступен с его "
                "машины или из контейнера; `localhost` там — это сам контейнер."
            ),
        ),
        Text(
            en=(
                "Test from there: `curl -i -X POST URL` in the container or on the machine of "
                "livekit-server. Set `webhook.urls` of {server_yaml} to a URL that works there "
                "(the service name, host.docker.internal, the public name), or open the firewall. "
                "Restart {server}."
            ),
            ru=(
                "Проверьте оттуда: `curl -i -X POST URL` в контейнере или на машине "
                "livekit-server. Укажите в `webhook.urls` из {server_yaml} адрес, который там "
                "работает (имя сервиса, host.docker.internal, публичное имя), или откройте "
                "файрвол. Перезапустите {server}."
            ),
        ),
        shows=_failed(_NO_CONNECTION),
        proofs=_failed(_NO_CONNECTION),
        excludes=(_OTHER_URLS, _WENT_ELSEWHERE, _NO_ENDPOINT_HOST, _NO_ENDPOINT_SOCKET),
        breaks=_NO_AGENT,
        source="livekit/protocol webhook/resource_url_notifier.go; mattermost#1241",
    ),
    Cause(
        "webhooks-are-refused",
        Link.ENDPOINT,
        Text(
            en="Webhooks reach a server that refuses them",
            ru="Вебхуки доходят, но сервер на том конце их отклоняет",
        ),
        Text(
            en=(
                "livekit-server logs `sent webhook`, but with a `statusCode` other than 2xx. It "
                "does not retry such an event, and the application does not process it."
            ),
            ru=(
                "В журнале livekit-server есть `sent webhook`, но `statusCode` не 2xx. Повторять "
                "такое событие он не будет, и приложение его не обработает."
            ),
        ),
        Text(
            en=(
                "Check `url` and `statusCode` in that line: 404 or 405 means a wrong path, 401 "
                "another key or a changed body, 403 a filter in front of the application, 415 the "
                "content type. With send-webhooks allowed, the suites test the endpoint and report "
                "which it is."
            ),
            ru=(
                "Посмотрите `url` и `statusCode` в строке: 404 и 405 — неверный путь, 401 — другой "
                "ключ или изменённое тело, 403 — фильтр перед приложением, 415 — Content-Type. "
                "Если разрешить send-webhooks, проверки обратятся к приёмнику и укажут причину."
            ),
        ),
        shows=(_REFUSED,),
        proofs=(_REFUSED,),
        source="livekit/protocol webhook/resource_url_notifier.go; tonehq#1073",
    ),
    Cause(
        "webhooks-come-twice",
        Link.DELIVERY,
        Text(
            en="One event reaches the webhook endpoint more than once",
            ru="Одно событие приходит на приёмник вебхуков более одного раза",
        ),
        Text(
            en=(
                "Events with the same id arrived again. Either something on the way sends each "
                "request twice (a proxy that retries, mirrored traffic), `webhook.urls` lists the "
                "endpoint twice, or livekit-server did not receive the answer to the first "
                "delivery."
            ),
            ru=(
                "События с тем же id пришли повторно. Либо что-то на пути отправляет каждый запрос "
                "дважды (прокси с повторами, зеркалирование трафика), либо приёмник указан в "
                "`webhook.urls` дважды, либо livekit-server не получил ответ на первую доставку."
            ),
        ),
        Text(
            en=(
                "List the endpoint once in `webhook.urls` of {server_yaml}, and forbid the proxy "
                "to repeat a POST (nginx: `proxy_next_upstream off`). In any case, let the "
                "application process each event `id` only once."
            ),
            ru=(
                "Укажите приёмник в `webhook.urls` из {server_yaml} один раз и запретите прокси "
                "повторять POST (nginx: `proxy_next_upstream off`). В любом случае пусть "
                "приложение обрабатывает каждый `id` события только один раз."
            ),
        ),
        shows=(_CAME_TWICE,),
        proofs=(_CAME_TWICE,),
        yields_to=_NO_ANSWER,
        source="livekit/protocol webhook/resource_url_notifier.go; RFC 9110 section 9.2.2",
    ),
    Cause(
        "webhooks-are-not-delivered",
        Link.DELIVERY,
        Text(
            en="livekit-server does not deliver its webhooks to the endpoint",
            ru="livekit-server не доставляет вебхуки по указанному адресу",
        ),
        Text(
            en=(
                "A room was created and deleted, but its events, signed with the profile's key, "
                "did not arrive at the endpoint on which the suite listens. Neither "
                "livekit-server's file nor its log was available to find the reason."
            ),
            ru=(
                "Комнату создали и удалили, но её события с подписью ключом из профиля не пришли "
                "на адрес, который слушают проверки. Ни файла, ни журнала livekit-server, чтобы "
                "узнать причину, не было."
            ),
        ),
        Text(
            en=(
                "In {server_yaml}, set `webhook.urls` to `webhook.url` of the profile, as it is "
                "reached from livekit-server's machine, and `webhook.api_key` to one of `keys`. "
                "Then restart {server}. It must log `sent webhook` or `failed to send webhook`."
            ),
            ru=(
                "В {server_yaml} укажите в `webhook.urls` адрес `webhook.url` профиля в том виде, "
                "в каком он доступен с машины livekit-server, а в `webhook.api_key` — один из "
                "`keys`. Затем перезапустите {server}. В его журнале должно появиться `sent "
                "webhook` или `failed to send webhook`."
            ),
        ),
        shows=(_NOT_DELIVERED,),
        excludes=(
            _UNANSWERED,
            _FAILING,
            _CAME_TWICE,
            _NO_URLS,
            _OTHER_URLS,
            _FILTERED,
            _NO_LINE,
            _WENT_ELSEWHERE,
            _UNKNOWN_KEY,
            *_failed(_NO_CONNECTION),
            *_failed(_NOT_TRUSTED),
        ),
        breaks=_NO_AGENT,
        source="livekit/protocol webhook/resource_url_notifier.go",
    ),
)
