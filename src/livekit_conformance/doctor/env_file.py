"""
Env file: its permissions, and differences in how other programs would read it.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text
from livekit_conformance.doctor.findings import LinkFinding, warning
from livekit_conformance.environments.env_file import (
    EnvFile,
    Quirk,
    is_taken_by_git,
    mode_for_others,
)

_QUIRKS: Mapping[Quirk, tuple[Text, Text]] = MappingProxyType(
    {
        Quirk.BOM: (
            Text(
                en="`{file}` begins with a byte order mark (BOM), which a shell takes as part "
                "of the first name",
                ru="`{file}` начинается с метки порядка байтов (BOM): shell примет её за часть "
                "первого имени",
            ),
            Text(
                en="Save it as UTF-8 without BOM: `sed -i '1s/^\\xEF\\xBB\\xBF//' {file}`",
                ru="Сохраните его в UTF-8 без BOM: `sed -i '1s/^\\xEF\\xBB\\xBF//' {file}`",
            ),
        ),
        Quirk.CRLF: (
            Text(
                en="`{file}` has Windows line ends (CRLF): a shell that reads it keeps a carriage "
                "return at the end of each value",
                ru="В `{file}` концы строк Windows (CRLF): shell оставит возврат каретки в конце "
                "каждого значения",
            ),
            Text(
                en="Change them: `sed -i 's/\\r$//' {file}`",
                ru="Замените их: `sed -i 's/\\r$//' {file}`",
            ),
        ),
        Quirk.EXPORT: (
            Text(
                en="`{file}` has `export` before {names}: docker refuses such lines",
                ru="В `{file}` перед {names} стоит `export`: docker такие строки не принимает",
            ),
            Text(
                en="Remove the word; after `set -a` a shell exports everything it reads",
                ru="Уберите это слово; после `set -a` shell экспортирует всё, что читает",
            ),
        ),
        Quirk.BLANKS: (
            Text(
                en="`{file}` has blanks around the `=` of {names}: a shell takes such a line for a "
                "command, docker refuses it",
                ru="В `{file}` у {names} пробелы вокруг `=`: shell примет такую строку за команду, "
                "docker не примет вовсе",
            ),
            Text(en="Write `NAME=value` without blanks", ru="Пишите `NAME=value` без пробелов"),
        ),
        Quirk.COMMENT: (
            Text(
                en="`{file}` has a comment behind the value of {names}: docker takes it as part "
                "of the value",
                ru="В `{file}` после значения {names} стоит комментарий: docker примет его за "
                "часть значения",
            ),
            Text(
                en="Move it to a line of its own; if the `#` belongs to the value, put the value "
                "in quotes",
                ru="Перенесите его на отдельную строку; если `#` относится к значению, возьмите "
                "значение в кавычки",
            ),
        ),
        Quirk.TWICE: (
            Text(
                en="`{file}` sets {names} more than once, to different values: the last one counts",
                ru="`{file}` задаёт {names} несколько раз и по-разному: действует последнее "
                "значение",
            ),
            Text(en="Keep one of the lines", ru="Оставьте одну из строк"),
        ),
    }
)


def judge_env_file(
    file: EnvFile, asked: Collection[str], misspelt: Mapping[str, str]
) -> Iterator[LinkFinding]:
    """
    Yield the findings about the file itself, for the variables in `asked`.
    """
    path = shlex.quote(str(file.path))
    yield from _seen_by_others(file.path, path)
    for quirk, all_names in file.quirks.items():
        names = [f"`{name}`" for name in all_names if name in asked]
        if names or not all_names:
            text, remedy = _QUIRKS[quirk]
            yield _warning(text, remedy, file=path, names=", ".join(names))
    for name, meant in misspelt.items():
        yield _warning(
            Text(
                en="`{file}` has `{name}`, which nothing uses; did you mean `{meant}`?",
                ru="В `{file}` есть `{name}`, но её никто не использует; имелась в виду `{meant}`?",
            ),
            Text(en="Correct the name", ru="Исправьте имя"),
            file=path,
            name=name,
            meant=meant,
        )


def _seen_by_others(file: Path, path: str) -> Iterator[LinkFinding]:
    if mode := mode_for_others(file):
        yield _warning(
            Text(
                en="other accounts can read or change `{file}` (mode {mode}), which holds secrets",
                ru="`{file}` с секретами доступен другим пользователям (права {mode})",
            ),
            Text(
                en="Restrict it to its owner: `chmod 600 {file}`",
                ru="Оставьте доступ только владельцу: `chmod 600 {file}`",
            ),
            file=path,
            mode=mode,
        )
    if is_taken_by_git(file):
        yield _warning(
            Text(
                en="git tracks `{file}`, or will after the next `git add .`",
                ru="git уже отслеживает `{file}` или начнёт после следующего `git add .`",
            ),
            Text(
                en="Add its name to .gitignore. If git tracks it already, run `git rm --cached "
                "{file}` and make new keys: the history keeps the old ones",
                ru="Впишите его имя в .gitignore. Если git его уже отслеживает, выполните `git "
                "rm --cached {file}` и создайте новые ключи: старые остаются в истории",
            ),
            file=path,
        )


def _warning(text: Text, remedy: Text, **values: str) -> LinkFinding:
    return warning(Link.CONFIGURATION, _filled(text, values), _filled(remedy, values))


def _filled(text: Text, values: Mapping[str, str]) -> Text:
    return Text(en=text.say("en", **values), ru=text.say("ru", **values))
