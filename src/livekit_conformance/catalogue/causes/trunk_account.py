"""
Causes of a caller that cannot authenticate to the trunk.
"""

from __future__ import annotations

from livekit_conformance.catalogue.cause import Between, Cause, Not, found, log, probe
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import SIP, errors
from livekit_conformance.judges.calls import (
    HALF_AN_ACCOUNT,
    NO_USERNAME,
    OTHER_PASSWORD,
    OTHER_USERNAME,
    TAKES_ANYBODY,
)
from livekit_conformance.wording import Text

# Copies of a duplicated INVITE are refused, whatever the account.
_TWICE = probe(repeated=Between(1, 10**6))
# If the probe call came further, or ended otherwise, a line about an account belongs to a call
# that the suite itself placed with a wrong account.
_PASSED = (_TWICE, probe(points_at=Not(Link.CREDENTIALS)))
_OTHER_USER = found(OTHER_USERNAME)
_OTHER_PASSWORD = found(OTHER_PASSWORD)
_NO_ACCOUNT = found(NO_USERNAME)
_OTHER_USER_LOGGED = log(SIP, error=errors.OTHER_USER)
_OTHER_PASSWORD_LOGGED = log(SIP, error=errors.OTHER_DIGEST)
_HALF_AN_ACCOUNT = found(HALF_AN_ACCOUNT)
_TAKES_ANYBODY = found(TAKES_ANYBODY)
_SOURCE = "livekit/sip pkg/sip/inbound.go handleInviteAuth; livekit/sip#338"

