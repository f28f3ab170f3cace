"""
Causes of calls whose media is not negotiated, or does not arrive.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import (
    Between,
    Cause,
    Condition,
    Given,
    Sign,
    found,
    log,
    logged,
    probe,
)
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import errors, of_sip
from livekit_conformance.judges.calls import CONTACT_IS_SILENT
from livekit_conformance.wording import Text

_SOME = Between(1, 10**9)
_GIVEN = Given()


def _media(side: str, **where: Condition) -> Sign:
    """
    Return the sign of the audio that one side received in the probe call.
    """
    return Sign("media", {"side": side, **where})


def _cannot_start(error: str) -> Sign:
    return logged(of_sip.NO_MEDIA, error=re.compile(error))


_NO_CODEC = _cannot_start(errors.NO_CODEC)
_NO_CRYPTO = _cannot_start(errors.NO_CRYPTO)
_NO_PORT = _cannot_start(errors.NO_RTP_PORT)
_BAD_SETTINGS = logged(of_sip.BAD_MEDIA_SETTINGS)
_ANSWERED = probe(outcome="answered")
_UNREACHABLE = probe(outcome="answered", media_unreachable=_GIVEN)
_ELSEWHERE = probe(outcome="answered", media_elsewhere=True)
_NOTHING_CAME = _media("livekit-sip", packets=0, sent=_SOME)
_TIMED_OUT = logged(of_sip.ENDED, reason="media-timeout")
_AGENT_HEARS_NOTHING = _media("agent", level=Between(0.0, 0.0499))
_CALLER_HEARS_NOTHING = _media("caller", packets=0)
_SENT_TO_CALLER = _media("livekit-sip", packets=_SOME, sent=_SOME)
_ONLY_MUTED = Sign("room", {"muted": True})
_HUNG_UP_BY_THEM = Sign("call-end", {"by": "them"})
# The shortest of livekit-sip's own media time-outs is 15 s.
_ENDED_SOON = Sign("call-end", {"by": "them", "after_s": Between(0.0, 10.0)})
_NO_ICE = log("livekit-sip", error=re.compile(errors.NO_ICE))

CAUSES: tuple[Cause, ...] = (
    Cause(
        "webrtc-cannot-connect",
        Link.WEBRTC,
        Text(
            en="livekit-sip cannot establish a WebRTC connection to livekit-server",
            ru="livekit-sip не может установить WebRTC-соединение с livekit-server",
        ),
        Text(
            en=(
                "The WebSocket works and the caller was listed in its room. But no media "
                "connection (ICE) was established within 5 s, so the call was refused with 486: "
                "the addresses and ports that livekit-server offers are unreachable."
            ),
            ru=(
                "WebSocket работает, и звонящий появился в списке комнаты. Но медиасоединение "
                "(ICE) за 5 с не установилось, и вызов был отклонён ответом 486: адреса и порты, "
                "которые предлагает livekit-server, недоступны."
            ),
        ),
        Text(
            en=(
                "In `rtc` of {server_yaml}, set `node_ip` (or `use_external_ip`) to an address "
                "that livekit-sip and the agents can reach; `ips` and `interfaces` must not "
                "exclude it. Between the machines, open UDP `port_range_start`-`port_range_end` "
                "(50000-60000) or `udp_port`, and TCP `tcp_port` (7881). Restart {server}; it must "
                "log `participant active` for a connected caller."
            ),
            ru=(
                "В разделе `rtc` из {server_yaml} укажите в `node_ip` (или через "
                "`use_external_ip`) адрес, доступный для livekit-sip и агентов; `ips` и "
                "`interfaces` не должны его исключать. Откройте между машинами UDP "
                "`port_range_start`-`port_range_end` (50000-60000) или `udp_port` и TCP `tcp_port` "
                "(7881). Перезапустите {server}; для подключившегося звонящего он должен писать "
                "`participant active`."
            ),
        ),
        shows=(_NO_ICE,),
        proofs=(_NO_ICE,),
        breaks=(Link.JOIN, Link.OUTBOUND),
        source="livekit/sip pkg/sip/room.go Connect; livekit/server-sdk-go room.go",
    ),
    Cause(
        "media-settings-are-refused",
        Link.OFFER,
        Text(
            en="livekit-sip does not know a codec in `media.codecs` of the trunk or rule",
            ru="livekit-sip не знает кодек из `media.codecs` транка или правила",
        ),
        Text(
            en=(
                "`media` of the inbound trunk or the dispatch rule lists a codec that livekit-sip "
                "does not have. It refuses each call with 500 before it looks at the offer."
            ),
            ru=(
                "В `media` входящего транка или правила диспетчеризации указан кодек, которого у "
                "livekit-sip нет. Он отклоняет каждый вызов ответом 500, не разбирая SDP offer."
            ),
        ),
        Text(
            en=(
                "List only codecs of livekit-sip in `media.codecs` (PCMU, PCMA, G722), or remove "
                "the list: livekit-sip then accepts all of them. `lk sip inbound list` and `lk sip "
                "dispatch list` show it."
            ),
            ru=(
                "Укажите в `media.codecs` только кодеки livekit-sip (PCMU, PCMA, G722) или удалите "
                "список: тогда livekit-sip принимает все свои кодеки. Список показывают `lk sip "
                "inbound list` и `lk sip dispatch list`."
            ),
        ),
        shows=(_BAD_SETTINGS,),
        proofs=(_BAD_SETTINGS,),
        source="livekit/sip pkg/sip/inbound.go, media_codecs.go",
    ),
    Cause(
        "no-common-codec",
        Link.OFFER,
        Text(
            en="The caller offers no codec that livekit-sip may use",
            ru="Звонящий не предлагает ни одного кодека, разрешённого для livekit-sip",
        ),
        Text(
            en=(
                "livekit-sip refused the INVITE with 400. The trunk or the dispatch rule allows "
                "only its listed codecs (`media.only_listed_codecs`), and none of them is in the "
                "offer. Without such a list livekit-sip accepts PCMU, PCMA and G722, but not G729 "
                "or Opus."
            ),
            ru=(
                "livekit-sip отклонил INVITE ответом 400. Транк или правило диспетчеризации "
                "разрешают только перечисленные кодеки (`media.only_listed_codecs`), и ни одного "
                "из них нет в SDP offer. Без такого списка livekit-sip принимает PCMU, PCMA и "
                "G722, но не G729 и не Opus."
            ),
        ),
        Text(
            en=(
                "Let the carrier or PBX offer PCMU or PCMA, or correct `media.codecs` of the "
                "inbound trunk and of the dispatch rule (lk sip inbound list; lk sip dispatch "
                "list). The setting `codecs` in {sip_yaml} does not help here."
            ),
            ru=(
                "Включите PCMU или PCMA у оператора или на АТС либо исправьте `media.codecs` "
                "входящего транка и правила диспетчеризации (lk sip inbound list; lk sip dispatch "
                "list). Настройка `codecs` в {sip_yaml} здесь не поможет."
            ),
        ),
        shows=(_NO_CODEC, Sign("dispatch", {"only_codecs": _GIVEN})),
        proofs=(_NO_CODEC,),
        excludes=(_NO_CRYPTO,),
        source="livekit/sip pkg/sip/inbound.go runMedia, media_codecs.go",
    ),
    Cause(
        "media-encryption-required",
        Link.OFFER,
        Text(
            en="The trunk requires encrypted media, but the caller offers none",
            ru="Транк требует шифрования медиа, но звонящий его не предлагает",
        ),
        Text(
            en=(
                "livekit-sip refused the INVITE with 400: `media_encryption` of the trunk or the "
                "rule is REQUIRE, but the offer has plain RTP (or SRTP with unsupported profiles)."
            ),
            ru=(
                "livekit-sip отклонил INVITE ответом 400: у транка или правила `media_encryption` "
                "равно REQUIRE, а в SDP offer обычный RTP (или SRTP с неподдерживаемыми "
                "профилями)."
            ),
        ),
        Text(
            en=(
                "Set `media_encryption` of the trunk and of the rule to ALLOW or remove it, or "
                "switch on SRTP (SDES, RTP/SAVP) at the carrier."
            ),
            ru=(
                "Задайте `media_encryption` транка и правила равным ALLOW или уберите его, либо "
                "включите SRTP (SDES, RTP/SAVP) у оператора."
            ),
        ),
        shows=(_NO_CRYPTO, Sign("dispatch", {"encryption": "SIP_MEDIA_ENCRYPT_REQUIRE"})),
        proofs=(_NO_CRYPTO,),
        excludes=(_NO_CODEC,),
        source="livekit/sip pkg/sip/inbound.go runMedia",
    ),
    Cause(
        "no-rtp-port-is-free",
        Link.OFFER,
        Text(
            en="livekit-sip has no free RTP port",
            ru="У livekit-sip нет свободного порта RTP",
        ),
        Text(
            en=(
                "livekit-sip answered the INVITE with 500: every port in its `rtp_port` range is "
                "in use, by its own calls (each call needs one port) or by other processes."
            ),
            ru=(
                "livekit-sip ответил на INVITE кодом 500: все порты диапазона `rtp_port` заняты "
                "его собственными вызовами (каждому нужен отдельный порт) или другими процессами."
            ),
        ),
        Text(
            en=(
                "Widen `rtp_port` in {sip_yaml} (10000-20000 by default). It must not overlap "
                "`rtc.port_range_start` and `rtc.port_range_end` of {server_yaml}. Open the range "
                "in the firewall and restart {sip}. To list the processes that hold the ports: ss "
                "-lunp"
            ),
            ru=(
                "Расширьте `rtp_port` в {sip_yaml} (по умолчанию 10000-20000). Диапазон не должен "
                "пересекаться с `rtc.port_range_start` и `rtc.port_range_end` в {server_yaml}. "
                "Откройте его в файрволе и перезапустите {sip}. Какие процессы держат порты: ss "
                "-lunp"
            ),
        ),
        shows=(_NO_PORT,),
        proofs=(_NO_PORT,),
        # livekit-sip 1.8.0 even panics when an outbound call finds no port.
        breaks=(Link.OUTBOUND,),
        source="livekit/sip pkg/sip/media_port.go",
    ),
    Cause(
        "media-address-is-unreachable",
        Link.MEDIA,
        Text(
            en="livekit-sip announces a media address that the caller cannot reach",
            ru="livekit-sip сообщает медиаадрес, недоступный для звонящего",
        ),
        Text(
            en=(
                "The SDP of its 200 OK asks for RTP at an address that the caller cannot reach. "
                "The agent hears nothing, and the call is dropped after `media_timeout` (15-30 s)."
            ),
            ru=(
                "SDP в его 200 OK указывает для RTP адрес, недоступный для звонящего. Агент ничего "
                "не слышит, и вызов обрывается по `media_timeout` (15-30 с)."
            ),
        ),
        Text(
            en=(
                "In {sip_yaml}, set `nat_1_to_1_ip` (and `media_nat_1_to_1_ip`, if present) to the "
                "public address of its machine, or replace both by `use_external_ip: true`. In "
                "Docker, run it with `network_mode: host`. Restart {sip}: the line `c=` of its 200 "
                "OK must show that address."
            ),
            ru=(
                "В {sip_yaml} укажите в `nat_1_to_1_ip` (и в `media_nat_1_to_1_ip`, если он есть) "
                "публичный адрес его машины или замените оба на `use_external_ip: true`. В Docker "
                "запускайте его с `network_mode: host`. Перезапустите {sip}: этот адрес должен "
                "появиться в строке `c=` его 200 OK."
            ),
        ),
        shows=(_UNREACHABLE,),
        proofs=(_UNREACHABLE,),
        breaks=(Link.AUDIO, Link.HANG_UP),
        source="livekit/sip pkg/sip/config.go; livekit/sip#141, #424, #611",
    ),
    Cause(
        "no-rtp-from-the-caller",
        Link.MEDIA,
        Text(
            en="The caller's RTP does not reach livekit-sip",
            ru="RTP от звонящего не доходит до livekit-sip",
        ),
        Text(
            en=(
                "The call was answered, but livekit-sip received no RTP from the caller. The agent "
                "hears nothing, and after `media_timeout` (15-30 s) livekit-sip ends the call with "
                "the reason media-timeout. UDP is blocked on the way, or goes to another address."
            ),
            ru=(
                "На вызов ответили, но livekit-sip не получил от звонящего ни одного пакета RTP. "
                "Агент ничего не слышит, и по `media_timeout` (15-30 с) livekit-sip завершает "
                "вызов с причиной media-timeout. UDP по пути блокируется или уходит на другой "
                "адрес."
            ),
        ),
        Text(
            en=(
                "Open UDP `rtp_port` of {sip_yaml} (10000-20000) towards livekit-sip's machine in "
                "firewall, security group and Docker. Switch off SIP ALG in routers. Compare `c=` "
                "and `m=audio` of the 200 OK that the caller receives with the address of "
                "livekit-sip (`nat_1_to_1_ip`). On livekit-sip's machine, tcpdump -n udp portrange "
                "10000-20000 shows whether packets arrive."
            ),
            ru=(
                "Откройте UDP-порты `rtp_port` из {sip_yaml} (10000-20000) к машине livekit-sip в "
                "файрволе, security group и Docker. Отключите SIP ALG в роутерах. Сравните `c=` и "
                "`m=audio` в том 200 OK, который получает звонящий, с адресом livekit-sip "
                "(`nat_1_to_1_ip`). На машине livekit-sip tcpdump -n udp portrange 10000-20000 "
                "покажет, приходят ли пакеты."
            ),
        ),
        shows=(_NOTHING_CAME, _TIMED_OUT, _AGENT_HEARS_NOTHING),
        proofs=(_NOTHING_CAME, _TIMED_OUT),
        excludes=(_UNREACHABLE, _ELSEWHERE, _SENT_TO_CALLER, _ENDED_SOON),
        breaks=(Link.AUDIO, Link.HANG_UP),
        source="livekit/sip pkg/sip/inbound.go mediaTimeout; livekit/sip#337, #812",
    ),
    Cause(
        "media-address-leads-elsewhere",
        Link.MEDIA,
        Text(
            en="livekit-sip announces another media address than that of SIP, and RTP is lost",
            ru="livekit-sip сообщает не тот адрес для медиа, что для SIP, и RTP теряется",
        ),
        Text(
            en=(
                "SIP is answered at `sip.server`, but the SDP of the 200 OK asks for RTP at "
                "another address, and what the caller sends there does not reach livekit-sip. It "
                "is an address inside of the NAT, an old one, or that of a machine whose UDP ports "
                "are closed. The agent hears nothing."
            ),
            ru=(
                "SIP отвечает на `sip.server`, но SDP в 200 OK указывает для RTP другой адрес, и "
                "то, что звонящий туда отправляет, до livekit-sip не доходит. Это адрес внутри "
                "NAT, устаревший адрес или адрес машины с закрытыми UDP-портами. Агент ничего не "
                "слышит."
            ),
        ),
        Text(
            en=(
                "In {sip_yaml}, set `media_nat_1_to_1_ip` (without it: `nat_1_to_1_ip`) to the "
                "address at which callers reach livekit-sip's machine, or replace both by "
                "`use_external_ip: true`. If the address is right, open UDP `rtp_port` "
                "(10000-20000) there. Restart {sip}: the line `c=` of its 200 OK shows the address."
            ),
            ru=(
                "В {sip_yaml} укажите в `media_nat_1_to_1_ip` (если его нет — в `nat_1_to_1_ip`) "
                "адрес, по которому звонящим доступна машина livekit-sip, или замените оба на "
                "`use_external_ip: true`. Если адрес верный, откройте там UDP-порты `rtp_port` "
                "(10000-20000). Перезапустите {sip}: адрес виден в строке `c=` его 200 OK."
            ),
        ),
        shows=(_NOTHING_CAME, _TIMED_OUT, _AGENT_HEARS_NOTHING),
        also=(_ELSEWHERE,),
        proofs=(_NOTHING_CAME, _TIMED_OUT),
        excludes=(_UNREACHABLE, _SENT_TO_CALLER, _ENDED_SOON),
        breaks=(Link.AUDIO, Link.HANG_UP),
        source="livekit/sip pkg/sip/config.go media_nat_1_to_1_ip",
    ),
    Cause(
        "contact-leads-nowhere",
        Link.HANG_UP,
        Text(
            en="livekit-sip announces a Contact that the caller cannot reach",
            ru="livekit-sip сообщает Contact, недоступный для звонящего",
        ),
        Text(
            en=(
                "A caller sends ACK and BYE to the Contact of the 200 OK (RFC 3261 section 12.2). "
                "Nothing answers there. Callers that keep to it cannot hang up: the call, its room "
                "and its agent stay until `media_timeout`, and are paid for. Without the ACK "
                "livekit-sip may end the call."
            ),
            ru=(
                "ACK и BYE звонящий отправляет на Contact из 200 OK (RFC 3261, раздел 12.2). Там "
                "никто не отвечает. Кто следует этому правилу, не может положить трубку: вызов, "
                "комната и агент остаются до `media_timeout`, и за них платят. Без ACK livekit-sip "
                "может и сам завершить вызов."
            ),
        ),
        Text(
            en=(
                "In {sip_yaml}, set `nat_1_to_1_ip` to the address at which callers reach "
                "livekit-sip's machine, or replace it by `use_external_ip: true`; behind another "
                "port, set `sip_port` as well as `sip_port_listen`. Restart {sip}: the Contact of "
                "its 200 OK shows the address."
            ),
            ru=(
                "В {sip_yaml} укажите в `nat_1_to_1_ip` адрес, по которому звонящим доступна "
                "машина livekit-sip, или замените его на `use_external_ip: true`; если снаружи "
                "другой порт, задайте `sip_port` вместе с `sip_port_listen`. Перезапустите {sip}: "
                "адрес виден в Contact его 200 OK."
            ),
        ),
        shows=(found(CONTACT_IS_SILENT),),
        proofs=(found(CONTACT_IS_SILENT),),
        source="livekit/sip pkg/sip/config.go nat_1_to_1_ip; RFC 3261 section 12.2.1.1",
    ),
    Cause(
        "media-timeout-too-short",
        Link.HANG_UP,
        Text(
            en="livekit-sip's media time-out is too short",
            ru="Слишком малый тайм-аут медиа у livekit-sip",
        ),
        Text(
            en=(
                "livekit-sip ended the call with the reason media-timeout, but within seconds of "
                "its answer: before RTP of any caller can have begun to flow. Its own limits are "
                "15 s, and 30 s for the first packet."
            ),
            ru=(
                "livekit-sip завершил вызов с причиной media-timeout, но уже через секунды после "
                "ответа: за это время RTP не успеет пойти ни у одного звонящего. Его собственные "
                "пределы — 15 с и 30 с для первого пакета."
            ),
        ),
        Text(
            en=(
                "Remove `media_timeout` and `media_timeout_initial` from {sip_yaml}, or set them "
                "to 15s and 30s, and restart {sip}."
            ),
            ru=(
                "Уберите `media_timeout` и `media_timeout_initial` из {sip_yaml} или задайте 15s и "
                "30s и перезапустите {sip}."
            ),
        ),
        shows=(_TIMED_OUT,),
        also=(_ENDED_SOON,),
        proofs=(_TIMED_OUT,),
        breaks=(Link.MEDIA, Link.AUDIO, Link.OUTBOUND),
        source="livekit/sip pkg/sip/media_port.go; pkg/config/config.go",
    ),
    Cause(
        "no-rtp-to-the-caller",
        Link.MEDIA,
        Text(
            en="livekit-sip's RTP does not reach the caller",
            ru="RTP от livekit-sip не доходит до звонящего",
        ),
        Text(
            en=(
                "The call was answered, but the caller received no RTP. livekit-sip sends it to "
                "the address in the SDP of the INVITE. Behind NAT, or after a router (SIP ALG) has "
                "changed it, that is not the caller's address. Or UDP is blocked on the way."
            ),
            ru=(
                "На вызов ответили, но звонящий не получил ни одного пакета RTP. livekit-sip шлёт "
                "их на адрес из SDP в INVITE. За NAT или после правки роутером (SIP ALG) это не "
                "адрес звонящего. Либо UDP по пути блокируется."
            ),
        ),
        Text(
            en=(
                "Set `symmetric_rtp: true` in {sip_yaml} (it then sends RTP to the source of the "
                "caller's packets) and restart {sip}. Switch off SIP ALG in the caller's router. "
                "Let the firewall pass UDP from `rtp_port` (10000-20000)."
            ),
            ru=(
                "Поставьте `symmetric_rtp: true` в {sip_yaml} (тогда RTP пойдёт туда, откуда "
                "приходят пакеты звонящего) и перезапустите {sip}. Отключите SIP ALG в роутере "
                "звонящего. Пропустите в файрволе UDP с портов `rtp_port` (10000-20000)."
            ),
        ),
        shows=(_CALLER_HEARS_NOTHING,),
        also=(_ANSWERED,),
        proofs=(_SENT_TO_CALLER,),
        excludes=(_HUNG_UP_BY_THEM,),
        breaks=(Link.AUDIO,),
        source="livekit/sip pkg/sip/media_port.go; livekit/sip#105",
    ),
    Cause(
        "agent-is-muted",
        Link.AUDIO,
        Text(
            en="The agent's audio track is muted",
            ru="Аудиотрек агента приглушён (muted)",
        ),
        Text(
            en=(
                "The call was answered because an audio track was published. But the track is "
                "muted, so the caller hears silence."
            ),
            ru=(
                "На вызов ответили, потому что аудиотрек опубликован. Но трек приглушён (muted), "
                "поэтому звонящий слышит тишину."
            ),
        ),
        Text(
            en=(
                "Let the agent unmute its track (`track.unmute()`), or publish it unmuted. Check "
                "whether another client mutes it through the API (MutePublishedTrack)."
            ),
            ru=(
                "Пусть агент включит свой трек (`track.unmute()`) или публикует его включённым. "
                "Проверьте, не приглушает ли его кто-то через API (MutePublishedTrack)."
            ),
        ),
        shows=(_ONLY_MUTED,),
        also=(_ANSWERED,),
        proofs=(_ONLY_MUTED,),
        source="livekit/sip pkg/sip/room.go subscribeTo",
    ),
)
