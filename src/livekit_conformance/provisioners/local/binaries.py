"""
Where the programs of the real services are: environment variable, our own cache, or PATH.
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

from livekit_conformance.errors import Blocked

_PACKAGES_PER_LINE = 100
_LINES_OF_FAILURE = 30

STACK = Path(__file__).parents[4] / "stack"


@dataclass(frozen=True, slots=True)
class Program:
    """
    One program of the stack: where to look for it and how to get it.

    `package` is the command's Go package, `versions` are the pinned ones, the default first; a
    system package has neither.
    """

    name: str
    install: str
    package: str = ""
    versions: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """
        The environment variable that names the program's file.
        """
        return f"{self.name.upper().replace('-', '_')}_BIN"

    @property
    def version_variable(self) -> str:
        """
        The environment variable that chooses one of the pinned versions.
        """
        return f"{self.name.upper().replace('-', '_')}_VERSION"

    def module(self, version: str) -> Path:
        """
        The folder of the Go module that pins a version; the default's has the program's name.
        """
        default = version == self.versions[0]
        return STACK / (self.name if default else f"{self.name}-{version}")


SERVER = Program(
    name="livekit-server",
    install="Build it: make stack (needs Go 1.26 or later)",
    package="github.com/livekit/livekit-server/cmd/server",
    versions=("1.13.5", "1.9.12", "1.8.4"),
)
SIP = Program(
    name="livekit-sip",
    install="Build it: make stack (needs Go 1.26 or later, and: apt-get install pkg-config "
    "libopus-dev libopusfile-dev libsoxr-dev)",
    package="github.com/livekit/sip/cmd/livekit-sip",
    versions=("1.8.0", "1.7.0"),
)
REDIS = Program(
    name="redis-server",
    install="Install it: apt-get install redis-server",
)


@dataclass(frozen=True, slots=True)
class Found:
    """
    A program that is there. `version` is known only for what we built ourselves.
    """

    path: Path
    version: str | None


def cache_dir(environ: Mapping[str, str]) -> Path:
    """
    The folder of built programs, after the XDG Base Directory Specification.
    """
    base = environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "livekit-conformance"


def chosen_version(program: Program, environ: Mapping[str, str]) -> str | None:
    """
    The pinned version that the environment asks for; None when it leaves the choice to us.

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


def cached(program: Program, version: str, environ: Mapping[str, str]) -> Path:
    """
    Where the program of this version is, or would be, in the cache.
    """
    return cache_dir(environ) / f"{program.name}-{version}" / program.name


def find(program: Program, environ: Mapping[str, str]) -> Found:
    """
    The program by environment variable, in the cache, or on PATH, in this order.

    A version that the environment asks for is only looked for in the cache: elsewhere versions
    are not known. Raises Blocked with the command that installs what is missing.
    """
    chosen = chosen_version(program, environ)
    if named := environ.get(program.variable):
        if not os.access(named, os.X_OK):
            raise Blocked(
                f"{program.variable} names {named}, which is not a program",
                remedy=f"Unset it or let it name {program.name}",
            )
        return Found(Path(named), None)
    version = chosen or next(iter(program.versions), None)
    if version is not None and (built := cached(program, version, environ)).is_file():
        return Found(built, version)
    if chosen:
        raise Blocked(
            f"{program.name} {chosen} is missing",
            remedy=program.install.replace(
                "make stack", f"make stack {program.version_variable}={chosen}"
            ),
        )
    if on_path := shutil.which(program.name, path=environ.get("PATH")):
        return Found(Path(on_path), None)
    raise Blocked(f"{program.name} is missing", remedy=program.install)


def build(program: Program, environ: Mapping[str, str]) -> Path:
    """
    Build the chosen version, or the default one, into the cache, once; whole or not at all.

    Raises Blocked when Go is missing and CalledProcessError when the build fails.
    """
    version = chosen_version(program, environ) or program.versions[0]
    target = cached(program, version, environ)
    if target.is_file():
        return target
    if shutil.which("go", path=environ.get("PATH")) is None:
        raise Blocked("Go is missing", remedy="Install Go 1.26 or later, then: make stack")
    sys.stdout.write(f"{program.name} {version}: building ...\n")
    sys.stdout.flush()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        fresh = Path(scratch) / program.name
        _go_build(program, version, fresh, environ)
        fresh.replace(target)
    return target


def _go_build(program: Program, version: str, target: Path, environ: Mapping[str, str]) -> None:
    last: deque[str] = deque(maxlen=_LINES_OF_FAILURE)
    with subprocess.Popen(
        ["go", "build", "-v", "-mod=readonly", "-o", str(target), program.package],
        cwd=program.module(version),
        env=dict(environ),
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


def provide(program: Program, environ: Mapping[str, str]) -> Found:
    """
    The program, built first if it is ours to build and nobody named a file.

    Raises Blocked with the command that installs what is missing, or the end of a failed build.
    """
    if program.versions and not environ.get(program.variable):
        try:
            build(program, environ)
        except subprocess.CalledProcessError as failed:
            raise Blocked(
                f"{failed.stderr}{program.name}: {failed}", remedy=program.install
            ) from failed
    return find(program, environ)


def main() -> int:
    """
    Find or build everything that `--env=local` needs; the `make stack` target.
    """
    for program in (REDIS, SERVER, SIP):
        try:
            found = provide(program, os.environ)
        except Blocked as missing:
            sys.stderr.write(f"{missing}\n")
            return 1
        sys.stdout.write(f"{program.name}: {found.path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
