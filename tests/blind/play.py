"""
Play one blind fault on a stack of its own: hurt somebody, run the suites, and mark their answer.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Literal

from livekit_conformance.environments.profile import DeploymentFiles, Profile
from livekit_conformance.provisioners.local.prerequisites import FAKETIME
from tests.blind import worker
from tests.blind.changes import Broken, Refused, apply
from tests.blind.fault import Deployment, Fault, Thing
from tests.blind.hurt import hurts
from tests.blind.marks import Answer, Mark, Said, mark, named
from tests.scenarios.failures.application import by_the_application
from tests.scenarios.real_stack import scene

View = Literal["full", "bare"]

_HURT_WITHIN_S = 200
# One that copies packets spoils about every second call.
_CALLS_OVER_A_BAD_NETWORK = 6
_RUN_WITHIN_S = 400


async def play(fault: Fault, folder: Path, view: View, *arguments: str) -> Answer:
    """
    Return the answer of a run to a fault; the files of the run and of the stack go to `folder`.

    The arguments are those of the run, such as `-m chain`.
    """
    began = time.monotonic()
    async with scene(folder) as healthy:
        try:
            broken = await apply(fault, healthy)
        except Refused as refused:
            note = f"the API refuses it: {refused}"
            return Answer(fault, (), Said("NOT PLAYED"), Mark.REFUSED, (note,))
        async with AsyncExitStack() as application:
            running = worker.running(
                broken.manner,
                _place(broken),
                healthy.stack.webhook_listener,
                _clock(broken.manner.clock_s),
            )
            happened = await application.enter_async_context(running)
            hurt = await _hurts(broken, fault, happened)
            if fault.deployment is Deployment.STAND_IN:
                await application.aclose()
            said = await _said(broken, view, fault, *arguments)
    return Answer(
        fault,
        hurt,
        said,
        mark(fault, hurt, said, notes=broken.notes, bare=view == "bare"),
        tuple(broken.notes),
        named(fault, said),
        time.monotonic() - began,
    )


def seen_by(profile: Profile, view: View) -> Profile:
    """
    Return the profile as somebody writes it who sees that much of the deployment.
    """
    if view == "full":
        return profile
    unseen = {"logs": (), "redis": None, "deployment": DeploymentFiles()}
    return profile.model_copy(update=unseen)


async def _hurts(broken: Broken, fault: Fault, happened: worker.Happened) -> tuple[str, ...]:
    profile, host = broken.scene.profile, broken.scene.stack.address
    # A bad network does not hurt every caller.
    is_network = any(change.thing is Thing.NETWORK for change in fault.changes)
    times = _CALLS_OVER_A_BAD_NETWORK if is_network else 1
    async with asyncio.timeout(_HURT_WITHIN_S):
        return await hurts(profile, profile.sip.server, host, happened, times=times)


async def _said(broken: Broken, view: View, fault: Fault, *arguments: str) -> Said:
    target = broken.scene.peaceful()
    if fault.deployment is Deployment.APPLICATION:
        target.profile = by_the_application(target.profile, target.profile.webhook.url)
    target.profile = seen_by(target.profile, view)
    async with asyncio.timeout(_RUN_WITHIN_S):
        run = await target.run(*arguments)
    (target.folder / "output.txt").write_text(run.output)
    return Said.of(run.results)


def _place(broken: Broken) -> worker.Place:
    livekit = broken.scene.profile.livekit
    return worker.Place(livekit.url, livekit.api_key, livekit.api_secret.get_secret_value())


def _clock(offset_s: int) -> dict[str, str]:
    """
    Return the variables that set the clock of a process that uses libc.
    """
    if not offset_s:
        return {}
    return {
        "LD_PRELOAD": FAKETIME.find(os.environ),
        "FAKETIME": f"{offset_s:+}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
