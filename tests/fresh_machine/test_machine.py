from __future__ import annotations

from pathlib import Path

import pytest

from tests.fresh_machine import machine


def test_a_mount_point_with_a_blank_is_seen() -> None:
    info = "36 35 98:0 / /srv/a\\040b/proc rw - proc proc rw\n37 35 98:0 / /srv/a rw - tmpfs t rw\n"
    assert machine.mounts_below(Path("/srv/a b"), info) == ["/srv/a b/proc"]


def test_a_folder_over_a_live_mount_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "mounts_below", lambda folder, mountinfo: [f"{folder}/proc"])
    with pytest.raises(SystemExit, match="left alone"):
        machine.remove(tmp_path)
    assert tmp_path.exists()


def test_no_path_of_the_host_alone_is_carried(tmp_path: Path) -> None:
    host = {
        "PIP_FIND_LINKS": "/wheels",
        "PIP_TIMEOUT": "9",
        "LIVEKIT_API_SECRET": "s",
        "https_proxy": "p",
    }
    assert machine.carried(host, tmp_path) == {"PIP_TIMEOUT": "9", "https_proxy": "p"}
