"""
Programs of the real services: from an environment variable, our own cache, or PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from livekit_conformance.errors import Blocked, in_system_words
from livekit_conformance.provisioners.local.prerequisites import (
    C_COMPILER,
    GO,
    LIBRARIES,
    PKG_CONFIG,
    REDIS_SERVER,
    Prerequisite,
    cache_dir,
    packages_of,
)
from livekit_conformance.shipped import BUILD_STACK, STACK

_PACKAGES_PER_LINE = 100
_LINES_OF_FAILURE = 30
# Bytes: a disk with less is full for a build, which writes files of 50 MB.
_FULL = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Program:
    """
    One program of the stack, with its sources and build tools.

    `needs` are its build tools, or the program itself where others build it. `package` is the
    command's Go package, `versions` are the pinned ones, the default first; programs that others
    build have neither.
    """

    name: str
    needs: tuple[Prerequisite, ...]
    package: str = ""
    versions: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """
        Environment variable that names the program's file.
        """
        return f"{self.name.upper().replace('-', '_')}_BIN"

    @property
    def version_variable(self) -> str:
        """
        Environment variable that selects one of the pinned versions.
        """
        return f"{self.name.upper().replace('-', '_')}_VERSION"

    def module(self, version: str) -> Path:
        """
        Return the folder of the Go module that pins a version; the default has no version suffix.
        """
        default = version == self.versions[0]
        return STACK / (self.name if default else f"{self.name}-{version}")


SERVER = Program(
    name="livekit-server",
    needs=(GO,),
    package="github.com/livekit/livekit-server/cmd/server",
    versions=("1.13.5", "1.9.12", "1.8.4"),
)
SIP = Program(
    name="livekit-sip",
    needs=(GO, C_COMPILER, PKG_CONFIG, *LIBRARIES),
    package="github.com/livekit/sip/cmd/livekit-sip",
    versions=("1.8.0", "1.7.0"),
)
REDIS = Program(name="redis-server", needs=(REDIS_SERVER,))


class ProgramMissing(Blocked):
    """
    Program that was not found; `command` builds it.
    """

    def __init__(self, name: str, command: str) -> None:
        super().__init__(f"{name} is missing", remedy=f"Build it: {command}")
        self.command = command


@dataclass(frozen=True, slots=True)
class FoundProgram:
    """
    Program that was found. `version` is known only for our own builds.
    """

    path: Path
    version: str | None


def chosen_version(program: Program, environ: Mapping[str, str]) -> str | None:
    """
    Return the pinned version that the environment selects; None when it selects none.

    Raises Blocked for a version that is not pinned, and for one beside a named file.
    """
    chosen = environ.get(program.version_variable)
    if not chosen:
        return None
    if chosen not in program.versions:
        raise Blocked(
            f"{program.version_variable} is {chosen!r}, which is not pinned in stack/",
            remedy=f"Pinned versions of {program.name}: {', '.join(program.versions)}",
        )
    if environ.get(program.variable):
        raise Blocked(
            f"{program.version_variable} and {program.variable} are both set",
            remedy="Unset one of them: the version of a named file is not known",
        )
    return chosen


def cached(program: Program, version: str, environ: Mapping[str, str]) -> Path | None:
    """
    Return the path of this version in the cache, built or not; None where there is no cache.
    """
    cache = cache_dir(environ)
    return cache and cache / f"{program.name}-{version}" / program.name


def find(program: Program, environ: Mapping[str, str]) -> FoundProgram:
    """
    Return the program named by environment variable, in the cache, or on PATH, in this order.

    A selected version is searched for in the cache only: versions of other files are not known.
    Raises Blocked with the command that installs the missing program.
    """
    chosen = chosen_version(program, environ)
    if named := environ.get(program.variable):
        if not os.access(named, os.X_OK):
            raise Blocked(
                f"{program.variable} names {named}, which is not executable",
                remedy=f"Unset it, or set it to the path of {program.name}",
            )
        return FoundProgram(Path(named), None)
    if not program.versions:
        return FoundProgram(Path(program.needs[0].find(environ)), None)
    version = chosen or program.versions[0]
    built = cached(program, version, environ)
    if built is not None and built.is_file():
        return FoundProgram(built, version)
    if chosen:
        raise ProgramMissing(
            f"{program.name} {chosen}", f"{program.version_variable}={chosen} {BUILD_STACK}"
        )
    if on_path := shutil.which(program.name, path=environ.get("PATH")):
        return FoundProgram(Path(on_path), None)
    first = packages_of(tool for tool in program.needs if not tool.is_there(environ))
    raise ProgramMissing(program.name, f"{first and f'{first}; '}{BUILD_STACK}")


def build(program: Program, environ: Mapping[str, str]) -> Path:
    """
    Build the selected version, or the default one, into the cache, once and atomically.

    Raises Blocked for missing tools, before anything is built, and for a build that fails.
    """
    version = chosen_version(program, environ) or program.versions[0]
    target = cached(program, version, environ)
    if target is None:
        raise Blocked(
            f"{program.name} cannot be built: this account has no home directory to keep it in",
            remedy=f"Set XDG_CACHE_HOME to a folder, or {program.variable} to a program",
        )
    if target.is_file():
        return target
    go = _tools(program, environ)
    sys.stdout.write(f"{program.name} {version}: building ...\n")
    sys.stdout.flush()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            fresh = Path(scratch) / program.name
            _go_build(go, program, version, fresh, environ)
            fresh.replace(target)
    except OSError as error:
        raise Blocked(
            f"{program.name} cannot be built into {target.parent}: {in_system_words(error)}",
            remedy=_room_remedy(go, target.parent, environ)
            or "Set XDG_CACHE_HOME to a folder that this account may write",
        ) from error
    except subprocess.CalledProcessError as failed:
        raise Blocked(
            f"{failed.stderr}{program.name}: {failed}",
            remedy=_room_remedy(go, target.parent, environ) or "See the lines of Go above",
        ) from failed
    return target


def _room_remedy(go: str, target: Path, environ: Mapping[str, str]) -> str | None:
    """
    Return the remedy if a disk that a build writes to is full; None if none is.

    Go may report that as another error: with a full cache, a standard package is "not in std".
    """
    environ = _with_go_folders(environ)
    caches = subprocess.run(
        [go, "env", "GOCACHE", "GOMODCACHE"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    temporary = environ.get("TMPDIR", tempfile.gettempdir())
    for folder in (target, *map(Path, caches.stdout.split("\n")), Path(temporary)):
        if folder.is_dir() and (free := shutil.disk_usage(folder).free) < _FULL:
            return (
                f"Free space: the disk of {folder} has only {free / 1e6:.0f} MB left, and a build "
                "writes 2 GB. Or set XDG_CACHE_HOME, GOMODCACHE or TMPDIR to other folders"
            )
    return None


def _tools(program: Program, environ: Mapping[str, str]) -> str:
    """
    Return the program of Go. Raises Blocked with all the tools that the build lacks at once.
    """
    found: list[str] = []
    lacking: dict[Prerequisite, Blocked] = {}
    for tool in program.needs:
        try:
            found.append(tool.provide(environ))
        except Blocked as blocked:
            lacking[tool] = blocked
    if lacking:
        reasons = ", ".join(blocked.reason for blocked in lacking.values())
        packages = packages_of(lacking)
        remedy = f"Install it: {packages}" if packages else next(iter(lacking.values())).remedy
        raise Blocked(f"{program.name} cannot be built: {reasons}", remedy=remedy)
    return found[0]


def _go_build(
    go_program: str, program: Program, version: str, target: Path, environ: Mapping[str, str]
) -> None:
    last: deque[str] = deque(maxlen=_LINES_OF_FAILURE)
    with subprocess.Popen(
        [go_program, "build", "-v", "-mod=readonly", "-o", str(target), program.package],
        cwd=program.module(version),
        env=_with_go_folders(environ),
        stderr=subprocess.PIPE,
        text=True,
    ) as go:
        assert go.stderr is not None
        for count, line in enumerate(go.stderr, 1):
            last.append(line)
            if count % _PACKAGES_PER_LINE == 0:
                sys.stdout.write(f"  {count} packages\n")
                sys.stdout.flush()
    if go.returncode:
        raise subprocess.CalledProcessError(go.returncode, "go build", stderr="".join(last))


def _with_go_folders(environ: Mapping[str, str]) -> dict[str, str]:
    """
    Return the environment of a build; without a home, Go keeps its downloads in our own cache.
    """
    cache = cache_dir(environ)
    if environ.get("HOME") or cache is None:
        return dict(environ)
    return {"GOPATH": str(cache / "go"), "GOCACHE": str(cache / "go-build")} | dict(environ)


def provide(program: Program, environ: Mapping[str, str]) -> FoundProgram:
    """
    Return the program; build or install it first where it is not found.

    Raises Blocked with the command that installs what is missing, or the end of a failed build.
    """
    try:
        return find(program, environ)
    except Blocked:
        if environ.get(program.variable):
            raise
    if program.versions:
        build(program, environ)
    else:
        program.needs[0].provide(environ)
    return find(program, environ)


def main() -> int:
    """
    Find or build everything that `--env=local` needs; the `make stack` target.
    """
    status = 0
    for program in (REDIS, SERVER, SIP):
        try:
            found = provide(program, os.environ)
        except Blocked as missing:
            sys.stderr.write(f"{missing}\n")
            status = 1
        else:
            sys.stdout.write(f"{program.name}: {found.path}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
