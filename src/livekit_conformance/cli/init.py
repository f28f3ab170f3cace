"""
The command `livekit-conformance init`: find settings, ask for the rest, and write a profile.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from livekit_conformance.cli import doctor
from livekit_conformance.cli.options import CONFIG_DIR, add_language
from livekit_conformance.config_doctor.recognition import recognise
from livekit_conformance.environments.env_file import read_env_file
from livekit_conformance.environments.places import ENV_FILE, env_file_in
from livekit_conformance.environments.problem_words import WORDS
from livekit_conformance.environments.problems import ProfileError
from livekit_conformance.errors import in_system_words
from livekit_conformance.init.choice import Choice, answered, choose
from livekit_conformance.init.compose import of_compose
from livekit_conformance.init.fields import FoundValue, why_unusable
from livekit_conformance.init.service_files import (
    BrokenInput,
    Network,
    own_file,
    read,
    values,
)
from livekit_conformance.init.variables import of_variables
from livekit_conformance.init.writing import env_example_text, profile_text
from livekit_conformance.wording import Language, Text

_OK, _INCOMPLETE, _REFUSED = 0, 1, 4
_ENV_FILE = Path(ENV_FILE)
_ENV_EXAMPLE = Path(".env.example")
_COMPOSE = ("docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml")
# Files to look for in a folder; earlier ones take precedence.
_LOOKED_FOR = (
    ENV_FILE,
    *_COMPOSE,
    "livekit-sip.yaml",
    "sip.yaml",
    "livekit.yaml",
    "livekit-server.yaml",
)

_TAKEN = Text(en="{key}: from {place}", ru="{key}: из {place}")
_BY_VARIABLE = Text(en=", as {names}", ru=", через {names}")
_DIFFERS = Text(
    en="{key}: {place} has another value; {taken} is used",
    ru="{key}: в {place} другое значение; используется {taken}",
)
_UNUSABLE = Text(
    en="{key}: the value in {place} is not used: {why}",
    ru="{key}: значение из {place} не использовано: {why}",
)
_MISSING = Text(
    en="{key} is missing: {what}; set {names}",
    ru="{key}: не найдено: {what}; задайте {names}",
)
_COPY = Text(
    en="{key} is in {place}, and credentials are never copied: set {names} to it",
    ru="{key} есть в {place}, но учётные данные не копируются: задайте {names}",
)
_OPTIONAL = Text(
    en="{key} (optional) is not set: {what}",
    ru="{key} (необязательно) не задано: {what}",
)
_ASK = Text(en="{what}\n{key} (empty to leave it out): ", ru="{what}\n{key} (пусто: пропустить): ")
_NOT_SO = Text(en="Not usable: {why}\n", ru="Не годится: {why}\n")
_WROTE = Text(en="wrote {path}", ru="записан {path}")
_KEPT = Text(
    en="kept {path}, which is there already (--force replaces it)",
    ru="{path} уже есть и оставлен как был (--force заменит)",
)
_EXISTS = Text(
    en="{path} is there already: choose another NAME or --output, or replace it with --force",
    ru="{path} уже есть: выберите другое NAME или --output, либо замените его с --force",
)
_NOT_WRITTEN = Text(
    en="{path}: cannot be written: {why}; choose another place with --output",
    ru="{path}: не удалось записать: {why}; укажите другое место через --output",
)
_NEXT = Text(
    en="When these are set, run: livekit-conformance doctor --env {path}",
    ru="Когда всё задано, запустите: livekit-conformance doctor --env {path}",
)
_NO_FILE = Text(en="{path}: there is no such file or folder", ru="{path}: нет такого файла")
_UNCLEAR = Text(
    en="{path}: neither its name nor its keys show whether it is for livekit-server or livekit-sip",
    ru="{path}: ни по имени, ни по ключам не понять, livekit-server это или livekit-sip",
)


def add_parser(commands: Any, summary: str) -> None:
    """
    Declare the command and its options.
    """
    parser = commands.add_parser(
        "init",
        help=summary,
        description="Write config/NAME.yaml and .env.example from environment variables, .env, "
        "docker-compose.yml, livekit-sip.yaml and livekit.yaml, in this order of precedence. "
        "Secrets stay where they are: the profile refers to variables.",
        epilog="Exit status: 0 written and nothing is wrong, 1 written, and something is missing "
        "or wrong, 4 nothing written.",
    )
    parser.add_argument(
        "name", nargs="?", default="live", metavar="NAME", help="default: live (--env=live)"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="instead of config/NAME.yaml")
    parser.add_argument(
        "--from",
        dest="sources",
        type=Path,
        action="append",
        metavar="PATH",
        help="file or folder to read; repeatable (default: this folder)",
    )
    parser.add_argument("--yes", action="store_true", help="ask nothing, use what is found")
    parser.add_argument("--force", action="store_true", help="replace existing files")
    parser.add_argument("--no-check", action="store_true", help="do not run doctor on the result")
    add_language(parser)
    parser.set_defaults(run=run)


class _Refusal(Exception):
    """
    Nothing is written; the message gives the reason and the remedy.
    """


def run(options: argparse.Namespace) -> int:
    """
    Write a profile: 0 all is well, 1 something in it is missing or wrong, 4 nothing was written.
    """
    language: Language = options.lang
    path = options.output or CONFIG_DIR / f"{options.name}.yaml"
    try:
        choices = _written(path, options, language)
    except ProfileError as error:
        sys.stderr.write(f"{error.say(language)}\n")
        return _REFUSED
    except (BrokenInput, _Refusal) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return _REFUSED
    if _is_incomplete(choices):
        sys.stdout.write(f"{_NEXT.say(language, path=path)}\n")
        return _INCOMPLETE
    return _OK if options.no_check else _checked(path, language)


def _written(path: Path, options: argparse.Namespace, language: Language) -> list[Choice]:
    """
    Write the files, and report the origin of their values.
    """
    if path.exists() and not options.force:
        raise _Refusal(_EXISTS.say(language, path=path))
    found = [*_everything(options.sources or [Path()], os.environ, language)]
    choices = choose(found)
    if sys.stdin.isatty() and not options.yes:
        choices = [_asked(choice, language) for choice in choices]
    logs = [one for one in found if one.key == "logs"]
    texts = {path: profile_text(choices, logs), _ENV_EXAMPLE: env_example_text(choices)}
    kept = {file for file in texts if file.exists() and not options.force}
    for file in texts.keys() - kept:
        _write(file, texts[file], language)
    for line in _report(choices, logs, language):
        sys.stdout.write(f"{line}\n")
    for file in texts:
        sys.stdout.write(f"{(_KEPT if file in kept else _WROTE).say(language, path=file)}\n")
    return choices


def _everything(
    sources: Iterable[Path], environ: Mapping[str, str], language: Language
) -> Iterator[FoundValue]:
    yield from of_variables(environ, "environment")
    for source in sources:
        if source.is_dir():
            files = [source / name for name in _LOOKED_FOR if (source / name).is_file()]
        elif source.is_file():
            files = [source]
        else:
            raise _Refusal(_NO_FILE.say(language, path=source))
        for file in files:
            yield from _in_file(file, language)


def _in_file(file: Path, language: Language) -> Iterator[FoundValue]:
    if file.suffix not in {".yaml", ".yml"}:
        is_seen = file == _ENV_FILE
        yield from of_variables(read_env_file(file).values, str(file), as_values=not is_seen)
        return
    if file.name in _COMPOSE:
        yield from of_compose(file)
        return
    settings = read(file)
    keys = settings.root.value
    text = "".join(f"{key.value}:\n" for key, _ in keys)
    service = recognise(file.name, text)
    if service is None:
        is_compose = any(key.value == "services" for key, _ in keys)
        if not is_compose:
            raise _Refusal(_UNCLEAR.say(language, path=file))
        yield from of_compose(file)
        return
    yield from values(settings, service, Network())
    yield from own_file(file, service)


def _asked(choice: Choice, language: Language) -> Choice:
    field = choice.field
    while choice.found is None and field.asked:
        sys.stdout.write(_ASK.say(language, key=field.key, what=field.what.say(language)))
        sys.stdout.flush()
        if not (answer := sys.stdin.readline().strip()):
            break
        if why := why_unusable(field.key, answer):
            sys.stdout.write(_NOT_SO.say(language, why=why.say(WORDS, language)))
            continue
        return answered(choice, answer)
    return choice


def _report(
    choices: Sequence[Choice], logs: Sequence[FoundValue], language: Language
) -> Iterator[str]:
    for choice in choices:
        yield from _about(choice, language)
    for log in logs:
        yield _TAKEN.say(language, key=f"logs ({log.value})", place=log.place)


def _about(choice: Choice, language: Language) -> Iterator[str]:
    field, found = choice.field, choice.found
    for wrong, why in choice.unusable:
        yield _UNUSABLE.say(
            language, key=field.key, place=wrong.place, why=why.say(WORDS, language)
        )
    what, names = field.what.say(language), ", ".join(field.variables)
    if found is None and field.template:
        text = _MISSING if field.required else _OPTIONAL
        yield text.say(language, key=field.key, what=what, names=names)
    if found is None:
        return
    if _is_to_be_set(choice):
        yield _COPY.say(language, key=field.key, place=found.place, names=names)
    elif found.source:
        by = _BY_VARIABLE.say(language, names=names) if choice.written == field.template else ""
        yield f"{_TAKEN.say(language, key=field.key, place=found.place)}{by}"
    for other in choice.others:
        yield _DIFFERS.say(language, key=field.key, place=other.place, taken=found.place)


def _is_to_be_set(choice: Choice) -> bool:
    """
    Return whether a value was found, but the variable that the profile refers to is not set.
    """
    found = choice.found
    return found is not None and choice.field.kept and found.written != choice.field.template


def _is_incomplete(choices: Iterable[Choice]) -> bool:
    """
    Return whether a value that every live profile needs is still to be set.
    """
    return any(
        choice.field.required and (choice.found is None or _is_to_be_set(choice))
        for choice in choices
    )


def _write(path: Path, text: str, language: Language) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        why = in_system_words(error)
        raise _Refusal(_NOT_WRITTEN.say(language, path=path, why=why)) from error


def _checked(path: Path, language: Language) -> int:
    sys.stdout.write("\n")
    # Pass a path, even if it looks like a name.
    env = str(path if path.is_absolute() else f"./{path}")
    asked = argparse.Namespace(env=env, env_file=env_file_in(Path()), lang=language, json=False)
    return _OK if doctor.run(asked) == _OK else _INCOMPLETE
