"""
A real stack for one scenario, and a profile of kind live that points the suites at it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.environments.loader import load
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import Blocked
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.deployment import fill_local
from livekit_conformance.provisioners.local.process import Process
from livekit_conformance.provisioners.local.stack import Stack, running_stack
from livekit_conformance.secrets.patterns import Redactor
from tests.scenarios.harness import ROOT, Run, run_suites, start_suites, write_profile


@dataclass
class Scene:
    """
    A stack, the profile that describes it, and the suites.

    Contexts entered into `beside` end before the stack does. The suites get `environ` on top of the
    environment of this process.
    """

    stack: Stack
    profile: Profile
    folder: Path
    beside: AsyncExitStack = field(default_factory=AsyncExitStack)
    environ: dict[str, str] = field(default_factory=dict)

    async def inventory(self) -> dict[str, list[str]]:
        """
        Return the rooms, trunks and rules that the server has.
        """
        livekit = self.profile.livekit
        client = LiveKitClient(
            livekit.url,
            api_key=livekit.api_key,
            api_secret=livekit.api_secret.get_secret_value(),
            permit=Permit(frozenset({Effect.READ})),
            recorder=Recorder(Redactor()),
        )
        async with client:
            return {
                "rooms": [room.name for room in await client.list_rooms()],
                "trunks": [
                    *(trunk.sip_trunk_id for trunk in await client.list_inbound_trunks()),
                    *(trunk.sip_trunk_id for trunk in await client.list_outbound_trunks()),
                ],
                "rules": [rule.sip_dispatch_rule_id for rule in await client.list_dispatch_rules()],
            }

    async def restart(self, process: Process, **settings: Any) -> str | None:
        """
        Start livekit-server or livekit-sip again with other settings at the top of its file.

        Returns the reason why it does not start, None when it does: that may be the failure itself.
        """
        stack = self.stack
        path = stack.server_config_file if process is stack.server else stack.sip_config_file
        config = yaml.safe_load(path.read_text()) | settings
        path.write_text(yaml.safe_dump(config, sort_keys=False))
        await process.stop()
        try:
            await stack.start(process)
        except Blocked as blocked:
            return str(blocked)
        return None

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """
        Start the suites and return their process.
        """
        self.stack.webhook_listener.close()
        env = write_profile(self.profile, self.folder / "profile.yaml")
        return await start_suites(env, self.folder / "reports", *arguments)

    def peaceful(self) -> Scene:
        """
        Return the scene without checks that disrupt: they take most of the time and name no cause.
        """
        allow = self.profile.allow - {Effect.DISRUPT}
        return replace(self, profile=self.profile.model_copy(update={"allow": allow}))

    async def run(self, *arguments: str) -> Run:
        # The suites listen for webhooks themselves; the address stays reserved.
        self.stack.webhook_listener.close()
        env = write_profile(self.profile, self.folder / "profile.yaml")
        reports = self.folder / "reports"
        return await run_suites(env, reports, *arguments, environ=self.environ)


@asynccontextmanager
async def scene(folder: Path, **overrides: Mapping[str, Any]) -> AsyncIterator[Scene]:
    """
    Run a stack; `overrides` are those of the services' configurations.
    """
    recorder = Recorder(Redactor())
    loaded = load("local", environ={}, env_file=None, config_dir=ROOT / "config")
    async with running_stack(folder / "stack", recorder, **overrides) as stack:
        profile = await fill_local(loaded.profile, stack, recorder)
        async with AsyncExitStack() as beside:
            yield Scene(stack, profile, folder, beside)
