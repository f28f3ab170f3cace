"""
Runs of `config fix` that are killed at a given point: `python -m tests.config_fixer.killed < plan`.

Each run is a fork of this process, which has imported everything once, and sends SIGKILL to itself
before or after its n-th system call. Prints one JSON object per run: the files it left, read
without any code of the fixer.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.config_fixer.calls import caught
from tests.config_fixer.command_line import run_fix

BEFORE = b"# " + b"-" * 300 + b"\nredis: {address: 'h:1'}\nsip_prot: 5060\n# end\n"
AFTER = BEFORE.replace(b"sip_prot", b"sip_port")
MODE = 0o640


def main() -> None:
    plan = json.load(sys.stdin)
    for folder, way, point in plan:
        sys.stdout.write(f"{json.dumps(one_run(Path(folder), way, point))}\n")


def one_run(folder: Path, way: str, point: int) -> dict[str, Any]:
    """
    Prepare a folder, run in it until `point` (None: to the end), and return what is left there.
    """
    folder.mkdir()
    file = folder / "livekit-sip.yaml"
    file.write_bytes(BEFORE)
    file.chmod(MODE)
    (folder / "backups").mkdir(mode=0o700)
    if way == "restored":
        _forked(WAYS["fixed"], file, -1)
    status = _forked(WAYS[way], file, point)
    left = {
        "killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL,
        "file": _what(file),
        "backups": [_what(path) for path in sorted(folder.rglob("*.bak"))],
        "others": [_what(path) for path in sorted(folder.rglob("*.replaced"))],
        "widest": max(p.stat().st_mode & 0o777 & ~MODE for p in folder.rglob("*") if p.is_file()),
    }
    # Whatever was left, the next run completes the repair and cleans up.
    _forked(WAYS[way], file, -1)
    left["then"] = _what(file)
    left["unfinished"] = [path.name for path in folder.rglob("*.unfinished")]
    return left


def _what(path: Path) -> str:
    if path.stat().st_mode & 0o777 != MODE:
        return "other mode"
    content = path.read_bytes()
    return {BEFORE: "old", AFTER: "new"}.get(content, f"torn: {len(content)} bytes")


def _forked(run: Callable[[Path], object], file: Path, point: int) -> int:
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        with caught(_killer(point)):
            run(file)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def _killer(point: int) -> Callable[..., Any]:
    """
    Return a wrapper that kills this process: at even points before a call, at odd ones after it.
    """
    calls = 0

    def around(name: str, call: Callable[[], Any], arguments: tuple[Any, ...]) -> Any:
        nonlocal calls
        number, calls = calls, calls + 1
        if point == 2 * number:
            os.kill(os.getpid(), signal.SIGKILL)
        result = call()
        if point == 2 * number + 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return around


def _written_in_place(file: Path) -> None:
    """
    Overwrite the file in place, without a backup first, as the fixer never does.
    """
    if file.read_bytes() == AFTER:
        return
    descriptor = os.open(file, os.O_WRONLY | os.O_TRUNC)
    rest = AFTER
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.close(descriptor)


WAYS: dict[str, Callable[[Path], object]] = {
    "fixed": run_fix,
    "fixed-with-a-folder": lambda file: run_fix(file, "--backup-dir", file.parent / "backups"),
    "restored": lambda file: run_fix(file, "--restore"),
    "in-place": _written_in_place,
}

if __name__ == "__main__":
    main()
