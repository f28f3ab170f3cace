"""
Words about clauses on the profile, livekit-server, the API key, tokens and grants.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from livekit_conformance.catalogue.clause_words.words import ClauseWords
from livekit_conformance.wording import Text

_TOKENS = Text(
    en="The server accepted a token that it must refuse. Compare the keys in {server_yaml} "
    "(`keys`), and check the proxy in front of livekit-server: it must not replace "
    "`Authorization`.",
    ru="Сервер принял токен, который должен был отклонить. Сверьте ключи в {server_yaml} (`keys`) "
    "и проверьте прокси перед livekit-server: он не должен подменять `Authorization`.",
)
_TOKENS_ON_CLOUD = Text(
    en="The server accepted a token that it must refuse. Check that `livekit.url` is the address "
    "of your project, not of a proxy of your own; if it is, report it to LiveKit with the "
    "evidence.",
    ru="Сервер принял токен, который должен был отклонить. Проверьте, что `livekit.url` — адрес "
    "вашего проекта, а не вашего прокси; если это так, сообщите в LiveKit, приложив "
    "улики.",
)
_GRANTS = Text(
    en="Compare the version of livekit-server (`livekit-server --version`) with the grants that "
    "the evidence lists, and update the server where it grants more than the token has.",
    ru="Сверьте версию livekit-server (`livekit-server --version`) с правами, перечисленными в "
    "уликах, и обновите сервер, если он разрешает больше, чем есть в токене.",
)
_GRANTS_ON_CLOUD = Text(
    en="Report it to LiveKit with the method, the status and the grants that the evidence lists.",
    ru="Сообщите в LiveKit метод, статус и права, перечисленные в уликах.",
)
_CERTIFICATE = Text(
    en="Install a certificate for this host, with the full chain, on the proxy that terminates TLS "
    "for `livekit.url`; inspect it with `openssl s_client -connect HOST:443 -servername HOST`.",
    ru="Установите сертификат на имя этого хоста, с полной цепочкой, на прокси, который "
    "терминирует TLS для `livekit.url`; проверить: `openssl s_client -connect HOST:443 -servername "
    "HOST`.",
)
_CERTIFICATE_ON_CLOUD = Text(
    en="LiveKit Cloud has a trusted certificate: something on the path replaces it. Inspect the "
    "one that arrives with `openssl s_client -connect HOST:443 -servername HOST`, and exempt the "
    "host from TLS inspection.",
    ru="У LiveKit Cloud доверенный сертификат: его подменяют по пути. Посмотрите, какой приходит "
    "(`openssl s_client -connect HOST:443 -servername HOST`), и исключите хост из инспекции TLS.",
)
_CLOCK = Text(
    en="Synchronise both machines by NTP: `timedatectl set-ntp true`; compare them with `date -u`.",
    ru="Синхронизируйте обе машины по NTP: `timedatectl set-ntp true`; сравните их: `date -u`.",
)
_CLOCK_ON_CLOUD = Text(
    en="Synchronise this machine by NTP: `timedatectl set-ntp true`; the clocks of LiveKit Cloud "
    "are right.",
    ru="Синхронизируйте эту машину по NTP: `timedatectl set-ntp true`; часы LiveKit Cloud верны.",
)


def _token(statement: str) -> ClauseWords:
    return ClauseWords(statement, _TOKENS, _TOKENS_ON_CLOUD)


def _grant(statement: str) -> ClauseWords:
    return ClauseWords(statement, _GRANTS, _GRANTS_ON_CLOUD)


ACCESS: Mapping[str, ClauseWords] = MappingProxyType(
    {
        # -- profile and variables
        "1.1-profile-is-complete": ClauseWords(
            "каждое значение, нужное выбранной проверке, должно быть задано и правильно записано",
            Text(
                en="Set the variable that is named, in the environment or in `.env`, or delete the "
                "key from the profile; `livekit-conformance doctor` lists all of them.",
                ru="Задайте названную переменную в окружении или в `.env` либо удалите ключ из "
                "профиля; все такие места перечислит `livekit-conformance doctor`.",
            ),
        ),
        "1.1-variables-are-set": ClauseWords(
            "каждую из девяти переменных следует задавать в окружении процесса, а не только в "
            ".env, и не хранить в .env другое её значение",
            Text(
                en="Export the variable where the tests start (CI secret, unit file, shell), and "
                "delete its other value from `.env`.",
                ru="Задайте переменную там, где запускаются тесты (секрет CI, unit-файл, "
                "оболочка), и удалите другое её значение из `.env`.",
            ),
        ),
        "1.1-env-file-is-private": ClauseWords(
            "файл окружения следует закрыть от других пользователей и не хранить в git",
            Text(
                en="Run `chmod 600 .env`, write `.env` into .gitignore, and remove it from git "
                "with `git rm --cached .env`; replace secrets that were committed.",
                ru="Выполните `chmod 600 .env`, впишите `.env` в .gitignore и уберите его из git: "
                "`git rm --cached .env`; секреты, попавшие в git, замените.",
            ),
        ),
        "1.1-variables-are-sane": ClauseWords(
            "в значении переменной не должно быть лишних кавычек, пробелов и переводов строки, "
            "заглушки, значения другой переменной и неподходящей схемы URL",
            Text(
                en="Correct the value of the variable that is named, where it comes from: the "
                "environment or `.env`.",
                ru="Исправьте значение названной переменной там, откуда оно берётся: в окружении "
                "или в `.env`.",
            ),
        ),
        "1.1-secret-is-strong": ClauseWords(
            "API-секрету следует быть не короче 32 байт",
            Text(
                en="Generate a pair with `livekit-server generate-keys`, write it into "
                "{server_yaml} (`keys`), {sip_yaml} and LIVEKIT_API_SECRET, and restart the "
                "services.",
                ru="Создайте пару командой `livekit-server generate-keys`, впишите её в "
                "{server_yaml} (`keys`), {sip_yaml} и LIVEKIT_API_SECRET и перезапустите "
                "сервисы.",
            ),
            Text(
                en="Create a new key in the dashboard of LiveKit Cloud (Settings, API keys), and "
                "set LIVEKIT_API_KEY and LIVEKIT_API_SECRET to it.",
                ru="Создайте новый ключ в панели LiveKit Cloud (Settings, API keys) и укажите его "
                "в LIVEKIT_API_KEY и LIVEKIT_API_SECRET.",
            ),
        ),
        # -- the way to livekit-server
        "1.1-transport-is-encrypted": ClauseWords(
            "в livekit.url следует указать схему wss или https, если хост — не loopback",
            Text(
                en="Write `wss://` into LIVEKIT_URL, and put a proxy with TLS in front of "
                "livekit-server if there is none.",
                ru="Укажите `wss://` в LIVEKIT_URL, а если перед livekit-server нет прокси с TLS, "
                "поставьте его.",
            ),
            Text(
                en="Write `wss://PROJECT.livekit.cloud` into LIVEKIT_URL.",
                ru="Укажите `wss://PROJECT.livekit.cloud` в LIVEKIT_URL.",
            ),
        ),
        "1.1-tls-is-trusted": ClauseWords(
            "сертификат livekit.url должен действовать для своего хоста, с доверенной цепочкой, по "
            "TLS 1.2 или новее",
            _CERTIFICATE,
            _CERTIFICATE_ON_CLOUD,
        ),
        "1.1-tls-certificate-lasts": ClauseWords(
            "сертификату livekit.url следует действовать ещё не меньше 14 дней",
            Text(
                en="Renew the certificate on the proxy that terminates TLS for `livekit.url` "
                "(`certbot renew`), and reload the proxy.",
                ru="Обновите сертификат на прокси, который терминирует TLS для `livekit.url` "
                "(`certbot renew`), и перезагрузите прокси.",
            ),
            _CERTIFICATE_ON_CLOUD,
        ),
        "1.1-server-answers": ClauseWords(
            "имя в livekit.url должно разрешаться, порт — принимать соединения, а на GET / — "
            "отвечать livekit-server: 200 OK или 406 Not Ready",
            Text(
                en="Run `curl -i` with the URL of LIVEKIT_URL (https for wss). Depending on the "
                "answer, start livekit-server, or correct LIVEKIT_URL or the proxy's upstream.",
                ru="Выполните `curl -i` с адресом из LIVEKIT_URL (https вместо wss). По ответу "
                "запустите livekit-server либо исправьте LIVEKIT_URL или upstream прокси.",
            ),
            Text(
                en="Copy the project URL from the dashboard of LiveKit Cloud (Settings) into "
                "LIVEKIT_URL, and run `curl -i` with it (https for wss).",
                ru="Скопируйте URL проекта из панели LiveKit Cloud (Settings) в LIVEKIT_URL и "
                "выполните с ним `curl -i` (https вместо wss).",
            ),
        ),
        "1.1-server-is-ready": ClauseWords(
            "livekit-server не должен отвечать на GET / статусом 406 Not Ready",
            Text(
                en="Read the last lines of livekit-server's log: it is overloaded (`limit` in "
                "{server_yaml}) or has lost its connection to Redis.",
                ru="Прочитайте последние строки журнала livekit-server: он перегружен (`limit` в "
                "{server_yaml}) или потерял связь с Redis.",
            ),
        ),
        "1.1-clock-agrees": ClauseWords(
            "часы livekit-server должны совпадать с нашими в пределах допуска токенов (60 с)",
            _CLOCK,
            _CLOCK_ON_CLOUD,
        ),
        "1.1-clock-is-exact": ClauseWords(
            "часам livekit-server следует совпадать с нашими с точностью до 5 с",
            _CLOCK,
            _CLOCK_ON_CLOUD,
        ),
        "1.1-key-is-accepted": ClauseWords(
            "на ListRooms с токеном, подписанным парой ключей из профиля, должен прийти ответ 200",
            Text(
                en="Set LIVEKIT_API_KEY and LIVEKIT_API_SECRET to a pair below `keys` in "
                "{server_yaml}; the log line with status 401 has the reason.",
                ru="Укажите в LIVEKIT_API_KEY и LIVEKIT_API_SECRET пару из `keys` в {server_yaml}; "
                "причина — в строке журнала со статусом 401.",
            ),
        ),
        # -- tokens
        "1.1-no-token-is-refused": _token("запрос без токена должен получить отказ 401"),
        "1.1-malformed-token-is-refused": _token(
            "токен, который не JWT, должен получить отказ 401"
        ),
        "1.1-header-without-bearer-is-refused": _token(
            "токен в заголовке без `Bearer ` должен получить отказ 401"
        ),
        "1.1-wrong-secret-is-refused": _token(
            "токен, подписанный другим секретом, должен получить отказ 401"
        ),
        "1.1-unknown-key-is-refused": _token(
            "токен с неизвестным API-ключом должен получить отказ 401"
        ),
        "1.1-expired-token-is-refused": _token(
            "токен, истёкший больше чем 60 с назад (допуск), должен получить отказ 401"
        ),
        "1.1-token-not-yet-valid-is-refused": _token(
            "токен, nbf которого наступит больше чем через 60 с (допуск), должен получить отказ 401"
        ),
        "1.1-unsigned-token-is-refused": _token(
            "токен без подписи (alg none) должен получить отказ 401"
        ),
        "1.1-other-algorithm-is-refused": _token(
            "токен, подписанный не HS256, должен получить отказ 401"
        ),
        "1.1-flipped-signature-is-refused": _token(
            "токен с одним изменённым битом подписи должен получить отказ 401"
        ),
        "1.1-altered-claims-is-refused": _token(
            "токен, изменённый после подписи, должен получить отказ 401"
        ),
        "1.1-token-without-exp-is-refused": _token(
            "подписанному токену без срока действия следует отказывать с 401"
        ),
        "1.1-default-credentials-are-refused": ClauseWords(
            "общеизвестная пара ключей для разработки должна получить отказ",
            Text(
                en="Start livekit-server without `--dev`, and delete `devkey: secret` from `keys` "
                "in {server_yaml}: anyone can sign tokens with it.",
                ru="Запускайте livekit-server без `--dev` и удалите `devkey: secret` из `keys` в "
                "{server_yaml}: этой парой может подписать токен кто угодно.",
            ),
            _TOKENS_ON_CLOUD,
        ),
        # -- grants
        "1.1-missing-grant-is-refused": _grant(
            "метод должен работать ровно со своим правом, а без него получать отказ 401"
        ),
        "1.1-missing-room-grant-is-refused": _grant(
            "метод, меняющий комнаты, должен работать ровно со своим правом, а без него получать "
            "отказ 401"
        ),
        "1.1-other-room-is-refused": _grant(
            "токен администратора одной комнаты не должен действовать в другой"
        ),
        "1.1-missing-sip-grant-is-refused": _grant(
            "метод, меняющий SIP-транки и правила, должен работать с sip.admin, а без него "
            "получать отказ 401"
        ),
        "1.1-missing-call-grant-is-refused": _grant(
            "метод, который начинает или завершает вызовы, должен работать ровно со своим правом, "
            "а без него получать отказ 401"
        ),
        "1.1-join-token-validates": _grant(
            "проверка входа должна принимать токен для его комнаты и отклонять токен без права "
            "входа"
        ),
        # -- our own client
        "1.4-client-errors-are-detailed": ClauseWords(
            "ошибка нашего клиента для каждого вида сбоя должна содержать URL, HTTP-статус, код "
            "Twirp, причину от самого сервера, id ключа под маской и подсказку",
            Text(
                en="The fault is in the client of this suite, not in your deployment: update the "
                "package (`pip install -U livekit-conformance`), or report it with the evidence.",
                ru="Ошибка в клиенте этого набора тестов, а не у вас: обновите пакет (`pip install "
                "-U livekit-conformance`) или сообщите о ней, приложив улики.",
            ),
        ),
        "1.5-client-retries-as-configured": ClauseWords(
            "клиент должен повторять запросы так, как задано в config/retry_policies.yaml, и "
            "только после временных сбоев",
            Text(
                en="Compare `transient` and the waits in config/retry_policies.yaml "
                "with the attempts in the evidence.",
                ru="Сравните `transient` и паузы в config/retry_policies.yaml с "
                "попытками в уликах.",
            ),
        ),
        "1.5-client-does-nothing-twice": ClauseWords(
            "клиент не должен повторять запрос, который мог дойти и подействовал бы дважды, "
            "например вызов",
            Text(
                en="Remove the method from those retried in config/retry_policies.yaml.",
                ru="Уберите метод из повторяемых в config/retry_policies.yaml.",
            ),
        ),
        "1.5-client-keeps-its-budget": ClauseWords(
            "клиент не должен отправлять больше повторов, чем позволяет config/retry_policies.yaml",
            Text(
                en="Lower the number of attempts in config/retry_policies.yaml, or raise `budget` "
                "of the policy that the evidence names.",
                ru="Уменьшите число попыток в config/retry_policies.yaml или поднимите `budget` у "
                "политики, названной в уликах.",
            ),
        ),
        "1.5-client-breaker-as-configured": ClauseWords(
            "circuit breaker клиента должен размыкаться, делать одну пробу и замыкаться так, как "
            "задано в config/error_handling.yaml",
            Text(
                en="Compare the circuit breaker in config/error_handling.yaml with the states in "
                "the evidence.",
                ru="Сравните настройки circuit breaker в config/error_handling.yaml с состояниями "
                "в уликах.",
            ),
        ),
    }
)
