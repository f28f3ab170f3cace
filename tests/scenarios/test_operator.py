"""
Mistakes of an operator and faults of the network: each ends soon, with a remedy.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.scenarios.harness import Run, run_suites
from tests.scenarios.whole_runs import looks_at

LIVE: dict[str, Any] = {
    "kind": "live",
    "allow": ["read", "create-rooms", "place-calls"],
    "livekit": {
        "url": "ws://127.0.0.1:1",
        "api_key": "APItest",
        "api_secret": "a-secret-that-is-made-up-for-this-test",
    },
    "sip": {
        "server": "127.0.0.1:1",
        "username": "conformance",
        "password": "made-up-password",
        "number": "+15550123",
    },
}


def profile(tmp_path: Path, **changes: object) -> str:
    path = tmp_path / "profile.yaml"
    path.write_text(yaml.safe_dump(LIVE | changes))
    return str(path)


async def test_an_unknown_environment_lists_the_known_ones(tmp_path):
    run = await run_suites("prodd", tmp_path / "reports")

    assert run.exit_status == 4
    for word in ("prodd", "local", "mock", "prod", "staging", "did you mean"):
        assert word in run.output


async def test_a_misspelt_key_is_named_with_its_section_and_a_suggestion(tmp_path):
    env = profile(tmp_path, livekit=LIVE["livekit"] | {"api_kye": "x"})

    run = await run_suites(env, tmp_path / "reports")

    assert run.exit_status == 4
    for word in ("livekit", "api_kye", "did you mean", "api_key", "api_secret", "url"):
        assert word in run.output


async def test_missing_variables_are_named_together_with_how_to_set_them(tmp_path):
    variables = ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")
    run = await run_suites(
        "prod", tmp_path / "reports", "--env-file", str(empty(tmp_path)), environ={"PORT": "443"}
    )

    assert run.exit_status == 4
    for name in variables:
        assert name in run.output
    assert "export" in run.output or ".env" in run.output


async def test_collecting_needs_no_variable_and_no_network(tmp_path):
    run = await run_suites("prod", tmp_path / "reports", "--collect-only", "-q")

    assert run.exit_status == 0
    assert "test_a_created_room_is_listed_with_its_sid" in run.output


async def missing_program(folder: Path) -> Run:
    """
    Run with a stack of our own where redis-server is not installed.
    """
    environ = {"XDG_CACHE_HOME": str(folder), "PATH": "/nonexistent"}
    return await run_suites("local", folder / "reports", environ=environ)


async def test_a_refused_port_is_one_blocked_root(tmp_path):
    with ExitStack() as closed:
        # Bound but not listening: connections are refused, and the ports stay reserved.
        ports = [closed_port(closed) for _ in range(2)]
        env = profile(
            tmp_path,
            livekit=LIVE["livekit"] | {"url": f"ws://127.0.0.1:{ports[0]}"},
            sip=LIVE["sip"] | {"server": f"127.0.0.1:{ports[1]}", "transport": "tcp"},
        )
        run = await run_suites(env, tmp_path / "reports")

    assert run.exit_status == 1
    assert run.results["run"]["verdict"] == "INCOMPLETE"
    assert run.seconds < 20
    roots = [
        check["id"]
        for check in run.checks
        if check["verdict"] in {"FAIL", "BLOCKED", "ERROR"} and not check["blocked_by"]
    ]
    assert roots == ["1.1-server-answers", "1.5-sip-answers-options"]
    for root in roots:
        assert "efused" in (run.check(root)["message"] or "")
    assert run.diagnoses == ["server-unreachable", "sip-unreachable"]


async def test_a_server_that_accepts_and_never_answers_is_one_blocked_root(
    tmp_path: Path,
) -> None:
    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)

    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        env = profile(
            tmp_path,
            livekit=LIVE["livekit"] | {"url": url_of(server)},
            sip=LIVE["sip"] | {"server": f"127.0.0.1:{mute.getsockname()[1]}"},
        )
        run = await run_suites(env, tmp_path / "reports")
    for writer in writers:
        writer.close()
    server.close()
    await server.wait_closed()

    assert run.exit_status == 1
    assert run.results["run"]["verdict"] == "INCOMPLETE"
    assert run.seconds < 30
    root = run.check("1.1-server-answers")
    assert root["verdict"] == "BLOCKED"
    assert "no answer in time" in root["message"]
    assert "accepts connections but nothing answers" in root["message"]
    assert run.check("1.1-key-is-accepted")["blocked_by"] == "1.1-server-answers"
    assert run.diagnoses == ["server-does-not-answer", "sip-unreachable"]


@looks_at(missing_program, takes_s=7)
def test_a_missing_service_is_blocked_with_the_command_that_installs_it(played):
    run = played
    assert run.exit_status == 1
    assert run.results["run"]["verdict"] == "INCOMPLETE"
    # The checks of the client for applications use the suite's own server.
    own = [check for check in run.checks if check["id"].startswith("1.5-client-")]
    decided = [
        check for check in run.checks if check not in own and check["reason"] != "not-applicable"
    ]
    assert {check["verdict"] for check in own} <= {"PASS", "SKIPPED"}
    assert {check["verdict"] for check in decided} == {"BLOCKED"}
    (root,) = [check for check in decided if not check["blocked_by"]]
    assert "apt-get install redis-server" in root["message"]


@pytest.mark.parametrize("changes", [{"kind": "lvie"}, {"allow": ["raed"]}, {"limits": {"run": 5}}])
async def test_a_wrong_value_is_refused_with_what_is_allowed(tmp_path, changes):
    run = await run_suites(profile(tmp_path, **changes), tmp_path / "reports")

    assert run.exit_status == 4
    (section,) = changes
    assert section in run.output


def closed_port(closed: ExitStack) -> int:
    taken = closed.enter_context(socket.socket())
    taken.bind(("127.0.0.1", 0))
    port: int = taken.getsockname()[1]
    return port


def url_of(server: asyncio.Server) -> str:
    host, port = server.sockets[0].getsockname()
    return f"ws://{host}:{port}"


def empty(tmp_path: Path) -> Path:
    path = tmp_path / "empty.env"
    path.touch()
    return path
