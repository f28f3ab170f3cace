"""
Words of the doctor's findings by code.
"""

from __future__ import annotations

from types import MappingProxyType

from livekit_conformance.doctor.local_words import FILES, MACHINE
from livekit_conformance.environments.problem_words import WORDS as PROBLEMS
from livekit_conformance.wording import Text, Words

_SUBJECTS: Words = {
    "subject.name": Text(en="the name `{name}` ({key})", ru="имя `{name}` ({key})"),
    "subject.port": Text(en="the port `{endpoint}` ({key})", ru="порт `{endpoint}` ({key})"),
    "subject.certificate": Text(
        en="the certificate of `{endpoint}` ({key})", ru="сертификат `{endpoint}` ({key})"
    ),
    "subject.address": Text(en="`{address}` ({key})", ru="`{address}` ({key})"),
    "subject.sip": Text(en="SIP at `{server}`", ru="SIP на `{server}`"),
    "subject.api-key": Text(en="the API key", ru="API-ключ"),
    "subject.outbound-trunk": Text(en="the outbound trunk", ru="исходящий транк"),
    "subject.lists": Text(en="the trunks and dispatch rules", ru="транки и правила"),
    "subject.bus": Text(en="the bus", ru="шина"),
    "subject.program": Text(en="the program {name}", ru="программа {name}"),
    "subject.ports": Text(en="free ports", ru="свободные порты"),
    "subject.stand-in": Text(en="the agent stand-in", ru="заместитель агента"),
    "subject.python": Text(en="Python", ru="Python"),
    "subject.setpriv": Text(en="setpriv", ru="setpriv"),
    "service.livekit-server": Text(en="livekit-server", ru="livekit-server"),
    "service.livekit-sip": Text(en="livekit-sip", ru="livekit-sip"),
    "service.provider": Text(en="the SIP service of the provider", ru="SIP-сервис провайдера"),
    "service.application": Text(en="the application", ru="приложение"),
    "service.redis": Text(en="Redis", ru="Redis"),
    "probe.no-answer": Text(
        en="{what}: no answer within {within:g} s", ru="{what}: нет ответа за {within:g} с"
    ),
    "probe.blocked": Text(en="{what}: fix {first} first", ru="{what}: сначала исправьте: {first}"),
    "probe.not-finished": Text(
        en="{what}: not finished within {whole:g} s", ru="{what}: не успели за {whole:g} с"
    ),
}

_PATH: Words = {
    "dns.resolved": Text(
        en="`{name}` is {addresses} ({key})", ru="адрес `{name}`: {addresses} ({key})"
    ),
    "dns.no-address": Text(
        en="`{name}` has no address: `{reason}` ({key})",
        ru="у `{name}` нет адреса: `{reason}` ({key})",
    ),
    "dns.silent": Text(
        en="no name server answers for `{name}`: `{reason}` ({key})",
        ru="ни один DNS-сервер не ответил про `{name}`: `{reason}` ({key})",
    ),
    "port.open": Text(
        en="`{endpoint}` accepts connections ({key})",
        ru="`{endpoint}` принимает соединения ({key})",
    ),
    **dict.fromkeys(
        ("port.refused", "port.filtered"),
        Text(
            en="`{endpoint}` does not accept connections: `{reason}` ({key})",
            ru="`{endpoint}` не принимает соединения: `{reason}` ({key})",
        ),
    ),
    "tls.no-handshake": Text(
        en="no TLS handshake with `{endpoint}`: `{reason}` ({key})",
        ru="TLS-рукопожатие с `{endpoint}` не удалось: `{reason}` ({key})",
    ),
    "certificate.valid": Text(
        en="the certificate of `{endpoint}` is trusted and valid for {days:.0f} days "
        "({version}, {key})",
        ru="сертификат `{endpoint}` верен, действует ещё {days:.0f} дн. ({version}, {key})",
    ),
    "connection.within-machine": Text(
        en="`livekit.url` points to this machine, so there is nothing to encrypt",
        ru="`livekit.url` указывает на эту же машину, шифровать нечего",
    ),
    "address.free": Text(
        en="`{address}` is free; the suite listens there during a run ({key})",
        ru="`{address}` свободен, при прогоне его займут тесты ({key})",
    ),
    "address.taken": Text(
        en="the suite cannot listen on `{address}`: `{reason}` ({key})",
        ru="тесты не могут занять `{address}`: `{reason}` ({key})",
    ),
}

