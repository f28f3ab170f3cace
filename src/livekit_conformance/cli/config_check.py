"""
The command `livekit-conformance config check`: find errors in the services' files.
"""

from __future__ import annotations

import argparse
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livekit_conformance.cli.options import add_json, add_language
from livekit_conformance.config_doctor import verdict
from livekit_conformance.config_doctor.findings import ConfigFinding, Severity
from livekit_conformance.config_doctor.lint import check_agreement, check_server, check_sip
from livekit_conformance.config_doctor.lint import read_server as read
from livekit_conformance.config_doctor.reading import Unreadable, decode
from livekit_conformance.config_doctor.recognition import recognise
from livekit_conformance.config_doctor.server_rules import check_endpoint
from livekit_conformance.config_doctor.services import SERVER, SIP, ConfiguredService
from livekit_conformance.config_doctor.verdict import FilesVerdict, Judged
from livekit_conformance.config_doctor.words import PARTS
from livekit_conformance.errors import in_system_words
from livekit_conformance.layout import write_folded
from livekit_conformance.wording import Language, Phrase, Text, phrase

_TOGETHER = Text(en="both together", ru="оба файла вместе")
_NO_FILE = Text(
    en="config check: name a file: livekit.yaml, livekit-sip.yaml, or both",
    ru="config check: укажите файл: livekit.yaml, livekit-sip.yaml или оба",
)
_NO_SERVER_FILE = Text(
    en="--webhook-url: there is no livekit.yaml among the files",
    ru="--webhook-url: среди файлов нет livekit.yaml",
)
_NO_TEXT = Text(
    en="{name}: {problem}; is this a configuration file?",
    ru="{name}: {problem}; это точно файл конфигурации?",
)
_OF_NO_SERVICE = Text(
    en="{name}: neither its name nor its keys show whether it is for livekit-server or "
    "livekit-sip; write `--server {name}` or `--sip {name}`",
    ru="{name}: ни по имени, ни по ключам не понять, для livekit-server он или для livekit-sip; "
    "напишите `--server {name}` или `--sip {name}`",
)
_DIRECTORY = Text(
    en="{name}: a directory; name the file in it", ru="{name}: это папка; укажите файл в ней"
)
_NO_REGULAR_FILE = Text(en="{name}: not a file", ru="{name}: это не файл")
_TOO_LARGE = Text(
    en="{name}: {size} bytes; is this a configuration file?",
    ru="{name}: {size} байт; это точно файл конфигурации?",
)
_UNREADABLE = Text(en="{name}: cannot be read: `{reason}`", ru="{name}: не прочитать: `{reason}`")
_MEBIBYTE = 1024 * 1024


class NotJudged(Exception):
    """
    A file cannot be judged; `words` give the reason and the remedy.
    """

    def __init__(self, template: Text, **values: Any) -> None:
        what = Phrase("", values)
        self.words = what.in_each_language(template, {})
        super().__init__(self.words.en)


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """
    File as read: its service, its text, and the problem if it could not be decoded as text.
    """

    name: str
    service: ConfiguredService
    text: str = field(default="", repr=False)
    problem: ConfigFinding | None = None


