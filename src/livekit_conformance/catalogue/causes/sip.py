"""
What livekit-sip refuses by itself, and trunks that livekit-server refuses to create.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Cause, check, log, probe
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text

_TRUNK_CONFLICT = log(
    "livekit-server", level="info", error=re.compile("Conflicting inbound SIP Trunks")
)
_OPEN_TRUNK = log(
    "livekit-server",
    level="info",
    error=re.compile("for security, one of the fields must be set: AuthUsername"),
)
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
        shows=(check("1.5-sip-answers-options", "BLOCKED"),),
        source="livekit/sip pkg/sip/server.go",
    ),
    Cause(
        "trunk-refuses-credentials",
        Link.CREDENTIALS,
        Text(
            en="The SIP trunk refuses the profile's user name or password",
            ru="SIP-транк не принимает имя или пароль из профиля",
        ),
        Text(
            en=(
                "The INVITE was challenged with 407 and refused when it came with the credentials."
            ),
            ru="На INVITE пришёл вызов 407, а INVITE с учётными данными получил отказ.",
        ),
        Text(
            en=(
                "Compare `sip.username` and `sip.password` of the profile with `auth_username` "
                "and `auth_password` of the inbound trunk: lk sip inbound list"
            ),
            ru=(
                "Сравните `sip.username` и `sip.password` профиля с `auth_username` и "
                "`auth_password` входящего транка: lk sip inbound list"
            ),
        ),
        shows=(probe(final_status=401), probe(final_status=407)),
        proofs=(probe(final_status=401),),
        source="livekit/sip pkg/sip/inbound.go handleInviteAuth",
    ),
    Cause(
        "trunk-conflicts-with-another",
        Link.LINE,
        Text(
            en="An inbound trunk was not created, because another one is for the same calls",
            ru="Входящий транк не создан: для тех же звонков уже есть другой",
        ),
        Text(
            en=(
                "livekit-server refused it with 400 `Conflicting inbound SIP Trunks`: two trunks "
                "for one number are allowed only where `allowed_numbers` tell their callers "
                "apart."
            ),
            ru=(
                "livekit-server отказал с 400 `Conflicting inbound SIP Trunks`: два транка на "
                "один номер допустимы, только если их звонящих разделяет `allowed_numbers`."
            ),
        ),
        Text(
            en=(
                "Change or delete the trunk that the error names, or give both different "
                "`allowed_numbers`: lk sip inbound list; lk sip inbound delete ID"
            ),
            ru=(
                "Измените или удалите транк, названный в ошибке, или задайте обоим разные "
                "`allowed_numbers`: lk sip inbound list; lk sip inbound delete ID"
            ),
        ),
        shows=(_TRUNK_CONFLICT,),
        proofs=(_TRUNK_CONFLICT,),
        source="livekit pkg/service/sip.go; livekit/protocol sip/sip.go ValidateTrunks",
    ),
    Cause(
        "trunk-would-be-open",
        Link.LINE,
        Text(
            en="An inbound trunk was not created, because it would let everybody in",
            ru="Входящий транк не создан: он пустил бы кого угодно",
        ),
        Text(
            en=(
                "livekit-server refused it with 400 `for security, one of the fields must be set`."
            ),
            ru="livekit-server отказал с 400 `for security, one of the fields must be set`.",
        ),
        Text(
            en=(
                "Give the trunk `numbers`, `allowed_addresses`, or both `auth_username` and "
                "`auth_password`."
            ),
            ru=(
                "Задайте транку `numbers`, `allowed_addresses` или вместе `auth_username` и "
                "`auth_password`."
            ),
        ),
        shows=(_OPEN_TRUNK,),
        proofs=(_OPEN_TRUNK,),
        source="livekit/protocol livekit/sip.go Validate; livekit/sip#213",
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
