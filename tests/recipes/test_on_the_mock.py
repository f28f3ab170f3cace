"""
The recipes' shell steps, verbatim: the real suite, in a fresh copy of the checkout, against the
mock.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from livekit_conformance.client import Client
from livekit_conformance.mock import Faults, Mock, MockConfig
from livekit_conformance.waiting import wait_until
from tests.recipes.conftest import Workspace, ended
from tests.recipes.recipes import all_recipes

RECIPES = {str(recipe): recipe for recipe in all_recipes()}
KEY, SECRET = "APIrecipes", "the-secret-of-the-recipes-is-long-enough"
REPORTS = {
    *("report.html", "results.json", "junit.xml", "summary.md", "ctrf.json", "allure-results"),
    *("journal.jsonl", "ledger.jsonl", "evidence"),
}

Deploy = Callable[..., Awaitable[Mock]]


@pytest.fixture
async def deploy(checkout: Workspace, tmp_path: Path) -> AsyncIterator[Deploy]:
    """
    Yield a function that starts a mock as a live deployment, and points the recipes at it.
    """
    async with AsyncExitStack() as stack:

        async def start(faults: Faults | None = None) -> Mock:
            config = MockConfig(KEY, SECRET, tmp_path, faults=faults or Faults())
            mock = await stack.enter_async_context(Mock(config))
            profile = tmp_path / "canary.yaml"
            content = {
                "kind": "live",
                "allow": ["read", "create-rooms"],
                "may_raise": ["place-calls"],
                "livekit": {"url": mock.url, "api_key": KEY, "api_secret": "${LIVEKIT_API_SECRET}"},
                "limits": {"requests_per_minute": 6000, "rooms": 20},
            }
            profile.write_text(yaml.safe_dump(content))
            checkout.environ |= {
                "LIVEKIT_CONFORMANCE_ENV": str(profile),
                "LIVEKIT_API_SECRET": SECRET,
            }
            return mock

        yield start


async def test_the_nightly_of_github_is_conformant_on_the_mock(checkout, tmp_path):
    recipe = RECIPES["github-nightly"]
    page = tmp_path / "page.md"
    checkout.environ |= {
        **dict(recipe.environ),
        "LIVEKIT_CONFORMANCE_ENV": "mock",
        "GITHUB_STEP_SUMMARY": str(page),
    }
    before = set(files_in(checkout.root))

    check = await checkout.run(recipe.check)
    (sweep,) = [await checkout.run(step) for step in recipe.always]

    assert (check.status, sweep.status) == (0, 0), check.output + sweep.output
    assert "exit status 0, conformant or partially conformant" in check.output
    assert checkout.job_reports >= REPORTS
    # `-m smoke` selects a part.
    assert results(checkout)["run"]["verdict"] == "PARTIALLY CONFORMANT"
    assert page.read_text() == (checkout.root / "job-reports" / "summary.md").read_text()
    written = {path.parts[0] for path in set(files_in(checkout.root)) - before}
    assert written == {"reports", "job-reports"}


async def test_the_release_check_of_kubernetes_fails_on_a_deployment_with_a_fault(checkout, deploy):
    recipe = RECIPES["kubernetes-release"]
    await deploy(Faults(wrong_secret_accepted=True))
    checkout.environ["PYTEST_ADDOPTS"] += " -k secret"

    check = await checkout.run(recipe.check)

    assert check.status == 1, check.output
    assert "FAIL    1.1-wrong-secret-is-refused" in check.output
    assert "0 deleted, 0 left" in check.output
    assert checkout.job_reports >= REPORTS
    assert results(checkout)["run"]["verdict"] == "NOT CONFORMANT"
    assert SECRET not in check.output


async def test_the_last_step_of_gitlab_sweeps_and_reports_what_a_killed_job_left(checkout, deploy):
    recipe = RECIPES["gitlab-nightly"]
    # The first room is created at once, and watched until the end of the run.
    mock = await deploy(Faults(empty_rooms_stay=True))
    checkout.environ |= dict(recipe.environ)
    async with Client(mock.url, KEY, SECRET) as client:
        process = await checkout.start(recipe.check)
        came = await wait_until(lambda: no_room(client), within=30)
        os.killpg(process.pid, signal.SIGKILL)
        check = await ended(process)
        (last,) = [await checkout.run(step) for step in recipe.always]
        left = await own_rooms(client)

    assert came.came_true, f"{came}\n{check.output}"
    assert check.status == -signal.SIGKILL, check.output
    assert last.status == 0, last.output
    assert "deleted room " in last.output
    assert left == []
    assert checkout.job_reports >= REPORTS - {"evidence"}
    assert results(checkout)["run"]["verdict"] == "INCOMPLETE"


async def no_room(client: Client) -> str | None:
    return None if await own_rooms(client) else "there is no room of the suite"


async def own_rooms(client: Client) -> list[str]:
    return [room.name for room in await client.list_rooms() if "-lkc-" in room.name]


def files_in(root: Path) -> Iterator[Path]:
    found = (path.relative_to(root) for path in root.rglob("*") if not path.is_dir())
    return (path for path in found if "__pycache__" not in path.parts)


def results(checkout: Workspace) -> Any:
    return json.loads((checkout.root / "job-reports" / "results.json").read_text())
