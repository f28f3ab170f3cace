"""
Mistakes of an application with the webhooks that it receives.
"""

from __future__ import annotations

from livekit_conformance.catalogue.cause import Between, Cause, Condition, Not, Sign
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text

_TAKEN = Between(200, 299)


def _answers(**where: Condition) -> Sign:
    """
    Return the sign of the answer to a signed event in livekit-server's form.
    """
    return Sign("endpoint", {"trial": "genuine", **where})


def _takes(trial: str) -> Sign:
    return Sign("endpoint", {"trial": trial, "status": _TAKEN})


_BEARER, _PLAIN_JSON = _takes("bearer"), _takes("plain-json")
_COMPACT, _SPACED = _takes("compact"), _takes("spaced")
_IN_ANOTHER_FORM = (_BEARER, _PLAIN_JSON, _COMPACT, _SPACED)
_SILENCE = "no answer in time"
_SILENT = _answers(status=None, error=_SILENCE, phase="answer")
_BROKEN_OFF = _answers(status=None, error=Not(_SILENCE), phase="answer")
_REDIRECTED = _answers(redirected=Between(301, 399))
# An agent that is not dispatched does not answer the call.
_BREAKS = (Link.AGENT, Link.ANSWER)

CAUSES: tuple[Cause, ...] = (
    Cause(
        "endpoint-redirects",
        Link.ENDPOINT,
        Text(
            en="The webhook endpoint redirects, and the event is lost on the way",
            ru="Приёмник вебхуков перенаправляет, и событие теряется по пути",
        ),
        Text(
            en=(
                "`webhook.url` answers with a redirect (to https, another host or a path with a "
                "slash at its end). After 301, 302 or 303 livekit-server asks again with GET and "
                "without the event; to another host it does not send the signature."
            ),
            ru=(
                "`webhook.url` отвечает перенаправлением (на https, другой хост или путь со "
                "слэшем в конце). После 301, 302 или 303 livekit-server повторяет запрос методом "
                "GET, без события; на другой хост он не отправляет подпись."
            ),
        ),
        Text(
            en=(
                "Write the URL that the redirect leads to into `webhook.urls` of livekit.yaml "
                "and `webhook.url` of the profile (`curl -i -X POST URL` shows it under "
                "Location), and restart livekit-server."
            ),
            ru=(
                "Впишите адрес, куда ведёт перенаправление, в `webhook.urls` файла livekit.yaml "
                "и в `webhook.url` профиля (`curl -i -X POST URL` покажет его в Location) и "
                "перезапустите livekit-server."
            ),
        ),
        shows=(_REDIRECTED,),
        proofs=(_REDIRECTED,),
        breaks=_BREAKS,
        source="Go net/http client.go redirectBehavior",
    ),
    Cause(
        "endpoint-expects-bearer",
        Link.ENDPOINT,
        Text(
            en="The application wants `Bearer ` before the token of a webhook",
            ru="Приложение ждёт `Bearer ` перед токеном вебхука",
        ),
        Text(
            en=(
                "The same signed event is taken with `Bearer ` and refused without. "
                "livekit-server sends the bare token in the header Authorization, and nothing "
                "else can be set."
            ),
            ru=(
                "Одно и то же подписанное событие с `Bearer ` принято, а без него отклонено. "
                "livekit-server шлёт в заголовке Authorization только сам токен, и настроить это "
                "нельзя."
            ),
        ),
        Text(
            en=(
                "Let the application verify the whole value of Authorization as the token (the "
                "WebhookReceiver of LiveKit's SDKs does), and take the path of the webhooks out "
                "of a middleware or gateway that demands Bearer."
            ),
            ru=(
                "Пусть приложение проверяет всё значение Authorization как токен (так делает "
                "WebhookReceiver из SDK LiveKit), а путь вебхуков исключите из middleware или "
                "шлюза, который требует Bearer."
            ),
        ),
        shows=(_BEARER,),
        proofs=(_BEARER,),
        breaks=_BREAKS,
        source="livekit/protocol webhook/verifier.go; tonehq#1075",
    ),
    Cause(
        "endpoint-rejects-content-type",
        Link.ENDPOINT,
        Text(
            en="The application does not read `application/webhook+json`",
            ru="Приложение не читает `application/webhook+json`",
        ),
        Text(
            en=(
                "livekit-server sends webhooks with a content type of their own, so that nobody "
                "parses them before the signature is verified. The application's framework takes "
                "plain application/json only."
            ),
            ru=(
                "livekit-server шлёт вебхуки с особым типом содержимого, чтобы их не разбирали "
                "до проверки подписи. Фреймворк приложения понимает только application/json."
            ),
        ),
        Text(
            en=(
                "Let the application read the raw body for `application/webhook+json` at this "
                "path (Express: `express.raw({type: 'application/webhook+json'})`; FastAPI: "
                "`await request.body()`)."
            ),
            ru=(
                "Пусть приложение на этом пути читает сырое тело для `application/webhook+json` "
                "(Express: `express.raw({type: 'application/webhook+json'})`; FastAPI: `await "
                "request.body()`)."
            ),
        ),
        shows=(_PLAIN_JSON, _answers(status=415)),
        proofs=(_PLAIN_JSON,),
        breaks=_BREAKS,
        source="livekit/protocol webhook/resource_url_notifier.go; tonehq#1076",
    ),
    Cause(
        "endpoint-writes-the-body-again",
        Link.ENDPOINT,
        Text(
            en="The application hashes a body that it has parsed and written again",
            ru="Приложение считает хеш тела, которое разобрало и записало заново",
        ),
        Text(
            en=(
                "The same event is taken when its JSON has the blanks that the application would "
                "write, and refused as livekit-server writes it: the signature is over the very "
                "bytes."
            ),
            ru=(
                "Событие принимается, если пробелы в JSON такие, как пишет само приложение, и "
                "отклоняется в том виде, как его пишет livekit-server: подпись сделана по самим "
                "байтам."
            ),
        ),
        Text(
            en=(
                "Hash the raw bytes of the request before any parser: not "
                "JSON.stringify(req.body) or json.dumps(await request.json()), but req.rawBody, "
                "express.raw() or `await request.body()`."
            ),
            ru=(
                "Считайте хеш по сырым байтам запроса, до разбора: не JSON.stringify(req.body) и "
                "не json.dumps(await request.json()), а req.rawBody, express.raw() или `await "
                "request.body()`."
            ),
        ),
        shows=(_COMPACT, _SPACED),
        proofs=(_COMPACT, _SPACED),
        excludes=(_BEARER, _PLAIN_JSON),
        breaks=_BREAKS,
        source="livekit/protocol webhook/verifier.go; tonehq#1073",
    ),
    Cause(
        "endpoint-has-another-key",
        Link.ENDPOINT,
        Text(
            en="The application verifies webhooks with another key or secret",
            ru="Приложение проверяет вебхуки другим ключом или секретом",
        ),
        Text(
            en=(
                "It answers 401 to an event that is signed with the profile's key pair, in "
                "whatever form it comes. Its key, its secret or (rarer) its clock is not that of "
                "livekit-server."
            ),
            ru=(
                "На событие, подписанное ключами профиля, оно отвечает 401, в каком бы виде ни "
                "пришло. Ключ, секрет или (реже) часы у приложения не те, что у livekit-server."
            ),
        ),
        Text(
            en=(
                "Compare LIVEKIT_API_KEY and LIVEKIT_API_SECRET of the application's process "
                "with the pair below `keys` in livekit.yaml that `webhook.api_key` names, "
                "restart the application, and compare `date -u` on both machines. Its log says "
                "what it did not like."
            ),
            ru=(
                "Сравните LIVEKIT_API_KEY и LIVEKIT_API_SECRET процесса приложения с той парой "
                "из `keys` в livekit.yaml, которую называет `webhook.api_key`, перезапустите "
                "приложение и сравните `date -u` на обеих машинах. Что ему не понравилось, "
                "сказано в его журнале."
            ),
        ),
        shows=(_answers(status=401),),
        excludes=(*_IN_ANOTHER_FORM, _REDIRECTED),
        breaks=_BREAKS,
        source="livekit/protocol webhook/verifier.go",
    ),
    Cause(
        "endpoint-path-is-wrong",
        Link.ENDPOINT,
        Text(
            en="The application has no webhook endpoint at this path",
            ru="По этому пути у приложения нет приёмника вебхуков",
        ),
        Text(
            en=(
                "It answers 404 or 405 to POST at the path of `webhook.url`: the path is "
                "another, or a proxy in front does not pass it on."
            ),
            ru=(
                "На POST по пути из `webhook.url` оно отвечает 404 или 405: путь другой, или "
                "прокси перед ним его не пропускает."
            ),
        ),
        Text(
            en=(
                "Write the path at which the application takes POST into `webhook.urls` of "
                "livekit.yaml and `webhook.url` of the profile (mind prefixes such as /api), or "
                "let the proxy pass it on; restart livekit-server."
            ),
            ru=(
                "Впишите путь, на котором приложение принимает POST, в `webhook.urls` файла "
                "livekit.yaml и в `webhook.url` профиля (не забудьте префикс вроде /api) или "
                "пусть прокси его пропускает; перезапустите livekit-server."
            ),
        ),
        shows=(_answers(status=404), _answers(status=405)),
        proofs=(_answers(status=404), _answers(status=405)),
        excludes=(*_IN_ANOTHER_FORM, _REDIRECTED),
        breaks=_BREAKS,
        source="livekit/protocol webhook/resource_url_notifier.go; tonehq#1073",
    ),
    Cause(
        "endpoint-is-guarded",
        Link.ENDPOINT,
        Text(
            en="Something in front of the webhook endpoint forbids the event",
            ru="Что-то перед приёмником вебхуков запрещает событие",
        ),
        Text(
            en=(
                "The answer is 403, in whatever form the event comes: as a firewall for "
                "applications, a list of allowed addresses or a protection against CSRF answers."
            ),
            ru=(
                "Ответ 403, в каком бы виде ни пришло событие: так отвечают WAF, список "
                "разрешённых адресов или защита от CSRF."
            ),
        ),
        Text(
            en=(
                "Exempt the path of `webhook.url` from CSRF protection and login, and allow the "
                "address of livekit-server in front of the application (WAF, allow-list)."
            ),
            ru=(
                "Исключите путь из `webhook.url` из защиты от CSRF и проверки входа и разрешите "
                "адрес livekit-server перед приложением (WAF, список адресов)."
            ),
        ),
        shows=(_answers(status=403),),
        excludes=(*_IN_ANOTHER_FORM, _REDIRECTED),
        breaks=_BREAKS,
        source="mattermost#1241",
    ),
    Cause(
        "endpoint-fails",
        Link.ENDPOINT,
        Text(en="The application fails on webhooks", ru="Приложение падает на вебхуках"),
        Text(
            en=(
                "It answers a signed event with 5xx. livekit-server tries five times within 15 "
                "s, then gives the event up, and all later ones of the room wait for it."
            ),
            ru=(
                "На подписанное событие оно отвечает 5xx. livekit-server пробует пять раз за 15 "
                "с и бросает событие, а все следующие события комнаты ждут его."
            ),
        ),
        Text(
            en=(
                "Look in the application's log for the exception at this moment; 502, 503 or 504 "
                "come from a proxy whose application is down."
            ),
            ru=(
                "Найдите в журнале приложения исключение за этот момент; 502, 503 и 504 отвечает "
                "прокси, за которым приложение не работает."
            ),
        ),
        shows=(_answers(status=Between(500, 599)),),
        proofs=(_answers(status=Between(500, 599)),),
        excludes=(*_IN_ANOTHER_FORM, _REDIRECTED),
        breaks=(Link.DELIVERY, *_BREAKS),
        source="livekit/protocol webhook/resource_url_notifier.go",
    ),
    Cause(
        "endpoint-is-too-slow",
        Link.ENDPOINT,
        Text(
            en="The application does not answer webhooks in time",
            ru="Приложение не отвечает на вебхуки вовремя",
        ),
        Text(
            en=(
                "It takes the connection and the event, and no answer came within "
                "`webhook.timeout` of the profile. livekit-server delivers the next event of the "
                "room only after the answer, and drops what has waited for 30 s (`dropped "
                "webhook`)."
            ),
            ru=(
                "Соединение и событие оно принимает, но за `webhook.timeout` профиля ответа нет. "
                "Следующее событие комнаты livekit-server доставит только после ответа, а "
                "прождавшее 30 с выбросит (`dropped webhook`)."
            ),
        ),
        Text(
            en=(
                "Answer 200 first and do the work afterwards (a queue, a background task). See "
                "that the process does not hang: `curl -i -X POST URL` must answer at once."
            ),
            ru=(
                "Сначала отвечайте 200, работу делайте потом (очередь, фоновая задача). "
                "Убедитесь, что процесс не завис: `curl -i -X POST URL` должен ответить сразу."
            ),
        ),
        shows=(_SILENT,),
        proofs=(_SILENT,),
        breaks=(Link.DELIVERY, *_BREAKS),
        source="livekit/protocol webhook/resource_queue.go",
    ),
    Cause(
        "endpoint-drops-connections",
        Link.ENDPOINT,
        Text(
            en="The connection to the webhook endpoint is broken off before an answer",
            ru="Соединение с приёмником вебхуков обрывается до ответа",
        ),
        Text(
            en=(
                "The port accepts connections and ends them without an HTTP answer, or with "
                "bytes that are none: a published container port or load balancer whose "
                "application is gone, an application that dies of the request, a port that wants "
                "TLS, or something on the way that spoils the connection."
            ),
            ru=(
                "Порт принимает соединения и завершает их без ответа HTTP или с байтами, которые "
                "им не являются: опубликованный порт контейнера или балансировщик без "
                "приложения, приложение, которое падает на запросе, порт, который ждёт TLS, или "
                "помеха на пути."
            ),
        ),
        Text(
            en=(
                "Ask from both ends, `curl -iv -X POST URL` here and on the application's own "
                "machine: where only the first fails, look at what is between (published port, "
                "upstream, firewall); where both fail, find the exception in the application's "
                "log and restart it."
            ),
            ru=(
                "Спросите с двух сторон, `curl -iv -X POST URL` здесь и на машине приложения: "
                "если ошибка только здесь, проверьте то, что между ними (опубликованный порт, "
                "upstream, файрвол); если и там, найдите исключение в журнале приложения и "
                "перезапустите его."
            ),
        ),
        shows=(_BROKEN_OFF,),
        breaks=(Link.DELIVERY, *_BREAKS),
        source="connection reset or ended before the answer; tests/faults",
    ),
)
