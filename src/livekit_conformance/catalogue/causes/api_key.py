"""
Causes of refused tokens: clocks, API key and secret.
"""

from __future__ import annotations

from livekit_conformance.catalogue.cause import Cause, check, found
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.judges.api_key import ODD_VALUE, OTHER_CLOCK, OTHER_SECRET, UNKNOWN
from livekit_conformance.wording import Text

_CLOCKS = check("1.1-clock-agrees")
_NOT_NOW = found(OTHER_CLOCK)
_UNKNOWN_KEY = found(UNKNOWN)
_SIGNATURE = found(OTHER_SECRET)
_SWAPPED = tuple(
    found(ODD_VALUE, link=Link.API_KEY, oddity=oddity)
    for oddity in ("oddity.like-a-key", "oddity.unlike-a-key")
)
_WRAPPED = tuple(
    found(ODD_VALUE, link=Link.API_KEY, oddity=oddity)
    for oddity in (
        "oddity.quotes",
        "oddity.white-space",
        "oddity.control-characters",
        "oddity.carriage-return",
    )
)

CAUSES: tuple[Cause, ...] = (
    Cause(
        "clocks-disagree",
        Link.CLOCK,
        Text(
            en="The clocks of livekit-server and of this machine differ by more than a minute",
            ru="Часы livekit-server и этой машины расходятся больше чем на минуту",
        ),
        Text(
            en=(
                "A token is valid only from one time until another. With such clocks, "
                "livekit-server sees a token that is not valid yet or has expired. Key and secret "
                "may well be right."
            ),
            ru=(
                "Токен действует с одного момента до другого. При таких часах токен для сервера "
                "ещё не действует или уже истёк. Ключ и секрет при этом могут быть верны."
            ),
        ),
        Text(
            en="Synchronise both clocks by NTP (`timedatectl set-ntp true`) and compare them: "
            "`date -u`",
            ru=(
                "Синхронизируйте часы обеих машин по NTP (`timedatectl set-ntp true`) и сравните: "
                "`date -u`"
            ),
        ),
        shows=(_CLOCKS, _NOT_NOW),
        proofs=(_CLOCKS,),
        breaks=(Link.API_KEY,),
        source="livekit/protocol auth/verifier.go; livekit/livekit#2394",
    ),
    Cause(
        "api-key-and-secret-are-swapped",
        Link.API_KEY,
        Text(
            en="API key and secret of the profile are swapped",
            ru="API-ключ и секрет в профиле перепутаны местами",
        ),
        Text(
            en=(
                "livekit-server does not know the key, and the value of the secret looks like a "
                "key. The real secret was sent and logged as a key: whoever reads that log has the "
                "secret."
            ),
            ru=(
                "livekit-server не знает такого ключа, а значение секрета похоже на ключ. "
                "Настоящий секрет был отправлен и записан в журнал как ключ: он известен каждому, "
                "кто читает журнал."
            ),
        ),
        Text(
            en=(
                "Swap LIVEKIT_API_KEY and LIVEKIT_API_SECRET (`livekit.api_key`, "
                "`livekit.api_secret` of the profile). If others read livekit-server's log, create "
                "a new pair under `keys` in {server_yaml}."
            ),
            ru=(
                "Поменяйте местами LIVEKIT_API_KEY и LIVEKIT_API_SECRET (`livekit.api_key`, "
                "`livekit.api_secret` профиля). Если журнал livekit-server читают другие, заведите "
                "новую пару в `keys` в {server_yaml}."
            ),
        ),
        shows=_SWAPPED,
        proofs=_SWAPPED,
        source="livekit pkg/service/auth.go; environments/variable_checks.py",
    ),
    Cause(
        "api-secret-is-wrapped",
        Link.API_KEY,
        Text(
            en="Quotes, blanks or a line break surround the API key or secret of the profile",
            ru="Вокруг API-ключа или секрета в профиле стоят кавычки, пробелы или перевод строки",
        ),
        Text(
            en="They became part of the value, so livekit-server refuses a token signed with it.",
            ru="Они стали частью значения, поэтому livekit-server отклоняет подписанный им токен.",
        ),
        Text(
            en=(
                "Set LIVEKIT_API_KEY and LIVEKIT_API_SECRET again without these characters. docker "
                "--env-file keeps quotes. A secret file made with `echo` ends with a line break: "
                "use printf."
            ),
            ru=(
                "Задайте LIVEKIT_API_KEY и LIVEKIT_API_SECRET заново, без этих символов. docker "
                "--env-file сохраняет кавычки. Файл секрета, созданный через `echo`, кончается "
                "переводом строки: используйте printf."
            ),
        ),
        shows=_WRAPPED,
        proofs=_WRAPPED,
        source="livekit pkg/service/auth.go; environments/variable_checks.py; livekit/node-sdks#60",
    ),
    Cause(
        "api-key-refused",
        Link.API_KEY,
        Text(
            en="livekit-server does not know the API key of the profile",
            ru="livekit-server не знает API-ключ из профиля",
        ),
        Text(
            en=(
                "The key of the profile is not among `keys` of the livekit-server that answers at "
                "`livekit.url`: the key belongs to another deployment, it was replaced, or the "
                "server was not restarted after the key was added."
            ),
            ru=(
                "Ключа из профиля нет среди `keys` того livekit-server, который отвечает по "
                "`livekit.url`: ключ от другой системы, его заменили, или сервер не перезапустили "
                "после добавления ключа."
            ),
        ),
        Text(
            en=(
                "Set LIVEKIT_API_KEY and LIVEKIT_API_SECRET to one pair of `keys` in {server_yaml} "
                "(or of LIVEKIT_KEYS, or `key_file`) of that server, or add the pair there and "
                "restart {server}."
            ),
            ru=(
                "Запишите в LIVEKIT_API_KEY и LIVEKIT_API_SECRET одну из пар `keys` в "
                "{server_yaml} этого сервера (или из LIVEKIT_KEYS, или из `key_file`) либо "
                "добавьте туда эту пару и перезапустите {server}."
            ),
        ),
        shows=(_UNKNOWN_KEY,),
        proofs=(_UNKNOWN_KEY,),
        excludes=(*_SWAPPED, *_WRAPPED),
        source="livekit pkg/service/auth.go",
    ),
    Cause(
        "api-secret-refused",
        Link.API_KEY,
        Text(
            en="The API secret of the profile does not belong to its key",
            ru="API-секрет в профиле не подходит к его ключу",
        ),
        Text(
            en="livekit-server knows the key, but the token was signed with another secret.",
            ru="livekit-server знает ключ, но токен подписан другим секретом.",
        ),
        Text(
            en=(
                "Copy the secret of this key from `keys` in {server_yaml} to LIVEKIT_API_SECRET "
                "(`livekit.api_secret` of the profile), completely and without quotes."
            ),
            ru=(
                "Скопируйте секрет этого ключа из `keys` в {server_yaml} в LIVEKIT_API_SECRET "
                "(`livekit.api_secret` профиля), целиком и без кавычек."
            ),
        ),
        shows=(_SIGNATURE,),
        proofs=(_SIGNATURE,),
        excludes=_WRAPPED,
        source="livekit pkg/service/auth.go; livekit/livekit#3109",
    ),
)
