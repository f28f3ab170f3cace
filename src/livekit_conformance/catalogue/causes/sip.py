"""
Causes that prevent any SIP communication with livekit-sip.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Between, Cause, Sign, check, log, probe
from livekit_conformance.catalogue.causes.bus_signs import SIP_ON_BUS
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text


def _options(message: str) -> Sign:
    """
    Return the sign of a network error in the check of the SIP socket.
    """
    return check("1.5-sip-answers-options", "BLOCKED", message=re.compile(message))


_REFUSED = _options(r"Connection refused")
_UNRESOLVED = _options(
    r"Name or service not known|No address associated|name resolution|not a host name"
)
_NO_TLS = _options(r"TLS failed")
_ANSWERED_OVER_TCP = _options(r"over TCP it is answered with \d")
_OTHER_ANSWER = check("1.5-sip-answers-options")
_TRYING_ONLY = probe(outcome="trying-only")
_TWICE = probe(repeated=Between(1, 10**6))
_REGISTER = log(
    "livekit-sip", level="info", message="Inbound SIP request not handled", method="REGISTER"
)
_NO_OFFER = log("livekit-sip", level="info", message="no offer type specified")

CAUSES: tuple[Cause, ...] = (
    Cause(
        "sip-unreachable",
        Link.SIP_SOCKET,
        Text(
            en="livekit-sip does not answer SIP at sip.server",
            ru="livekit-sip не отвечает по SIP на адресе sip.server",
        ),
        Text(
            en=(
                "Nothing answered OPTIONS at the address in the profile: livekit-sip does not "
                "run or hangs, listens elsewhere, or something between drops it."
            ),
            ru=(
                "На OPTIONS по адресу из профиля никто не ответил: livekit-sip не запущен или "
                "завис, слушает другой адрес, или пакеты теряются по дороге."
            ),
        ),
        Text(
            en=(
                "Check that livekit-sip runs, that `sip.server` and `sip.transport` of the "
                "profile are its `listen_ip` and `sip_port`, and that no firewall is between. On "
                "its machine: ss -lnup | grep 5060"
            ),
            ru=(
                "Проверьте, что livekit-sip запущен, что `sip.server` и `sip.transport` профиля "
                "совпадают с его `listen_ip` и `sip_port`, и что между ними нет файрвола. На его "
                "машине: ss -lnup | grep 5060"
            ),
        ),
        yields_to=(
            *("sip-not-running", "sip-hangs", "sip-listens-elsewhere", "sip-host-unknown"),
            *("sip-speaks-no-tls", "udp-does-not-reach-sip"),
        ),
        shows=(check("1.5-sip-answers-options", "BLOCKED"),),
        source="livekit/sip pkg/sip/server.go",
    ),
    Cause(
        "sip-host-unknown",
        Link.SIP_SOCKET,
        Text(
            en="The host in sip.server does not resolve",
            ru="Имя хоста из sip.server не разрешается",
        ),
        Text(
            en=(
                "The resolver of this machine knows no address for it, so nothing was sent to "
                "livekit-sip at all."
            ),
            ru=(
                "Резолвер этой машины не знает его адреса, поэтому до livekit-sip ничего и не "
                "отправлялось."
            ),
        ),
        Text(
            en=(
                "Correct `sip.server` (SIP_SERVER) of the profile, or the DNS record. Then there "
                "must be an address: getent hosts HOST"
            ),
            ru=(
                "Исправьте `sip.server` (SIP_SERVER) в профиле или запись в DNS. После этого "
                "адрес должен находиться: getent hosts HOST"
            ),
        ),
        shows=(_UNRESOLVED,),
        proofs=(_UNRESOLVED,),
        source="getaddrinfo(3)",
    ),
    Cause(
        "sip-listens-elsewhere",
        Link.SIP_SOCKET,
        Text(
            en="livekit-sip runs, but not at the address and port of sip.server",
            ru="livekit-sip работает, но не на том адресе и порту, что в sip.server",
        ),
        Text(
            en=(
                "The port in the profile is closed, while livekit-sip listens on the Redis bus: "
                "it is alive and takes SIP at another port or address, or over another transport."
            ),
            ru=(
                "Порт из профиля закрыт, а на шине Redis livekit-sip слушает: он жив и принимает "
                "SIP на другом порту или адресе или по другому транспорту."
            ),
        ),
        Text(
            en=(
                "Make `sip.server` and `sip.transport` of the profile agree with `sip_port` and "
                "`listen_ip` in livekit-sip.yaml (`tls.port` for TLS); its log says `sip "
                "signaling listening on`. `port` and `bind_address` are no keys of it. On its "
                "machine: ss -lnup"
            ),
            ru=(
                "Согласуйте `sip.server` и `sip.transport` профиля с `sip_port` и `listen_ip` в "
                "livekit-sip.yaml (для TLS — `tls.port`); в его журнале это строка `sip "
                "signaling listening on`. Ключей `port` и `bind_address` у него нет. На его "
                "машине: ss -lnup"
            ),
        ),
        shows=(_REFUSED,),
        also=(SIP_ON_BUS,),
        source="livekit/sip pkg/sip/server.go startUDP, startTCP; livekit/sip#105",
    ),
    Cause(
        "sip-speaks-no-tls",
        Link.SIP_SOCKET,
        Text(
            en="There is no TLS that is trusted at sip.server",
            ru="По адресу sip.server нет TLS, которому можно доверять",
        ),
        Text(
            en=(
                "The profile says `transport: tls`, the TCP connection was accepted, and the TLS "
                "handshake failed: the port speaks plain SIP, or its certificate is not good for "
                "this host."
            ),
            ru=(
                "В профиле указано `transport: tls`, TCP-соединение принято, но TLS-рукопожатие "
                "не удалось: порт говорит на открытом SIP или сертификат не годится для этого "
                "хоста."
            ),
        ),
        Text(
            en=(
                "Let `sip.server` name the port of `tls:` in livekit-sip.yaml (usually 5061) "
                "with a certificate for that host, or set `transport: udp`. Look: openssl "
                "s_client -connect HOST:PORT"
            ),
            ru=(
                "Укажите в `sip.server` порт из раздела `tls:` в livekit-sip.yaml (обычно 5061) "
                "с сертификатом на этот хост или задайте `transport: udp`. Посмотреть: openssl "
                "s_client -connect HOST:PORT"
            ),
        ),
        shows=(_NO_TLS,),
        proofs=(_NO_TLS,),
        source="livekit/sip pkg/sip/server.go startTLS",
    ),
    Cause(
        "udp-does-not-reach-sip",
        Link.SIP_SOCKET,
        Text(
            en="livekit-sip answers over TCP, and UDP gets lost",
            ru="По TCP livekit-sip отвечает, а UDP теряется",
        ),
        Text(
            en=(
                "OPTIONS over UDP got no answer, over TCP at the same port it got one: "
                "livekit-sip works, and something between drops UDP in one of the two directions."
            ),
            ru=(
                "На OPTIONS по UDP ответа нет, по TCP на тот же порт — есть: livekit-sip "
                "работает, а UDP в одну из сторон что-то отбрасывает."
            ),
        ),
        Text(
            en=(
                "Open the SIP port for UDP in the firewall or security group of livekit-sip's "
                "machine, answers too (Docker: publish `5060:5060/udp`). Until then "
                "`sip.transport: tcp` works. Watch: tcpdump -n udp port 5060"
            ),
            ru=(
                "Откройте SIP-порт для UDP в файрволе или security group машины livekit-sip, в "
                "том числе для ответов (Docker: публикуйте `5060:5060/udp`). Пока поможет "
                "`sip.transport: tcp`. Посмотреть: tcpdump -n udp port 5060"
            ),
        ),
        shows=(_ANSWERED_OVER_TCP,),
        proofs=(_ANSWERED_OVER_TCP,),
        source="livekit/sip pkg/sip/server.go: UDP and TCP at one port",
    ),
    Cause(
        "sip-answered-in-between",
        Link.SIP_SOCKET,
        Text(
            en="Something else than livekit-sip answers at `sip.server`",
            ru="По адресу `sip.server` отвечает не livekit-sip",
        ),
        Text(
            en=(
                "livekit-sip answers OPTIONS with 200, always. Another status comes from a SIP "
                "proxy, SBC or PBX that stands there, whose next hop may be missing."
            ),
            ru=(
                "livekit-sip всегда отвечает на OPTIONS кодом 200. Другой код даёт "
                "SIP-прокси, SBC или АТС, которые там находятся; возможно, дальше им идти "
                "некуда."
            ),
        ),
        Text(
            en=(
                "Look at the headers Server, User-Agent and Via of the answer (evidence of this "
                "check): they name who answered. Let `sip.server` lead to livekit-sip itself, or "
                "mend the route of the proxy; for a provider in front of livekit-sip set "
                "`provider: true` under `sip`."
            ),
            ru=(
                "Посмотрите заголовки Server, User-Agent и Via ответа (свидетельства этой "
                "проверки): они называют ответившего. Укажите в `sip.server` сам livekit-sip или "
                "исправьте маршрут прокси; если перед livekit-sip стоит провайдер, задайте "
                "`provider: true` в `sip`."
            ),
        ),
        shows=(_OTHER_ANSWER,),
        proofs=(_OTHER_ANSWER,),
        source="livekit/sip pkg/sip/server.go onOptions; RFC 3261 section 11.2",
    ),
    Cause(
        "sip-answers-get-lost",
        Link.SIP_SOCKET,
        Text(
            en="livekit-sip takes the INVITE, and what it says next gets lost",
            ru="livekit-sip принимает INVITE, но его следующий ответ теряется",
        ),
        Text(
            en=(
                "The INVITE was answered with 100, and nothing came after it, though a "
                "livekit-server listens on the bus. Over UDP packets are lost between here and "
                "livekit-sip; it sends its challenge (407) once and does not repeat it."
            ),
            ru=(
                "На INVITE пришёл 100 и больше ничего, хотя livekit-server слушает шину. По UDP "
                "пакеты между этой машиной и livekit-sip теряются; запрос учётных данных (407) "
                "он отправляет один раз и не повторяет."
            ),
        ),
        Text(
            en=(
                "Set `sip.transport: tcp` (and TCP on the carrier's trunk): then nothing is "
                "lost. To keep UDP, find the loss: `mtr -u -P 5060 HOST`, and `tcpdump -n udp "
                "port 5060` on both machines at once."
            ),
            ru=(
                "Задайте `sip.transport: tcp` (и TCP на транке оператора): тогда ничего не "
                "теряется. Чтобы остаться на UDP, найдите потерю: `mtr -u -P 5060 HOST` и "
                "`tcpdump -n udp port 5060` на обеих машинах одновременно."
            ),
        ),
        shows=(_TRYING_ONLY,),
        also=(check("1.5-sip-answers-options", "PASS"), check("1.5-bus-has-a-server", "PASS")),
        yields_to=("server-hangs",),
        otherwise="likely",
        source="livekit/sip pkg/sip/inbound.go; RFC 3261 section 17.2.1; tests/faults",
    ),
    Cause(
        "sip-datagrams-come-twice",
        Link.SIP_SOCKET,
        Text(
            en="SIP packets arrive twice, and livekit-sip takes one INVITE for two calls",
            ru="SIP-пакеты приходят дважды, и livekit-sip принимает один INVITE за два звонка",
        ),
        Text(
            en=(
                "Answers came twice at the same moment, sooner than anybody repeats them: "
                "something on the way doubles UDP. livekit-sip does not always know the copy of "
                "an INVITE again: it makes another challenge (401 to the right password) or a "
                "second participant (486). So some calls come through and others do not."
            ),
            ru=(
                "Ответы пришли дважды в один момент, раньше, чем их кто-либо повторяет: что-то на "
                "пути удваивает UDP. Копию INVITE livekit-sip узнаёт не всегда: он создаёт ещё "
                "один запрос учётных данных (401 на верный пароль) или второго участника (486). "
                "Поэтому одни звонки проходят, а другие нет."
            ),
        ),
        Text(
            en=(
                "Set `sip.transport: tcp` (and TCP on the carrier's trunk), or find who doubles: "
                "`tcpdump -n udp port 5060` on both machines shows where one packet becomes two "
                "(mirror port, bonded links, a proxy that forks)."
            ),
            ru=(
                "Задайте `sip.transport: tcp` (и TCP на транке оператора) или найдите, кто "
                "удваивает: `tcpdump -n udp port 5060` на обеих машинах покажет, где один пакет "
                "становится двумя (зеркальный порт, агрегированные линии, прокси с "
                "разветвлением)."
            ),
        ),
        shows=(_TWICE,),
        proofs=(_TWICE,),
        source="livekit/sip pkg/sip/inbound.go; psrpc pkg/server: handler already exists",
    ),
    Cause(
        "client-registers",
        Link.SIP_SOCKET,
        Text(
            en="A phone or PBX tries to register with livekit-sip",
            ru="Телефон или АТС пытается зарегистрироваться на livekit-sip",
        ),
        Text(
            en=(
                "livekit-sip is no registrar: it answers REGISTER with 405, and a device that "
                "waits for its registration never calls."
            ),
            ru=(
                "livekit-sip — не регистратор: на REGISTER он отвечает 405, и устройство, "
                "которое ждёт регистрации, звонить не будет."
            ),
        ),
        Text(
            en=(
                "Set the PBX up as a trunk that sends INVITE without registration (with the "
                "credentials of the inbound trunk), or put a registrar such as Kamailio or "
                "Asterisk before livekit-sip."
            ),
            ru=(
                "Настройте на АТС транк, который шлёт INVITE без регистрации (с учётными данными "
                "входящего транка), или поставьте перед livekit-sip регистратор, например "
                "Kamailio или Asterisk."
            ),
        ),
        shows=(_REGISTER,),
        proofs=(_REGISTER,),
        source="livekit/sip pkg/sip/inbound.go onRequest; livekit/sip#338",
    ),
    Cause(
        "invite-without-offer",
        Link.MEDIA,
        Text(en="The caller sends INVITE without SDP", ru="Звонящий шлёт INVITE без SDP"),
        Text(
            en=(
                "livekit-sip needs the offer in the INVITE (no delayed offer) and refuses the "
                "call with 400."
            ),
            ru=(
                "livekit-sip нужно предложение SDP прямо в INVITE (delayed offer он не умеет), "
                "иначе он отказывает с 400."
            ),
        ),
        Text(
            en=(
                "Switch early offer on in the PBX or SBC (Cisco CUBE: `early-offer forced`), so "
                "that INVITE carries SDP."
            ),
            ru=(
                "Включите early offer на АТС или SBC (Cisco CUBE: `early-offer forced`), чтобы "
                "INVITE нёс SDP."
            ),
        ),
        shows=(_NO_OFFER,),
        proofs=(_NO_OFFER,),
        source="livekit/sip pkg/sip/inbound.go; livekit/sip#402",
    ),
)