_SERVER: Words = {
    "server.silent": Text(
        en="`{url}` does not answer HTTP: `{reason}` (after {waited:.1f} s)",
        ru="`{url}` не отвечает по HTTP: `{reason}` (за {waited:.1f} с)",
    ),
    "server.ready": Text(
        en="livekit-server answers `GET /` and is ready",
        ru="livekit-server отвечает на `GET /` и готов",
    ),
    "server.answers": Text(
        en="livekit-server answers `GET /`", ru="livekit-server отвечает на `GET /`"
    ),
    "clock.agrees": Text(
        en="the clock of livekit-server agrees with ours",
        ru="часы livekit-server совпадают с нашими",
    ),
    "api-key.accepted": Text(
        en="the API key `{key}` is accepted; open rooms: {rooms}",
        ru="API-ключ `{key}` принят; открытых комнат: {rooms}",
    ),
    "sip-api.answers": Text(
        en="the SIP API answers; inbound trunks: {trunks}, dispatch rules: {rules}",
        ru="SIP API отвечает; входящих транков: {trunks}, правил диспетчеризации: {rules}",
    ),
    **dict.fromkeys(
        ("sip-api.without-redis", "sip-api.refused"),
        Text(
            en="the trunks and dispatch rules cannot be listed: `{answer}`",
            ru="не удалось получить список транков и правил: `{answer}`",
        ),
    ),
    "outbound-trunk.exists": Text(
        en="outbound trunk `{trunk}` exists", ru="исходящий транк `{trunk}` существует"
    ),
    "outbound-trunk.none": Text(
        en="there is no outbound trunk `{trunk}`; the server has none",
        ru="исходящего транка `{trunk}` нет; на сервере: ни одного",
    ),
    "outbound-trunk.unknown": Text(
        en="there is no outbound trunk `{trunk}`; the server has {others}",
        ru="исходящего транка `{trunk}` нет; на сервере: {others}",
    ),
    "server-version.in-log": Text(
        en="livekit-server {version} (the last start in its log)",
        ru="livekit-server {version} (последний запуск по его журналу)",
    ),
    "server-version.in-redis": Text(
        en="livekit-server {version} (the newest that ever ran on this Redis)",
        ru="livekit-server {version} (самая новая версия, работавшая с этим Redis)",
    ),
    "server-version.too-old": Text(en="{found}", ru="{found}"),
    "server-version.unknown": Text(
        en="the version of livekit-server: neither its log nor Redis shows it",
        ru="версия livekit-server: её не видно ни в его журнале, ни в Redis",
    ),
    "sip-version.in-log": Text(
        en="livekit-sip {version} (its log)", ru="livekit-sip {version} (из его журнала)"
    ),
    "sip-version.unknown": Text(
        en="the version of livekit-sip: it does not report it over the network",
        ru="версия livekit-sip: по сети он её не сообщает",
    ),
}

_SIP: Words = {
    **dict.fromkeys(
        ("bus.account-refused", "bus.silent"),
        Text(
            en="Redis at `{endpoint}` does not answer queries: `{reason}`",
            ru="Redis на `{endpoint}` не отвечает на запросы: `{reason}`",
        ),
    ),
    "bus.has-listeners": Text(
        en="{service} listens on the bus ({count})", ru="{service} слушает шину ({count})"
    ),
    "options.answered": Text(
        en="`{server}` answers OPTIONS over {transport}: `{status} {reason}`{by}",
        ru="`{server}` отвечает на OPTIONS по {transport}: `{status} {reason}`{by}",
    ),
    "options.by": Text(en=", `{name}`", ru=", `{name}`"),
    **dict.fromkeys(
        ("options.port-closed", "options.silent"),
        Text(
            en="`{server}` does not answer OPTIONS over {transport}: `{reason}` "
            "(after {waited:.1f} s)",
            ru="`{server}` не отвечает на OPTIONS по {transport}: `{reason}` (за {waited:.1f} с)",
        ),
    ),
}

