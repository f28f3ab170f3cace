"""
Read env files: values taken literally, quirks of the notation, file mode and git status.
"""

from __future__ import annotations

import io
import re
import shutil
import stat
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from livekit_conformance.environments.problems import Problem, ProfileError
from livekit_conformance.wording import phrase

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = "\ufeff"
_NAME = re.compile(r"\s*(?P<export>export\s+)?[^=#\s]+(?P<before>\s*)=(?P<after>[^\S\n]*)")
_COMMENT = re.compile(r"\s#")
_QUOTES = ("'", '"')
# Permission bits that accounts other than the owner must not have: read and write.
_OTHERS = 0o066
_GIT_S = 2.0


class Quirk(StrEnum):
    """
    Notation that this reader takes as it is meant, but other readers of env files (shells, docker)
    take differently.
    """

    BOM = "bom"
    CRLF = "crlf"
    EXPORT = "export"
    BLANKS = "blanks"
    COMMENT = "comment"
    TWICE = "twice"


@dataclass(frozen=True, slots=True)
class EnvFile:
    """
    Content of an env file.

    `quirks` maps each quirk to the variables that have it; the tuple is empty if the quirk concerns
    the whole file.
    """

    path: Path
    values: Mapping[str, str] = field(repr=False)
    quirks: Mapping[Quirk, tuple[str, ...]]


def read_env_file(path: Path) -> EnvFile:
    """
    Read the variables of an env file, with values taken literally.

    Raises ProfileError naming the line when a line cannot be parsed, or when the file cannot be
    read.
    """
    text = _text_of(path)
    plain = text.removeprefix(_BOM).replace("\r\n", "\n")
    bindings = list(parse_stream(io.StringIO(plain)))
    if wrong := [binding for binding in bindings if binding.error]:
        raise ProfileError(
            [
                Problem(phrase("env-file.line"), source=path, line=_line_of(binding))
                for binding in wrong
            ]
        )
    quirks: dict[Quirk, dict[str, None]] = {}
    if text.startswith(_BOM):
        quirks[Quirk.BOM] = {}
    if "\r\n" in text:
        quirks[Quirk.CRLF] = {}
    values: dict[str, str] = {}
    for name, value, written in _assignments(bindings):
        found = [*_quirks(written)]
        if values.get(name, value) != value:
            found.append(Quirk.TWICE)
        for quirk in found:
            quirks.setdefault(quirk, {})[name] = None
        values[name] = value
    return EnvFile(path, values, {quirk: tuple(names) for quirk, names in quirks.items()})


def mode_for_others(path: Path) -> str | None:
    """
    Return the mode of a file in octal, as for chmod, if accounts other than its owner may read or
    write it; else None.

    For a symbolic link, the mode is that of its target. Modes are meaningful on POSIX only.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    return f"{mode:04o}" if mode & _OTHERS else None


def is_taken_by_git(path: Path) -> bool | None:
    """
    Return whether git tracks a file or would add it with `git add .`; None if the file is in no
    repository, if git is not installed, or if it does not answer in time.
    """
    file = path.resolve()
    git = shutil.which("git")
    if git is None:
        return None
    try:
        asked = subprocess.run(
            (git, "-C", str(file.parent), "check-ignore", "--quiet", "--", file.name),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    # 0: ignored and not in the index. 1: tracked, or not ignored. Any other: no repository.
    return {0: False, 1: True}.get(asked.returncode)


def _text_of(path: Path) -> str:
    if not path.is_file():
        raise ProfileError([Problem(phrase("env-file.missing"), source=path)])
    try:
        content = path.read_bytes()
    except OSError as error:
        unreadable = phrase("file.unreadable", reason=str(error.strerror))
        raise ProfileError([Problem(unreadable, source=path)]) from error
    if content.startswith(_UTF16):
        raise ProfileError([Problem(phrase("env-file.utf16"), source=path)])
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        problem = Problem(phrase("env-file.not-utf8"), source=path, line=line)
        raise ProfileError([problem]) from None


def _line_of(binding: Binding) -> int:
    # python-dotenv reports the line of the first blank line before the assignment.
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def _assignments(bindings: Iterable[Binding]) -> Iterator[tuple[str, str, str]]:
    """
    Yield the name, the value and the source text of each line that sets a variable.
    """
    for binding in bindings:
        if binding.key is not None and binding.value is not None:
            yield binding.key, binding.value, binding.original.string


def _quirks(written: str) -> Iterator[Quirk]:
    if (name := _NAME.match(written)) is None:
        return
    value = written[name.end() :].rstrip()
    if name["export"]:
        yield Quirk.EXPORT
    if name["before"] or (name["after"] and value):
        yield Quirk.BLANKS
    if value.startswith(_QUOTES):
        has_comment = not value.endswith(value[0])
    else:
        has_comment = _COMMENT.search(written, name.end("before") + 1) is not None
    if has_comment:
        yield Quirk.COMMENT
