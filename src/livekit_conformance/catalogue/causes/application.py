"""
Mistakes of an application with the webhooks that it receives.
"""

from __future__ import annotations

from livekit_conformance.catalogue.cause import Between, Cause, Condition, Not, Sign
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.errors import Failure
from livekit_conformance.protocol.webhook_trials import BY_ITS_CLOCK
from livekit_conformance.wording import Text

_TAKEN = Between(200, 299)


def _answers(**where: Condition) -> Sign:
    """
    Return the sign of the answer to a signed event in livekit-server's form.
    """
    return Sign("endpoint", {"trial": "genuine", **where})


def _takes(trial: str) -> Sign:
    return Sign("endpoint", {"trial": trial, "status": _TAKEN})


_BEARER, _PLAIN_JSON = _takes("bearer"), _takes("plain-json")
_BY_ITS_CLOCK = _takes(BY_ITS_CLOCK)
_COMPACT, _SPACED = _takes("compact"), _takes("spaced")
_IN_ANOTHER_FORM = (_BEARER, _PLAIN_JSON, _COMPACT, _SPACED, _BY_ITS_CLOCK)
_SILENT = _answers(status=None, failure=Failure.TIMED_OUT, phase="answer")
_BROKEN_OFF = _answers(status=None, failure=Not(Failure.TIMED_OUT), phase="answer")
_REDIRECTED = _answers(redirected=Between(301, 399))
# An agent that is not dispatched does not answer the call.
_BREAKS = (Link.AGENT, Link.ANSWER)

