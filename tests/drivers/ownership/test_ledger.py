"""
The ledger is on disk before the request, and unlocked when the run is dead.
"""

import json
import os
import resource

import pytest

from livekit_conformance.drivers.ownership import ledger
from livekit_conformance.drivers.ownership.ledger import NAME, Ledger, past_runs, read
from livekit_conformance.errors import Blocked
from tests.processes import limited


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run-1" / NAME


def written(path):
    return Ledger(path, run="run-1", environment="prod")


def test_an_intention_is_synced_before_anything_else_happens(path, monkeypatch):
    synced = []
    real = os.fsync

    def fsync(file):
        synced.append(path.read_text())
        real(file)

    with written(path) as book:
        monkeypatch.setattr(os, "fsync", fsync)
        book.intend("room", "a")

    [line] = synced[-1].splitlines()
    assert (
        json.loads(line).items()
        >= {
            "type": "create",
            "kind": "room",
            "name": "a",
            "run": "run-1",
            "environment": "prod",
        }.items()
    )


def test_the_run_lives_as_long_as_it_holds_the_lock(path):
    with written(path) as book:
        book.intend("room", "a")
        assert read(path).lives
    assert not read(path).lives


def test_what_was_intended_is_told_with_whose_it_was(path):
    with written(path) as book:
        book.intend("room", "a")
        book.complete("room", "a", "RM_1")
        book.intend("dispatch-rule", "b")

    past = read(path)

    assert (past.run, past.environment) == ("run-1", "prod")
    assert past.intended == {("room", "a"), ("dispatch-rule", "b")}


def test_a_ledger_without_an_intention_tells_nothing(path):
    written(path).__exit__(None, None, None)

    assert read(path) is None


@pytest.mark.parametrize("torn", [b'{"type":"crea', b"\xff", b"[]", b'{"type":"create"}', b"1\n"])
def test_a_torn_line_is_passed_over(path, torn):
    with written(path) as book:
        book.intend("room", "a")
    with path.open("ab") as file:
        file.write(torn)

    assert read(path).intended == {("room", "a")}


def test_each_run_of_a_folder_is_told_once(path, tmp_path):
    with written(path) as book:
        book.intend("room", "a")
    (tmp_path / "latest").symlink_to("run-1", target_is_directory=True)
    (tmp_path / "without-a-ledger").mkdir()

    assert [past.run for past in past_runs(tmp_path)] == ["run-1"]
    assert list(past_runs(tmp_path / "absent")) == []


def test_what_a_run_creates_outlives_its_budget(path):
    with Ledger(path, run="r", environment="e", budget=180.0) as book:
        assert book.ttl == ledger.TTL_S
    with Ledger(path, run="r", environment="e", budget=7200.0) as book:
        assert book.ttl == 14400


def test_what_a_full_disk_does_not_record_is_not_created(path):
    with written(path) as book:
        book.intend("room", "a")
        kept = path.read_bytes()
        with limited(resource.RLIMIT_FSIZE, len(kept) + 10):
            with pytest.raises(Blocked, match=r"ledger.jsonl cannot be written: .* Free space"):
                book.intend("room", "b")
            book.complete("room", "a", "RM_1")
            assert path.read_bytes() == kept

        book.intend("room", "c")

    assert read(path).intended == {("room", "a"), ("room", "c")}
