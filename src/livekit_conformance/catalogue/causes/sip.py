"""
Causes that prevent any SIP communication with livekit-sip.
"""

from __future__ import annotations

from livekit_conformance.catalogue.cause import Between, Cause, check, found, logged, lost, probe
from livekit_conformance.catalogue.causes.bus_signs import SIP_ON_BUS, SIP_PORT_CLOSED
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import of_sip
from livekit_conformance.errors import Failure
from livekit_conformance.judges.sip_socket import SILENT_OVER_UDP
from livekit_conformance.wording import Text

_UNRESOLVED = lost(Link.SIP_SOCKET, Failure.NO_SUCH_NAME)
_NO_TLS = lost(Link.SIP_SOCKET, phase="tls")
_ANSWERED_OVER_TCP = found(SILENT_OVER_UDP, over_tcp="answered")
_OTHER_ANSWER = check("1.5-sip-answers-options")
_TRYING_ONLY = probe(outcome="trying-only")
_TWICE = probe(repeated=Between(1, 10**6))
_REGISTER = logged(of_sip.NOT_HANDLED, method="REGISTER")
_NO_OFFER = logged(of_sip.NO_OFFER)

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
                "Nothing answered OPTIONS at the address in the profile: livekit-sip is not "
                "running or hangs, it listens elsewhere, or something on the way drops the "
                "packets."
            ),
            ru=(
                "На OPTIONS по адресу из профиля никто не ответил: livekit-sip не запущен или "
                "завис, слушает другой адрес, или пакеты теряются по пути."
            ),
        ),
        Text(
            en=(
                "See whether livekit-sip runs ({processes}). If it ended, the last line of "
                "{sip_log} gives the reason; `livekit-conformance config check livekit-sip.yaml` "
                "tests its file. If it runs, check that `sip.server` and `sip.transport` of the "
                "profile match its `listen_ip` and `sip_port`, and that no firewall blocks the "
                "path. On its machine: {ports}"
            ),
            ru=(
                "Проверьте, работает ли livekit-sip ({processes}). Если он завершился, причина — в "
                "последней строке: искать в {sip_log}; его файл проверит `livekit-conformance "
                "config check livekit-sip.yaml`. Если работает, проверьте, что `sip.server` и "
                "`sip.transport` профиля совпадают с его `listen_ip` и `sip_port` и что путь не "
                "закрыт файрволом. На его машине: {ports}"
            ),
        ),
        yields_to=(
            *("sip-not-running", "sip-hangs", "sip-listens-elsewhere", "sip-host-unknown"),
            *("sip-speaks-no-tls", "udp-does-not-reach-sip", "resolver-does-not-answer"),
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
                "The resolver of this machine finds no address for the host, so nothing was sent "
                "to livekit-sip."
            ),
            ru=(
                "Резолвер этой машины не находит адрес этого хоста, поэтому до livekit-sip ничего "
                "не отправлялось."
            ),
        ),
        Text(
            en=(
                "Correct `sip.server` (SIP_SERVER) of the profile, or the DNS record. Then this "
                "must print an address: getent hosts HOST"
            ),
            ru=(
                "Исправьте `sip.server` (SIP_SERVER) в профиле или запись в DNS. После этого "
                "команда должна вывести адрес: getent hosts HOST"
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
            en="livekit-sip is running, but not at the address and port of sip.server",
            ru="livekit-sip работает, но не на том адресе и порту, что в sip.server",
        ),
        Text(
            en=(
                "The port in the profile is closed, but livekit-sip is subscribed on the Redis "
                "bus. So it is running and accepts SIP on another port, address or transport."
            ),
            ru=(
                "Порт из профиля закрыт, но livekit-sip подписан на шине Redis. Значит, он "
                "работает и принимает SIP на другом порту, адресе или транспорте."
            ),
        ),
        Text(
            en=(
                "Make `sip.server` and `sip.transport` of the profile agree with `sip_port` and "
                "`listen_ip` in {sip_yaml} (`tls.port` for TLS). livekit-sip logs them in `sip "
                "signaling listening on`. It has no keys `port` and `bind_address`. On its "
                "machine: {ports}"
            ),
            ru=(
                "Согласуйте `sip.server` и `sip.transport` профиля с `sip_port` и `listen_ip` в "
                "{sip_yaml} (для TLS — `tls.port`). В журнале livekit-sip они указаны в строке "
                "`sip signaling listening on`. Ключей `port` и `bind_address` у него нет. На его "
                "машине: {ports}"
            ),
        ),
        shows=SIP_PORT_CLOSED,
        also=(SIP_ON_BUS,),
        source="livekit/sip pkg/sip/server.go startUDP, startTCP; livekit/sip#105",
    ),
    Cause(
        "sip-speaks-no-tls",
        Link.SIP_SOCKET,
        Text(
            en="There is no trusted TLS at sip.server",
            ru="По адресу sip.server нет TLS, которому можно доверять",
        ),
        Text(
            en=(
                "The profile sets `transport: tls`. The TCP connection was accepted, but the TLS "
                "handshake failed: the port speaks plain SIP, or its certificate is not valid for "
                "this host."
            ),
            ru=(
                "В профиле задано `transport: tls`. TCP-соединение принято, но TLS-рукопожатие не "
                "удалось: порт принимает SIP без TLS или сертификат недействителен для этого "
                "хоста."
            ),
        ),
        Text(
            en=(
                "Set `sip.server` to the port of `tls:` in {sip_yaml} (usually 5061) with a "
                "certificate for that host, or set `transport: udp`. To inspect: openssl s_client "
                "-connect HOST:PORT"
            ),
            ru=(
                "Укажите в `sip.server` порт из раздела `tls:` в {sip_yaml} (обычно 5061) с "
                "сертификатом на этот хост или задайте `transport: udp`. Посмотреть: openssl "
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
            en="livekit-sip answers over TCP, but UDP packets are lost",
            ru="По TCP livekit-sip отвечает, а UDP-пакеты теряются",
        ),
        Text(
            en=(
                "OPTIONS got an answer over TCP but none over UDP on the same port: livekit-sip "
                "works, and something on the way drops UDP in one of the two directions."
            ),
            ru=(
                "На OPTIONS по TCP ответ есть, по UDP на тот же порт — нет: livekit-sip работает, "
                "а UDP в одну из сторон что-то отбрасывает."
            ),
        ),
        Text(
            en=(
                "Open the SIP port for UDP in each firewall and security group between here and "
                "livekit-sip, in both directions (Docker: publish `5060:5060/udp`). Until then, "
                "`sip.transport: tcp` works. To watch: `tcpdump -n udp port 5060`"
            ),
            ru=(
                "Откройте SIP-порт для UDP в каждом файрволе и security group между этой машиной и "
                "livekit-sip, в обе стороны (Docker: публикуйте `5060:5060/udp`). Пока поможет "
                "`sip.transport: tcp`. Посмотреть: `tcpdump -n udp port 5060`"
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
            en="Something other than livekit-sip answers at `sip.server`",
            ru="По адресу `sip.server` отвечает не livekit-sip",
        ),
        Text(
            en=(
                "livekit-sip always answers OPTIONS with 200. Another status comes from a SIP "
                "proxy, SBC or PBX at that address; its next hop may be missing."
            ),
            ru=(
                "livekit-sip всегда отвечает на OPTIONS кодом 200. Другой код пришёл от "
                "SIP-прокси, SBC или АТС по этому адресу; возможно, у них нет следующего узла "
                "(next hop)."
            ),
        ),
        Text(
            en=(
                "Look at the headers Server, User-Agent and Via of the answer (evidence of this "
                "check): they identify the sender. Point `sip.server` at livekit-sip itself, or "
                "fix the route of the proxy. For a provider in front of livekit-sip, set "
                "`provider: true` under `sip`."
            ),
            ru=(
                "Посмотрите заголовки Server, User-Agent и Via ответа (улики этой проверки): по "
                "ним видно, кто ответил. Укажите в `sip.server` сам livekit-sip или исправьте "
                "маршрут прокси. Если перед livekit-sip стоит провайдер, задайте `provider: true` "
                "в `sip`."
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
            en="livekit-sip receives the INVITE, but its next answer is lost",
            ru="livekit-sip получает INVITE, но его следующий ответ теряется",
        ),
        Text(
            en=(
                "The INVITE was answered with 100, but nothing followed, though a livekit-server "
                "listens on the bus. UDP packets are lost between here and livekit-sip, which "
                "sends its challenge (407) once and does not retransmit it."
            ),
            ru=(
                "На INVITE пришёл 100 и больше ничего, хотя livekit-server слушает шину. "
                "UDP-пакеты между этой машиной и livekit-sip теряются, а запрос учётных данных "
                "(407) livekit-sip отправляет один раз и не повторяет."
            ),
        ),
        Text(
            en=(
                "Set `sip.transport: tcp` (and TCP on the carrier's trunk): TCP retransmits lost "
                "packets. To keep UDP, find the loss: run `mtr -u -P 5060 HOST`, and `tcpdump -n "
                "udp port 5060` on both machines at once."
            ),
            ru=(
                "Задайте `sip.transport: tcp` (и TCP на транке оператора): TCP передаёт потерянное "
                "повторно. Чтобы остаться на UDP, найдите потерю: `mtr -u -P 5060 HOST` и `tcpdump "
                "-n udp port 5060` на обеих машинах одновременно."
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
            en="SIP packets are duplicated, and livekit-sip treats one INVITE as two calls",
            ru="SIP-пакеты дублируются, и livekit-sip принимает один INVITE за два вызова",
        ),
        Text(
            en=(
                "Answers came twice at the same moment, sooner than any retransmission: something "
                "on the way duplicates UDP. livekit-sip does not always recognise the copy of an "
                "INVITE. It then sends a second challenge (401 to the right password) or creates a "
                "second participant (486). So some calls succeed and others fail."
            ),
            ru=(
                "Ответы пришли дважды в один момент, раньше любой повторной передачи: что-то на "
                "пути дублирует UDP. Копию INVITE livekit-sip узнаёт не всегда. Тогда он "
                "отправляет ещё один запрос учётных данных (401 на верный пароль) или создаёт "
                "второго участника (486). Поэтому одни вызовы проходят, а другие нет."
            ),
        ),
        Text(
            en=(
                "Set `sip.transport: tcp` (and TCP on the carrier's trunk), or find the source of "
                "the copies: `tcpdump -n udp port 5060` on both machines shows where one packet "
                "becomes two (mirror port, bonded links, a forking proxy)."
            ),
            ru=(
                "Задайте `sip.transport: tcp` (и TCP на транке оператора) или найдите источник "
                "копий: `tcpdump -n udp port 5060` на обеих машинах покажет, где один пакет "
                "становится двумя (зеркалирование порта, агрегированные каналы, форкинг на "
                "прокси)."
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
                "livekit-sip is not a registrar: it answers REGISTER with 405, and a device that "
                "waits for its registration never calls."
            ),
            ru=(
                "livekit-sip — не регистратор: на REGISTER он отвечает 405, и устройство, "
                "которое ждёт регистрации, звонить не будет."
            ),
        ),
        Text(
            en=(
                "Configure the PBX as a trunk that sends INVITE without registration (with the "
                "credentials of the inbound trunk), or put a registrar such as Kamailio or "
                "Asterisk in front of livekit-sip."
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
        Text(en="The caller sends the INVITE without SDP", ru="Звонящий шлёт INVITE без SDP"),
        Text(
            en=(
                "livekit-sip requires the SDP offer in the INVITE (it does not support delayed "
                "offer) and refuses the call with 400."
            ),
            ru=(
                "livekit-sip требует SDP offer прямо в INVITE (delayed offer он не поддерживает) и "
                "отклоняет вызов ответом 400."
            ),
        ),
        Text(
            en=(
                "Switch on early offer in the PBX or SBC (Cisco CUBE: `early-offer forced`), so "
                "that the INVITE carries SDP."
            ),
            ru=(
                "Включите early offer на АТС или SBC (Cisco CUBE: `early-offer forced`), чтобы в "
                "INVITE был SDP."
            ),
        ),
        shows=(_NO_OFFER,),
        proofs=(_NO_OFFER,),
        source="livekit/sip pkg/sip/inbound.go; livekit/sip#402",
    ),
)
