"""
Another run of the suites on the same deployment.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from livekit_conformance.catalogue.effects import Effect
from tests.scenarios.harness import start_suites, write_profile
from tests.scenarios.strangers.target import Target


async def another_run(target: Target) -> str:
    """
    Run the suites without the ports that only one run can listen on: webhooks and outbound calls.
    """
    profile = target.profile
    without = {
        "webhook": type(profile.webhook)(),
        "sip": profile.sip.model_copy(update={"outbound": type(profile.sip.outbound)()}),
        "allow": profile.allow - {Effect.DISRUPT},
    }
    with TemporaryDirectory(prefix="another-run-") as folder:
        env = write_profile(profile.model_copy(update=without), Path(folder, "profile.yaml"))
        run = await start_suites(env, Path(folder, "reports"))
        try:
            await run.communicate()
        finally:
            if run.returncode is None:
                run.terminate()
                await run.communicate()
    return "ended"
