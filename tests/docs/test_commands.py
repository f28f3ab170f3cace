"""
Commands of the documentation work verbatim in a fresh copy; the example run quotes the catalogue.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import shlex
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.hosting import fitting
from livekit_conformance.mock import Mock, MockConfig
from livekit_conformance.provisioners.local.stack import KeyPair, server_config, sip_config
from tests.concurrency import begun
from tests.docs.documents import DOCUMENTS, README, READMES, ROOT, commands, every_command
from tests.recipes.conftest import Ended, Workspace, ended, fresh_copy
from tests.scenarios.fork_server import start_pytest

__all__ = ["fresh_copy"]

_AT_ONCE = 4
# Values that a reader fills in; here the mock is the deployment.
_FILLED_IN = "export "
TO_RUN = [command for command in every_command() if not command.startswith(_FILLED_IN)]
# These need everything, and the mock is only part of a deployment.
_FINDS = ("doctor", "init")
Runs = Mapping[str, asyncio.Task[Ended]]


@pytest_asyncio.fixture(scope="module")
async def reader(
    fresh_copy: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Workspace]:
    """
    Yield the checkout of a reader who has filled in the values of a deployment, here the mock.
    """
    folder = tmp_path_factory.mktemp("deployment")
    keys = KeyPair()
    async with Mock(MockConfig(keys.key, keys.secret, folder)) as mock:
        workspace = Workspace(
            folder / "checkout",
            fresh_copy.environ
            | {
                "LIVEKIT_URL": mock.url,
                "LIVEKIT_API_KEY": keys.key,
                "LIVEKIT_API_SECRET": keys.secret,
            },
        )
        shutil.copytree(fresh_copy.root, workspace.root, symlinks=True)
        _prepare(workspace.root, keys)
        yield workspace


def _prepare(root: Path, keys: KeyPair) -> None:
    """
    Create the files that the commands name: programs, configuration, logs and finished runs.
    """
    (root / ".venv").mkdir()
    (root / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    for profile in (root / "config").glob("*.yaml"):
        text = profile.read_text()
        profile.write_text(re.sub(r"requests_per_minute: \d+", "requests_per_minute: 6000", text))
    address = "127.0.0.1"
    files = {
        "livekit.yaml": server_config(address, keys, "http://127.0.0.1:8080/webhooks/livekit"),
        "livekit-sip.yaml": sip_config(address, keys),
    }
    for name, content in files.items():
        (root / name).write_text(yaml.safe_dump(content))
        (root / name).chmod(0o600)
    (root / "livekit.log").write_text('{"level":"info","ts":1700000000.0,"msg":"starting"}\n')
    with gzip.open(root / "livekit-sip.log.2.gz", "wt") as log:
        log.write('{"level":"info","ts":1700000000.0,"msg":"starting"}\n')


@pytest_asyncio.fixture(scope="module")
async def runs(reader: Workspace) -> AsyncIterator[Runs]:
    first = await reader.run(".venv/bin/pytest suites/ -m connectivity")
    assert first.status == 0, first.output
    run = (reader.root / "reports" / "latest").resolve()
    for name in ("A", "B", "RUN"):
        shutil.copytree(run, reader.root / "reports" / name)
    async with begun(
        {command: partial(_run, reader, command) for command in TO_RUN}, at_once=_AT_ONCE
    ) as tasks:
        yield tasks


async def _run(reader: Workspace, command: str) -> Ended:
    """
    Run a command as a reader's shell does; but only the first run starts pytest as a program, the
    others take the same words and begin when its imports are done.
    """
    program, *arguments = shlex.split(command)
    if program != ".venv/bin/pytest":
        return await reader.run(_dry(command))
    return await ended(await start_pytest(arguments, cwd=reader.root, env=reader.environ))


def _dry(command: str) -> str:
    """
    Let make print its commands instead of running them: other tests run them.
    """
    return re.sub(r"\bmake ", f"make --dry-run -C {shlex.quote(str(ROOT))} ", command)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("command", TO_RUN)
async def test_a_command_works_as_it_stands(command: str, runs: Runs) -> None:
    ended = await runs[command]

    finds = any(f"livekit-conformance {name} " in command for name in _FINDS)
    assert ended.status in ({0, 1} if finds else {0}), ended.output
    assert "Traceback" not in ended.output


def test_every_document_is_in_the_readme():
    text = README.read_text(encoding="utf-8")

    missing = [str(d.relative_to(ROOT)) for d in DOCUMENTS if d != README and d.name not in text]
    assert missing == []


def test_the_russian_readme_has_the_same_commands():
    assert list(commands(ROOT / "README.ru.md")) == list(commands(README))


@pytest.mark.parametrize("document", READMES, ids=lambda path: path.name)
def test_the_example_run_quotes_the_catalogue(document: Path) -> None:
    _, _, rest = document.read_text(encoding="utf-8").partition("```text\n")
    example = " ".join(rest.partition("```")[0].split())

    (cause,) = [cause for cause in CAUSES if f"{cause.title.en} [" in example]
    assert f"CAUSE {cause.cause.en} FIX " in example
    (fix,) = re.findall(r" FIX (.+) \.\.\. ", example)
    assert fitting(cause.fix, cause.link).en.startswith(fix)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []
