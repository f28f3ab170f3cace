"""
Remedies for the doctor's findings by code.
"""

from __future__ import annotations

from types import MappingProxyType

from livekit_conformance.judges.settings import KEYS_ELSEWHERE, SHOW_KEYS
from livekit_conformance.wording import Text, Words

_WITHOUT_TLS = Text(
    en=". If the port has no TLS on purpose, `{key}` must not require it",
    ru=". Если TLS на этом порту нет намеренно, `{key}` не должен его требовать",
)
_FIX = Text(en="{fix}", ru="{fix}")

# What to do about a finding, by its code. Findings that are all right have no entry.
REMEDIES: Words = MappingProxyType(
    {
        "probe.no-answer": Text(
            en="The service there hangs, or its packets are dropped on the way: check its log, "
            "restart it, and check the firewall",
            ru="Либо сервис завис, либо пакеты теряются по пути: посмотрите его журнал и "
            "перезапустите его, проверьте межсетевой экран",
        ),
        # -- the path
        "dns.no-address": Text(
            en="Correct `{key}`, or create the DNS record: `dig {name}`",
            ru="Исправьте `{key}` или заведите запись в DNS: `dig {name}`",
        ),
        "dns.silent": Text(
            en="Fix the DNS of this machine: `cat /etc/resolv.conf`",
            ru="Исправьте DNS на этой машине: `cat /etc/resolv.conf`",
        ),
        "port.refused": Text(
            en="Start {service} there, or correct the port in `{key}`; what listens on that "
            "machine: {ports}",
            ru="Запустите там {service} или исправьте порт в `{key}`; кто слушает, покажет на той "
            "машине {ports}",
        ),
        "port.filtered": Text(
            en="Open TCP port {port} in the firewall or security group of that machine, or correct "
            "`{key}`",
            ru="Откройте TCP-порт {port} в межсетевом экране (security group) той машины или "
            "исправьте `{key}`",
        ),
        "tls.no-handshake": Text(
            en="Check what is behind the port: a proxy without TLS, or one that expects another "
            f"host name{_WITHOUT_TLS.en}",
            ru="Проверьте, что стоит за портом: прокси без TLS или прокси, который ждёт другое "
            f"имя{_WITHOUT_TLS.ru}",
        ),
        "tls.certificate-expires-soon": Text(
            en="Renew it now, and find out why it was not renewed automatically",
            ru="Обновите его сейчас и выясните, почему не сработало автоматическое обновление",
        ),
        "server.not-encrypted": Text(
            en="Put TLS in front of livekit-server, and change `livekit.url` to `wss://`",
            ru="Настройте TLS перед livekit-server и укажите в `livekit.url` схему `wss://`",
        ),
        "address.taken": Text(
            en="Stop the process that listens there (`ss -lntup`), or set `{key}` to another "
            "address of this machine and make the deployment send there",
            ru="Остановите процесс, который там слушает (`ss -lntup`), или выберите для `{key}` "
            "другой адрес этой машины и направьте на него сервисы",
        ),
        # -- livekit-server
        "server.silent": Text(
            en="livekit-server hangs, or another service listens there: check its log, restart it, "
            "and compare the port with `port` in {server_yaml}",
            ru="livekit-server завис, или на этом порту кто-то другой: посмотрите его журнал, "
            "перезапустите его и сверьте порт с `port` в {server_yaml}",
        ),
        "rooms.server-failed": Text(
            en="It has lost its connection to Redis: check that the Redis of `redis.address` in "
            "{server_yaml} runs, and read the log of livekit-server",
            ru="Он потерял связь с Redis: проверьте, что Redis из `redis.address` в {server_yaml} "
            "работает, и посмотрите журнал livekit-server",
        ),
        "clock.no-date": Text(
            en="Configure the proxy in front of livekit-server to pass the header on",
            ru="Настройте прокси перед livekit-server так, чтобы он передавал этот заголовок",
        ),
        "clock.not-comparable": Text(
            en="Run the command again over a faster network",
            ru="Запустите команду ещё раз по более быстрой сети",
        ),
        "api-key.header-lost": Text(
            en="The key pair is right, but something in front of livekit-server replaces or drops "
            "the header `Authorization`: check the proxy",
            ru="Пара ключей верна, но кто-то между нами и livekit-server подменяет или теряет "
            "заголовок `Authorization`: проверьте прокси",
        ),
        "api-key.refused": Text(
            en="Check the API key and the secret; the log of livekit-server has a line about it",
            ru="Проверьте API-ключ и секрет; в журнале livekit-server есть строка об этом запросе",
        ),
        "api-key.refused-by-proxy": Text(
            en="Check the proxy in front of livekit-server: the server itself answers 401",
            ru="Проверьте прокси перед livekit-server: сам сервер отвечает 401",
        ),
        "api-key.wrong-path": Text(
            en="Check the path of `livekit.url`; the log of livekit-server has a line about it",
            ru="Проверьте путь в `livekit.url`; в журнале livekit-server есть строка об этом "
            "запросе",
        ),
        "api-key.too-many-requests": Text(
            en="Too many requests: wait before the next one",
            ru="Слишком много запросов: подождите перед следующим",
        ),
        "sip-api.without-redis": Text(
            en="livekit-server runs without Redis, and SIP needs it: write the same `redis:` into "
            "{server_yaml} as into {sip_yaml} and restart it",
            ru="livekit-server запущен без Redis, а SIP без него не работает: запишите в "
            "{server_yaml} тот же `redis:`, что в {sip_yaml}, и перезапустите его",
        ),
        "sip-api.refused": Text(
            en="Read the log of livekit-server for this time; the SIP API needs Redis and a "
            "version with SIP",
            ru="Посмотрите журнал livekit-server за это время; SIP API нужны Redis и версия с "
            "поддержкой SIP",
        ),
        **dict.fromkeys(
            ("outbound-trunk.none", "outbound-trunk.unknown"),
            Text(
                en="Correct `sip.outbound.trunk_id` in the profile: `lk sip outbound list`",
                ru="Исправьте `sip.outbound.trunk_id` в профиле: `lk sip outbound list`",
            ),
        ),
        "server-version.unknown": Text(
            en="Add to the profile: `{log}` or `{redis}`",
            ru="Добавьте в профиль: `{log}` или `{redis}`",
        ),
        "server-version.too-old": Text(
            en="Upgrade it: versions before {oldest} have known defects (up to 1.5.2 it does not "
            "recover from a restart of Redis), and this suite is not tested with them",
            ru="Обновите его: в версиях до {oldest} есть известные ошибки (до 1.5.2 включительно "
            "он не оживает после перезапуска Redis), и тесты с ними не проверены",
        ),
        "sip-version.unknown": Text(
            en="Run `livekit-sip --version` on its machine, or read the tag of its image",
            ru="Узнайте на его машине: `livekit-sip --version` или по тегу образа",
        ),
        # -- livekit-sip
        "options.port-closed": Text(
            en="Nothing listens there: start {service}, and compare port {port} with `sip_port` in "
            "{sip_yaml}",
            ru="Там никто не слушает: запустите {service} и сверьте порт {port} с `sip_port` в "
            "{sip_yaml}",
        ),
        "options.silent": Text(
            en="Check that {service} runs and does not hang, and open {transport} port {port} in "
            "the firewall of its machine, for the responses too",
            ru="Проверьте, что {service} работает и не завис, и откройте порт {port} ({transport}) "
            "в межсетевом экране его машины, для ответов тоже",
        ),
        # -- the bus
        "bus.account-refused": Text(
            en="Put the account into the URL of the profile, as in {server_yaml}: "
            "`redis: redis://USER:PASSWORD@HOST:6379`; permission to read is enough",
            ru="Укажите в URL профиля учётную запись, как в {server_yaml}: "
            "`redis: redis://USER:PASSWORD@HOST:6379`; права на чтение достаточно",
        ),
        "bus.silent": Text(
            en="Check that Redis runs there and does not hang: `redis-cli -u URL ping`; with TLS "
            "the URL begins with `rediss://`",
            ru="Проверьте, что Redis там работает и не завис: `redis-cli -u URL ping`; с TLS URL "
            "начинается с `rediss://`",
        ),
        # -- trunks and rules
        "line.no-number": _FIX,
        "trunk.none": Text(
            en="Create one with `numbers: [{called}]`: `lk sip inbound create`",
            ru="Создайте его с `numbers: [{called}]`: `lk sip inbound create`",
        ),
        "trunk.only-a-rule": _FIX,
        "trunk.no-match": _FIX,
        "rule.asks-for-pin": Text(
            en="The suite enters no PIN, so its call ends there: create a rule without a PIN for "
            "the number that it calls",
            ru="Тесты PIN не вводят, и их вызов на этом закончится: создайте правило без PIN для "
            "номера, на который они звонят",
        ),
        "rule.none": Text(
            en="Create one with `trunk_ids: [{trunk}]`: `lk sip dispatch create`",
            ru="Создайте его с `trunk_ids: [{trunk}]`: `lk sip dispatch create`",
        ),
        "rule.no-match": _FIX,
        "line.other-room-name": Text(
            en="Change `{field}` of rule `{rule}` (now `{value}`), or `rooms.name_pattern` in the "
            "profile; livekit-server adds an underscore after a prefix",
            ru="Измените `{field}` правила `{rule}` (сейчас `{value}`) или `rooms.name_pattern` в "
            "профиле; после префикса livekit-server ставит подчёркивание",
        ),
        # -- the profile, its variables and files
        "profile.invalid": Text(
            en="Correct this first: nothing else can be checked until then",
            ru="Исправьте это: до тех пор остальное проверить нельзя",
        ),
        "profile.half-an-outbound": Text(
            en="Add them to the profile, or remove the whole section",
            ru="Допишите их в профиль или уберите раздел целиком",
        ),
        "profile.endpoint-on-loopback": Text(
            en="Use the host name at which livekit-server reaches the application, in "
            "`webhook.urls` of {server_yaml} too",
            ru="Укажите имя, по которому приложение доступно из livekit-server, и в "
            "`webhook.urls` в {server_yaml} тоже",
        ),
        "profile.no-sip-server": _FIX,
        "profile.no-redis": _FIX,
        "profile.no-endpoint": _FIX,
        **dict.fromkeys(
            ("variable.absent", "variable.absent-beside"),
            Text(
                en="Set it: `export {name}=...`, or add the line `{name}=...` to `{file}`",
                ru="Задайте её: `export {name}=...` или строкой `{name}=...` в файле `{file}`",
            ),
        ),
        "variable.misspelt": Text(
            en="Correct the name to `{name}`, or set that variable too",
            ru="Исправьте имя на `{name}` или задайте и эту переменную",
        ),
        "variable.differs": Text(
            en="Set the same value in both, or remove one: a program that reads only the file uses "
            "another deployment than the one you test",
            ru="Запишите в обоих местах одно значение или уберите одно из них: программа, которая "
            "читает только файл, работает не с той системой, которую вы проверяете",
        ),
        "variable.hides-the-file": Text(
            en="`unset {name}`, or give it a value", ru="`unset {name}` или задайте её"
        ),
        **dict.fromkeys(
            ("variable.empty", "variable.empty-beside"),
            Text(en="Give it a value: {how}", ru="Задайте её: {how}"),
        ),
        "variable.odd": _FIX,
        "variables.optional": Text(
            en="To check more, set them in the environment or in `{file}`",
            ru="Чтобы проверить больше, задайте их в окружении или в `{file}`",
        ),
        "variables.only-in-file": Text(
            en="Services and scheduled runs do not read that file: set them in their environment "
            "too",
            ru="Сервисы и запуски по расписанию этот файл не читают: задайте их и в их окружении",
        ),
        "env-file.read-by-others": Text(
            en="Restrict it to its owner: `chmod 600 {file}`",
            ru="Оставьте доступ только владельцу: `chmod 600 {file}`",
        ),
        "env-file.in-git": Text(
            en="Add its name to .gitignore. If git tracks it already, run `git rm --cached {file}` "
            "and make new keys: the history keeps the old ones",
            ru="Впишите его имя в .gitignore. Если git его уже отслеживает, выполните "
            "`git rm --cached {file}` и создайте новые ключи: старые остаются в истории",
        ),
        "env-file.unused-name": Text(en="Correct the name", ru="Исправьте имя"),
        "env-file.bom": Text(
            en="Save it as UTF-8 without BOM: `sed -i '1s/^\\xEF\\xBB\\xBF//' {file}`",
            ru="Сохраните его в UTF-8 без BOM: `sed -i '1s/^\\xEF\\xBB\\xBF//' {file}`",
        ),
        "env-file.crlf": Text(
            en="Change them: `sed -i 's/\\r$//' {file}`",
            ru="Замените их: `sed -i 's/\\r$//' {file}`",
        ),
        "env-file.export": Text(
            en="Remove the word; after `set -a` a shell exports everything it reads",
            ru="Уберите это слово; после `set -a` shell экспортирует всё, что читает",
        ),
        "env-file.blanks": Text(
            en="Write `NAME=value` without blanks", ru="Пишите `NAME=value` без пробелов"
        ),
        "env-file.comment": Text(
            en="Move it to a line of its own; if the `#` belongs to the value, put the value in "
            "quotes",
            ru="Перенесите его на отдельную строку; если `#` относится к значению, возьмите "
            "значение в кавычки",
        ),
        "env-file.twice": Text(en="Keep one of the lines", ru="Оставьте одну из строк"),
        # -- configuration files and logs
        "config.not-named": Text(
            en="Add a copy to the profile: `{line}`", ru="Укажите в профиле копию: `{line}`"
        ),
        **dict.fromkeys(
            ("config.unreadable", "config.not-utf8"),
            Text(
                en="Set `{key}` to a copy that this user can read",
                ru="Укажите в `{key}` копию, доступную этому пользователю для чтения",
            ),
        ),
        "config.wrong": _FIX,
        "config.other-keys": Text(
            en="Set `LIVEKIT_API_KEY` to one of them, or add it there and restart {server}",
            ru="Задайте в `LIVEKIT_API_KEY` один из них или добавьте его туда и перезапустите "
            "{server}",
        ),
        KEYS_ELSEWHERE: SHOW_KEYS,
        "log.not-named": Text(
            en="Add to the profile: `{line}`, or a `command` that prints it",
            ru="Добавьте в профиль: `{line}` или команду (`command`), которая его выводит",
        ),
        **dict.fromkeys(
            ("log.unreadable", "log.no-file"),
            Text(
                en="Correct `path` under `logs` in the profile, or let this user read it: "
                "`ls -l {path}`",
                ru="Исправьте `path` в разделе `logs` профиля или дайте этому пользователю право "
                "чтения: `ls -l {path}`",
            ),
        ),
        "log.no-program": Text(
            en="Install it, or correct `command` under `logs` in the profile",
            ru="Установите её или исправьте `command` в разделе `logs` профиля",
        ),
        # -- this machine
        "program.missing": Text(en="Build it: `{command}`", ru="Соберите её: `{command}`"),
        "program.unusable": Text(en="To do: `{remedy}`", ru="Что сделать: `{remedy}`"),
        "setpriv.missing": Text(
            en="Install it: `apt-get install util-linux`",
            ru="Установите: `apt-get install util-linux`",
        ),
        "ports.taken": Text(
            en="Stop the process that listens there on all addresses: `ss -ltnp`",
            ru="Остановите процесс, который слушает их на всех адресах: `ss -ltnp`",
        ),
        "stand-in.no-rtc": Text(
            en="Install the suite again: `make run`", ru="Установите тесты заново: `make run`"
        ),
    }
)
