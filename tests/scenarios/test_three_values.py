"""
URL, key and secret suffice for a first verdict, on the mock and on the real server.
"""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

from livekit_conformance.environments.variable_checks import DEPLOYMENT_VARIABLES
from livekit_conformance.mock import Mock, MockConfig
from livekit_conformance.provisioners.local.stack import KeyPair
from tests.scenarios.harness import ROOT, reveal, run_suites

KEYS = KeyPair()


def three(url, key, secret):
    return {"LIVEKIT_URL": url, "LIVEKIT_API_KEY": key, "LIVEKIT_API_SECRET": secret}


@pytest.fixture(autouse=True)
def nothing_else(monkeypatch):
    """
    Unset every other variable that the environment of the tests may have.
    """
    for name in DEPLOYMENT_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def on_mock(tmp_path):
    config = MockConfig(api_key=KEYS.key, api_secret=KEYS.secret, log_dir=tmp_path)
    async with Mock(config) as mock:
        yield three(mock.url, KEYS.key, KEYS.secret)


async def doctor(env, environ):
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "livekit_conformance.cli",
            "doctor",
            "--env",
            env,
            "--lang",
            "en",
        ),
        cwd=ROOT,
        env={**os.environ, **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


def assert_a_first_verdict(run):
    assert run.exit_status == 0, run.output
    verdicts = [check["verdict"] for check in run.checks]
    assert verdicts.count("PASS") > 30
    assert {*verdicts} <= {"PASS", "WARN", "SKIPPED"}
    assert run.verdicts["1.1-profile-is-complete"] == "PASS"
    assert run.verdicts["1.1-key-is-accepted"] == "PASS"
    skipped = run.check("1.2-dispatch-rules-produce-the-name")
    assert skipped["reason"] == "not-configured"
    assert "add SIP_SERVER=... and SIP_NUMBER=... to the environment" in skipped["message"]


async def assert_the_doctor_finds_nothing(env, environ):
    status, said = await doctor(env, environ)

    assert status == 0, said
    assert "not set: `SIP_SERVER`" in said
    assert "PROBLEM" not in said


@pytest.mark.parametrize("env", ["staging", "prod"])
async def test_on_the_mock(on_mock, env, tmp_path):
    assert_a_first_verdict(
        await run_suites(env, tmp_path / "reports", "-m", "smoke", environ=on_mock)
    )
    await assert_the_doctor_finds_nothing(env, on_mock)


async def test_on_the_real_server(scene, tmp_path):
    async with scene() as real:
        livekit = real.profile.livekit
        environ = three(livekit.url, livekit.api_key, reveal(livekit.api_secret))

        run = await run_suites("staging", tmp_path / "reports", "-m", "smoke", environ=environ)

        assert_a_first_verdict(run)
        await assert_the_doctor_finds_nothing("staging", environ)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"SIP_SERVER": "127.0.0.1:1"}, "sip.number: SIP_NUMBER must be set too"),
        ({"DOMAIN": "127.0.0.1"}, "webhook.url: PORT must be set too, because DOMAIN is"),
    ],
)
async def test_a_group_in_part_fails_and_calls_nobody(on_mock, given, told, tmp_path):
    run = await run_suites(
        "staging",
        tmp_path / "reports",
        *("-k", "profile or dispatch_rule or invite or endpoint_resolves"),
        environ=on_mock | given,
    )

    assert run.exit_status == 1
    failed = [check for check in run.checks if check["verdict"] not in {"PASS", "SKIPPED"}]
    assert [check["id"] for check in failed] == ["1.1-profile-is-complete"]
    assert told in failed[0]["message"]
    status, said = await doctor("staging", on_mock | given)
    assert status == 1
    assert "although" in said


@pytest.mark.parametrize("name", DEPLOYMENT_VARIABLES[:3])
async def test_without_one_of_the_three_there_is_no_verdict(on_mock, name, tmp_path):
    del on_mock[name]

    run = await run_suites("staging", tmp_path / "reports", "-m", "smoke", environ=on_mock)

    assert run.exit_status == 4
    assert f"variable {name} is missing" in run.output
    assert run.output.count("is missing") == 1


async def test_what_is_set_and_malformed_is_told(on_mock, tmp_path):
    environ = on_mock | {"SIP_SERVER": "sip://127.0.0.1", "SIP_NUMBER": "+15550123"}

    run = await run_suites("staging", tmp_path / "reports", "-m", "smoke", environ=environ)

    assert run.exit_status == 4
    assert "variable SIP_SERVER (environment) holds a URL" in run.output
