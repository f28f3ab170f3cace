"""
The file is old or new at every moment, keeps its permissions, and obstacles are reported.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
import socket
import stat
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from livekit_conformance.cli import config_fix
from livekit_conformance.config_fixer import target, writing
from tests.config_fixer.calls import caught
from tests.config_fixer.command_line import run_fix
from tests.config_fixer.killed import AFTER, BEFORE, MODE, WAYS
from tests.require import missing

ROOT = Path(__file__).parents[2]
# Runs that are killed; the long run is EXAMPLES=300.
EXAMPLES = int(os.environ.get("EXAMPLES", "60"))
ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
# acl(5): owner, user 4242, group, mask, others; each is a tag, its bits, and an id.
NOBODY = 0xFFFFFFFF
LIST = struct.pack(
    "<I" + "HHI" * 5,
    2,
    *(0x01, 6, NOBODY, 0x02, 4, 4242, 0x04, 4, NOBODY, 0x10, 4, NOBODY, 0x20, 0, NOBODY),
)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "etc" / "livekit-sip.yaml"
    path.parent.mkdir()
    path.write_bytes(BEFORE)
    path.chmod(MODE)
    return path


def beside(file):
    return sorted(path.name for path in file.parent.iterdir() if path.name != file.name)


def points(way, folder):
    """
    Return the number of points before and after the system calls of a run.
    """
    file = folder / way / "livekit-sip.yaml"
    (file.parent / "backups").mkdir(parents=True)
    file.write_bytes(BEFORE)
    if way == "restored":
        run_fix(file)
    calls = []

    def around(name, call, _):
        calls.append(name)
        return call()

    with caught(around):
        WAYS[way](file)
    return 2 * len(calls)


def killed(plan):
    told = subprocess.run(
        [sys.executable, "-m", "tests.config_fixer.killed"],
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=30 + len(plan),
    )
    return [json.loads(line) for line in told.stdout.splitlines()]


@pytest.mark.timeout(60 + EXAMPLES)
def test_a_run_that_is_killed_leaves_the_old_file_or_the_new_one_and_a_whole_backup(
    tmp_path, capsys
):
    ways = ("fixed", "fixed-with-a-folder", "restored")
    everywhere = [(way, point) for way in ways for point in range(points(way, tmp_path))]
    step = max(1, len(everywhere) // EXAMPLES)
    plan = [(str(tmp_path / f"{way}-{n}"), way, n) for way, n in everywhere[::step]]

    runs = killed(plan)

    assert len(runs) >= min(EXAMPLES, len(everywhere))
    assert all(run["killed"] for run in runs)
    for (_, way, point), run in zip(plan, runs, strict=True):
        # The old and the intended content; the backup, or the file put aside.
        old, new = ("new", "old") if way == "restored" else ("old", "new")
        saved = run["others"] if way == "restored" else run["backups"]
        assert run["file"] in {old, new}, (way, point, run)
        assert set(saved) <= {old}, (way, point, run)
        assert run["file"] == old or saved == [old], (way, point, run)
        assert not run["widest"], (way, point, run)
        assert (run["then"], run["unfinished"]) == (new, []), (way, point, run)


def test_the_measure_sees_a_file_that_is_written_in_place_torn(tmp_path):
    plan = [(str(tmp_path / str(n)), "in-place", n) for n in range(points("in-place", tmp_path))]

    torn = [run for run in killed(plan) if run["file"].startswith("torn")]

    assert len(torn) > 5


def test_what_is_written_is_on_the_disk_before_it_has_its_name(file):
    seen = []
    paths = {}

    def around(name, call, arguments):
        result = call()
        if name == "open":
            paths[result] = Path(arguments[0])
        path = paths.get(arguments[0]) if name in {"write", "fsync", "fchmod"} else None
        if name == "rename":
            path = Path(arguments[1])
        if path is not None:
            seen.append((name, _role(path, file)))
        return result

    with caught(around):
        assert run_fix(file) == 0

    order = [step for n, step in enumerate(seen) if n == 0 or step != seen[n - 1]]
    assert order == [
        ("write", "unfinished"),
        ("fchmod", "unfinished"),
        ("fsync", "unfinished"),
        ("rename", "backup"),
        ("fsync", "folder"),
        ("write", "unfinished"),
        ("fchmod", "unfinished"),
        ("fsync", "unfinished"),
        ("rename", "file"),
        ("fsync", "folder"),
    ]


def _role(path, file):
    if path == file.parent:
        return "folder"
    return "file" if path == file else {".bak": "backup"}.get(path.suffix, path.suffix[1:])


def test_twenty_runs_at_once_are_one_writer_and_one_backup(file):
    ran = subprocess.run(
        [sys.executable, "-m", "tests.config_fixer.at_once", "20", file],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=60,
    )

    runs = json.loads(ran.stdout)
    assert [run["status"] for run in runs] == [0] * 20
    assert sum("written; the old one is" in run["told"] for run in runs) == 1
    assert sum("nothing to change" in run["told"] for run in runs) == 19
    assert (file.read_bytes(), len(beside(file))) == (AFTER, 1)


def test_a_run_that_waits_in_vain_says_for_what(file, monkeypatch, capsys):
    monkeypatch.setattr(config_fix, "locked", lambda folder: writing.locked(folder, within=0.1))
    folder = os.open(file.parent, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        status = run_fix(file)
    finally:
        os.close(folder)

    assert (status, file.read_bytes(), beside(file)) == (4, BEFORE, [])
    assert "another run is changing files in this folder" in capsys.readouterr().err


def test_a_second_run_changes_nothing_and_makes_no_backup(file):
    run_fix(file)
    before = (file.stat(), beside(file))

    assert run_fix(file) == 0
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (
        before[0].st_mtime_ns,
        before[0].st_ino,
    )
    assert beside(file) == before[1]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o660, 0o200 | 0o440, 0o755])
def test_file_and_backup_have_the_mode_of_the_original(file, mode):
    file.chmod(mode)
    run_fix(file)
    (backup,) = beside(file)

    assert stat.S_IMODE(file.stat().st_mode) == mode
    assert stat.S_IMODE((file.parent / backup).stat().st_mode) == mode


def test_the_name_of_a_backup_tells_when_it_was_made(file):
    run_fix(file)

    assert re.fullmatch(r"livekit-sip\.yaml\.\d{8}T\d{6}\.\d{6}Z\.bak", beside(file)[0])


def seems_to_belong_to(monkeypatch, path, uid, gid):
    """
    Let `fstat` report a foreign owner for a file: only root may change the real owner.
    """
    real, inode = os.fstat, path.stat().st_ino

    def fstat(descriptor):
        said = real(descriptor)
        if said.st_ino != inode:
            return said
        fields, more = said.__reduce__()[1]
        return os.stat_result((*fields[:4], uid, gid, *fields[6:]), more)

    monkeypatch.setattr(os, "fstat", fstat)


def test_file_and_backup_keep_owner_and_group(file, monkeypatch):
    given = {}
    seems_to_belong_to(monkeypatch, file, 4242, 4343)
    monkeypatch.setattr(os, "fchown", lambda fd, *owner: given.update({os.fstat(fd).st_ino: owner}))
    run_fix(file)
    (backup,) = beside(file)

    for path in (file, file.parent / backup):
        assert given[path.stat().st_ino] == (4242, 4343)


def with_list(path, name):
    try:
        os.setxattr(path, name, LIST)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            missing("the file system of the tests has no access control lists")
        raise


def test_file_and_backup_keep_the_access_control_list(file):
    with_list(file, ACCESS)
    run_fix(file)
    (backup,) = beside(file)

    assert os.getxattr(file, ACCESS) == os.getxattr(file.parent / backup, ACCESS) == LIST


def test_the_default_list_of_a_folder_lets_nobody_else_in(file):
    with_list(file.parent, DEFAULT)
    run_fix(file)
    (backup,) = beside(file)

    for path in (file, file.parent / backup):
        assert ACCESS not in os.listxattr(path)
        assert stat.S_IMODE(path.stat().st_mode) == MODE


def test_a_list_that_cannot_be_kept_is_a_reason_not_to_write(file, monkeypatch, capsys):
    with_list(file, ACCESS)

    def refuse(*_):
        raise PermissionError(errno.EPERM, "no")

    monkeypatch.setattr(os, "setxattr", refuse)

    assert (run_fix(file), file.read_bytes(), beside(file)) == (4, BEFORE, [])
    assert "no file can be made there like livekit-sip.yaml" in capsys.readouterr().err


def read_only(file):
    file.chmod(0o440)


def hard_linked(file):
    (file.parent.parent / "other").hardlink_to(file)


def too_large(file):
    file.write_bytes(BEFORE + b"#" * (1 << 20))


def binary(file):
    file.write_bytes(BEFORE + b"# \xff")


def wide_text(file):
    file.write_bytes(BEFORE.decode().encode("utf-16"))


def absent(file):
    file.unlink()


def circle(file):
    file.unlink()
    file.symlink_to(file.name)


def pipe(file):
    file.unlink()
    os.mkfifo(file)


def folder(file):
    file.unlink()
    file.mkdir()


def device(file):
    file.unlink()
    file.symlink_to("/dev/null")


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (read_only, "is read-only (mode 0440)"),
        (hard_linked, "has 2 names (hard links)"),
        (too_large, "is larger than"),
        (binary, "is not UTF-8 text"),
        (wide_text, "is not UTF-8 text"),
        (absent, "not read: No such file"),
        (circle, "cannot be found"),
        (pipe, "is a pipe, and not a file"),
        (folder, "is a folder, and not a file"),
        (device, "is a device, and not a file"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_must_not_be_replaced_is_refused_with_the_reason(file, capsys, prepare, reason):
    prepare(file)
    content = file.read_bytes() if file.is_file() else None

    assert run_fix(file) == 4
    assert reason in capsys.readouterr().err
    assert (file.read_bytes() if content is not None else None) == content
    assert beside(file) == []


def test_a_socket_is_refused(tmp_path, monkeypatch, capsys):
    # The name of a socket must be short.
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("s")

        assert run_fix("s") == 4
    assert "is a socket, and not a file" in capsys.readouterr().err


def test_a_file_that_this_user_may_not_write_is_refused(file, monkeypatch, capsys):
    monkeypatch.setattr(os, "access", lambda *_, **__: False)

    assert (run_fix(file), file.read_bytes(), beside(file)) == (4, BEFORE, [])
    assert "this user may not write it" in capsys.readouterr().err


def test_a_mounted_file_is_refused_by_what_the_system_lists(file, monkeypatch, capsys):
    named = str(file).replace("-", "\\055")
    table = file.parent.parent / "mountinfo"
    table.write_text(f"36 35 98:0 /x {named} rw,noatime - ext4 /dev/root rw\n")
    monkeypatch.setattr(target, "_MOUNTS", table)

    assert (run_fix(file), file.read_bytes(), beside(file)) == (4, BEFORE, [])
    assert "is a mount point" in capsys.readouterr().err


def test_a_mounted_file_is_refused_by_what_the_kernel_says(file, monkeypatch, capsys):
    rename = os.rename

    def busy(source, to):
        if Path(to) == file:
            raise OSError(errno.EBUSY, "busy")
        rename(source, to)

    monkeypatch.setattr(os, "rename", busy)

    assert (run_fix(file), file.read_bytes(), beside(file)) == (4, BEFORE, [])
    assert "something is mounted on it" in capsys.readouterr().err


def test_a_mount_is_recognised_when_it_is_one(file):
    other = file.parent.parent / "other.yaml"
    shutil.copy(file, other)
    fix = (
        f"from tests.config_fixer.command_line import run_fix; raise SystemExit(run_fix('{file}'))"
    )
    script = 'mount --bind "$1" "$2" || exit 77; exec "$3" -c "$4"'
    ran = subprocess.run(
        [
            "unshare",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            script,
            "sh",
            other,
            file,
            sys.executable,
            fix,
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=30,
    )
    if "unshare" in ran.stderr or ran.returncode == 77:
        pytest.skip("no namespaces of one's own here; the two tests above do without")

    assert ran.returncode == 4, ran.stderr
    assert "is a mount point" in ran.stderr
    assert file.read_bytes() == other.read_bytes() == BEFORE


def test_a_link_stays_and_what_it_leads_to_is_replaced(file, capsys):
    link = file.parent.parent / "livekit-sip.yaml"
    link.symlink_to("etc/livekit-sip.yaml")

    assert run_fix(link) == 0
    assert link.readlink() == Path("etc/livekit-sip.yaml")
    assert file.read_bytes() == AFTER
    assert f"{link} leads to {file}" in capsys.readouterr().out


def test_a_file_that_somebody_else_changes_meanwhile_is_left_to_them(file, monkeypatch, capsys):
    fchmod = os.fchmod
    theirs = BEFORE.replace(b"5060", b"5061")

    def slow(descriptor, mode):
        fchmod(descriptor, mode)
        file.write_bytes(theirs)

    monkeypatch.setattr(os, "fchmod", slow)

    assert (run_fix(file), file.read_bytes(), beside(file)) == (4, theirs, [])
    assert "another process changed it meanwhile" in capsys.readouterr().err


@pytest.mark.parametrize("call", ["write", "fsync", "fchmod", "rename", "open"])
def test_a_call_that_fails_leaves_the_old_file_and_nothing_beside_it(
    file, monkeypatch, capsys, call
):
    kept = getattr(os, call)

    def full(*arguments, **options):
        # A folder is opened to lock it, the file to read it.
        if call != "open" or arguments[1] & os.O_CREAT:
            raise OSError(errno.ENOSPC, "full")
        return kept(*arguments, **options)

    monkeypatch.setattr(os, call, full)

    assert run_fix(file) == 4
    monkeypatch.undo()
    assert (file.read_bytes(), beside(file)) == (BEFORE, [])
    assert "No space left on device" in capsys.readouterr().err


def test_a_disk_that_does_not_confirm_the_new_name_is_told(file, monkeypatch, capsys):
    renamed = []
    fsync, rename = os.fsync, os.rename

    def failing(descriptor):
        # The backup has its name first, then the file.
        if len(renamed) == 2:
            raise OSError(errno.EIO, "broken")
        fsync(descriptor)

    monkeypatch.setattr(os, "rename", lambda old, new: (rename(old, new), renamed.append(new)))
    monkeypatch.setattr(os, "fsync", failing)

    assert run_fix(file) == 3
    assert "replaced, but the disk did not confirm it" in capsys.readouterr().err
    assert (file.read_bytes(), len(beside(file))) == (AFTER, 1)


def test_a_folder_that_cannot_be_locked_is_refused(file, monkeypatch, capsys):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "none")

    monkeypatch.setattr(fcntl, "flock", no_locks)

    assert (run_fix(file), file.read_bytes(), beside(file)) == (4, BEFORE, [])
    assert "the folder cannot be locked" in capsys.readouterr().err


def test_a_reader_of_the_diff_that_is_gone_leaves_the_file_alone(file, monkeypatch):
    class Gone:
        def write(self, _):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Gone())

    with pytest.raises(BrokenPipeError):
        run_fix(file)
    assert (file.read_bytes(), beside(file)) == (BEFORE, [])


@pytest.mark.parametrize("kept_in", ["beside", "folder"])
def test_a_restored_file_equals_the_original(file, tmp_path, capsys, kept_in):
    (tmp_path / "backups").mkdir()
    where = ["--backup-dir", tmp_path / "backups"] if kept_in == "folder" else []
    run_fix(file, *where)
    file.chmod(0o600)
    capsys.readouterr()

    assert run_fix(file, "--restore", *where) == 0
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (BEFORE, MODE)
    assert re.search(
        r"restored from \S+\.bak\nIts former content is in \S+\.replaced", capsys.readouterr().out
    )
    assert run_fix(file, "--restore", *where) == 0
    assert "nothing to restore" in capsys.readouterr().out
    assert file.read_bytes() == BEFORE


def test_the_newest_backup_is_restored_even_if_the_clock_was_set_back(file):
    run_fix(file)
    (first,) = beside(file)
    (file.parent / first).rename(file.parent / re.sub(r"\.\d{4}", ".2999", first, count=1))
    second = BEFORE.replace(b"5060", b"5070")
    file.write_bytes(second)
    run_fix(file)

    run_fix(file, "--restore")

    assert file.read_bytes() == second


def test_files_of_one_name_share_a_backup_folder_without_mixing(tmp_path):
    shelf = tmp_path / "backups"
    shelf.mkdir()
    files = [tmp_path / name / "livekit-sip.yaml" for name in ("one", "two")]
    for number, path in enumerate(files):
        path.parent.mkdir()
        path.write_bytes(BEFORE + b"# %d\n" % number)
        run_fix(path, "--backup-dir", shelf)
    for path in files:
        run_fix(path, "--backup-dir", shelf, "--restore")

    assert [path.read_bytes() for path in files] == [BEFORE + b"# 0\n", BEFORE + b"# 1\n"]


def test_a_file_that_is_gone_is_restored(file):
    run_fix(file)
    file.unlink()

    assert run_fix(file, "--restore") == 0
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (BEFORE, MODE)


def test_without_a_backup_there_is_nothing_to_restore(file, capsys):
    assert run_fix(file, "--restore") == 4
    assert "there is no backup of it" in capsys.readouterr().err


def test_a_backup_of_somebody_else_is_not_trusted(file, monkeypatch, capsys):
    run_fix(file)
    seems_to_belong_to(monkeypatch, file.parent / beside(file)[0], 4242, 4242)

    assert run_fix(file, "--restore") == 4
    assert "belongs to another user" in capsys.readouterr().err
    assert file.read_bytes() == AFTER


def test_a_backup_folder_that_is_not_there_is_not_made(file, tmp_path, capsys):
    assert run_fix(file, "--backup-dir", tmp_path / "nowhere") == 4
    assert "is not a folder" in capsys.readouterr().err
    assert file.read_bytes() == BEFORE
