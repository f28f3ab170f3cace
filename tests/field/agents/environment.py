"""
The environment of livekit-agents: a venv in the cache, made once from the lock beside this file.

livekit-agents needs other versions than the suite. Tests make the environment on first use, and so
does `python -m tests.field.agents.environment`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from livekit_conformance.errors import Blocked, in_system_words
from livekit_conformance.provisioners.local.prerequisites import Environ, cache_dir

LOCK = Path(__file__).with_name("requirements.lock")
COMMAND = "python -m tests.field.agents.environment"
# One try and short waits: a machine without a network is BLOCKED, and does not wait for minutes.
_PIP = ("install", "--quiet", "--no-deps", "--no-compile", "--retries", "1", "--timeout", "30")


def interpreter(environ: Environ) -> Path | None:
    """
    Return the Python of the environment, made or not; None where there is no place for it.
    """
    cache = cache_dir(environ)
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    name = f"agents-{sys.implementation.cache_tag}-{digest}"
    return cache and cache / name / "bin" / "python"


def provide(environ: Environ) -> Path:
    """
    Return the Python of the environment; make it first where it is not there, once and atomically.

    Raises Blocked where it cannot be made.
    """
    python = interpreter(environ)
    if python is None:
        raise Blocked(
            "livekit-agents cannot be installed: this account has no home directory to keep it in",
            remedy="Set XDG_CACHE_HOME to a folder",
        )
    if python.is_file():
        return python
    folder = python.parents[1]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with (folder.parent / f"{folder.name}.lock").open("w") as held:
            # Another run may be making it.
            fcntl.flock(held, fcntl.LOCK_EX)
            if not python.is_file():
                _make(folder)
    except (OSError, subprocess.CalledProcessError) as failed:
        words = failed.stderr if isinstance(failed, subprocess.CalledProcessError) else ""
        last = words.strip().rpartition("\n")[2] or in_system_words(failed)
        raise Blocked(
            f"livekit-agents cannot be installed from PyPI: {last}", remedy=f"Try again: {COMMAND}"
        ) from failed
    return python


def _make(folder: Path) -> None:
    sys.stdout.write("livekit-agents: from PyPI (0.4 GB) ...\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        fresh = Path(scratch) / folder.name
        venv.create(fresh, symlinks=True)
        subprocess.run(
            (
                *(sys.executable, "-m", "pip", "--python", str(fresh / "bin" / "python"), *_PIP),
                *("--require-hashes", "--only-binary=:all:", "--requirement", str(LOCK)),
            ),
            check=True,
            capture_output=True,
            text=True,
        )
        # Nothing in it that we use names its folder.
        fresh.replace(folder)


def main() -> int:
    """
    Make the environment where it is not there, and print its Python.
    """
    try:
        python = provide(os.environ)
    except Blocked as blocked:
        sys.stderr.write(f"{blocked}\n")
        return 1
    sys.stdout.write(f"{python}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
