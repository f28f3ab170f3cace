"""
Files of the deployment that can be read here: configurations of the services, and their logs.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import Need
from livekit_conformance.config_doctor import (
    ConfigFinding,
    check,
    check_endpoint,
    check_server,
    check_sip,
    known_keys,
    read_server,
)
from livekit_conformance.config_doctor.judge import judge_keys, level_of
from livekit_conformance.doctor.findings import (
    LinkFinding,
    LinkMark,
    judged,
    not_checked,
    ok,
    problem,
    warning,
)
from livekit_conformance.environments.needs import LINES
from livekit_conformance.environments.profile import LogSource, Profile
from livekit_conformance.protocol.logline import LogLine, parse
from livekit_conformance.wording import Phrase, phrase

# Read from each end of a log: enough to find the version that was started last.
_READ_BYTES = 256 * 1024
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


def look_at_configs(
    profile: Profile, others: Collection[LinkFinding] = ()
) -> Iterator[LinkFinding]:
    """
    Check livekit.yaml and livekit-sip.yaml, together where both are given.

    `others` are findings about the links that the files tell of.
    """
    files = profile.deployment
    texts: dict[str, str] = {}
    for name, key, path, need in (
        ("livekit.yaml", "livekit_server_config", files.livekit_server_config, Need.SERVER_CONFIG),
        ("livekit-sip.yaml", "livekit_sip_config", files.livekit_sip_config, Need.SIP_CONFIG),
    ):
        if path is None:
            what = phrase("config.not-named", file=name, line=LINES[need])
            yield not_checked(Link.CONFIGURATION, what)
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
    yield from (_converted(each, others) for each in found)
    if texts and not found:
        yield ok(Link.CONFIGURATION, phrase("config.right", files=", ".join(texts)))
    if server is not None:
        yield from judge_agreement(server, profile, others)


def judge_agreement(
    server_text: str, profile: Profile, others: Collection[LinkFinding]
) -> Iterator[LinkFinding]:
    """
    Check that livekit.yaml agrees with the profile on key pair and webhook endpoint.
    """
    server = read_server(server_text)
    keys, key = known_keys(server), profile.livekit.api_key
    if keys and key not in keys:
        # Only likely wrong: LIVEKIT_KEYS takes precedence, and the file may be a copy.
        yield warning(Link.CONFIGURATION, phrase("config.other-keys"))
    if url := profile.webhook.url:
        yield from (_converted(found, others) for found in check_endpoint(server, url))
        yield from judged("1.3-server-config-names-the-endpoint", judge_keys(server))


def _converted(finding: ConfigFinding, others: Collection[LinkFinding]) -> LinkFinding:
    broken = {each.link for each in others if each.mark is LinkMark.PROBLEM}
    working = {each.link for each in others if each.mark is LinkMark.OK} - broken
    level = level_of(finding, working=working, broken=broken)
    what = phrase(
        "config.wrong",
        place=finding.place,
        key=finding.key,
        problem=finding.problem,
        consequence=finding.consequence,
        fix=finding.remedy,
    )
    return (problem if level == "MUST" else warning)(Link.CONFIGURATION, what)


def _unreadable_config(key: str, path: Path, error: OSError | UnicodeDecodeError) -> LinkFinding:
    what = (
        phrase("config.unreadable", path=str(path), key=key, reason=str(error.strerror))
        if isinstance(error, OSError)
        else phrase("config.not-utf8", path=str(path), key=key)
    )
    return problem(Link.CONFIGURATION, what)


# -- logs


def look_at_logs(profile: Profile, *, now: float | None = None) -> Iterator[LinkFinding]:
    """
    Yield the readability of each service's log; `now` in Unix seconds.
    """
    for source in profile.logs:
        yield _log(source, time.time() if now is None else now)
    for service, need in (("livekit-server", Need.SERVER_LOG), ("livekit-sip", Need.SIP_LOG)):
        if not any(source.service == service for source in profile.logs):
            what = phrase("log.not-named", service=service, line=LINES[need])
            yield not_checked(Link.LOGS, what)


def _log(source: LogSource, now: float) -> LinkFinding:
    if source.path is None:
        return _log_command(source)
    path = source.path
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return problem(Link.LOGS, phrase("log.no-file", **_of(source)))
        with path.open("rb"):
            pass
    except OSError as error:
        what = phrase("log.unreadable", **_of(source), reason=str(error.strerror))
        return problem(Link.LOGS, what)
    age = _age(now - status.st_mtime)
    return ok(Link.LOGS, phrase("log.readable", **_of(source), size=str(status.st_size), age=age))


def _log_command(source: LogSource) -> LinkFinding:
    program = source.command[0]
    of = {"service": source.service, "program": program}
    if shutil.which(program) is None:
        return problem(Link.LOGS, phrase("log.no-program", **of))
    return not_checked(Link.LOGS, phrase("log.by-command", **of))


def _of(source: LogSource) -> dict[str, str]:
    return {"service": source.service, "path": str(source.path)}


def _age(seconds: float) -> Phrase:
    for length, code in ((_DAY_S, "age.days"), (_HOUR_S, "age.hours"), (_MINUTE_S, "age.minutes")):
        if seconds >= length:
            return phrase(code, number=seconds / length)
    return phrase("age.seconds", number=max(seconds, 0.0))


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