def add_parser(actions: Any) -> None:
    """
    Declare the command and its options.
    """
    parser = actions.add_parser(
        "check",
        help="report what is wrong in livekit.yaml and livekit-sip.yaml; changes nothing",
        epilog="Two files, one of each service, are also checked against each other. Exit status: "
        "0 no errors (perhaps warnings), 1 errors, 4 a file cannot be read or its service is not "
        "known.",
    )
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="recognised by its name or its keys"
    )
    for service in (SERVER, SIP):
        parser.add_argument(
            f"--{service.name.removeprefix('livekit-')}",
            action="append",
            default=[],
            metavar="FILE",
            help=f"a file of {service.name}, whatever it is called",
        )
    parser.add_argument(
        "--webhook-url", metavar="URL", help="URL that the webhooks must go to (livekit.yaml)"
    )
    add_language(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Read the files and report the errors: 0 no errors, 1 errors, 4 a file could not be judged.
    """
    language: Language = options.lang
    asked: dict[str, ConfiguredService | None] = dict.fromkeys(options.files)
    asked |= dict.fromkeys(options.server, SERVER) | dict.fromkeys(options.sip, SIP)
    if not asked:
        sys.stderr.write(f"{_NO_FILE.say(language)}\n")
        return verdict.UNCLEAR
    sources: list[CheckedFile] = []
    unclear: list[str] = []
    for name, service in asked.items():
        try:
            sources.append(source(name, service))
        except NotJudged as reason:
            unclear.append(reason.words.say(language))
    if options.webhook_url and not any(each.service is SERVER for each in sources):
        unclear.append(_NO_SERVER_FILE.say(language))
    found = judge(sources, unclear, options.webhook_url, language)
    if options.json:
        sys.stdout.write(found.as_json())
    else:
        write_folded(sys.stdout, found.as_text().splitlines())
    return found.status


def source(name: str, service: ConfiguredService | None) -> CheckedFile:
    """
    Read a file. Raise NotJudged if it is not a file, or if its service is unknown.
    """
    content = _content(Path(name))
    try:
        text = decode(content)
    except Unreadable as error:
        service = service or recognise(name, "")
        if service is None:
            words = error.what.in_each_language(PARTS[error.what.code], PARTS)
            raise NotJudged(_NO_TEXT, name=name, problem=words) from error
        place = (name, error.line, error.column, "top level")
        what = phrase("file.not-text", service=service.name, problem=error.what)
        problem = ConfigFinding(Severity.ERROR, *place, what)
        return CheckedFile(name, service, problem=problem)
    service = service or recognise(name, text)
    if service is None:
        raise NotJudged(_OF_NO_SERVICE, name=name)
    return CheckedFile(name, service, text)


def _content(path: Path) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise NotJudged(_DIRECTORY, name=path)
        if not stat.S_ISREG(status.st_mode):
            raise NotJudged(_NO_REGULAR_FILE, name=path)
        if status.st_size > _MEBIBYTE:
            raise NotJudged(_TOO_LARGE, name=path, size=status.st_size)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = in_system_words(error) if isinstance(error, OSError) else str(error)
        raise NotJudged(_UNREADABLE, name=path, reason=reason) from error


def judge(
    sources: Sequence[CheckedFile],
    unclear: Sequence[str] = (),
    webhook_url: str | None = None,
    language: Language = "en",
) -> FilesVerdict:
    """
    Return the verdict on each file, and on the pair if there is one file of each service.
    """
    judged = [
        Judged(each.name, each.service.name, tuple(_alone(each, webhook_url))) for each in sources
    ]
    servers, sips = ([each for each in sources if each.service is kind] for kind in (SERVER, SIP))
    if len(servers) == len(sips) == 1:
        judged.append(Judged(_TOGETHER.say(language), None, _together(servers[0], sips[0])))
    texts = [(each.service, each.text) for each in sources]
    return FilesVerdict(judged, tuple(unclear), verdict.redactor(texts), language)


def _alone(each: CheckedFile, webhook_url: str | None) -> Iterator[ConfigFinding]:
    if each.problem is not None:
        yield each.problem
        return
    check = check_server if each.service is SERVER else check_sip
    yield from check(each.text, each.name)
    if webhook_url and each.service is SERVER:
        yield from check_endpoint(read(each.text, each.name), webhook_url)


def _together(server: CheckedFile, sip: CheckedFile) -> tuple[ConfigFinding, ...] | None:
    if server.problem or sip.problem:
        return None
    found = check_agreement(server.text, sip.text, server_file=server.name, sip_file=sip.name)
    return None if found is None else tuple(found)