_DISPATCH: Words = {
    "one.named": Text(en="`{id}` ({name})", ru="`{id}` ({name})"),
    "one.unnamed": Text(en="`{id}`", ru="`{id}`"),
    "one.why-not": Text(en="{one}: {reason}", ru="{one}: {reason}"),
    "list.two": Text(en="{one}; {other}", ru="{one}; {other}"),
    "list.and-more": Text(en="{listed}; and {more} more", ru="{listed}; и ещё {more}"),
    "line.no-number": Text(
        en="trunk, rule and room of a call: the profile has no `sip.number`",
        ru="транк, правило и комната для вызова: в профиле нет `sip.number`",
    ),
    "trunk.takes-the-call": Text(
        en="trunk {trunk} takes a call from `{caller}` to `{called}`",
        ru="транк {trunk} принимает вызов с `{caller}` на `{called}`",
    ),
    "trunk.takes-the-call-unless": Text(
        en="trunk {trunk} takes a call from `{caller}` to `{called}`; whether its "
        "`allowed_addresses` hold the source of the call is not known",
        ru="транк {trunk} принимает вызов с `{caller}` на `{called}`; входит ли адрес звонящего в "
        "его `allowed_addresses`, неизвестно",
    ),
    "trunk.none": Text(en="there is no inbound trunk", ru="нет ни одного входящего транка"),
    "trunk.only-a-rule": Text(
        en="no trunk takes the call; rule {rule}, which is for all trunks, takes it like a call of "
        "any stranger; {why}",
        ru="ни один транк не принимает вызов, но правило {rule} для всех транков примет его, как и "
        "любой чужой вызов; {why}",
    ),
    "trunk.no-match": Text(
        en="no trunk takes a call from `{caller}` to `{called}`: {why}",
        ru="ни один транк не принимает вызов с `{caller}` на `{called}`: {why}",
    ),
    "credentials.not-asked": Text(
        en="trunk {trunk} asks for no user name and password",
        ru="транк {trunk} не спрашивает имя и пароль",
    ),
    "credentials.match": Text(
        en="the account of the profile matches that of trunk {trunk}",
        ru="учётная запись в профиле совпадает с записью транка {trunk}",
    ),
    "rule.takes-the-call": Text(
        en="dispatch rule {rule} ({kind}) takes the call", ru="вызов примет правило {rule} ({kind})"
    ),
    "rule.asks-for-pin": Text(
        en="rule {rule} takes the call and asks for a PIN",
        ru="вызов примет правило {rule} и спросит PIN",
    ),
    "rule.none": Text(
        en="there is no dispatch rule: the phone only rings",
        ru="нет ни одного правила диспетчеризации: телефон будет только звонить",
    ),
    "rule.no-match": Text(
        en="no dispatch rule takes the call, the phone only rings: {why}",
        ru="ни одно правило не принимает вызов, телефон будет только звонить: {why}",
    ),
    "room.with-suffix": Text(
        en="{stem}_<{length} random characters>", ru="{stem}_<{length} случайных символов>"
    ),
    "room.fits": Text(
        en="the room will be `{room}`, which fits `{pattern}` (call_id: {call_id})",
        ru="комната получит имя `{room}`, оно подходит под `{pattern}` (call_id: {call_id})",
    ),
    "mismatch.trunks": Text(en="is for trunk {trunks}", ru="только для транка {trunks}"),
    "mismatch.other": Text(en="`{reason}`", ru="`{reason}`"),
    "mismatch.other-form": Text(
        en="`{number}` is listed as `{other}` in `{field}`",
        ru="`{number}` записан в `{field}` как `{other}`",
    ),
    "mismatch.other-form-in-rule": Text(
        en="`{number}` is listed as `{other}` in `{field}`; rules compare numbers exactly",
        ru="`{number}` записан в `{field}` как `{other}`; правила сравнивают номера посимвольно",
    ),
    "mismatch.not-listed": Text(
        en="`{field}` has {listed}{more}, not `{number}`",
        ru="в `{field}` есть {listed}{more}, но нет `{number}`",
    ),
    "mismatch.source": Text(
        en="`allowed_addresses` ({listed}) does not include `{source}`, the address at which "
        "livekit-sip sees this machine",
        ru="в `allowed_addresses` ({listed}) нет `{source}`, а именно так livekit-sip видит эту "
        "машину",
    ),
    "fix.add-number": Text(
        en="Add `{number}` to `{field}` of `{id}`, exactly in this form: `{command}`",
        ru="Добавьте `{number}` в `{field}` у `{id}` ровно в таком виде: `{command}`",
    ),
    "fix.add-source": Text(
        en="Add `{source}/32` to `allowed_addresses` of `{trunk}`: `lk sip inbound update`. A call "
        "of your provider comes from another address",
        ru="Добавьте `{source}/32` в `allowed_addresses` у `{trunk}`: `lk sip inbound update`. "
        "Вызов провайдера придёт с другого адреса",
    ),
    "fix.trunk-for-number": Text(
        en="Add `{called}` to `numbers` of the trunk, or create one: `lk sip inbound list`, "
        "`lk sip inbound update`, `lk sip inbound create`",
        ru="Добавьте `{called}` в `numbers` транка или создайте транк: `lk sip inbound list`, "
        "`lk sip inbound update`, `lk sip inbound create`",
    ),
    "fix.rule-for-call": Text(
        en="Add trunk `{trunk}` and number `{called}` to a rule, or create one: "
        "`lk sip dispatch list`, `lk sip dispatch update`, `lk sip dispatch create`",
        ru="Добавьте транк `{trunk}` и номер `{called}` в правило или создайте новое: "
        "`lk sip dispatch list`, `lk sip dispatch update`, `lk sip dispatch create`",
    ),
}

