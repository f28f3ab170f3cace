"""
Where the programs of the real services are: environment variable, PATH, or our own cache.
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

    `module` and `version` are those of stack/<name>/go.mod; a system package has neither.
    """

    name: str
    variable: str
    install: str
    package: str = ""
    version: str | None = None


SERVER = Program(
    name="livekit-server",
    variable="LIVEKIT_SERVER_BIN",
    install="Build it: make stack (needs Go 1.26 or later)",
    package="github.com/livekit/livekit-server/cmd/server",
    version="1.13.5",
)
SIP = Program(
    name="livekit-sip",
    variable="LIVEKIT_SIP_BIN",
    install="Build it: make stack (needs Go 1.26 or later, and: apt-get install pkg-config "
    "libopus-dev libopusfile-dev libsoxr-dev)",
    package="github.com/livekit/sip/cmd/livekit-sip",
    version="1.8.0",
)
REDIS = Program(
    name="redis-server",
    variable="REDIS_SERVER_BIN",
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


def cached(program: Program, environ: Mapping[str, str]) -> Path:
    """
    Where the program of this version is, or would be, in the cache.
    """
    return cache_dir(environ) / f"{program.name}-{program.version}" / program.name


def find(program: Program, environ: Mapping[str, str]) -> Found:
    """
    The program by environment variable, in the cache, or on PATH, in this order.

    Raises Blocked with the command that installs it.
    """
    if named := environ.get(program.variable):
        if not os.access(named, os.X_OK):
            raise Blocked(
                f"{program.variable} names {named}, which is not a program",
                remedy=f"Unset it or let it name {program.name}",
            )
        return Found(Path(named), None)
    if program.version is not None and (built := cached(program, environ)).is_file():
        return Found(built, program.version)
    if on_path := shutil.which(program.name, path=environ.get("PATH")):
        return Found(Path(on_path), None)
    raise Blocked(f"{program.name} is missing", remedy=program.install)


def build(program: Program, environ: Mapping[str, str]) -> Path:
    """
    Build the pinned version into the cache, once; whole or not at all.

    Raises Blocked when Go is missing and CalledProcessError when the build fails.
    """
    target = cached(program, environ)
    if target.is_file():
        return target
    if shutil.which("go", path=environ.get("PATH")) is None:
        raise Blocked("Go is missing", remedy="Install Go 1.26 or later, then: make stack")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        fresh = Path(scratch) / program.name
        _go_build(program, fresh, environ)
        fresh.replace(target)
    return target


def _go_build(program: Program, target: Path, environ: Mapping[str, str]) -> None:
    last: deque[str] = deque(maxlen=_LINES_OF_FAILURE)
    with subprocess.Popen(
        ["go", "build", "-v", "-mod=readonly", "-o", str(target), program.package],
        cwd=STACK / program.name,
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


def main() -> int:
    """
    Find or build everything that `--env=local` needs; the `make stack` target.
    """
    for program in (REDIS, SERVER, SIP):
        try:
            if program.version is not None and program.variable not in os.environ:
                sys.stdout.write(f"{program.name} {program.version}: building if not cached ...\n")
                sys.stdout.flush()
                build(program, os.environ)
            found = find(program, os.environ)
        except Blocked as missing:
            sys.stderr.write(f"{missing}\n")
            return 1
        except subprocess.CalledProcessError as failed:
            sys.stderr.write(f"{failed.stderr}{program.name}: {failed}. {program.install}\n")
            return 1
        sys.stdout.write(f"{program.name}: {found.path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