CAUSES: tuple[Cause, ...] = (
    Cause(
        "endpoint-redirects",
        Link.ENDPOINT,
        Text(
            en="The webhook endpoint redirects, and the event is lost on the way",
            ru="Приёмник вебхуков отвечает перенаправлением, и событие теряется",
        ),
        Text(
            en=(
                "`webhook.url` answers with a redirect (to https, another host or a path with a "
                "trailing slash). After 301, 302 or 303 livekit-server repeats the request as GET, "
                "without the event. To another host it does not send the signature."
            ),
            ru=(
                "`webhook.url` отвечает перенаправлением (на https, другой хост или путь со слэшем "
                "в конце). После 301, 302 или 303 livekit-server повторяет запрос методом GET, без "
                "события. На другой хост он не отправляет подпись."
            ),
        ),
        Text(
            en=(
                "Set `webhook.urls` of {server_yaml} and `webhook.url` of the profile to the "
                "target of the redirect (`curl -i -X POST URL` shows it under Location), and "
                "restart {server}."
            ),
            ru=(
                "Укажите в `webhook.urls` из {server_yaml} и в `webhook.url` профиля адрес, на "
                "который ведёт перенаправление (`curl -i -X POST URL` покажет его в Location), и "
                "перезапустите {server}."
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
            en="The application requires `Bearer ` before the token of a webhook",
            ru="Приложение требует `Bearer ` перед токеном вебхука",
        ),
        Text(
            en=(
                "The endpoint accepts a signed event with `Bearer ` and refuses the same event "
                "without it. livekit-server sends the bare token in the header Authorization, and "
                "this cannot be configured."
            ),
            ru=(
                "Подписанное событие с `Bearer ` принято, а то же событие без него отклонено. "
                "livekit-server шлёт в заголовке Authorization только сам токен, и настроить это "
                "нельзя."
            ),
        ),
        Text(
            en=(
                "Let the application verify the whole value of Authorization as the token (the "
                "WebhookReceiver of LiveKit's SDKs does this). Exempt the path of the webhooks "
                "from any middleware or gateway that requires Bearer."
            ),
            ru=(
                "Пусть приложение проверяет всё значение Authorization как токен (так делает "
                "WebhookReceiver из SDK LiveKit). Исключите путь вебхуков из middleware или шлюза, "
                "который требует Bearer."
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
            ru="Приложение не читает тело типа `application/webhook+json`",
        ),
        Text(
            en=(
                "livekit-server sends webhooks with a content type of their own, so that nobody "
                "parses the body before verifying the signature. The application's framework "
                "accepts only plain application/json."
            ),
            ru=(
                "livekit-server шлёт вебхуки с отдельным Content-Type, чтобы тело не разбирали до "
                "проверки подписи. Фреймворк приложения принимает только application/json."
            ),
        ),
        Text(
            en=(
                "Let the application read the raw body for `application/webhook+json` at this path "
                "(Express: `express.raw({{type: 'application/webhook+json'}})`; FastAPI: `await "
                "request.body()`)."
            ),
            ru=(
                "Пусть приложение на этом пути читает сырое тело запроса для "
                "`application/webhook+json` (Express: `express.raw({{type: "
                "'application/webhook+json'}})`; FastAPI: `await request.body()`)."
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
            en="The application hashes a body that it has parsed and serialised again",
            ru="Приложение считает хеш тела, которое разобрало и сериализовало заново",
        ),
        Text(
            en=(
                "The application accepts the event when its JSON is spaced as the application "
                "itself would write it, and refuses it as livekit-server writes it. The signature "
                "covers the exact bytes."
            ),
            ru=(
                "Приложение принимает событие, если пробелы в JSON такие, как пишет оно само, и "
                "отклоняет его в том виде, как пишет livekit-server. Подпись сделана по точным "
                "байтам тела."
            ),
        ),
        Text(
            en=(
                "Hash the raw bytes of the request before any parsing: not "
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
        "application-clock-is-off",
        Link.ENDPOINT,
        Text(
            en="The clock of the application's machine is off, so it refuses signed webhooks",
            ru="Часы на машине приложения идут неверно, и оно отклоняет подписанные вебхуки",
        ),
        Text(
            en=(
                "The application refuses an event that is signed now, and accepts the same event "
                "signed at the time that the header Date of its answers shows. A signature is "
                "valid for 5 minutes from the moment of signing."
            ),
            ru=(
                "Событие, подписанное сейчас, приложение отклоняет, а подписанное по времени из "
                "заголовка Date его же ответов — принимает. Подпись действительна 5 минут с "
                "момента создания."
            ),
        ),
        Text(
            en=(
                "Synchronise the clock of the application's machine by NTP (`timedatectl` shows "
                "whether it is; `chronyc makestep` corrects it at once). A container has the clock "
                "of its host. Then `date -u` must show the same on both machines."
            ),
            ru=(
                "Синхронизируйте часы машины приложения по NTP (`timedatectl` покажет, "
                "синхронизированы ли они; `chronyc makestep` исправит сразу). У контейнера часы "
                "хоста. После этого `date -u` должна показывать на обеих машинах одно и то же."
            ),
        ),
        shows=(_BY_ITS_CLOCK,),
        proofs=(_BY_ITS_CLOCK,),
        breaks=_BREAKS,
        source="livekit/protocol auth/verifier.go (nbf and exp of the token)",
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
                "The application answers 401 to an event signed with the profile's key pair, in "
                "whatever form the event comes. Its key or its secret differs from "
                "livekit-server's."
            ),
            ru=(
                "На событие, подписанное парой ключей из профиля, приложение отвечает 401, в каком "
                "бы виде событие ни пришло. Ключ или секрет у приложения не тот, что у "
                "livekit-server."
            ),
        ),
        Text(
            en=(
                "Compare LIVEKIT_API_KEY and LIVEKIT_API_SECRET of the application's process with "
                "the pair below `keys` in {server_yaml} that `webhook.api_key` names. Restart the "
                "application and compare `date -u` on both machines. The application's log holds "
                "the reason for the refusal."
            ),
            ru=(
                "Сравните LIVEKIT_API_KEY и LIVEKIT_API_SECRET процесса приложения с той парой из "
                "`keys` в {server_yaml}, на которую указывает `webhook.api_key`. Перезапустите "
                "приложение и сравните `date -u` на обеих машинах. Причина отказа — в журнале "
                "приложения."
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
                "The application answers 404 or 405 to POST at the path of `webhook.url`: its "
                "endpoint has another path, or a proxy in front does not forward this one."
            ),
            ru=(
                "На POST по пути из `webhook.url` приложение отвечает 404 или 405: у приёмника "
                "другой путь, или прокси перед ним этот путь не пропускает."
            ),
        ),
        Text(
            en=(
                "Set `webhook.urls` of {server_yaml} and `webhook.url` of the profile to the path "
                "at which the application accepts POST (mind prefixes such as /api), or let the "
                "proxy forward this path. Restart {server}."
            ),
            ru=(
                "Укажите в `webhook.urls` из {server_yaml} и в `webhook.url` профиля путь, на "
                "котором приложение принимает POST (не забудьте префикс вроде /api), или "
                "пропустите этот путь на прокси. Перезапустите {server}."
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
            ru="Вебхуки запрещает что-то перед приёмником",
        ),
        Text(
            en=(
                "The answer is 403, in whatever form the event comes. A web application firewall, "
                "an allow-list of addresses or CSRF protection answers like this."
            ),
            ru=(
                "Ответ 403, в каком бы виде ни пришло событие. Так отвечают WAF, список "
                "разрешённых адресов или защита от CSRF."
            ),
        ),
        Text(
            en=(
                "Exempt the path of `webhook.url` from CSRF protection and login, and allow "
                "livekit-server's address in front of the application (WAF, allow-list)."
            ),
            ru=(
                "Исключите путь из `webhook.url` из защиты от CSRF и проверки входа. Разрешите "
                "адрес livekit-server перед приложением (WAF, список разрешённых адресов)."
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
        Text(en="The application fails on webhooks", ru="Приложение отвечает на вебхуки ошибкой"),
        Text(
            en=(
                "The application answers a signed event with 5xx. livekit-server tries five times "
                "within 15 s, then drops the event. All later events of the room wait for it."
            ),
            ru=(
                "На подписанное событие приложение отвечает 5xx. livekit-server пробует пять раз "
                "за 15 с и бросает событие. Все следующие события комнаты ждут его."
            ),
        ),
        Text(
            en=(
                "Find the exception in the application's log at this moment. A 502, 503 or 504 "
                "comes from a proxy whose application is down."
            ),
            ru=(
                "Найдите в журнале приложения исключение за этот момент. Коды 502, 503 и 504 "
                "отвечает прокси, за которым приложение не работает."
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
                "The application accepts the connection and the event, but did not answer within "
                "`webhook.timeout` of the profile. livekit-server delivers the next event of the "
                "room only after the answer, and drops an event that has waited for 30 s (`dropped "
                "webhook`)."
            ),
            ru=(
                "Приложение принимает соединение и событие, но не ответило за `webhook.timeout` "
                "профиля. Следующее событие комнаты livekit-server доставит только после ответа, а "
                "событие, прождавшее 30 с, отбросит (`dropped webhook`)."
            ),
        ),
        Text(
            en=(
                "Answer 200 first and do the work afterwards (a queue, a background task). Check "
                "that the process does not hang: `curl -i -X POST URL` must answer at once."
            ),
            ru=(
                "Сначала отвечайте 200, а работу делайте потом (очередь, фоновая задача). "
                "Проверьте, что процесс не завис: `curl -i -X POST URL` должен ответить сразу."
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
            en="The webhook endpoint closes the connection before it answers",
            ru="Соединение с приёмником вебхуков обрывается до ответа",
        ),
        Text(
            en=(
                "The port accepts connections and closes them without an HTTP answer, or with "
                "bytes that are not HTTP. Possible reasons: a published container port or load "
                "balancer without its application, an application that crashes on the request, a "
                "port that expects TLS, or a device on the way that breaks the connection."
            ),
            ru=(
                "Порт принимает соединения и закрывает их без ответа HTTP или отвечает не по HTTP. "
                "Возможные причины: опубликованный порт контейнера или балансировщик без "
                "приложения, приложение, которое падает на запросе, порт, который ждёт TLS, или "
                "устройство на пути, которое портит соединение."
            ),
        ),
        Text(
            en=(
                "Run `curl -iv -X POST URL` here and on the application's own machine. If only the "
                "first fails, check what is between them (published port, upstream, firewall). If "
                "both fail, find the exception in the application's log and restart the "
                "application."
            ),
            ru=(
                "Выполните `curl -iv -X POST URL` здесь и на машине приложения. Если ошибка только "
                "здесь, проверьте то, что между ними (опубликованный порт, upstream, файрвол). "
                "Если и там, найдите исключение в журнале приложения и перезапустите приложение."
            ),
        ),
        shows=(_BROKEN_OFF,),
        breaks=(Link.DELIVERY, *_BREAKS),
        source="connection reset or ended before the answer; tests/faults",
    ),
)