_PROFILE: Words = {
    "profile.loads": Text(
        en="profile `{path}` loads (kind {kind})", ru="профиль `{path}` читается (kind {kind})"
    ),
    "profile.own-deployment": Text(
        en="each run of the suite starts and stops its own deployment of kind {kind}: only this "
        "machine can be checked",
        ru="окружение вида {kind} запускается при каждом прогоне тестов и останавливается вместе с "
        "ним: проверить можно только эту машину",
    ),
    "profile.half-an-outbound": Text(
        en="`sip.outbound` lacks {keys}", ru="в `sip.outbound` не хватает {keys}"
    ),
    "profile.endpoint-on-loopback": Text(
        en="`webhook.url` points to `{host}`: for livekit-server that is another machine than for "
        "the suite",
        ru="`webhook.url` указывает на `{host}`, а для livekit-server это не та машина, на которой "
        "идут тесты",
    ),
    "profile.no-sip-server": Text(
        en="livekit-sip: the profile does not name it", ru="livekit-sip: в профиле не указано"
    ),
    "profile.no-redis": Text(
        en="the bus in Redis: the profile does not name it",
        ru="шина в Redis: в профиле не указано",
    ),
    "profile.no-endpoint": Text(
        en="the webhook endpoint: the profile does not name it",
        ru="адрес для вебхуков: в профиле не указано",
    ),
    "proxy.not-used": Text(
        en="{names}: not used, because the suite connects to every service directly",
        ru="{names}: не используется, потому что тесты соединяются с сервисами напрямую",
    ),
    "from.environment": Text(en="from the environment", ru="из окружения"),
    "from.env-file": Text(en="from `{file}`", ru="из `{file}`"),
    "from.nowhere": Text(en="is missing", ru="не задана"),
    "how.environment": Text(en="`export {name}=...`", ru="`export {name}=...`"),
    "how.env-file": Text(en="`{name}=...` in `{file}`", ru="`{name}=...` в файле `{file}`"),
    "variable.set": Text(en="variable `{name}`: {origin}", ru="переменная `{name}`: {origin}"),
    "variable.absent": Text(en="variable `{name}` is missing", ru="переменная `{name}` не задана"),
    "variable.absent-beside": Text(
        en="variable `{name}` is missing, although {beside} is given",
        ru="переменная `{name}` не задана, хотя {beside} есть",
    ),
    "variable.misspelt": Text(
        en="variable `{name}` is missing; did you mean `{near}` ({origin})?",
        ru="переменная `{name}` не задана; может быть, это `{near}` ({origin})?",
    ),
    "variable.differs": Text(
        en="variable `{name}`: from the environment; `{file}` has another value, which is ignored",
        ru="переменная `{name}`: из окружения; в `{file}` другое значение, и оно не используется",
    ),
    "variable.hides-the-file": Text(
        en="variable `{name}` is empty in the environment, which hides its value in `{file}`",
        ru="переменная `{name}` пуста в окружении, и это скрывает её значение в `{file}`",
    ),
    "variable.empty": Text(
        en="variable `{name}` ({origin}) is empty", ru="переменная `{name}` ({origin}) пуста"
    ),
    "variable.empty-beside": Text(
        en="variable `{name}` ({origin}) is empty, although {beside} is given",
        ru="переменная `{name}` ({origin}) пуста, хотя {beside} есть",
    ),
    "variable.odd": Text(
        en="variable `{name}` ({origin}) {oddity}", ru="переменная `{name}` ({origin}) {oddity}"
    ),
    "variables.optional": Text(
        en="not set: {names}; checks that need them are skipped",
        ru="не заданы: {names}; проверки, которым они нужны, пропускаются",
    ),
    "variables.not-used": Text(
        en="this profile does not use {names}", ru="этот профиль не использует {names}"
    ),
    "variables.only-in-file": Text(
        en="only `{file}` sets {names}, not the environment",
        ru="заданы только в `{file}`, а не в окружении: {names}",
    ),
    "fix.set-again": Text(
        en="Set it again, without quotes and blanks: {how}",
        ru="Задайте её заново, без кавычек и пробелов: {how}",
    ),
    "fix.swap": Text(
        en="Give `LIVEKIT_API_KEY` and `LIVEKIT_API_SECRET` each its own value: the key begins "
        "with `API`",
        ru="Дайте `LIVEKIT_API_KEY` и `LIVEKIT_API_SECRET` каждому своё значение: ключ начинается "
        "с `API`",
    ),
    "fix.own-value": Text(
        en="It has the value of another variable; give it its own: {how}",
        ru="В ней значение другой переменной; задайте своё: {how}",
    ),
    "fix.line-ends": Text(
        en="Change the line ends of the file it comes from (`sed -i 's/\\r$//' FILE`) and set it "
        "again",
        ru="Замените концы строк в файле, откуда она взята (`sed -i 's/\\r$//' FILE`), и задайте "
        "её заново",
    ),
    "fix.real-value": Text(en="Set the real value: {how}", ru="Задайте настоящее значение: {how}"),
    "fix.host-only": Text(
        en="Write the host name alone into it", ru="Оставьте в ней только имя хоста"
    ),
    "fix.scheme-or-port": Text(
        en="Correct the scheme or the port: https and wss have 443, http and ws 80",
        ru="Исправьте схему или порт: у https и wss это 443, у http и ws — 80",
    ),
    "fix.set-variables": Text(
        en="Set {names} in the environment or the env file",
        ru="Задайте в окружении или env-файле: {names}",
    ),
    "fix.add-line": Text(en="Add to the profile: `{line}`", ru="Добавьте в профиль: `{line}`"),
    "fix.add-two-lines": Text(
        en="Add to the profile: `{line}` and `{other}`",
        ru="Добавьте в профиль: `{line}` и `{other}`",
    ),
    "env-file.read-by-others": Text(
        en="other accounts can read or change `{file}` (mode {mode}), which holds secrets",
        ru="`{file}` с секретами доступен другим пользователям (права {mode})",
    ),
    "env-file.in-git": Text(
        en="git tracks `{file}`, or will after the next `git add .`",
        ru="git уже отслеживает `{file}` или начнёт после следующего `git add .`",
    ),
    "env-file.unused-name": Text(
        en="`{file}` has `{name}`, which nothing uses; did you mean `{meant}`?",
        ru="В `{file}` есть `{name}`, но её никто не использует; имелась в виду `{meant}`?",
    ),
    "env-file.bom": Text(
        en="`{file}` begins with a byte order mark (BOM), which a shell takes as part of the first "
        "name",
        ru="`{file}` начинается с метки порядка байтов (BOM): shell примет её за часть первого "
        "имени",
    ),
    "env-file.crlf": Text(
        en="`{file}` has Windows line ends (CRLF): a shell that reads it keeps a carriage return "
        "at the end of each value",
        ru="В `{file}` концы строк Windows (CRLF): shell оставит возврат каретки в конце каждого "
        "значения",
    ),
    "env-file.export": Text(
        en="`{file}` has `export` before {names}: docker refuses such lines",
        ru="В `{file}` перед {names} стоит `export`: docker такие строки не принимает",
    ),
    "env-file.blanks": Text(
        en="`{file}` has blanks around the `=` of {names}: a shell takes such a line for a "
        "command, docker refuses it",
        ru="В `{file}` у {names} пробелы вокруг `=`: shell примет такую строку за команду, docker "
        "не примет вовсе",
    ),
    "env-file.comment": Text(
        en="`{file}` has a comment behind the value of {names}: docker takes it as part of the "
        "value",
        ru="В `{file}` после значения {names} стоит комментарий: docker примет его за часть "
        "значения",
    ),
    "env-file.twice": Text(
        en="`{file}` sets {names} more than once, to different values: the last one counts",
        ru="`{file}` задаёт {names} несколько раз и по-разному: действует последнее значение",
    ),
}

# What a finding or a part of one says.
SAYS: Words = MappingProxyType(
    {
        **PROBLEMS,
        **_SUBJECTS,
        **_PATH,
        **_SERVER,
        **_SIP,
        **_DISPATCH,
        **_PROFILE,
        **FILES,
        **MACHINE,
    }
)
