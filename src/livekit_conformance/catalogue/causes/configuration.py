"""
Mistakes in variables and configuration files.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Cause, Condition, Not, Sign, check, logged
from livekit_conformance.catalogue.chain import ENDS_WITH, Link
from livekit_conformance.catalogue.log_lines import (
    ALL,
    SERVER,
    SIP,
    Means,
    of_both,
    of_server,
    of_sip,
)
from livekit_conformance.observations import Reaction
from livekit_conformance.wording import Text

_NOT_SANE = check("1.1-variables-are-sane")
_SERVER_SILENT = check("1.1-server-answers", "BLOCKED")
_SIP_SILENT = check("1.5-sip-answers-options", "BLOCKED")
_SERVER_RUNS = check("1.1-server-answers", "PASS")
_SIP_RUNS = check("1.5-sip-answers-options", "PASS")

# livekit-sip on a machine that has only loopback addresses.
_NOTHING_BUT_LOOPBACK = (
    logged(of_sip.NO_NETWORK),
    Sign("process", {"service": SIP, "tail": re.compile(of_sip.NO_NETWORK.message)}),
)
_ITS_KEY = "webhook.api_key"
_NO_KEYS = (logged(of_server.NO_KEYS),)
_WEBHOOK_KEY = (logged(of_server.NO_WEBHOOK_KEY), logged(of_server.UNKNOWN_WEBHOOK_KEY))


def config(file: str, **where: Condition) -> Sign:
    """
    Return the sign of a definite error in the configuration file of a service.
    """
    return Sign("config", {"file": file, "severity": "error", **where})


def _last_words(service: str) -> tuple[Sign, ...]:
    """
    Return the signs that a service has rejected its file, but for lines with a cause of their own.
    """
    return tuple(
        logged(line, service=service)
        for line in ALL
        if line.means is Means.LAST_WORDS and line.service in {"", service} and line not in _OWN
    )


def _cannot_listen(
    name: str, service: str, link: Link, file: str, place: str, key: str, silent: str
) -> Cause:
    """
    Return the cause that the address at which a service should listen is not on its machine.
    """
    signs = tuple(
        logged(line, service=service)
        for line in (of_both.NO_SUCH_ADDRESS, of_both.NOT_AN_ADDRESS_HERE)
    )
    return Cause(
        name,
        link,
        Text(
            en=f"{service} cannot listen: {key} has an address that its machine does not have",
            ru=f"{service} не может слушать порт: в {key} адрес, которого нет на его машине",
        ),
        Text(
            en=(
                f"{service} ends at once when it starts: an address in {key} of {file} does not "
                "exist on its machine (a typo, the public address of a NAT, or the "
                "address of another host). Its last line quotes it."
            ),
            ru=(
                f"{service} завершается сразу после запуска: адреса из {key} файла {file} на его "
                "машине нет (опечатка, публичный адрес за NAT или адрес другой машины). Он назван "
                "в последней строке журнала."
            ),
        ),
        Text(
            en=(
                f"Write an address that `ip addr` shows on that machine into {key} of {{{place}}}, "
                f'or "0.0.0.0" for all of them, and start {service}. A public address belongs in '
                "`rtc.node_ip` or `nat_1_to_1_ip`, not here."
            ),
            ru=(
                f"Укажите в {key} из {{{place}}} адрес, который на этой машине показывает `ip "
                f'addr`, или "0.0.0.0" для всех, и запустите {service}. Публичному адресу место в '
                "`rtc.node_ip` или `nat_1_to_1_ip`, а не здесь."
            ),
        ),
        shows=signs,
        proofs=(check(silent, "BLOCKED"),),
        excludes=(check(silent, "PASS"),),
        breaks=(Link.CONFIGURATION, *ENDS_WITH[link]),
        source="Go net.Listen; livekit pkg/service/server.go; livekit/sip pkg/sip/server.go",
    )


def _no_start(file: str) -> Sign:
    """
    Return the sign of a service that its file keeps from starting.
    """
    return config(file, reaction=Reaction.REFUSES, key=Not(_ITS_KEY))


# Last words that name a cause of their own.
_OWN = frozenset(
    {
        of_server.NO_KEYS,
        of_server.NO_WEBHOOK_KEY,
        of_server.UNKNOWN_WEBHOOK_KEY,
        of_sip.NO_NETWORK,
        of_both.NO_REDIS,
        of_both.NO_SUCH_ADDRESS,
        of_both.NOT_AN_ADDRESS_HERE,
    }
)
_SERVER_FILE, _SIP_FILE = "livekit.yaml", "livekit-sip.yaml"
_SERVER_KEY = config(_SERVER_FILE, key=_ITS_KEY, reaction=Reaction.REFUSES)

# A service that is stopped makes everything after it fail: these come before all others.
STOPPED: tuple[Cause, ...] = (
    _cannot_listen(
        *("server-cannot-listen", SERVER, Link.SERVER),
        *(_SERVER_FILE, "server_yaml", "`bind_addresses`", "1.1-server-answers"),
    ),
    _cannot_listen(
        *("sip-service-cannot-listen", SIP, Link.SIP_SOCKET),
        *(_SIP_FILE, "sip_yaml", "`listen_ip`", "1.5-sip-answers-options"),
    ),
    Cause(
        "webhook-key-is-not-known",
        Link.SERVER,
        Text(
            en="livekit-server does not start: its `webhook.api_key` is not one of `keys`",
            ru="livekit-server не запускается: его `webhook.api_key` нет среди `keys`",
        ),
        Text(
            en=(
                "With `webhook.urls` in livekit.yaml, livekit-server needs a key to sign webhooks. "
                "It does not know the key in `webhook.api_key` (or there is none), logs `api_key "
                "is required to use webhooks` and ends with exit status 0. Without livekit-server "
                "no call gets through."
            ),
            ru=(
                "Если в livekit.yaml есть `webhook.urls`, livekit-server нужен ключ для подписи "
                "вебхуков. Ключ из `webhook.api_key` ему неизвестен (или не указан): он пишет "
                "`api_key is required to use webhooks` и завершается с кодом 0. Без livekit-server "
                "не проходит ни один вызов."
            ),
        ),
        Text(
            en=(
                "Set `webhook.api_key` in {server_yaml} to one of the keys below `keys` (the key, "
                "not its secret) and start livekit-server. Then `curl -i` of its port must answer "
                "200 OK."
            ),
            ru=(
                "Укажите в `webhook.api_key` из {server_yaml} один из ключей раздела `keys` "
                "(сам ключ, не секрет) и запустите livekit-server. После этого `curl -i` на его "
                "порт должен ответить 200 OK."
            ),
        ),
        shows=(_SERVER_KEY, *_WEBHOOK_KEY),
        proofs=(_SERVER_SILENT, *_WEBHOOK_KEY),
        excludes=(_SERVER_RUNS,),
        breaks=(Link.CONFIGURATION, *ENDS_WITH[Link.SERVER]),
        source="livekit pkg/service/wire.go createWebhookNotifier",
    ),
    Cause(
        "server-has-no-keys",
        Link.SERVER,
        Text(
            en="livekit-server does not start: it has no `keys`",
            ru="livekit-server не запускается: у него нет `keys`",
        ),
        Text(
            en=(
                "Without `keys` or `key_file` in livekit.yaml (and without LIVEKIT_KEYS) "
                "livekit-server ends at once, with exit status 0. It says so in its last line. "
                "Without livekit-server no call gets through."
            ),
            ru=(
                "Без `keys` и `key_file` в livekit.yaml (и без LIVEKIT_KEYS) livekit-server сразу "
                "завершается с кодом 0, о чём пишет в последней строке. Без livekit-server не "
                "проходит ни один вызов."
            ),
        ),
        Text(
            en=(
                "Add at least one pair to `keys` of {server_yaml} (`KEY: SECRET`; `livekit-server "
                "generate-keys` makes one) or name a file in `key_file`, and start livekit-server. "
                "Use the same pair in {sip_yaml} and in the application."
            ),
            ru=(
                "Добавьте в `keys` из {server_yaml} хотя бы одну пару (`KEY: SECRET`; её "
                "создаёт `livekit-server generate-keys`) или укажите файл в `key_file` и запустите "
                "livekit-server. Ту же пару задайте в {sip_yaml} и в приложении."
            ),
        ),
        shows=_NO_KEYS,
        proofs=_NO_KEYS,
        excludes=(_SERVER_RUNS,),
        breaks=(Link.CONFIGURATION, *ENDS_WITH[Link.SERVER]),
        source="livekit pkg/config/config.go ErrKeysNotSet; pkg/service/wire.go",
    ),
    Cause(
        "server-does-not-start",
        Link.SERVER,
        Text(
            en="livekit-server does not start with its livekit.yaml",
            ru="livekit-server не запускается со своим livekit.yaml",
        ),
        Text(
            en=(
                "livekit-server parses its file strictly. With an unknown key, a value of the "
                "wrong type, broken YAML, two listeners on one port or a file that it cannot read "
                "(`key_file`, `secret_file`) it ends at once (with exit status 0, so a supervisor "
                "may treat this as success)."
            ),
            ru=(
                "livekit-server разбирает файл строго. Если в нём неизвестный ключ, значение не "
                "того типа, сломанный YAML, два слушателя на одном порту или нечитаемый файл "
                "(`key_file`, `secret_file`), он сразу завершается (с кодом 0, поэтому супервизор "
                "может решить, что всё в порядке)."
            ),
        ),
        Text(
            en=(
                "Correct the line of {server_yaml} named here (see also the last line of "
                "livekit-server's log) and start livekit-server. To test a file: "
                "`livekit-conformance config check livekit.yaml`"
            ),
            ru=(
                "Исправьте названную здесь строку {server_yaml} (см. также последнюю строку "
                "журнала livekit-server) и запустите livekit-server. Проверить файл: "
                "`livekit-conformance config check livekit.yaml`"
            ),
        ),
        shows=(_no_start(_SERVER_FILE), *_last_words(SERVER)),
        yields_to=("server-has-no-keys",),
        proofs=(_SERVER_SILENT, *_last_words(SERVER)),
        excludes=(_SERVER_RUNS,),
        breaks=(Link.CONFIGURATION, *ENDS_WITH[Link.SERVER]),
        source="livekit pkg/config/config.go NewConfig; pkg/service/server.go",
    ),
    Cause(
        "sip-service-does-not-start",
        Link.SIP_SOCKET,
        Text(
            en="livekit-sip does not start with its livekit-sip.yaml",
            ru="livekit-sip не запускается со своим livekit-sip.yaml",
        ),
        Text(
            en=(
                "With a value of the wrong type, broken YAML, no `redis`, two settings that "
                "exclude each other or two listeners on one port, livekit-sip ends at once (with "
                "exit status 0, so a supervisor may treat this as success)."
            ),
            ru=(
                "Если в файле значение не того типа, сломанный YAML, взаимоисключающие настройки, "
                "два слушателя на одном порту или нет `redis`, livekit-sip сразу завершается (с "
                "кодом 0, поэтому супервизор может решить, что всё в порядке)."
            ),
        ),
        Text(
            en=(
                "Correct the line of {sip_yaml} named here (see also the last line of "
                "livekit-sip's log) and start livekit-sip. To test a file: `livekit-conformance "
                "config check livekit-sip.yaml`"
            ),
            ru=(
                "Исправьте названную здесь строку {sip_yaml} (см. также последнюю строку журнала "
                "livekit-sip) и запустите livekit-sip. Проверить файл: `livekit-conformance config "
                "check livekit-sip.yaml`"
            ),
        ),
        shows=(_no_start(_SIP_FILE), *_last_words(SIP)),
        proofs=(_SIP_SILENT, *_last_words(SIP)),
        excludes=(_SIP_RUNS,),
        breaks=(Link.CONFIGURATION, *ENDS_WITH[Link.SIP_SOCKET]),
        source="livekit/sip pkg/config/config.go",
    ),
    Cause(
        "sip-service-has-no-network",
        Link.SIP_SOCKET,
        Text(
            en="livekit-sip does not start: its machine has only loopback addresses",
            ru="livekit-sip не запускается: у машины только адреса loopback",
        ),
        Text(
            en=(
                "At its start livekit-sip looks for an IPv4 address outside of 127.0.0.0/8. It "
                "finds none, logs `server not connected to any network` and ends with exit status "
                "0."
            ),
            ru=(
                "При запуске livekit-sip ищет адрес IPv4 вне 127.0.0.0/8. Не найдя его, он пишет "
                "`server not connected to any network` и завершается с кодом 0."
            ),
        ),
        Text(
            en=(
                "Connect the machine to a network. It needs an IPv4 address and a default route "
                "(`ip -4 addr`, `ip route`), but no Internet access."
            ),
            ru=(
                "Подключите машину к сети. Ей нужны адрес IPv4 и маршрут по умолчанию (`ip -4 "
                "addr`, `ip route`), но доступ в Интернет не нужен."
            ),
        ),
        shows=_NOTHING_BUT_LOOPBACK,
        proofs=_NOTHING_BUT_LOOPBACK,
        excludes=(_SIP_RUNS,),
        breaks=(Link.CONFIGURATION, *ENDS_WITH[Link.SIP_SOCKET]),
        source="livekit/sipgo sip/utils.go ResolveSelfIP",
    ),
)

CAUSES: tuple[Cause, ...] = (
    Cause(
        "variable-holds-something-else",
        Link.CONFIGURATION,
        Text(
            en="The value of a variable does not fit its name",
            ru="Значение переменной не соответствует её имени",
        ),
        Text(
            en=(
                "The profile takes the value from the environment or .env, and that value cannot "
                "be the intended one: quotes became part of it, it is a placeholder, or it belongs "
                "to another variable."
            ),
            ru=(
                "Профиль берёт значение из окружения или .env, а там явно не то, что нужно: "
                "кавычки стали частью значения, осталась заглушка или попало значение другой "
                "переменной."
            ),
        ),
        Text(
            en=(
                "Set the variable again, without quotes and blanks. The check names the variable "
                "and what is wrong with it."
            ),
            ru=(
                "Задайте переменную заново, без кавычек и пробелов. Проверка называет переменную и "
                "что с ней не так."
            ),
        ),
        shows=(_NOT_SANE,),
        proofs=(_NOT_SANE,),
        source="environments/variable_checks.py",
    ),
    Cause(
        "service-files-disagree",
        Link.CONFIGURATION,
        Text(
            en="livekit.yaml and livekit-sip.yaml contradict each other",
            ru="livekit.yaml и livekit-sip.yaml противоречат друг другу",
        ),
        Text(
            en=(
                "Both services need the same Redis, one key pair, the actual port of "
                "livekit-server, and port ranges that do not overlap. The files do not meet this."
            ),
            ru=(
                "Обоим сервисам нужны общий Redis, одна пара ключей, настоящий порт livekit-server "
                "и непересекающиеся диапазоны портов. Файлы этому не соответствуют."
            ),
        ),
        Text(
            en=(
                "Make the lines named here agree in both files and restart {both}. To test: "
                "`livekit-conformance config check livekit.yaml livekit-sip.yaml`"
            ),
            ru=(
                "Согласуйте названные здесь строки в обоих файлах и перезапустите {both}. "
                "Проверить: `livekit-conformance config check livekit.yaml livekit-sip.yaml`"
            ),
        ),
        shows=(
            config(_SIP_FILE, between_files=True),
            config(_SIP_FILE, key="ws_url"),
            config(_SERVER_FILE, between_files=True),
        ),
        source="livekit/sip pkg/config/config.go; livekit pkg/config/config.go",
    ),
    Cause(
        "service-will-not-start-again",
        Link.CONFIGURATION,
        Text(
            en="A service is running, but its file would prevent the next start",
            ru="Сервис работает, но с этим файлом заново не запустится",
        ),
        Text(
            en=(
                "The file was changed after the start, or the service was started with another "
                "file. With the present content the service ends at once, so its next restart "
                "becomes an outage."
            ),
            ru=(
                "Файл изменили после запуска, или сервис запущен с другим файлом. С нынешним "
                "содержимым сервис сразу завершится, поэтому ближайший перезапуск станет аварией."
            ),
        ),
        Text(
            en=(
                "Correct the lines named here before anyone restarts the service, and test the "
                "file: `livekit-conformance config check FILE`"
            ),
            ru=(
                "Исправьте названные здесь строки, пока сервис никто не перезапустил, и проверьте "
                "файл: `livekit-conformance config check FILE`"
            ),
        ),
        shows=(_no_start(_SERVER_FILE), _SERVER_KEY, _no_start(_SIP_FILE)),
        excludes=(_SERVER_SILENT, _SIP_SILENT),
        source="config_doctor",
    ),
    Cause(
        "settings-have-no-effect",
        Link.CONFIGURATION,
        Text(
            en="Settings in livekit-sip.yaml have no effect: livekit-sip has no such keys",
            ru="Настройки в livekit-sip.yaml не действуют: таких ключей у livekit-sip нет",
        ),
        Text(
            en=(
                "livekit-sip ignores unknown keys and logs nothing about them. The features or "
                "limits that these keys should set are not in force."
            ),
            ru=(
                "Неизвестные ключи livekit-sip пропускает, ничего не записывая в журнал. Функции и "
                "ограничения, которые они должны были задать, не действуют."
            ),
        ),
        Text(
            en=(
                "Replace or delete the keys named here: each line names the key to use instead "
                "(`sip_port` for `port`, `listen_ip` for `bind_address`, `logging.level` for "
                "`log_level`). Then restart {sip}. livekit-sip itself has no flood protection, "
                "rate limits or room mapping: set limits in the firewall or in a proxy in front, "
                "and map rooms by dispatch rules."
            ),
            ru=(
                "Замените или удалите названные здесь ключи: в каждой строке указано, что писать "
                "(`sip_port` вместо `port`, `listen_ip` вместо `bind_address`, `logging.level` "
                "вместо `log_level`). Затем перезапустите {sip}. Своей защиты от флуда, лимитов и "
                "привязки комнат у livekit-sip нет: ограничивайте файрволом или прокси, комнаты "
                "задавайте правилами диспетчеризации."
            ),
        ),
        shows=(config(_SIP_FILE, reaction=Reaction.IGNORES),),
        source="livekit/sip pkg/config/config.go; livekit/sip#407, #520, #660, #105",
    ),
    Cause(
        "setting-breaks-calls",
        Link.CONFIGURATION,
        Text(
            en="A setting of a service breaks this link",
            ru="Это звено ломает настройка сервиса",
        ),
        Text(
            en=(
                "The configuration file of a service has a value with which the service starts and "
                "does not do its part of a call. The file, the line and the key are below."
            ),
            ru=(
                "В файле конфигурации сервиса есть значение, с которым сервис запускается, но "
                "своей части вызова не выполняет. Файл, строка и ключ указаны ниже."
            ),
        ),
        Text(
            en=(
                "Correct the line, restart the service, and test the file: `livekit-conformance "
                "config check FILE`"
            ),
            ru=(
                "Исправьте строку, перезапустите сервис и проверьте файл: `livekit-conformance "
                "config check FILE`"
            ),
        ),
        shows=(Sign("config", {"severity": "error"}),),
        yields_to=("service-files-disagree", "service-will-not-start-again"),
        is_general=True,
        source="config_doctor",
    ),
    Cause(
        "setting-is-doubtful",
        Link.CONFIGURATION,
        Text(
            en="A doubtful setting of a service belongs to this link",
            ru="К этому звену относится сомнительная настройка сервиса",
        ),
        Text(
            en=(
                "The configuration file of a service has a value that is right in some deployments "
                "and breaks calls in others. The file, the line and the key are below."
            ),
            ru=(
                "В файле конфигурации сервиса есть значение, которое в одних развёртываниях верно, "
                "а в других ломает вызовы. Файл, строка и ключ указаны ниже."
            ),
        ),
        Text(
            en=(
                "Compare the line with your network and your calls; if in doubt, delete it, "
                "restart the service and call again."
            ),
            ru=(
                "Сверьте строку со своей сетью и своими вызовами; если сомневаетесь, удалите её, "
                "перезапустите сервис и позвоните снова."
            ),
        ),
        shows=(Sign("config", {"severity": "warning"}),),
        otherwise="possible",
        yields_to=("setting-breaks-calls",),
        is_general=True,
        source="config_doctor",
    ),
)