CAUSES: tuple[Cause, ...] = (
    Cause(
        "trunk-refuses-credentials",
        Link.CREDENTIALS,
        Text(
            en="The SIP trunk refuses the profile's user name or password",
            ru="SIP-транк не принимает имя или пароль из профиля",
        ),
        Text(
            en=(
                "livekit-sip challenged the INVITE with 407 and refused it when it came back with "
                "the credentials."
            ),
            ru="На INVITE livekit-sip запросил учётные данные (407), а повторный INVITE с ними "
            "отклонил.",
        ),
        Text(
            en=(
                "Compare `sip.username` and `sip.password` of the profile with `auth_username` "
                "and `auth_password` of the inbound trunk: `lk sip inbound list`"
            ),
            ru=(
                "Сравните `sip.username` и `sip.password` профиля с `auth_username` и "
                "`auth_password` входящего транка: `lk sip inbound list`"
            ),
        ),
        yields_to=(
            *("profile-has-another-user", "profile-has-another-password"),
            "profile-has-no-account",
        ),
        shows=(probe(points_at=Link.CREDENTIALS),),
        proofs=(probe(final_status=401),),
        excludes=(_TWICE,),
        source="livekit/sip pkg/sip/inbound.go handleInviteAuth",
    ),
    Cause(
        "profile-has-another-user",
        Link.CREDENTIALS,
        Text(
            en="The caller's user name differs from the trunk's",
            ru="Имя пользователя у звонящего не то, что у транка",
        ),
        Text(
            en=(
                "livekit-sip challenged the INVITE with 407. It came back with a user name other "
                "than `auth_username` of the trunk and got 401. livekit-sip did not check the "
                "password."
            ),
            ru=(
                "На INVITE пришёл 407. Повторный INVITE содержал имя, которое не совпадает с "
                "`auth_username` транка, и получил 401. Пароль livekit-sip даже не проверял."
            ),
        ),
        Text(
            en=(
                "Set `sip.username` of the profile (SIP_USERNAME), or the user name in the PBX, to "
                "exactly `auth_username` of the inbound trunk: `lk sip inbound list`"
            ),
            ru=(
                "Укажите в `sip.username` профиля (SIP_USERNAME) или на АТС имя из "
                "`auth_username` входящего транка, буква в букву: `lk sip inbound list`"
            ),
        ),
        shows=(_OTHER_USER, _OTHER_USER_LOGGED),
        proofs=(_OTHER_USER, _OTHER_USER_LOGGED),
        excludes=_PASSED,
        source=_SOURCE,
    ),
    Cause(
        "profile-has-another-password",
        Link.CREDENTIALS,
        Text(
            en="The caller's password differs from the trunk's",
            ru="Пароль у звонящего не тот, что у транка",
        ),
        Text(
            en=(
                "livekit-sip challenged the INVITE with 407. It came back with the right user "
                "name, but its digest does not match `auth_password` of the trunk, and it got 401."
            ),
            ru=(
                "На INVITE пришёл 407. Повторный INVITE содержал верное имя, но его digest не "
                "соответствует `auth_password` транка, и он получил 401."
            ),
        ),
        Text(
            en=(
                "Set `sip.password` of the profile (SIP_PASSWORD), or the password in the PBX, "
                "to `auth_password` of the inbound trunk, without quotes and blanks: `lk sip "
                "inbound list`"
            ),
            ru=(
                "Укажите в `sip.password` профиля (SIP_PASSWORD) или на АТС пароль из "
                "`auth_password` входящего транка, без кавычек и пробелов: `lk sip inbound list`"
            ),
        ),
        shows=(_OTHER_PASSWORD, _OTHER_PASSWORD_LOGGED),
        proofs=(_OTHER_PASSWORD, _OTHER_PASSWORD_LOGGED),
        excludes=_PASSED,
        source=_SOURCE,
    ),
    Cause(
        "profile-has-no-account",
        Link.CREDENTIALS,
        Text(
            en="The trunk requires a user name and password, but the profile has none",
            ru="Транк требует имя и пароль, а в профиле их нет",
        ),
        Text(
            en=(
                "The inbound trunk has `auth_username` and `auth_password`, so livekit-sip answers "
                "an INVITE without credentials with 407. A PBX without the trunk's credentials "
                "stops at the same point."
            ),
            ru=(
                "У входящего транка заданы `auth_username` и `auth_password`, поэтому на INVITE "
                "без учётных данных livekit-sip отвечает 407. АТС без учётных данных этого транка "
                "остановится там же."
            ),
        ),
        Text(
            en=(
                "Set `sip.username` and `sip.password` of the profile (SIP_USERNAME, SIP_PASSWORD) "
                "to those of the trunk. Or empty both on the trunk and restrict it by "
                "`allowed_addresses`: `lk sip inbound list`; `lk sip inbound update`"
            ),
            ru=(
                "Укажите в `sip.username` и `sip.password` профиля (SIP_USERNAME, SIP_PASSWORD) "
                "имя и пароль транка. Или очистите оба поля у транка и ограничьте его через "
                "`allowed_addresses`: `lk sip inbound list`; `lk sip inbound update`"
            ),
        ),
        shows=(_NO_ACCOUNT,),
        proofs=(_NO_ACCOUNT,),
        source=_SOURCE,
    ),
    Cause(
        "trunk-account-is-incomplete",
        Link.STRANGERS,
        Text(
            en="The inbound trunk has a user name or a password but not both, so livekit-sip "
            "challenges no caller",
            ru=(
                "У входящего транка задано имя или пароль, но не оба, поэтому livekit-sip не "
                "запрашивает учётные данные"
            ),
        ),
        Text(
            en=(
                "Only one of `auth_username` and `auth_password` is set. livekit-sip requests "
                "credentials only when both are set: anyone who reaches its port and knows the "
                "number can call."
            ),
            ru=(
                "Задано только одно из `auth_username` и `auth_password`. livekit-sip запрашивает "
                "учётные данные, только если заданы оба: позвонить может любой, кому доступен его "
                "порт и известен номер."
            ),
        ),
        Text(
            en=(
                "Set both on the trunk, or set neither and restrict it by `allowed_addresses`: `lk "
                "sip inbound list`; `lk sip inbound update`. With both set, an INVITE without "
                "credentials gets 407."
            ),
            ru=(
                "Задайте у транка оба поля или не задавайте ни одного и ограничьте его через "
                "`allowed_addresses`: `lk sip inbound list`; `lk sip inbound update`. Если заданы "
                "оба, INVITE без учётных данных получит 407."
            ),
        ),
        shows=(_HALF_AN_ACCOUNT,),
        proofs=(_HALF_AN_ACCOUNT,),
        source=_SOURCE,
    ),
    Cause(
        "trunk-takes-anybody",
        Link.STRANGERS,
        Text(
            en="The inbound trunk asks nobody for an account",
            ru="Входящий транк ни у кого не спрашивает учётную запись",
        ),
        Text(
            en=(
                "The trunk has neither `auth_username` nor `auth_password`, and no "
                "`allowed_addresses`: anyone who reaches the port of livekit-sip and knows the "
                "number can call. The profile has an account for it, which nobody asks for."
            ),
            ru=(
                "У транка нет ни `auth_username`, ни `auth_password`, ни `allowed_addresses`: "
                "позвонить может любой, кому доступен порт livekit-sip и известен номер. В профиле "
                "есть учётная запись, но её никто не спрашивает."
            ),
        ),
        Text(
            en=(
                "Set `auth_username` and `auth_password` of the trunk to the account of the "
                "profile: `lk sip inbound list`; `lk sip inbound update`. An INVITE without "
                "credentials then gets 407. If the provider cannot authenticate, restrict the "
                "trunk by `allowed_addresses` and empty `sip.username` of the profile."
            ),
            ru=(
                "Задайте у транка `auth_username` и `auth_password` — те же, что в профиле: `lk "
                "sip inbound list`; `lk sip inbound update`. Тогда INVITE без учётных данных "
                "получит 407. Если провайдер не умеет их передавать, ограничьте транк через "
                "`allowed_addresses` и оставьте `sip.username` профиля пустым."
            ),
        ),
        shows=(_TAKES_ANYBODY,),
        proofs=(_TAKES_ANYBODY,),
        source=_SOURCE,
    ),
)
