"""
The command line of the sweeper; tests/scenarios/test_sweep.py checks what it deletes.
"""

from __future__ import annotations

import pytest
import yaml

from livekit_conformance.cli.main import main
from livekit_conformance.drivers.sweeper import Sweeper
from tests.scenarios.wrong_peers import closed_port

SECRET = "the-secret-of-the-test-is-long-enough"


@pytest.mark.parametrize("kind", ["mock", "local"])
def test_a_deployment_that_ends_with_its_run_has_no_leftovers(kind, tmp_path, capsys):
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump({"kind": kind, "allow": ["read"]}))

    assert main(["sweep", "--env", str(path)]) == 0
    assert "ends with its run" in capsys.readouterr().out


def test_an_unknown_environment_is_a_usage_error(capsys):
    assert main(["sweep", "--env", "prodd"]) == 4
    assert "prodd" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--env"], ["--env", "prod", "--all"]])
def test_nothing_is_swept_without_an_environment_or_with_an_unknown_option(arguments):
    with pytest.raises(SystemExit) as caught:
        main(["sweep", *arguments])

    assert caught.value.code == 4


def test_the_names_of_leftovers_are_shown_without_secrets_and_numbers(
    tmp_path, capsys, monkeypatch
):
    async def find(_sweeper):
        return [f"room voice-ai-call-+999012345678-{SECRET}"]

    monkeypatch.setattr(Sweeper, "find", find)
    livekit = {"url": "ws://127.0.0.1:1", "api_key": "APItest", "api_secret": SECRET}
    path = tmp_path / "live.yaml"
    path.write_text(yaml.safe_dump({"kind": "live", "allow": ["read"], "livekit": livekit}))

    assert main(["sweep", "--env", str(path), "--reports", str(tmp_path), "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("would delete room voice-ai-call-+99***78-***\n")


def test_a_dead_server_is_told_without_the_secret(tmp_path, capsys):
    with closed_port("127.0.0.1") as port:
        profile = {
            "kind": "live",
            "allow": ["read", "create-rooms"],
            "livekit": {
                "url": f"ws://127.0.0.1:{port}",
                "api_key": "APItest",
                "api_secret": SECRET,
            },
        }
        path = tmp_path / "dead.yaml"
        path.write_text(yaml.safe_dump(profile))
        status = main(["sweep", "--env", str(path), "--reports", str(tmp_path)])

    said = capsys.readouterr()
    assert status == 1
    assert "refused" in said.err.lower()
    assert SECRET not in said.err + said.out
