"""
Words of findings about either file: its form, its values, Redis, ports, secrets and log levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from livekit_conformance.config_doctor.sentences import (
    REFUSES,
    WRITE_WHAT_FITS,
    NoEffect,
    Refusal,
    Sentences,
)
from livekit_conformance.wording import Text, Words

_NO_REDIS = Refusal(
    en="{service} refuses to start: it cannot connect to Redis",
    ru="{service} не запустится: он не может подключиться к Redis",
)
_WRITE_THE_PORT = Text(en="Write HOST:6379", ru="Укажите HOST:6379")
_GENERATE = Text(
    en="Generate a pair: livekit-server generate-keys",
    ru="Создайте новую пару: livekit-server generate-keys",
)
_PLACEHOLDER = Text(
    en="{which} is a placeholder", ru="{which}: в файле заглушка вместо настоящего значения"
)
_LITERAL = Text(
    en="the services use it literally: nothing replaces it, and everybody knows it",
    ru="сервисы берут её как есть: никто её не заменит, и она всем известна",
)

COMMON: Mapping[str, Sentences] = MappingProxyType(
    {
        # -- the file as a whole
        "file.unreadable": Sentences(
            Text(en="{problem}", ru="{problem}"),
            REFUSES,
            Text(
                en="Correct the syntax; indent with spaces, and quote values that begin with @, *, "
                "& or !",
                ru="Исправьте синтаксис: отступы — пробелами, а значения, которые начинаются с @, "
                "*, & или !, — в кавычках",
            ),
        ),
        "file.not-text": Sentences(
            Text(en="{problem}", ru="{problem}"),
            REFUSES,
            Text(en="Save it as UTF-8", ru="Сохраните файл в UTF-8"),
        ),
        "file.comments-only": Sentences(
            Text(en="holds comments only", ru="в файле только комментарии"),
            REFUSES,
            Text(
                en="Write `port: 7880`, or empty the file",
                ru="Напишите `port: 7880` или очистите файл",
            ),
        ),
        "file.no-mapping": Sentences(
            Text(en="not a mapping of keys", ru="это не набор ключей"),
            REFUSES,
            Text(en="Write lines of the form `key: value`", ru="Пишите строки вида `key: value`"),
        ),
        "file.second-document": Sentences(
            Text(en="a second document", ru="второй документ"),
            Text(
                en="{service} reads only the first document",
                ru="{service} читает только первый документ",
            ),
            Text(
                en="Delete the line `---` between them, or the second document",
                ru="Удалите строку `---` между ними или второй документ",
            ),
        ),
        # -- keys and values
        "key.not-text": Sentences(
            Text(en="a key that is not text", ru="ключ — не текст"),
            REFUSES,
            Text(
                en="Write one word before the colon", ru="Перед двоеточием должно быть одно слово"
            ),
        ),
        "key.twice": Sentences(
            Text(
                en="the key occurs twice, first on line {first}",
                ru="ключ встречается дважды, впервые — в строке {first}",
            ),
            REFUSES,
            Text(en="Keep one of them", ru="Оставьте один"),
        ),
        "key.bad-merge": Sentences(
            Text(
                en="merges something that is not a mapping, or merges itself",
                ru="подставляет не набор ключей или сам себя",
            ),
            REFUSES,
            Text(en="Name the anchor of another mapping", ru="Укажите якорь другого набора ключей"),
        ),
        "key.unknown": Sentences(
            Text(en="{service} has no such key", ru="у {service} нет такого ключа"),
            Text(en="{reaction}", ru="{reaction}"),
            Text(en="{advice}", ru="{advice}"),
        ),
        "value.misfit": Sentences(
            Text(en="{problem}", ru="{problem}"),
            REFUSES,
            Text(en="{advice}", ru="{advice}"),
        ),
        "value.ignored": Sentences(
            Text(en="{problem}", ru="{problem}"),
            NoEffect(
                en="{service} silently ignores it and uses its default",
                ru="{service} молча пропустит его и возьмёт значение по умолчанию",
            ),
            Text(en="{advice}", ru="{advice}"),
        ),
        # -- Redis
        "redis.url": Sentences(
            Text(en="is a URL", ru="содержит URL, а не адрес"),
            _NO_REDIS,
            Text(
                en="Write HOST:6379; the user name and the password have their own keys",
                ru="Укажите HOST:6379; для имени пользователя и пароля есть свои ключи",
            ),
        ),
        "redis.no-port": Sentences(
            Text(en="has no port", ru="указан без порта"), _NO_REDIS, _WRITE_THE_PORT
        ),
        "redis.invalid-port": Sentences(
            Text(en="has an invalid port", ru="указан с неверным портом"),
            _NO_REDIS,
            _WRITE_THE_PORT,
        ),
        "redis.no-address": Sentences(
            Text(en="names no address", ru="не содержит адреса"),
            Text(en="{effect}", ru="{effect}"),
            Text(
                en="Write `address: HOST:6379` below it", ru="Добавьте в него `address: HOST:6379`"
            ),
        ),
        "redis.no-key-file": Sentences(
            Text(en="is set without client_key_file", ru="задан без client_key_file"),
            REFUSES,
            Text(en="Write both, or neither", ru="Задайте оба или ни одного"),
        ),
        # -- ports
        "port.beyond": Sentences(
            Text(
                en="not a port: {value} is not between 0 and {highest}",
                ru="это не порт: {value} вне диапазона 0–{highest}",
            ),
            Text(en="{effect}", ru="{effect}"),
            Text(en="Choose a valid port", ru="Укажите допустимый порт"),
        ),
        "port.overlaps": Sentences(
            Text(
                en="overlaps with {other} of {file} ({ports}): it covers {own}",
                ru="пересекается с {other} из {file} ({ports}): сам занимает {own}",
            ),
            Text(en="{effect}", ru="{effect}"),
            Text(en="Choose other ports for one of them", ru="Дайте одному из них другие порты"),
        ),
        # -- secrets
        "secret.short": Sentences(
            Text(
                en="{which} has {length} bytes, fewer than {least}",
                ru="{which}: {length} байт, нужно не меньше {least}",
            ),
            Text(
                en="anyone who guesses it can sign valid tokens; livekit-server logs an error at "
                "its start",
                ru="кто его угадает, сможет подписывать настоящие токены; livekit-server пишет при "
                "запуске ошибку в журнал",
            ),
            _GENERATE,
        ),
        "secret.placeholder": Sentences(_PLACEHOLDER, _LITERAL, _GENERATE),
        "redis.placeholder": Sentences(
            _PLACEHOLDER,
            _LITERAL,
            Text(
                en="Write the value of Redis, or delete the line",
                ru="Укажите значение, заданное в Redis, или удалите строку",
            ),
        ),
        # -- logs
        "log.no-level": Sentences(
            Text(en="is not a log level", ru="содержит неизвестный уровень журнала"),
            Text(en="{service} logs from level info", ru="{service} пишет в журнал с уровня info"),
            WRITE_WHAT_FITS,
        ),
    }
)

# Parts of sentences, in the data of findings.
COMMON_PARTS: Words = MappingProxyType(
    {
        "effect.refuses": REFUSES,
        "effect.off-the-bus": Text(
            en="livekit-server does not connect to Redis: livekit-sip cannot find it",
            ru="livekit-server не подключится к Redis: livekit-sip его не найдёт",
        ),
        "effect.cut": Text(
            en="it is cut to 16 bits: {service} uses port {cut} instead",
            ru="от числа останется 16 бит: {service} возьмёт порт {cut}",
        ),
        "effect.off": Text(
            en="it counts as zero, which switches the listener off",
            ru="считается нулём, и порт не открывается",
        ),
        "effect.no-media": Text(
            en="{service} has no such ports: calls that need one of them have no media",
            ru="таких портов у {service} нет: вызовы, которым достался такой порт, останутся без "
            "звука",
        ),
        "effect.no-calls-over-tcp": Text(
            en="{service} has no such ports: calls over TCP fail",
            ru="таких портов у {service} нет: вызовы по TCP не проходят",
        ),
        "effect.media-lost": Text(
            en="media cannot use the shared ports, or gets lost there",
            ru="звуку общие порты недоступны, или он там теряется",
        ),
        "effect.twice": Refusal(
            en="the service refuses to start: it cannot listen twice on one port",
            ru="сервис не запустится: дважды слушать один порт нельзя",
        ),
        "effect.one-of-two": Text(
            en="on one machine only one of the two can listen, and the other service does not "
            "start",
            ru="на одной машине порт достанется только одному, второй сервис не запустится",
        ),
        "reaction.refuses": REFUSES,
        "reaction.ignores": NoEffect(
            en="{service} silently ignores it", ru="{service} молча его пропустит"
        ),
        "which.secret-of-key": Text(en="the secret of {key}", ru="секрет ключа {key}"),
        "which.secret": Text(en="the secret", ru="секрет"),
        "which.key": Text(en="a key", ru="ключ"),
        "which.value": Text(en="it", ru="значение"),
        # -- files that cannot be read
        "yaml.not-utf8": Text(en="not UTF-8 text", ru="это не текст в UTF-8"),
        "yaml.control-character": Text(en="a control character", ru="управляющий символ"),
        "yaml.invalid": Text(en="not YAML: {reason}", ru="это не YAML: «{reason}»"),
        "yaml.too-deep": Text(en="nested too deeply", ru="слишком глубокая вложенность"),
        # -- values that do not fit
        "misfit.bool": Text(en="not true or false", ru="должно быть true или false"),
        "misfit.quoted-bool": Text(
            en="not true or false (without quotes)", ru="должно быть true или false (без кавычек)"
        ),
        "misfit.whole": Text(en="not a whole number", ru="должно быть целым числом"),
        "misfit.quoted-whole": Text(
            en="not a whole number (without quotes)", ru="должно быть целым числом (без кавычек)"
        ),
        "misfit.negative": Text(en="less than zero", ru="меньше нуля"),
        "misfit.less": Text(en="less than {low}", ru="меньше {low}"),
        "misfit.more": Text(en="more than {high}", ru="больше {high}"),
        "misfit.number": Text(en="not a number", ru="должно быть числом"),
        "misfit.quoted-number": Text(
            en="not a number (without quotes)", ru="должно быть числом (без кавычек)"
        ),
        "misfit.port-range": Text(
            en='not a range of ports: write for example "10000-20000"',
            ru='это не диапазон портов: пишите, например, "10000-20000"',
        ),
        "misfit.empty-range": Text(
            en="the last port of the range is not above the first",
            ru="последний порт диапазона не больше первого",
        ),
        "misfit.node-ip": Text(
            en="not an IP address, nor an IPv4 and an IPv6 address separated by a comma",
            ru="это не IP-адрес и не пара адресов IPv4 и IPv6 через запятую",
        ),
        "misfit.one-family": Text(
            en="two addresses of one family", ru="два адреса одного семейства"
        ),
        "misfit.no-unit": Text(
            en="a duration without its unit: write {text}s for seconds",
            ru="длительность без единицы: для секунд пишите {text}s",
        ),
        "misfit.duration": Text(
            en="not a duration: write a number and its unit, such as 500ms, 30s or 1m30s",
            ru="это не длительность: пишите число с единицей, например 500ms, 30s или 1m30s",
        ),
        "misfit.form": Text(
            en="{given} where {wanted} belongs", ru="здесь {given}, а должно быть: {wanted}"
        ),
        "form.mapping": Text(en="a mapping", ru="набор ключей"),
        "form.list": Text(en="a list", ru="список"),
        "form.value": Text(en="a value", ru="одно значение"),
        # -- advice on keys and values
        "advice.text": Text(en="Write one value", ru="Укажите одно значение"),
        "advice.node-ip": Text(en="Write one address", ru="Укажите один адрес"),
        "advice.bool": Text(en="Write true or false", ru="Укажите true или false"),
        "advice.float": Text(en="Write a number", ru="Укажите число"),
        "advice.duration": Text(
            en="Write the unit after the number", ru="Добавьте к числу единицу"
        ),
        "advice.port-range": Text(
            en="Write FIRST-LAST, or one port", ru="Укажите FIRST-LAST или один порт"
        ),
        "advice.whole": Text(en="Write a whole number", ru="Укажите целое число"),
        "advice.pairs": Text(
            en="Write lines of the form `name: value` below the key",
            ru="Добавьте под ключом строки вида `name: value`",
        ),
        "advice.keys-below": Text(
            en="Write keys below it: {keys}", ru="Добавьте под ним ключи: {keys}"
        ),
        "advice.list": Text(en="Write a list: [..., ...]", ru="Напишите список: [..., ...]"),
        "advice.elsewhere": Text(
            en="The key belongs elsewhere: {places}", ru="Место этого ключа: {places}"
        ),
        "advice.other-file": Text(
            en="{other} has it: write it into {file}, as {places}",
            ru="Это ключ {other}: перенесите его в {file} как {places}",
        ),
        "advice.spelling": Text(
            en='Did you mean "{close}"?', ru='Возможно, имелся в виду "{close}"'
        ),
        "advice.delete": Text(
            en="Delete it; keys of {section}: {keys}", ru="Удалите его; ключи {section}: {keys}"
        ),
        "advice.no-keys": Text(
            en="Delete it: {section} has no keys", ru="Удалите его: у {section} нет ключей"
        ),
        "advice.nothing-to-set": Text(
            en="Delete it: there is nothing to set", ru="Удалите его: здесь нечего настраивать"
        ),
        "advice.no-timeout": Text(
            en="There is no such setting: the bus answers within 1 s or not at all. You can set "
            "`room.create_room_timeout` in livekit.yaml and the ringing time-out of a trunk",
            ru="Такой настройки нет: шина отвечает за 1 с или никогда. Можно задать "
            "`room.create_room_timeout` в livekit.yaml и время ожидания ответа в транке",
        ),
        "advice.always-reconnects": Text(
            en="Delete it: livekit-sip always reconnects, and this cannot be configured",
            ru="Удалите его: livekit-sip всегда переподключается, и это не настраивается",
        ),
        "advice.server-sends-webhooks": Text(
            en="Delete it: livekit-server sends the webhooks, with four retries that cannot be "
            "configured. You can set `webhook.resource_url_notifier.max_age` in livekit.yaml",
            ru="Удалите его: вебхуки отправляет livekit-server, с четырьмя повторами, которые не "
            "настраиваются. Можно задать `webhook.resource_url_notifier.max_age` в livekit.yaml",
        ),
        "advice.no-breaker": Text(
            en="Delete it: LiveKit has no circuit breaker",
            ru="Удалите его: в LiveKit нет circuit breaker",
        ),
        "advice.no-register": Text(
            en="Delete it: livekit-sip does not REGISTER",
            ru="Удалите его: livekit-sip не отправляет REGISTER",
        ),
        "advice.trunks-by-api": Text(
            en="Create trunks through the API: `lk sip inbound create`",
            ru="Создавайте транки через API: `lk sip inbound create`",
        ),
        "advice.rules-by-api": Text(
            en="Create rules through the API: `lk sip dispatch create`",
            ru="Создавайте правила через API: `lk sip dispatch create`",
        ),
        "advice.write": Text(en="Write `{line}`", ru="Напишите `{line}`"),
        "advice.health-port": Text(
            en="Write `health_port: 8080` (it reports CPU load only)",
            ru="Напишите `health_port: 8080` (он сообщает только о загрузке CPU)",
        ),
    }
)
