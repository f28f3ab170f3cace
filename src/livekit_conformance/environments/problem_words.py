"""
Words of the problems of the operator's input, by code.
"""

from __future__ import annotations

from types import MappingProxyType

from livekit_conformance.wording import Text, Words

WORDS: Words = MappingProxyType(
    {
        "place.line": Text(en="line {line}", ru="строка {line}"),
        "place.column": Text(
            en="line {line}, column {column}", ru="строка {line}, столбец {column}"
        ),
        "hint.near": Text(en='; did you mean "{near}"?', ru="; может быть, {near}?"),
        "section.named": Text(en="section {name}", ru="разделе {name}"),
        "section.top": Text(en="section top level", ru="корне файла"),
        # -- the file
        "profile.unknown": Text(
            en="unknown environment {name!r}: there is no file {path}; known environments: "
            "{known}{hint}",
            ru="нет окружения {name}: файла {path} не существует; есть окружения: {known}{hint}",
        ),
        "profile.not-a-profile": Text(
            en="not a profile, key 'kind' is missing in section top level; known environments: "
            "{known}",
            ru="не профиль: в корне файла нет ключа kind; есть окружения: {known}",
        ),
        "names.none": Text(en="none", ru="ни одного"),
        "file.unreadable": Text(en="cannot be read: {reason}", ru="не читается: «{reason}»"),
        "file.not-utf8": Text(
            en="cannot be read: it is not UTF-8 text", ru="не читается: это не текст в UTF-8"
        ),
        "yaml.invalid": Text(en="not YAML: {reason}", ru="не YAML: «{reason}»"),
        "yaml.no-mapping": Text(
            en="must hold a mapping of sections (kind: ..., allow: ...)",
            ru="должен состоять из разделов (kind: ..., allow: ...)",
        ),
        "yaml.key-is-no-text": Text(
            en="a key must be plain text (put it in quotes)",
            ru="ключ должен быть текстом (возьмите его в кавычки)",
        ),
        "yaml.key-twice": Text(
            en="key '{name}' occurs twice, first on line {first}: keep one",
            ru="ключ {name} указан дважды, впервые в строке {first}: оставьте один",
        ),
        "yaml.unnamed-key-twice": Text(
            en="a key occurs twice, first on line {first}: keep one",
            ru="ключ указан дважды, впервые в строке {first}: оставьте один",
        ),
        # -- keys and values
        "key.unknown": Text(
            en="unknown key '{name}' in {section}; allowed keys: {allowed}{hint}",
            ru="неизвестный ключ {name} в {section}; допустимые ключи: {allowed}{hint}",
        ),
        "key.unknown-unnamed": Text(
            en="unknown key in {section}; allowed keys: {allowed}{hint}",
            ru="неизвестный ключ в {section}; допустимые ключи: {allowed}{hint}",
        ),
        "key.missing": Text(
            en="key '{name}' is missing in {section}", ru="нет ключа {name} в {section}"
        ),
        "value.not-one-of": Text(
            en="must be one of {allowed}{hint}", ru="допустимы только {allowed}{hint}"
        ),
        "value.no-text": Text(
            en="must be text: put the value in quotes",
            ru="должно быть текстом: возьмите значение в кавычки",
        ),
        "value.refers-to-variable": Text(
            en="it refers to a variable", ru="это ссылка на переменную"
        ),
        "value.holds-secret": Text(
            en="it holds a secret, which belongs into a variable",
            ru="в нём секрет, а секретам место в переменной",
        ),
        "value.no-number": Text(en="must be a number", ru="должно быть числом"),
        "value.no-whole-number": Text(en="must be a whole number", ru="должно быть целым числом"),
        "value.no-truth": Text(en="must be true or false", ru="должно быть true или false"),
        "value.no-list": Text(en="must be a list", ru="должно быть списком"),
        "value.no-section": Text(
            en="must be a section with keys", ru="должно быть разделом с ключами"
        ),
        "value.no-date": Text(
            en="must be a date, as 2026-11-30", ru="должно быть датой, например 2026-11-30"
        ),
        "value.empty": Text(en="must not be empty", ru="не должно быть пустым"),
        "value.too-small": Text(en="must be at least {least}", ru="должно быть не меньше {least}"),
        "value.too-large": Text(en="must be at most {most}", ru="должно быть не больше {most}"),
        # In the words of pydantic, which has them in English only.
        "value.refused": Text(
            en="is not accepted: `{reason}`", ru="недопустимое значение: `{reason}`"
        ),
        "address.invalid": Text(
            en='not an address: write "host" or "host:port" (no scheme, no path)',
            ru="не адрес: напишите host или host:port, без схемы и пути",
        ),
        "address.no-port": Text(
            en="has no port: write host:port", ru="не указан порт: напишите host:port"
        ),
        "url.invalid": Text(
            en="not a URL that starts with {schemes}", ru="не URL, который начинается с {schemes}"
        ),
        "room-pattern.no-call-id": Text(
            en="must hold {call_id} once, as in voice-ai-call-{call_id}",
            ru="должно один раз содержать {call_id}, например voice-ai-call-{call_id}",
        ),
        "call-id.no-pattern": Text(
            en="not a regular expression: {reason}", ru="не регулярное выражение: «{reason}»"
        ),
        "call-id.unknown": Text(
            en="must be one of {allowed} or regex:PATTERN{hint}",
            ru="допустимы только {allowed} или regex:PATTERN{hint}",
        ),
        "clause.unknown": Text(en="no such clause{hint}", ru="нет такого пункта{hint}"),
        "text.control-characters": Text(
            en="must not hold line breaks or control characters",
            ru="не должно содержать переводов строк и управляющих символов",
        ),
        "number.invalid": Text(
            en='not a number to dial: write for example "+15550123"',
            ru="не номер, который можно набрать: напишите, например, +15550123",
        ),
        "log.no-single-source": Text(
            en="needs either path or command, and not both",
            ru="нужно что-то одно: либо path, либо command",
        ),
        "duration.no-unit": Text(
            en='a duration needs its unit: write "{value}s" for {value} seconds',
            ru="у времени должна быть единица: напишите {value}s, если это секунды ({value})",
        ),
        "duration.invalid": Text(
            en='not a duration: write a number and its unit, as "500ms", "5s" or "3m"',
            ru="не время: напишите число и единицу, например 500ms, 5s или 3m",
        ),
        "duration.zero": Text(
            en='a duration must be longer than zero: write for example "5s"',
            ru="время должно быть больше нуля: напишите, например, 5s",
        ),
        # -- what a kind of profile needs
        "live.key-missing": Text(
            en="kind live needs it: add `{name}: ...` under `{section}:`",
            ru="нужен для kind live: добавьте `{name}: ...` в раздел `{section}:`",
        ),
        "live.empty": Text(
            en="is empty: kind live needs a value", ru="пусто: для kind live нужно значение"
        ),
        "allow.disrupt": Text(
            en="disrupt is refused for a target that is not loopback: remove it",
            ru="disrupt разрешён только на loopback, а здесь другой адрес: уберите его",
        ),
        "number.empty": Text(
            en="is empty: a profile with sip.server needs the number to dial",
            ru="пусто: вместе с sip.server нужен номер, который набирать",
        ),
        "password.empty": Text(
            en="is empty: sip.username needs it (or leave both empty: no digest)",
            ru="пусто: вместе с sip.username нужен и он (или оставьте пустыми оба, тогда без "
            "digest)",
        ),
        "secret.short": Text(
            en="the secret has fewer than {shortest} characters: {remedy}",
            ru="в секрете меньше {shortest} символов: {remedy}",
        ),
        "secret.number": Text(
            en="the secret is a number, a date or an address: {remedy}",
            ru="секрет — число, дата или адрес: {remedy}",
        ),
        "secret.word": Text(
            en="the secret is a word or an id that the reports use: {remedy}",
            ru="секрет — слово или идентификатор из самих отчётов: {remedy}",
        ),
        "secret.remedy": Text(
            en="masking it would mask ordinary text in reports; choose a longer random one",
            ru="если его скрывать, из отчётов пропал бы обычный текст; выберите длинный случайный",
        ),
        # -- variables
        "variable.no-reference": Text(
            en="not a variable reference: write ${NAME} with letters, digits and _, "
            "or ${NAME:-} for one that may be left out",
            ru="не ссылка на переменную: напишите ${NAME} из букв, цифр и _ или "
            "${NAME:-} для переменной, которой может не быть",
        ),
        "variable.missing": Text(
            en="variable {name} is missing: looked in the environment and in {file}; {remedy}",
            ru="переменная {name} не задана: искали в окружении и в {file}; {remedy}",
        ),
        "env-file.none": Text(en=".env (there is none)", ru=".env (его нет)"),
        "env-file.environment": Text(en="the environment", ru="окружении"),
        "variable.set-it": Text(
            en="set it with `export {name}=...` or put a line {name}=... into {file}",
            ru="задайте её: `export {name}=...` или строкой {name}=... в {file}",
        ),
        "variable.meant": Text(
            en="{place} has {near}: if that is the one meant, correct its name",
            ru="в {place} есть {near}: если имелась в виду она, исправьте имя",
        ),
        "variable.holds-it": Text(
            en="variable {name} ({origin}) holds it",
            ru="значение из переменной {name} ({origin})",
        ),
        "variable.is-odd": Text(
            en="variable {name} ({origin}) {oddity}", ru="переменная {name} ({origin}) {oddity}"
        ),
        "oddity.two": Text(en="{one} and {other}", ru="{one} и {other}"),
        "origin.environment": Text(en="environment", ru="из окружения"),
        "origin.env": Text(en=".env", ru="из .env"),
        "origin.missing": Text(en="missing", ru="не задана"),
        "oddity.control-characters": Text(
            en="holds line breaks or control characters",
            ru="содержит переводы строк или управляющие символы",
        ),
        "oddity.carriage-return": Text(
            en="ends with a carriage return, as in a file with Windows line ends",
            ru="кончается возвратом каретки, как в файле с концами строк Windows",
        ),
        "oddity.white-space": Text(
            en="begins or ends with white space or a line break",
            ru="начинается или кончается пробелом или переводом строки",
        ),
        "oddity.quotes": Text(
            en="has quotes around it", ru="взята в кавычки, и они стали частью значения"
        ),
        "oddity.placeholder": Text(en="is a placeholder", ru="содержит заглушку вместо значения"),
        "oddity.url": Text(en="holds a URL", ru="содержит URL"),
        "oddity.telephone": Text(en="holds a telephone number", ru="содержит номер телефона"),
        "oddity.address": Text(en="holds an address", ru="содержит адрес"),
        "oddity.number": Text(en="holds a number", ru="содержит число"),
        "oddity.more-than-host": Text(
            en="holds more than a host name: scheme, port and path do not belong there",
            ru="содержит больше, чем имя хоста: схема, порт и путь здесь лишние",
        ),
        "oddity.no-port": Text(en="is not a port number", ru="содержит не номер порта"),
        "oddity.like-a-key": Text(
            en="looks like an API key: swapped with LIVEKIT_API_KEY",
            ru="похожа на API-ключ: перепутана с LIVEKIT_API_KEY",
        ),
        "oddity.unlike-a-key": Text(
            en="does not look like an API key: swapped with LIVEKIT_API_SECRET",
            ru="не похожа на API-ключ: перепутана с LIVEKIT_API_SECRET",
        ),
        "oddity.same": Text(en="is the same as LIVEKIT_API_KEY", ru="совпадает с LIVEKIT_API_KEY"),
        "oddity.scheme": Text(
            en="port {port} does not fit a URL that begins with {scheme}:// ({key})",
            ru="содержит порт {port}, а URL начинается с {scheme}:// ({key})",
        ),
        # -- the env file
        "env-file.missing": Text(en="there is no such env file", ru="такого env-файла нет"),
        "env-file.utf16": Text(
            en="is UTF-16: save it as UTF-8", ru="записан в UTF-16: сохраните его в UTF-8"
        ),
        "env-file.not-utf8": Text(
            en="not UTF-8: save the file as UTF-8", ru="не UTF-8: сохраните файл в UTF-8"
        ),
        "env-file.line": Text(en="not of the form NAME=value", ru="не имеет вида NAME=value"),
        # -- options
        "allow.no-consent": Text(
            en="{path} does not consent: may_raise must list {effect}",
            ru="{path} этого не разрешает: в may_raise должно быть {effect}",
        ),
        "allow.unknown": Text(
            en="no such effect; effects: {known}{hint}",
            ru="нет такого действия; есть: {known}{hint}",
        ),
        "option.not-one-of": Text(en="must be one of {allowed}", ru="допустимы только {allowed}"),
        "option.budget": Text(
            en="must be a number of seconds greater than 0", ru="должно быть числом секунд больше 0"
        ),
        "option.coverage": Text(
            en="must be a percentage from 0 to 100", ru="должно быть процентом от 0 до 100"
        ),
        # -- policies of the client
        "policy.transient": Text(
            en="must be one of {allowed}, or a status such as 503 (a refused key and a wrong "
            "request are never tried again)",
            ru="допустимы только {allowed} или код ответа, например 503 (с отвергнутым ключом и "
            "неверным запросом попытка не повторяется)",
        ),
        "policy.refusal": Text(
            en="{statuses}: a refused request is never tried again; remove it",
            ru="{statuses}: отвергнутый запрос не повторяют; уберите",
        ),
        "policy.delays-shrink": Text(
            en="longest_delay is shorter than first_delay",
            ru="longest_delay меньше, чем first_delay",
        ),
        "policy.deadline": Text(
            en="deadline is shorter than timeout, which bounds one try",
            ru="deadline меньше, чем timeout одной попытки",
        ),
        "policy.authentication": Text(
            en="authentication.retry must be false: a refused key stays refused",
            ru="authentication.retry должен быть false: отвергнутый ключ отвергнут и дальше",
        ),
        "policy.request": Text(
            en="request.retry must be false: a wrong request stays wrong",
            ru="request.retry должен быть false: неверный запрос неверен и дальше",
        ),
    }
)
