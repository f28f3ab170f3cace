"""
A failure that a customer may meet, as data: how to cause it, and the expected report.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.environments.profile import Profile
from tests.scenarios.harness import Run
from tests.scenarios.real_stack import Scene, scene

_CLI = "import sys; from livekit_conformance.cli.main import main; sys.exit(main())"


@dataclass(frozen=True, slots=True)
class Scenario:
    """
    One failure of the real services.

    The knobs: `server` and `sip` replace top-level keys of the configurations that the services
    are started with; `act` changes the running stack (a service that does not start with its
    settings is restarted there); `profile` changes the profile of the suites.

    `cause` must be named first, at the broken `link`; `also` may be named after it, because these
    causes follow from it. No other cause may be named. `by` is the command that must name
    it: a run of the suites, or `livekit-conformance diagnose` from the logs alone, where the suites
    do not trigger the failure. `row` is the failure's number in the list of those that real users
    met. With `warns` it is a SHOULD that is violated: calls work, and the run warns and names the
    cause.
    """

    name: str
    story: str
    cause: str
    link: Link
    server: Mapping[str, Any] = field(default_factory=dict)
    sip: Mapping[str, Any] = field(default_factory=dict)
    act: Callable[[Scene], Awaitable[None]] | None = None
    profile: Callable[[Profile], Profile] | None = None
    also: frozenset[str] = frozenset()
    by: Literal["suites", "diagnose"] = "suites"
    row: int | None = None
    warns: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """
    Report of a failure: the ids of the causes in order, the first broken link, the full output.
    """

    causes: tuple[str, ...]
    first_broken: str | None
    exit_status: int
    output: str
    run: Run | None = None


async def play(scenario: Scenario, folder: Path) -> Told:
    """
    Cause the failure in a stack of its own, and run the suites once over each link.
    """
    async with scene(
        folder, server_overrides=scenario.server, sip_overrides=scenario.sip
    ) as broken:
        if scenario.act is not None:
            await scenario.act(broken)
        if scenario.profile is not None:
            broken.profile = scenario.profile(broken.profile)
        if scenario.by == "diagnose":
            return await _diagnose_logs(broken)
        run = await broken.peaceful().run("-m", "chain")
    # A run that could not start has no results; its output has the reason.
    chain = run.results.get("chain", {})
    causes = tuple(cause["id"] for cause in run.results.get("diagnoses", ()))
    return Told(causes, chain.get("first_broken"), run.exit_status, run.output, run)


async def _diagnose_logs(broken: Scene) -> Told:
    logs = (broken.stack.server.log, broken.stack.sip.log)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _CLI, "diagnose", "--json", *map(str, logs)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    causes = json.loads(output)["causes"]
    first = causes[0]["link"] if causes else None
    status = process.returncode if process.returncode is not None else -1
    return Told(tuple(cause["id"] for cause in causes), first, status, output.decode())


def wrong_blame(scenario: Scenario, told: Told) -> set[str]:
    """
    Return the named causes that have nothing to do with the failure.
    """
    return set(told.causes) - {scenario.cause} - scenario.also
