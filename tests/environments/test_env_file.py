"""
Env files as people write them: read as intended, refused with the line, or reported as odd.
"""

from __future__ import annotations

import subprocess

import pytest

from livekit_conformance.environments.env_file import (
    Quirk,
    is_taken_by_git,
    mode_for_others,
    read_env_file,
)
from livekit_conformance.environments.problems import ProfileError


@pytest.fixture
def file(tmp_path):
    return tmp_path / ".env"


def read(file, content):
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_env_file(file)


@pytest.mark.parametrize(
    ("text", "value", "quirks"),
    [
        ("A=one two\n", "one two", {}),
        ("A='one'", "one", {}),
        ('A="one # two"\n', "one # two", {}),
        ("A=one#two\n", "one#two", {}),
        ("A=$B${C}\n", "$B${C}", {}),
        ("A=\n", "", {}),
        ("A=   \n", "", {}),
        ("# A=1\n\nA=one\n", "one", {}),
        ("B\nA=one\n", "one", {}),
        ("A=one\nA=one\n", "one", {}),
        ("A='one\ntwo'\n", "one\ntwo", {}),
        ("export A=one\n", "one", {Quirk.EXPORT: ("A",)}),
        ("A = one\n", "one", {Quirk.BLANKS: ("A",)}),
        ("A= one\n", "one", {Quirk.BLANKS: ("A",)}),
        ("A=one # two\n", "one", {Quirk.COMMENT: ("A",)}),
        ("A='one' # two\n", "one", {Quirk.COMMENT: ("A",)}),
        ("A=one\nB=1\nA=two\n", "two", {Quirk.TWICE: ("A",)}),
        ("\ufeffA=one\n", "one", {Quirk.BOM: ()}),
        ("A=one\r\n", "one", {Quirk.CRLF: ()}),
        ("A='one'\r\nB=two\r\n", "one", {Quirk.CRLF: ()}),
        (
            "export A=1 # a\nexport B=2 # b\n",
            "1",
            {Quirk.EXPORT: ("A", "B"), Quirk.COMMENT: ("A", "B")},
        ),
    ],
)
def test_a_value_is_read_as_it_is_meant_and_what_others_take_otherwise_is_known(
    file, text, value, quirks
):
    read_ = read(file, text)

    assert read_.values["A"] == value
    assert read_.quirks == quirks


def test_a_name_without_a_value_sets_nothing(file):
    assert read(file, "A\nB=1\n").values == {"B": "1"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("A=1\nnot a variable\n", "line 2: not of the form NAME=value"),
        ("A=1\n\n\nA: 2\n", "line 4: not of the form NAME=value"),
        ("A='canary\n", "line 1: not of the form NAME=value"),
        (b"A=1\nB=canary\xe9\n", "line 2: not UTF-8: save the file as UTF-8"),
        ("A=canary\n".encode("utf-16"), "is UTF-16: save it as UTF-8"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line_and_without_its_text(file, content, words):
    with pytest.raises(ProfileError) as caught:
        read(file, content)

    assert str(caught.value) == f"{file}: {words}"


def test_every_broken_line_is_told(file):
    with pytest.raises(ProfileError) as caught:
        read(file, "one two\nA=1\nthree four\n")

    assert [problem.line for problem in caught.value.problems] == [1, 3]


def test_an_env_file_has_to_exist(file):
    with pytest.raises(ProfileError, match="there is no such env file"):
        read_env_file(file)


def test_an_env_file_that_cannot_be_opened_is_told_with_the_reason(file, monkeypatch):
    file.touch()

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(type(file), "read_bytes", refuse)

    with pytest.raises(ProfileError) as caught:
        read_env_file(file)
    assert str(caught.value) == f"{file}: cannot be read: Permission denied"


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        (0o600, None),
        (0o400, None),
        (0o711, None),
        (0o640, "0640"),
        (0o602, "0602"),
        (0o644, "0644"),
    ],
)
def test_a_mode_that_lets_others_in_is_told_as_chmod_writes_it(file, mode, told):
    file.touch()
    file.chmod(mode)

    assert mode_for_others(file) == told


def test_the_mode_of_a_link_is_that_of_its_target(file, tmp_path):
    target = tmp_path / "secrets"
    target.touch(mode=0o600)
    file.symlink_to(target)

    assert mode_for_others(file) is None
    target.chmod(0o644)
    assert mode_for_others(file) == "0644"


@pytest.fixture
def git(tmp_path, monkeypatch):
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    def run(*arguments):
        subprocess.run(("git", "-C", tmp_path, *arguments), check=True, capture_output=True)

    return run


def test_git_takes_a_file_that_it_does_not_ignore(file, git):
    file.touch()
    assert is_taken_by_git(file) is None

    git("init")
    assert is_taken_by_git(file) is True

    file.with_name(".gitignore").write_text(".env\n")
    assert is_taken_by_git(file) is False

    git("add", "--force", ".env")
    assert is_taken_by_git(file) is True


def test_git_takes_a_link_and_not_what_it_leads_to(file, git, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "secrets"
    elsewhere.touch()
    file.symlink_to(elsewhere)
    git("init")

    assert is_taken_by_git(file) is None


@pytest.mark.usefixtures("git")
def test_without_git_nothing_is_known(file, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert is_taken_by_git(file) is None
