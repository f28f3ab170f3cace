"""
Files of the deployment that can be read here: configurations of the services, and their logs.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import Need
from livekit_conformance.catalogue.text import Text
from livekit_conformance.config_doctor import (
    ConfigFinding,
    Severity,
    check,
    check_server,
    check_sip,
    known_keys,
    read_server,
)
from livekit_conformance.doctor.findings import LinkFinding, not_checked, ok, problem, warning
from livekit_conformance.environments.needs import LINES
from livekit_conformance.environments.profile import LogSource, Profile
from livekit_conformance.protocol.logline import LogLine, parse

# Read from each end of a log: enough to find the version that was started last.
_READ_BYTES = 256 * 1024
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


def look_at_configs(profile: Profile) -> Iterator[LinkFinding]:
    """
    Check livekit.yaml and livekit-sip.yaml, together where both are given.
    """
    files = profile.deployment
    texts: dict[str, str] = {}
    for name, key, path, need in (
        ("livekit.yaml", "livekit_server_config", files.livekit_server_config, Need.SERVER_CONFIG),
        ("livekit-sip.yaml", "livekit_sip_config", files.livekit_sip_config, Need.SIP_CONFIG),
    ):
        if path is None:
            yield not_checked(
                Link.CONFIGURATION,
                Text(en=f"{name}: the profile does not name it", ru=f"{name}: в профиле не указан"),
                Text(
                    en=f"Add a copy to the profile: `{LINES[need]}`",
                    ru=f"Укажите в профиле копию: `{LINES[need]}`",
                ),
            )
            continue
        try:
            texts[name] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            yield _unreadable_config(f"deployment.{key}", path, error)
    server, sip = texts.get("livekit.yaml"), texts.get("livekit-sip.yaml")
    found: list[ConfigFinding] = []
    if server is not None and sip is not None:
        found = check(server, sip)
    elif server is not None:
        found = check_server(server)
    elif sip is not None:
        found = check_sip(sip)
    yield from map(_converted, found)
    if texts and not found:
        names = ", ".join(texts)
        yield ok(
            Link.CONFIGURATION,
            Text(en=f"no errors in {names}", ru=f"в {names} ошибок нет"),
        )
    if server is not None:
        yield from judge_agreement(server, profile)


def judge_agreement(server_text: str, profile: Profile) -> Iterator[LinkFinding]:
    """
    Check that livekit.yaml agrees with the profile on key pair and webhook endpoint.
    """
    server = read_server(server_text)
    keys, key = known_keys(server), profile.livekit.api_key
    if keys and key not in keys:
        yield problem(
            Link.CONFIGURATION,
            Text(
                en="the API key of the profile is not one of `keys` in livekit.yaml",
                ru="API-ключа из профиля нет среди `keys` в livekit.yaml",
            ),
            Text(
                en="Set `LIVEKIT_API_KEY` to one of them, or add it there and restart "
                "livekit-server",
                ru="Задайте в `LIVEKIT_API_KEY` один из них или добавьте его туда и перезапустите "
                "livekit-server",
            ),
        )
    urls = server.texts("webhook", "urls")
    if profile.webhook.url and profile.webhook.url not in urls:
        named = ", ".join(f"`{url}`" for url in urls)
        yield problem(
            Link.CONFIGURATION,
            Text(
                en=f"`webhook.urls` in livekit.yaml has {named or 'no URL'}, not "
                f"`{profile.webhook.url}`",
                ru=f"в `webhook.urls` в livekit.yaml {named or 'нет ни одного URL'}, а не "
                f"`{profile.webhook.url}`",
            ),
            Text(
                en=f"Add `webhook: {{urls: [{profile.webhook.url}], api_key: ...}}` to "
                "livekit.yaml and restart livekit-server, or correct `webhook.url` in the profile",
                ru=f"Добавьте `webhook: {{urls: [{profile.webhook.url}], api_key: ...}}` в "
                "livekit.yaml и перезапустите livekit-server или исправьте `webhook.url` в профиле",
            ),
        )


def _converted(finding: ConfigFinding) -> LinkFinding:
    place = f"{finding.file}:{finding.line}:{finding.column}: `{finding.key}`"
    words = f"{place} {finding.problem}: {finding.consequence}"
    mark = problem if finding.severity is Severity.ERROR else warning
    return mark(
        Link.CONFIGURATION, Text(en=words, ru=words), Text(en=finding.remedy, ru=finding.remedy)
    )


def _unreadable_config(key: str, path: Path, error: OSError | UnicodeDecodeError) -> LinkFinding:
    reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
    return problem(
        Link.CONFIGURATION,
        Text(
            en=f"`{path}` ({key}) cannot be read: `{reason}`",
            ru=f"`{path}` ({key}) не читается: `{reason}`",
        ),
        Text(
            en=f"Set `{key}` to a copy that this user can read",
            ru=f"Укажите в `{key}` копию, доступную этому пользователю для чтения",
        ),
    )


# -- logs


def look_at_logs(profile: Profile, *, now: float | None = None) -> Iterator[LinkFinding]:
    """
    Yield the readability of each service's log; `now` in Unix seconds.
    """
    for source in profile.logs:
        yield _log(source, time.time() if now is None else now)
    for service, need in (("livekit-server", Need.SERVER_LOG), ("livekit-sip", Need.SIP_LOG)):
        if not any(source.service == service for source in profile.logs):
            yield not_checked(
                Link.LOGS,
                Text(
                    en=f"the log of {service}: the profile does not name it",
                    ru=f"лог {service}: в профиле не указан",
                ),
                Text(
                    en=f"Add to the profile: `{LINES[need]}`, or a `command` that prints it",
                    ru=f"Добавьте в профиль: `{LINES[need]}` или команду (`command`), которая его "
                    "выводит",
                ),
            )


def _log(source: LogSource, now: float) -> LinkFinding:
    if source.path is None:
        return _log_command(source)
    path = source.path
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return _unreadable_log(source, "not a file")
        with path.open("rb"):
            pass
    except OSError as error:
        return _unreadable_log(source, str(error.strerror))
    age = _ago(now - status.st_mtime)
    return ok(
        Link.LOGS,
        Text(
            en=f"the log of {source.service} can be read: `{path}`, {status.st_size} bytes, last "
            f"written {age.en} ago",
            ru=f"лог {source.service} читается: `{path}`, {status.st_size} байт, последняя запись "
            f"{age.ru} назад",
        ),
    )


def _log_command(source: LogSource) -> LinkFinding:
    program = source.command[0]
    if shutil.which(program) is None:
        return problem(
            Link.LOGS,
            Text(
                en=f"the log of {source.service}: there is no program `{program}` here",
                ru=f"лог {source.service}: программы `{program}` здесь нет",
            ),
            Text(
                en="Install it, or correct `command` under `logs` in the profile",
                ru="Установите её или исправьте `command` в разделе `logs` профиля",
            ),
        )
    return not_checked(
        Link.LOGS,
        Text(
            en=f"the log of {source.service}: `{program}` is there; only a run starts it",
            ru=f"лог {source.service}: `{program}` есть, но запускается только при прогоне тестов",
        ),
    )


def _unreadable_log(source: LogSource, reason: str) -> LinkFinding:
    return problem(
        Link.LOGS,
        Text(
            en=f"the log of {source.service} cannot be read: `{source.path}`: `{reason}`",
            ru=f"лог {source.service} не читается: `{source.path}`: `{reason}`",
        ),
        Text(
            en="Correct `path` under `logs` in the profile, or let this user read it: "
            f"`ls -l {source.path}`",
            ru="Исправьте `path` в разделе `logs` профиля или дайте этому пользователю право "
            f"чтения: `ls -l {source.path}`",
        ),
    )


def _ago(seconds: float) -> Text:
    for length, en, ru in ((_DAY_S, "d", "д"), (_HOUR_S, "h", "ч"), (_MINUTE_S, "min", "мин")):
        if seconds >= length:
            return Text(en=f"{seconds / length:.0f} {en}", ru=f"{seconds / length:.0f} {ru}")
    return Text(en=f"{max(seconds, 0):.0f} s", ru=f"{max(seconds, 0):.0f} с")


def lines_of_log(path: Path) -> list[LogLine]:
    """
    Return the lines at the beginning and the end of a log, as far as it can be read.
    """
    try:
        if not path.is_file():
            return []
        with path.open("rb") as log:
            head = log.read(_READ_BYTES)
            size = log.seek(0, os.SEEK_END)
            log.seek(max(len(head), size - _READ_BYTES))
            tail = log.read()
    except OSError:
        return []  # `look_at_logs` reports that it cannot be read.
    return [parse(raw.decode("utf-8", "replace")) for raw in (head + tail).split(b"\n") if raw]
