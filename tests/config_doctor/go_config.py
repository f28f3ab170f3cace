"""
Derive the keys of the services' configuration files from the pinned versions' Go sources.

   python -m tests.config_doctor.go_config

rewrites src/livekit_conformance/config_doctor/keys/*.yaml, after a new version was pinned.
With the argument `download` it only fetches the sources.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from livekit_conformance.config_doctor import services
from livekit_conformance.errors import Blocked
from livekit_conformance.provisioners.local.binaries import SERVER, SIP, Program
from livekit_conformance.provisioners.local.prerequisites import GO

KEYS = Path(services.__file__).with_name("keys")
# The struct into which each service decodes its file.
ROOTS: Mapping[str, str] = MappingProxyType(
    {
        SERVER.name: "github.com/livekit/livekit-server/pkg/config",
        SIP.name: "github.com/livekit/sip/pkg/config",
    }
)
# Go types that a scalar is decoded into. `int` has 64 bits on every machine LiveKit runs on.
_SCALARS = MappingProxyType(
    {
        "string": "text",
        "bool": "bool",
        "int": "int",
        "int64": "int",
        "float32": "float",
        "float64": "float",
        "time.Duration": "duration",
        **{name: name for name in ("int32", "uint8", "uint16", "uint32", "uint64")},
    }
)
# Types that decode themselves, and one of protobuf, which is not parsed here.
_OWN_WAY = MappingProxyType(
    {
        "rtcconfig.PortRange": "port-range",
        "rtcconfig.NodeIP": "node-ip",
        "livekit.RoomConfiguration": "any",
    }
)
# "Do not provide, will be overwritten".
_OVERWRITTEN = frozenset({(SIP.name, "nodeid")})

_HEADER = """\
# Every key that {program} {version} reads, and what it takes: derived from the struct Config of
# {package} by `python -m tests.config_doctor.go_config`.
#
# text, bool, float; int, int32, uint8, uint16, uint32, uint64: whole numbers, as Go has them;
# port-range: "start-end" or one port; duration: a number with its unit, as Go writes it ("30s");
# node-ip: an address, or one of each family; any: not looked into.
# [kind] is a list, {{"*": kind}} a mapping with names of the operator's choice.
"""

_IMPORT = re.compile(r'^\s*(?:import\s+)?(?:(\w+)\s+)?"([^"]+)"\s*$', re.MULTILINE)
_TYPE = re.compile(r"^type (\w+) (.+)$", re.MULTILINE)
_FIELD = re.compile(r"^(?:(\w+)\s+)?([\w.*\[\]]+(?:\s*struct \{)?)\s*(?:`([^`]*)`)?\s*(?://.*)?$")
_GROUP = re.compile(r"^type \(\n(.*?)^\)$", re.MULTILINE | re.DOTALL)
_TAG = re.compile(r'yaml:"([^"]*)"')
_MAP = re.compile(r"map\[[\w.]+\](.+)")


class NoSources(Exception):
    """
    The Go modules of the pinned versions are not on this machine.
    """


@dataclass(frozen=True, slots=True)
class Type:
    """
    A type as its file spells it, and the names under which that file imports packages.
    """

    written: str
    package: str
    imports: Mapping[str, str]


def table(program: Program) -> dict[str, Any]:
    """
    Return the keys of a service in its default version, each with its kind.

    Raises NoSources when the modules are not there.
    """
    derived = _Derivation(program).of("Config", ROOTS[program.name])
    return {key: kind for key, kind in derived.items() if (program.name, key) not in _OVERWRITTEN}


def file(program: Program) -> str:
    """
    Return the content of the key table's file for a service.
    """
    header = _HEADER.format(
        program=program.name, version=program.versions[0], package=ROOTS[program.name]
    )
    return header + yaml.safe_dump(table(program), width=100)


class _Derivation:
    def __init__(self, program: Program) -> None:
        self._folders = _module_folders(program)
        self._types = cache(self._types_of)

    def of(self, name: str, package: str) -> Any:
        """
        Return the kind of value that a named type of a package accepts.
        """
        found = self._types(package)[name]
        if not found.written.startswith(("struct {", "struct{")):
            return self._kind(found.written, found)
        return self._struct(found.written, found)

    def _struct(self, body: str, where: Type) -> dict[str, Any]:
        keys: dict[str, Any] = {}
        for name, kind, tag in _fields(body):
            key, *options = tag.split(",") if tag else [""]
            if key == "-" or (name and not name[0].isupper()):
                continue
            inner = self._kind(kind, where)
            if "inline" in options:
                keys |= inner
            else:
                keys[key or (name or kind.rpartition(".")[2]).lower()] = inner
        return keys

    def _kind(self, written: str, where: Type) -> Any:
        written = written.lstrip("*")
        if written in _SCALARS:
            return _SCALARS[written]
        if written.startswith(("struct {", "struct{")):
            return self._struct(written, where)
        if written.startswith("[]"):
            return [self._kind(written[2:], where)]
        if mapping := _MAP.fullmatch(written):
            return {"*": self._kind(mapping[1], where)}
        alias, dot, name = written.rpartition(".")
        package = where.imports[alias] if dot else where.package
        full = f"{package.rpartition('/')[2]}.{name}"
        return _OWN_WAY.get(full) or self.of(name, package)

    def _types_of(self, package: str) -> dict[str, Type]:
        types: dict[str, Type] = {}
        for source in sorted(self._folder(package).glob("*.go")):
            if source.stem.endswith(("_test", "_windows")):
                continue
            text = _GROUP.sub(
                lambda group: re.sub(r"^\t(?=\w)", "type ", group[1], flags=re.MULTILINE),
                source.read_text(),
            )
            imports = {alias or path.rpartition("/")[2]: path for alias, path in _imports(text)}
            for match in _TYPE.finditer(text):
                written = match[2]
                if written.startswith(("struct {", "struct{")):
                    written = _block(text, match.start(2))
                types[match[1]] = Type(written, package, imports)
        return types

    def _folder(self, package: str) -> Path:
        for module, folder in self._folders.items():
            if package == module or package.startswith(f"{module}/"):
                found = folder / package.removeprefix(module).lstrip("/")
                if found.is_dir():
                    return found
                raise NoSources(f"{package} is not in the Go module cache")
        raise NoSources(f"{package} is of none of the modules in go.mod")


def _module_folders(program: Program) -> dict[str, Path]:
    """
    Return the folder of each LiveKit module in the module cache, in the version go.mod pins.
    """
    text = (program.module(program.versions[0]) / "go.mod").read_text()
    try:
        command = (GO.find(os.environ), "env", "GOMODCACHE")
    except Blocked as blocked:
        raise NoSources(str(blocked)) from blocked
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    modules = Path(said.stdout.strip())
    pinned = re.findall(r"^\s*(github\.com/livekit/\S+) (v\S+)", text, re.MULTILINE)
    return {module: modules / f"{module}@{version}" for module, version in pinned}


def download(program: Program) -> None:
    """
    Fetch LiveKit's modules into the module cache unless they are there.

    Raises Blocked without Go, and CalledProcessError when they cannot be fetched.
    """
    command = (GO.provide(os.environ), "mod", "download", *_module_folders(program))
    subprocess.run(command, check=True, cwd=program.module(program.versions[0]))


def _imports(text: str) -> Iterator[tuple[str, str]]:
    head = text[: first.start()] if (first := _TYPE.search(text)) else text
    for match in _IMPORT.finditer(head):
        yield match[1] or "", match[2]


def _block(text: str, start: int) -> str:
    """
    Return the text from `start` to the brace that closes the first one.
    """
    depth = 0
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0 and text[place] == "}":
            return text[start : place + 1]
    raise ValueError(f"no end of {text[start : start + 40]!r}")


def _fields(struct: str) -> Iterator[tuple[str, str, str]]:
    """
    Yield name (empty for an embedded field), type, and yaml tag of each field of a struct.
    """
    body = struct[struct.index("{") + 1 : -1]
    place = 0
    while place < len(body):
        end = body.find("\n", place)
        end = len(body) if end < 0 else end
        line = body[place:end].strip()
        inner = ""
        if line.endswith("struct {"):
            inner = _block(body, body.index("struct {", place))
            place = body.index("struct {", place) + len(inner)
            end = body.find("\n", place)
            name, tail = line.split()[0], body[place:end]
            tag = _TAG.search(tail)
            yield name, inner, tag[1] if tag else ""
        elif line and (match := _FIELD.match(line)):
            tag = _TAG.search(match[3] or "")
            yield match[1] or "", match[2], tag[1] if tag else ""
        place = end + 1


def main() -> int:
    """
    Write the tables of the pinned versions, or fetch the sources they are derived from.
    """
    for program in (SERVER, SIP):
        if sys.argv[1:] != ["download"]:
            (KEYS / f"{program.name}.yaml").write_text(file(program))
            continue
        try:
            download(program)
        except (Blocked, subprocess.CalledProcessError) as failed:
            sys.stderr.write(f"The sources of {program.name} cannot be fetched: {failed}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
