"""
Words of the doctor's findings about files and this machine, by code.
"""

from __future__ import annotations

from livekit_conformance.wording import Text, Words

FILES: Words = {
    "config.not-named": Text(
        en="{file}: the profile does not name it", ru="{file}: в профиле не указан"
    ),
    "config.right": Text(en="no errors in {files}", ru="в {files} ошибок нет"),
    "config.unreadable": Text(
        en="`{path}` ({key}) cannot be read: `{reason}`",
        ru="`{path}` ({key}) не читается: `{reason}`",
    ),
    "config.not-utf8": Text(
        en="`{path}` ({key}) cannot be read: not UTF-8", ru="`{path}` ({key}) не читается: не UTF-8"
    ),
    "config.wrong": Text(
        en="{place}: `{key}` {problem}: {consequence}",
        ru="{place}: `{key}` {problem}: {consequence}",
    ),
    "config.other-keys": Text(
        en="the API key of the profile is not one of `keys` in livekit.yaml",
        ru="API-ключа из профиля нет среди `keys` в livekit.yaml",
    ),
    "log.not-named": Text(
        en="the log of {service}: the profile does not name it",
        ru="журнал {service}: в профиле не указан",
    ),
    "log.readable": Text(
        en="the log of {service} can be read: `{path}`, {size} bytes, last written {age} ago",
        ru="журнал {service} читается: `{path}`, {size} байт, последняя запись {age} назад",
    ),
    "log.unreadable": Text(
        en="the log of {service} cannot be read: `{path}`: `{reason}`",
        ru="журнал {service} не читается: `{path}`: `{reason}`",
    ),
    "log.no-file": Text(
        en="the log of {service} cannot be read: `{path}`: not a file",
        ru="журнал {service} не читается: `{path}`: это не файл",
    ),
    "log.no-program": Text(
        en="the log of {service}: there is no program `{program}` here",
        ru="журнал {service}: программы `{program}` здесь нет",
    ),
    "log.by-command": Text(
        en="the log of {service}: `{program}` is there; only a run starts it",
        ru="журнал {service}: `{program}` есть, но запускается только при прогоне тестов",
    ),
    "age.days": Text(en="{number:.0f} d", ru="{number:.0f} д"),
    "age.hours": Text(en="{number:.0f} h", ru="{number:.0f} ч"),
    "age.minutes": Text(en="{number:.0f} min", ru="{number:.0f} мин"),
    "age.seconds": Text(en="{number:.0f} s", ru="{number:.0f} с"),
}

MACHINE: Words = {
    "python.version": Text(en="Python {version}", ru="Python {version}"),
    "program.there": Text(
        en="{name} is there: `{path}`, `{version}`", ru="{name} есть: `{path}`, `{version}`"
    ),
    "program.missing": Text(en="{name} is missing", ru="нет программы {name}"),
    "program.unusable": Text(
        en="{name} cannot be used: `{reason}`", ru="{name} нельзя использовать: `{reason}`"
    ),
    "setpriv.there": Text(
        en="setpriv is there: services end with the run",
        ru="setpriv есть: сервисы завершатся вместе с прогоном",
    ),
    "setpriv.missing": Text(
        en="setpriv is missing, so services could outlive a run",
        ru="нет setpriv, поэтому сервисы могли бы пережить прогон",
    ),
    "ports.free": Text(
        en="the ports {ports} are free on loopback addresses",
        ru="порты {ports} на адресах loopback свободны",
    ),
    "ports.taken": Text(
        en="the ports {ports} are not free on loopback addresses: `{reason}`",
        ru="порты {ports} заняты на адресах loopback: `{reason}`",
    ),
    "stand-in.ready": Text(
        en="the agent stand-in can join rooms (livekit rtc is installed)",
        ru="заместитель агента может входить в комнаты (livekit rtc установлен)",
    ),
    "stand-in.no-rtc": Text(
        en="the agent stand-in needs livekit rtc, which is not installed",
        ru="заместителю агента нужен livekit rtc, а он не установлен",
    ),
}
