"""
The example profiles: each loads with three variables, and each places a call on the mock.
"""

from __future__ import annotations

import os
from contextlib import AsyncExitStack

import pytest

from livekit_conformance.environments.loader import known_environments, load
from livekit_conformance.mock import Mock, MockConfig
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.deployment import fill_mock
from livekit_conformance.provisioners.local.address import own_loopback_address
from livekit_conformance.provisioners.local.stack import KeyPair
from livekit_conformance.secrets.patterns import Redactor
from tests.mutants.endpoint import Application
from tests.mutants.sabotage import BETTER_THAN_REAL
from tests.scenarios.harness import ROOT, reveal, run_suites

FOLDER = ROOT / "config/examples"
EXAMPLES = sorted(FOLDER.glob("*.yaml"))
THREE = {
    "LIVEKIT_URL": "wss://voice.test",
    "LIVEKIT_API_KEY": "APIabcdefgh12",
    "LIVEKIT_API_SECRET": "made-up-secret-that-is-long-enough",
}
_EACH = pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)


@_EACH
def test_an_example_loads_with_three_variables(example):
    loaded = load(str(example), environ=THREE, env_file=None, config_dir=ROOT / "config")

    assert loaded.profile.kind == "live"
    assert loaded.empty == {}
    assert {name for name, origin in loaded.origins.items() if origin == "environment"} == {*THREE}


@_EACH
def test_an_example_tells_how_it_is_run(example):
    head = example.read_text().partition("kind:")[0]

    assert f"--env=config/examples/{example.name}" in head
    assert max(map(len, example.read_text().splitlines())) <= 110


def test_examples_are_no_environments():
    assert not {*known_environments(ROOT / "config")} & {path.stem for path in EXAMPLES}


def stand_ins(folder, profile):
    """
    Write programs that follow the mock's logs as docker and kubectl do, by their last argument.
    """
    logs = {source.service: source.path for source in profile.logs}
    script = f"""\
#!/bin/sh
for last; do :; done
case $last in
*sip) log='{logs["livekit-sip"]}' ;;
*) log='{logs["livekit-server"]}' ;;
esac
exec tail -n 0 -F "$log"
"""
    for name in ("docker", "kubectl"):
        program = folder / name
        program.write_text(script)
        program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture
async def environ(tmp_path):
    """
    Yield the variables of a working deployment: the mock with an application beside it.
    """
    recorder, keys = Recorder(Redactor()), KeyPair()
    mock_profile = load("mock", environ={}, env_file=None, config_dir=ROOT / "config").profile
    async with AsyncExitStack() as running:
        address = running.enter_context(own_loopback_address())
        url = f"http://{address}:8080/webhooks/livekit"
        config = MockConfig(
            api_key=keys.key,
            api_secret=keys.secret,
            webhook_url=url,
            log_dir=tmp_path,
            **BETTER_THAN_REAL,
        )
        mock = await running.enter_async_context(Mock(config))
        profile = await fill_mock(
            mock_profile, mock, keys, url, recorder, outbound_listen=f"{address}:5099"
        )
        await running.enter_async_context(Application().beside(profile))
        yield {
            "LIVEKIT_URL": profile.livekit.url,
            "LIVEKIT_API_KEY": keys.key,
            "LIVEKIT_API_SECRET": keys.secret,
            "SIP_SERVER": profile.sip.server,
            "SIP_USERNAME": profile.sip.username,
            "SIP_PASSWORD": reveal(profile.sip.password),
            "SIP_NUMBER": profile.sip.number,
            "WEBHOOK_URL": url,
            "REDIS_URL": str(profile.redis),
            "LIVEKIT_YAML": str(profile.deployment.livekit_server_config),
            "LIVEKIT_SIP_YAML": str(profile.deployment.livekit_sip_config),
            "PATH": stand_ins(tmp_path, profile),
        }


@_EACH
async def test_an_example_runs(example, environ, tmp_path):
    env = str(example.relative_to(ROOT))

    run = await run_suites(
        env, tmp_path / "reports", "-m", "chain", "--allow=place-calls", environ=environ
    )

    assert run.exit_status == 0, run.output
    assert run.verdicts["1.5-call-is-answered"] == "PASS"
    assert {*run.verdicts.values()} <= {"PASS", "SKIPPED"}
    is_watched = example.stem in {"docker-compose", "kubernetes"}
    assert run.verdicts["1.5-logs-are-clean"] == ("PASS" if is_watched else "SKIPPED")
