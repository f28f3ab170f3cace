"""
Causes of a caller that cannot authenticate to the trunk.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Between, Cause, Not, check, log, probe
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text

# Copies of a duplicated INVITE are refused, whatever the account.
_TWICE = probe(repeated=Between(1, 10**6))
# If the probe call came further, or ended otherwise, a line about an account belongs to a call
# that the suite itself placed with a wrong account.
_PASSED = (
    _TWICE,
    probe(outcome=Not("refused")),
    probe(final_status=400),
    probe(final_status=Between(402, 406)),
    probe(final_status=Between(408, 699)),
)
_OTHER_USER = check(
    "1.5-invite-is-not-rejected", message=re.compile(r"sip\.username is not auth_username")
)
_OTHER_PASSWORD = check(
    "1.5-invite-is-not-rejected", message=re.compile(r"sip\.password is not auth_password")
)
_NO_ACCOUNT = check(
    "1.5-invite-is-not-rejected", message=re.compile(r"sip\.username is empty, and trunk")
)
_OTHER_USER_LOGGED = log("livekit-sip", error="username mismatch")
_OTHER_PASSWORD_LOGGED = log("livekit-sip", error="response mismatch")
_HALF_AN_ACCOUNT = check("1.1-trunk-challenges", message=re.compile(r"has auth_\w+ and no auth_"))
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
        yields_to=(
            *("profile-has-another-user", "profile-has-another-password"),
            "profile-has-no-account",
        ),
        shows=(probe(final_status=401), probe(final_status=407)),
        proofs=(probe(final_status=401),),
        excludes=(_TWICE,),
        source="livekit/sip pkg/sip/inbound.go handleInviteAuth",
    ),
    Cause(
        "profile-has-another-user",
        Link.CREDENTIALS,
        Text(
            en="The caller's user name is not that of the trunk",
            ru="Имя пользователя у звонящего не то, что у транка",
        ),
        Text(
            en=(
                "The INVITE was challenged with 407, came back with a user name that is not "
                "`auth_username` of the trunk, and got 401. The password was not even looked at."
            ),
            ru=(
                "На INVITE пришёл 407, он вернулся с именем, которое не совпадает с "
                "`auth_username` транка, и получил 401. До пароля дело не дошло."
            ),
        ),
        Text(
            en=(
                "Set `sip.username` of the profile (SIP_USERNAME), or the user name in the PBX, "
                "to `auth_username` of the inbound trunk, letter by letter: lk sip inbound list"
            ),
            ru=(
                "Укажите в `sip.username` профиля (SIP_USERNAME) или на АТС имя из "
                "`auth_username` входящего транка, буква в букву: lk sip inbound list"
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
            en="The caller's password is not that of the trunk",
            ru="Пароль у звонящего не тот, что у транка",
        ),
        Text(
            en=(
                "The INVITE was challenged with 407, came back with the right user name and a "
                "digest that does not fit `auth_password` of the trunk, and got 401."
            ),
            ru=(
                "На INVITE пришёл 407, он вернулся с верным именем и дайджестом, который не "
                "подходит к `auth_password` транка, и получил 401."
            ),
        ),
        Text(
            en=(
                "Set `sip.password` of the profile (SIP_PASSWORD), or the password in the PBX, "
                "to `auth_password` of the inbound trunk, without quotes and blanks: lk sip "
                "inbound list"
            ),
            ru=(
                "Укажите в `sip.password` профиля (SIP_PASSWORD) или на АТС пароль из "
                "`auth_password` входящего транка, без кавычек и пробелов: lk sip inbound list"
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
            en="The trunk asks for a user name and password, and the profile has none",
            ru="Транк спрашивает имя и пароль, а в профиле их нет",
        ),
        Text(
            en=(
                "The inbound trunk has `auth_username` and `auth_password`, so an INVITE without "
                "credentials is answered with 407. A PBX without an account of the trunk ends "
                "there too."
            ),
            ru=(
                "У входящего транка заданы `auth_username` и `auth_password`, поэтому на INVITE "
                "без учётных данных он отвечает 407. АТС без учётной записи этого транка "
                "остановится там же."
            ),
        ),
        Text(
            en=(
                "Set `sip.username` and `sip.password` of the profile (SIP_USERNAME, "
                "SIP_PASSWORD) to those of the trunk, or empty both on the trunk and limit it by "
                "`allowed_addresses`: lk sip inbound list; lk sip inbound update"
            ),
            ru=(
                "Укажите в `sip.username` и `sip.password` профиля (SIP_USERNAME, SIP_PASSWORD) "
                "имя и пароль транка или очистите оба поля у транка и ограничьте его через "
                "`allowed_addresses`: lk sip inbound list; lk sip inbound update"
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
            en="The inbound trunk has half an account, so it asks nobody for one",
            ru=(
                "У входящего транка половина учётной записи, поэтому он её ни у кого не спрашивает"
            ),
        ),
        Text(
            en=(
                "Only one of `auth_username` and `auth_password` is set. livekit-sip asks for "
                "credentials only when both are: whoever reaches its port and knows the number "
                "may call."
            ),
            ru=(
                "Задано только одно из `auth_username` и `auth_password`. livekit-sip спрашивает "
                "учётные данные, только если заданы оба: позвонить может любой, кто видит его "
                "порт и знает номер."
            ),
        ),
        Text(
            en=(
                "Set both on the trunk, or neither and limit it by `allowed_addresses`: lk sip "
                "inbound list; lk sip inbound update. Then an INVITE without credentials gets "
                "407."
            ),
            ru=(
                "Задайте у транка оба поля или ни одного и ограничьте его через "
                "`allowed_addresses`: lk sip inbound list; lk sip inbound update. Тогда INVITE "
                "без учётных данных получит 407."
            ),
        ),
        shows=(_HALF_AN_ACCOUNT,),
        proofs=(_HALF_AN_ACCOUNT,),
        source=_SOURCE,
    ),
)
