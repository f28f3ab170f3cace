"""
A fresh Debian in a folder: debootstrap's packages, and the host's network settings.

Every command gets its own mount and process namespaces. Its mounts disappear with its last
process, however that ends, and the host never sees a mount below the folder.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

RELEASE = "bookworm"
PACKAGES = ("python3", "python3-venv", "make", "git", "ca-certificates")
TOO_OLD = 7 * 24 * 3600.0  # seconds after which the cached root is rebuilt with Debian's updates

_CONFIGURATION = (
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/pip.conf",
    "/etc/ssl/certs",
    "/usr/local/share/ca-certificates",
)
_VARIABLES = re.compile(
    r"PIP_\w+|GO(PROXY|FLAGS|SUMDB|NOSUMDB|NOPROXY|PRIVATE)"
    r"|SSL_CERT_\w+|\w+_CA_BUNDLE|(https?|all|no)_proxy",
    re.IGNORECASE,
)
_PYTHON = "/opt/python"
_MOUNTS = """
mount -t proc proc "$1/proc" && mount --bind -o ro /sys "$1/sys" &&
    mount --rbind /dev "$1/dev" || exit 125
[ -z "$2" ] || mount --bind -o ro "$2" "$1/opt/python" || exit 125
root=$1 user=$3; shift 3
chroot --userspec="$user" "$root" "$@"
exit $?
"""  # the shell stays, as it is the process whose death ends all others


@dataclass(frozen=True)
class User:
    """
    The account that follows the README, and its home.
    """

    name: str
    uid: int
    home: str

    @property
    def checkout(self) -> str:
        return f"{self.home}/livekit telephony"  # a blank, as people have them


ORDINARY = User("tester", 1000, "/home/tester")
ROOT = User("root", 0, "/root")


def mounts_below(folder: Path, mountinfo: str) -> list[str]:
    """
    Return the mount points at or below a folder.
    """
    points = (
        re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), line.split()[4])
        for line in mountinfo.splitlines()
    )
    return [point for point in points if Path(point).is_relative_to(folder)]


def remove(folder: Path) -> None:
    """
    Remove a folder, unless something is mounted in it.
    """
    mounted = mounts_below(
        folder.resolve(), Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    )
    if mounted:
        raise SystemExit(
            f"{folder} is left alone, because these are mounted in it: {', '.join(mounted)}. "
            "Unmount them, then remove it."
        )
    shutil.rmtree(folder)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="fresh-machine-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        remove(folder)


def carried(environment: Mapping[str, str], root: Path) -> dict[str, str]:
    """
    Return the host's variables for pip, Go, certificates and proxies.

    A path that the machine does not have is left out.
    """
    return {
        name: value
        for name, value in environment.items()
        if _VARIABLES.fullmatch(name)
        and not (value.startswith("/") and not (root / value[1:]).exists())
    }


def _host_mirror() -> str:
    """
    Return the mirror from which the host's apt takes the release; empty: debootstrap's default.
    """
    if not shutil.which("apt-get"):
        return ""
    asked = (
        "apt-get",
        "indextargets",
        "--format",
        "$(REPO_URI)",
        f"Release: {RELEASE}",
        "Component: main",
        "Created-By: Packages",
    )
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.partition("\n")[
        0
    ]


def tarball() -> Path:
    """
    Return the root that debootstrap made, from the cache while it is young.
    """
    cache = (
        Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        / "livekit-conformance"
        / "fresh-machine"
    )
    cached = cache / f"{'-'.join((RELEASE, *PACKAGES))}.tar"
    if cached.exists() and time.time() - cached.stat().st_mtime < TOO_OLD:
        return cached
    cache.mkdir(parents=True, exist_ok=True)
    with temporary_folder() as folder:
        root, made = folder / "root", folder / "root.tar"
        include = f"--include={','.join(PACKAGES)}"
        _host(
            *filter(
                None,
                ("debootstrap", "--variant=minbase", include, RELEASE, str(root), _host_mirror()),
            )
        )
        _host(
            "tar",
            "--create",
            "--one-file-system",
            "--numeric-owner",
            "--file",
            str(made),
            "--directory",
            str(root),
            ".",
        )
        shutil.copyfile(made, unfinished := cached.with_suffix(".unfinished"))
        unfinished.replace(cached)
    return cached


def _host(*command: str) -> None:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(
            f"{shlex.join(command)} ended with status {done.returncode}:\n{done.stdout[-2000:]}"
        )


@dataclass(frozen=True)
class Machine:
    """
    An unpacked root with a clone of the checkout in the home of one user.

    With a `prefix`, its `python3` is the host's one from there.
    """

    root: Path
    user: User
    prefix: Path | None

    def prepare(self, checkout: Path) -> None:
        _host(
            "tar",
            "--extract",
            "--numeric-owner",
            "--same-permissions",
            "--file",
            str(tarball()),
            "--directory",
            str(self.root),
        )
        (self.root / _PYTHON[1:]).mkdir()
        present = [path for path in _CONFIGURATION if Path(path).exists()]
        _host(
            "cp",
            "--recursive",
            "--dereference",
            "--parents",
            "--remove-destination",
            *present,
            str(self.root),
        )
        self._take_apt_sources()
        home = self.root / self.user.home[1:]
        if self.user.uid:
            _host(
                "chroot",
                str(self.root),
                "useradd",
                "--create-home",
                "--uid",
                str(self.user.uid),
                "--shell",
                "/bin/bash",
                self.user.name,
            )
        own = Path.home() / ".config" / "pip" / "pip.conf"
        if own.exists():
            (home / ".config" / "pip").mkdir(parents=True)
            shutil.copyfile(own, home / ".config" / "pip" / "pip.conf")
        _host(
            "git",
            "clone",
            "--quiet",
            "--no-hardlinks",
            str(checkout),
            str(self.root / self.user.checkout[1:]),
        )
        _host("chown", "--recursive", f"{self.user.uid}:{self.user.uid}", str(home))

    def _take_apt_sources(self) -> None:
        mirror = _host_mirror()
        if not mirror:
            return
        apt = Path("/etc/apt")
        places = (
            apt / "sources.list",
            *apt.glob("sources.list.d/*.list"),
            *apt.glob("sources.list.d/*.sources"),
        )
        sources = [
            file
            for file in places
            if file.exists() and mirror.rstrip("/") in file.read_text(encoding="utf-8")
        ]
        settings = [
            file
            for file in apt.glob("apt.conf.d/*")
            if "Acquire::" in file.read_text(encoding="utf-8")
        ]
        (self.root / "etc/apt/sources.list").unlink()
        _host(
            "cp", "--parents", "--remove-destination", *map(str, sources + settings), str(self.root)
        )

    def run(self, command: str, log: Path, seconds: float) -> int:
        """
        Run a command as the user in the clone, with its output in a log.

        Return its exit status, or 124 when it took longer than `seconds`.
        """
        python = f"{_PYTHON}/bin:" if self.prefix else ""
        administration = "" if self.user.uid else ":/usr/sbin:/sbin"
        variables = {
            **carried(os.environ, self.root),
            "HOME": self.user.home,
            "USER": self.user.name,
            "LOGNAME": self.user.name,
            "LANG": "C.UTF-8",
            "PATH": f"{python}/usr/local/bin:/usr/bin:/bin{administration}",
        }
        if self.prefix:
            # Where it was built for, its shared library is not here.
            variables["LD_LIBRARY_PATH"] = f"{_PYTHON}/lib"
        inside = ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in variables.items())]
        inside += ["/bin/sh", "-c", 'cd "$1" && eval "$2"', "sh", self.user.checkout, command]
        arguments = [
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "/bin/bash",
            "-c",
            _MOUNTS,
            "machine",
        ]
        arguments += [
            str(self.root),
            str(self.prefix or ""),
            f"{self.user.uid}:{self.user.uid}",
            *inside,
        ]
        with log.open("wb") as output:
            try:
                return subprocess.run(
                    arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    timeout=seconds,
                    check=False,
                ).returncode
            except subprocess.TimeoutExpired:
                return 124
