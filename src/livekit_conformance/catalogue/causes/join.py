"""
Causes that keep livekit-sip from joining the room of a call.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import (
    Between,
    Cause,
    Not,
    Sign,
    check,
    found,
    log,
    logged,
    probe,
)
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import SIP as _SIP
from livekit_conformance.catalogue.log_lines import errors, of_server, of_sip
from livekit_conformance.judges.calls import TRUNK_LIMIT
from livekit_conformance.wording import Text

# Requests that livekit-sip repeats by plain HTTP after its WebSocket was refused.
_ASKED_AGAIN = re.compile(rf"^({of_sip.NO_SIGNALLING.message}|{of_sip.NO_VALIDATION.message})$")
# The suite itself requests /rtc/validate and /rtc/v1/validate with tokens that must be refused.
_RTC = re.compile(r"^/rtc(/v\d+)?$")
_TIMES = r"not valid yet|is expired|\((nbf|exp)\)"
# The second: livekit-sip has no key or no secret, and so asks nobody.
_KEY_WORDS = re.compile(rf"unauthorized: (?!.*({_TIMES}))|missing API key or secret key")
_NO_ROOM = re.compile(errors.NO_ROOM)
_WRONG_SCHEME = re.compile(
    r"first record does not look like a TLS handshake|server gave HTTP response to HTTPS client"
    r"|HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port"
)


def _refused_by_server(status: int, error: re.Pattern[str]) -> Sign:
    return logged(of_server.REFUSED, status=status, path=_RTC, error=error)


_KEY_REFUSED = logged(of_sip.NOT_JOINED, error=_KEY_WORDS)
_CLOCK_REFUSED = logged(of_sip.NOT_JOINED, error=re.compile(rf"unauthorized: .*({_TIMES})"))
_SCHEME_ERROR = log(_SIP, message=_ASKED_AGAIN, error=_WRONG_SCHEME)
_SCHEME_ANSWER = logged(of_sip.NO_SIGNALLING, response=_WRONG_SCHEME)
_NO_HOST = log(_SIP, message=_ASKED_AGAIN, error=re.compile(r"no such host|server misbehaving"))
_NOT_TRUSTED = log(_SIP, message=_ASKED_AGAIN, error=re.compile(r"x509: |verify certificate"))
_CANNOT_DIAL = log(
    _SIP,
    message=_ASKED_AGAIN,
    error=re.compile(r"connection refused|i/o timeout|no route to host|network is unreachable"),
)
_HUNG_UP = logged(of_sip.NO_SIGNALLING, error=re.compile(r"EOF|connection reset|malformed HTTP"))
_NO_URL = logged(of_sip.NOT_JOINED, error=errors.NO_URL)
_ROOM_ABSENT = logged(of_sip.NO_SIGNALLING, status=404, response=_NO_ROOM)
_OTHER_WORDS = re.compile(f"{_WRONG_SCHEME.pattern}|{errors.OVER_A_LIMIT}|{errors.ROOM_IS_FULL}")
# livekit-server refuses with 400 (a limit), 401, 404 (no such room) or 5xx, and accepts with 101.
_SOMETHING_ELSE = (
    logged(of_sip.NO_SIGNALLING, status=Between(200, 399), response=Not(_WRONG_SCHEME)),
    logged(of_sip.NO_SIGNALLING, status=400, response=Not(_OTHER_WORDS)),
    logged(of_sip.NO_SIGNALLING, status=Between(402, 403)),
    logged(of_sip.NO_SIGNALLING, status=404, response=Not(_NO_ROOM)),
    logged(of_sip.NO_SIGNALLING, status=Between(405, 499)),
)
_REJECTED_AFTER_RINGING = probe(points_at=Link.JOIN, final_at_s=Between(0.0, 30.0))
_NOT_IN_ITS_ROOM = check("1.1-sip-service-joins-the-server")
_KEPT_RINGING = probe(outcome="kept-ringing")

_JOINS_OTHERWISE = (
    logged(of_sip.NOT_JOINED, error=Not(_KEY_WORDS)),
    logged(of_sip.NO_VALIDATION),
    # The caller was seen in its room, or had no time to be.
    Sign("room"),
    found(TRUNK_LIMIT),
)

CAUSES: tuple[Cause, ...] = (
    Cause(
        "sip-service-key-refused",
        Link.JOIN,
        Text(
            en="livekit-server refuses the API key or secret of livekit-sip",
            ru="livekit-server не принимает API-ключ или секрет livekit-sip",
        ),
        Text(
            en=(
                "livekit-sip accepted the call but could not join its room: livekit-server "
                "answered its token with 401, or livekit-sip has no key or no secret to sign one. "
                "The Redis bus works, because it needs no API key."
            ),
            ru=(
                "livekit-sip принял вызов, но не смог войти в комнату: livekit-server ответил на "
                "его токен кодом 401, или у livekit-sip нет ключа либо секрета для подписи. "
                "Шина Redis при этом работает: API-ключ ей не нужен."
            ),
        ),
        Text(
            en=(
                "Set `api_key` and `api_secret` in {sip_yaml} (or LIVEKIT_API_KEY and "
                "LIVEKIT_API_SECRET of its process) to one pair of `keys` in {server_yaml}, then "
                "restart {sip}. The line `error handling request` in livekit-server's log shows "
                "which one is wrong: the key (`invalid API key`) or the secret (`signature is "
                "invalid`)."
            ),
            ru=(
                "Запишите в `api_key` и `api_secret` из {sip_yaml} (или в LIVEKIT_API_KEY и "
                "LIVEKIT_API_SECRET его процесса) одну из пар `keys` из {server_yaml} и "
                "перезапустите {sip}. По строке `error handling request` в журнале livekit-server "
                "видно, что неверно: ключ (`invalid API key`) или секрет (`signature is invalid`)."
            ),
        ),
        shows=(
            _KEY_REFUSED,
            _refused_by_server(401, re.compile(r"invalid API key|signature|cryptographic")),
        ),
        proofs=(_KEY_REFUSED,),
        # A join that failed for another reason.
        excludes=_JOINS_OTHERWISE,
        otherwise="possible",
        source="livekit/sip pkg/sip/inbound.go; livekit pkg/service/auth.go; livekit/livekit#3109",
    ),
    Cause(
        "sip-service-cannot-join",
        Link.JOIN,
        Text(
            en="livekit-sip cannot join the room: its key, its secret or its ws_url is wrong",
            ru="livekit-sip не может войти в комнату: неверен его ключ, секрет или ws_url",
        ),
        Text(
            en=(
                "livekit-sip took the call and refused it with 486 as soon as it had rung: it "
                "could not join the room. From outside, a refused key or secret and an address "
                "that leads elsewhere look the same; its log tells them apart."
            ),
            ru=(
                "livekit-sip принял вызов и сразу после гудка отклонил его с 486: он не смог войти "
                "в комнату. Снаружи неверный ключ или секрет и адрес, ведущий не туда, выглядят "
                "одинаково; различает их его журнал."
            ),
        ),
        Text(
            en=(
                "Read `Cannot create LiveKit participant` in the log of {sip}: `unauthorized` "
                "means `api_key` or `api_secret` of {sip_yaml}, which must be a pair of `keys` in "
                "{server_yaml}; anything else means `ws_url`, which must lead to livekit-server. "
                "Name the log under `logs` of the profile, and the next run reads it."
            ),
            ru=(
                "Найдите в журнале {sip} строку `Cannot create LiveKit participant`: "
                "`unauthorized` указывает на `api_key` или `api_secret` из {sip_yaml} (это должна "
                "быть пара из `keys` в {server_yaml}), всё остальное — на `ws_url`, который должен "
                "вести к livekit-server. Укажите журнал в `logs` профиля, и следующий прогон "
                "прочтёт его сам."
            ),
        ),
        shows=(_REJECTED_AFTER_RINGING,),
        excludes=_JOINS_OTHERWISE,
        otherwise="possible",
        is_general=True,
        source="livekit/sip pkg/sip/inbound.go",
    ),
    Cause(
        "sip-service-clock-is-off",
        Link.JOIN,
        Text(
            en="The clock of livekit-sip's machine is wrong, so its tokens are not valid",
            ru="На машине livekit-sip неверное время, поэтому его токены недействительны",
        ),
        Text(
            en=(
                "livekit-sip signs a token for the room of each call. livekit-server refused it "
                "as not yet valid or as expired: the clocks of the two machines differ by more "
                "than 60 s. Key and secret are right."
            ),
            ru=(
                "Для комнаты каждого вызова livekit-sip подписывает токен. livekit-server "
                "отклонил его как ещё не действующий или просроченный: часы двух машин "
                "расходятся больше чем на 60 с. Ключ и секрет верны."
            ),
        ),
        Text(
            en=(
                "Synchronise the clock of livekit-sip's machine by NTP (timedatectl set-ntp true), "
                "then compare `date -u` on both machines. No restart is needed."
            ),
            ru=(
                "Включите на машине livekit-sip синхронизацию времени по NTP (timedatectl "
                "set-ntp true) и сравните `date -u` на обеих машинах. Перезапуск не нужен."
            ),
        ),
        shows=(_CLOCK_REFUSED, _refused_by_server(401, re.compile(_TIMES))),
        proofs=(_CLOCK_REFUSED,),
        otherwise="possible",
        source="livekit/protocol auth/verifier.go; livekit/livekit#2394",
    ),
    Cause(
        "sip-service-host-does-not-resolve",
        Link.JOIN,
        Text(
            en="livekit-sip cannot resolve the host in its `ws_url`",
            ru="livekit-sip не может разрешить имя хоста из `ws_url`",
        ),
        Text(
            en=(
                "livekit-sip accepted the call and then tried to join its room, but the resolver "
                "of its machine or container finds no address for the host."
            ),
            ru=(
                "livekit-sip принял вызов и попытался войти в комнату, но резолвер его машины или "
                "контейнера не находит адрес этого хоста."
            ),
        ),
        Text(
            en=(
                "Correct the host in `ws_url` of {sip_yaml}, or make the name resolvable: `getent "
                "hosts HOST` on livekit-sip's machine (in its container) must print an address. "
                "Then restart {sip}."
            ),
            ru=(
                "Исправьте хост в `ws_url` из {sip_yaml} или обеспечьте разрешение этого имени: "
                "`getent hosts HOST` на машине livekit-sip (в его контейнере) должен вывести "
                "адрес. Затем перезапустите {sip}."
            ),
        ),
        shows=(_NO_HOST,),
        proofs=(_NO_HOST,),
        source="livekit/server-sdk-go signalling; livekit/sip pkg/sip/room.go",
    ),
    Cause(
        "sip-service-cannot-reach-server",
        Link.JOIN,
        Text(
            en="livekit-sip cannot connect to the address in its `ws_url`",
            ru="livekit-sip не может подключиться по адресу из `ws_url`",
        ),
        Text(
            en=(
                "livekit-sip accepted the call but could not open a TCP connection to join its "
                "room: nothing listens there, or the path is blocked."
            ),
            ru=(
                "livekit-sip принял вызов, но не смог открыть TCP-соединение, чтобы войти в "
                "комнату: там никто не слушает или путь закрыт."
            ),
        ),
        Text(
            en=(
                "Set `ws_url` in {sip_yaml} to the address and port of livekit-server as seen from "
                "livekit-sip's machine (in a container `localhost` is the container itself), then "
                "restart {sip}. On that machine, `curl -i` of the same address with http must "
                "answer OK."
            ),
            ru=(
                "Укажите в `ws_url` из {sip_yaml} адрес и порт livekit-server, как они видны с "
                "машины livekit-sip (в контейнере `localhost` — это сам контейнер), и "
                "перезапустите {sip}. На этой машине `curl -i` по тому же адресу с http должен "
                "ответить OK."
            ),
        ),
        shows=(_CANNOT_DIAL,),
        proofs=(_CANNOT_DIAL,),
        # The limit of a call is the deadline of its connection too.
        excludes=(found(TRUNK_LIMIT),),
        yields_to=("server-listens-elsewhere",),
        source="livekit/server-sdk-go signalling; livekit/sip#606",
    ),
    Cause(
        "sip-service-gets-no-answer",
        Link.JOIN,
        Text(
            en="livekit-sip waits endlessly for an answer from its `ws_url`",
            ru="livekit-sip бесконечно ждёт ответа от `ws_url`",
        ),
        Text(
            en=(
                "The caller keeps hearing ringback and is in no room: livekit-sip has accepted the "
                "call and is still trying to join. The host at `ws_url` neither answers nor "
                "refuses: a firewall drops the packets, the address is wrong, or a process hangs. "
                "livekit-sip logs nothing while it waits."
            ),
            ru=(
                "Звонящий слышит гудки, но его нет ни в одной комнате: livekit-sip принял вызов и "
                "всё ещё пытается войти. Хост из `ws_url` не отвечает и не отказывает: файрвол "
                "отбрасывает пакеты, адрес неверен или процесс завис. Пока livekit-sip ждёт, он "
                "ничего не пишет в журнал."
            ),
        ),
        Text(
            en=(
                "On livekit-sip's machine test the address of `ws_url` in {sip_yaml} by hand: "
                "`curl -i -m 5 http://HOST:PORT` must answer OK. If it does not, correct `ws_url` "
                "and restart {sip}, or open the path to that port."
            ),
            ru=(
                "На машине livekit-sip проверьте вручную адрес из `ws_url` в {sip_yaml}: `curl -i "
                "-m 5 http://HOST:PORT` должен ответить OK. Если не отвечает, исправьте `ws_url` и "
                "перезапустите {sip} или откройте путь к этому порту."
            ),
        ),
        shows=(_NOT_IN_ITS_ROOM,),
        also=(_KEPT_RINGING,),
        excludes=(
            logged(of_sip.NOT_JOINED),
            # In this case the caller may be in a room that another server lists.
            check("1.2-every-connection-sees-the-room"),
            # It had an answer: the caller was seen in the room.
            Sign("caller"),
        ),
        source="livekit/sip pkg/sip/inbound.go; livekit/server-sdk-go signalling",
    ),
    Cause(
        "sip-service-url-scheme-is-wrong",
        Link.JOIN,
        Text(
            en="`ws_url` of livekit-sip has the wrong scheme: ws and wss are mixed up",
            ru="В `ws_url` у livekit-sip неверная схема: перепутаны ws и wss",
        ),
        Text(
            en=(
                "livekit-sip speaks TLS to a port without TLS, or the other way round, so it "
                "cannot join the room of a call."
            ),
            ru=(
                "livekit-sip обращается по TLS к порту без TLS или наоборот, поэтому не может "
                "войти в комнату вызова."
            ),
        ),
        Text(
            en=(
                "Change `ws_url` in {sip_yaml}: `ws://HOST:7880` leads to livekit-server itself, "
                "which has no TLS; `wss://HOST` leads to the proxy with the certificate. Then "
                "restart {sip}."
            ),
            ru=(
                "Исправьте `ws_url` в {sip_yaml}: `ws://HOST:7880` ведёт к самому livekit-server, "
                "у которого TLS нет; `wss://HOST` ведёт к прокси с сертификатом. Затем "
                "перезапустите {sip}."
            ),
        ),
        shows=(_SCHEME_ERROR, _SCHEME_ANSWER),
        proofs=(_SCHEME_ERROR, _SCHEME_ANSWER),
        source="livekit/server-sdk-go signalling; Go crypto/tls, net/http",
    ),
    Cause(
        "sip-service-distrusts-certificate",
        Link.JOIN,
        Text(
            en="livekit-sip does not trust the certificate at its `ws_url`",
            ru="livekit-sip не доверяет сертификату по адресу из `ws_url`",
        ),
        Text(
            en=(
                "livekit-sip accepted the call but refused to join its room over TLS. The "
                "certificate has expired, is for another host name, comes without the intermediate "
                "certificates, or was issued by an authority that livekit-sip's machine or "
                "container does not trust."
            ),
            ru=(
                "livekit-sip принял вызов, но отказался входить в комнату по TLS. Сертификат "
                "просрочен, выдан на другое имя, передаётся без промежуточных или выпущен центром, "
                "которому машина или контейнер livekit-sip не доверяет."
            ),
        ),
        Text(
            en=(
                "Set `ws_url` in {sip_yaml} to the host name in the certificate, and serve the "
                "full chain. For a private authority set SSL_CERT_FILE=/path/to/authority.pem for "
                "livekit-sip's process. Then restart {sip}."
            ),
            ru=(
                "Укажите в `ws_url` из {sip_yaml} хост, на который выдан сертификат, и "
                "отдавайте полную цепочку. Для частного центра сертификации задайте процессу "
                "livekit-sip SSL_CERT_FILE=/path/to/authority.pem. Затем перезапустите {sip}."
            ),
        ),
        shows=(_NOT_TRUSTED,),
        proofs=(_NOT_TRUSTED,),
        source="livekit/server-sdk-go signalling; Go crypto/x509",
    ),
    Cause(
        "sip-service-url-is-not-livekit",
        Link.JOIN,
        Text(
            en="Something other than livekit-server answers at `ws_url` of livekit-sip",
            ru="По `ws_url` из livekit-sip отвечает не livekit-server",
        ),
        Text(
            en=(
                "livekit-sip accepted the call and requested to join its room, but livekit-server "
                "does not answer like that: `ws_url` leads to another service, to a proxy that "
                "does not forward WebSockets, or contains a path that does not belong there."
            ),
            ru=(
                "livekit-sip принял вызов и запросил вход в комнату, но livekit-server так не "
                "отвечает: `ws_url` ведёт к другому сервису, к прокси, который не пропускает "
                "WebSocket, или содержит лишний путь."
            ),
        ),
        Text(
            en=(
                "Set `ws_url` in {sip_yaml} to scheme, host and port of livekit-server without a "
                "path, as in `ws://HOST:7880`, then restart {sip}. If `ws_url` should lead to a "
                "proxy, let the proxy forward `/rtc` with the headers Upgrade and Connection."
            ),
            ru=(
                "Оставьте в `ws_url` из {sip_yaml} схему, хост и порт livekit-server без пути, "
                "например `ws://HOST:7880`, и перезапустите {sip}. Если `ws_url` должен вести к "
                "прокси, пусть прокси пропускает `/rtc` с заголовками Upgrade и Connection."
            ),
        ),
        shows=(*_SOMETHING_ELSE, _HUNG_UP),
        proofs=_SOMETHING_ELSE,
        excludes=(_SCHEME_ANSWER, _SCHEME_ERROR),
        source="livekit/server-sdk-go signalling; livekit pkg/service/rtcservice.go",
    ),
    Cause(
        "sip-service-has-no-url",
        Link.JOIN,
        Text(en="livekit-sip has no `ws_url`", ru="У livekit-sip не задан `ws_url`"),
        Text(
            en=(
                "livekit-sip starts without it and accepts calls, but then has no server on which "
                "to join their rooms."
            ),
            ru=(
                "Без него livekit-sip запускается и принимает вызовы, но не знает, на каком "
                "сервере входить в комнату."
            ),
        ),
        Text(
            en=(
                "Set `ws_url: ws://HOST:7880` in {sip_yaml} (or LIVEKIT_WS_URL of its process) to "
                "the address of livekit-server, then restart {sip}."
            ),
            ru=(
                "Укажите `ws_url: ws://HOST:7880` в {sip_yaml} (или LIVEKIT_WS_URL его процесса) с "
                "адресом livekit-server и перезапустите {sip}."
            ),
        ),
        shows=(_NO_URL,),
        proofs=(_NO_URL,),
        source="livekit/server-sdk-go signalling/errors.go",
    ),
    Cause(
        "rooms-are-not-created-by-joining",
        Link.JOIN,
        Text(
            en="livekit-server does not create the room of a call: `room.auto_create` is off",
            ru="livekit-server не создаёт комнату для вызова: `room.auto_create` выключен",
        ),
        Text(
            en=(
                "The dispatch rule names a room that does not exist yet, and livekit-server "
                "refuses joins to such a room: livekit-sip gets 404 and rejects the call."
            ),
            ru=(
                "Правило диспетчеризации указывает комнату, которой ещё нет, а livekit-server в "
                "такую комнату не пускает: livekit-sip получает 404 и отклоняет вызов."
            ),
        ),
        Text(
            en=(
                "Set `auto_create: true` under `room` in {server_yaml} (or remove the line) and "
                "restart {server}. Or let the application create the room before the call; that "
                "works only if the rule gives a name known in advance."
            ),
            ru=(
                "Поставьте `auto_create: true` в разделе `room` из {server_yaml} (или удалите "
                "строку) и перезапустите {server}. Либо пусть приложение создаёт комнату до "
                "вызова; это возможно, только если имя из правила известно заранее."
            ),
        ),
        shows=(_ROOM_ABSENT, _refused_by_server(404, _NO_ROOM)),
        proofs=(_ROOM_ABSENT,),
        source="livekit pkg/service/roomallocator.go ValidateCreateRoom",
    ),
)
