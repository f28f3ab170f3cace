"""
Run the suites once over a bad network.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import yaml

from tests.faults.fault import Fault
from tests.faults.places import Place, stand_at
from tests.scenarios.harness import Run, run_suites, write_profile
from tests.scenarios.real_stack import Scene, scene

# Checks of the links at the place and next to it. Checks that wait for a room to expire would
# only make the run longer.
SELECTED = MappingProxyType(
    {
        Place.API: "chain or (smoke and (environment or authentication or errors))",
        Place.SIP: "chain",
        Place.WEBHOOK: "chain or (retry and 1.3)",
    }
)
# Values that a profile usually takes from the environment.
_VARIABLES = MappingProxyType(
    {
        "LIVEKIT_URL": ("livekit", "url"),
        "LIVEKIT_API_KEY": ("livekit", "api_key"),
        "LIVEKIT_API_SECRET": ("livekit", "api_secret"),
        "SIP_SERVER": ("sip", "server"),
        "SIP_USERNAME": ("sip", "username"),
        "SIP_PASSWORD": ("sip", "password"),
        "SIP_NUMBER": ("sip", "number"),
    }
)


@dataclass(frozen=True, slots=True)
class Played:
    """
    The run, and the network's part in it: how often the fault acted, and what each proxy carried.
    """

    run: Run
    acted: int
    carried: tuple[int, ...]


async def play(place: Place, fault: Fault, folder: Path) -> Played:
    """
    Run the suites on a stack of its own, with `fault` in its network at `place`.
    """
    async with scene(folder) as bad:
        proxy = await stand_at(place, bad)
        await proxy.switch(fault)
        stage = bad if place is Place.WEBHOOK else bad.peaceful()
        run = await _run(stage, SELECTED[place])
        return Played(run, proxy.did[fault.kind], (proxy.carried.total(),))


async def play_without_fault(folder: Path) -> Played:
    """
    Run the suites on a stack with an idle proxy at every place.
    """
    async with scene(folder) as good:
        proxies = [await stand_at(place, good) for place in Place]
        run = await _run(good, " or ".join(f"({each})" for each in SELECTED.values()))
        acted = sum(proxy.did.total() for proxy in proxies)
        return Played(run, acted, tuple(proxy.carried.total() for proxy in proxies))


async def _run(stage: Scene, selected: str) -> Run:
    # The suites listen for webhooks themselves.
    stage.stack.webhook_listener.close()
    profile = stage.folder / "profile.yaml"
    environ = _let_out(Path(write_profile(stage.profile, profile)))
    reports = stage.folder / "reports"
    return await run_suites(str(profile), reports, "-m", selected, environ=environ)


def _let_out(profile: Path) -> dict[str, str]:
    """
    Replace values that a profile takes from the environment by variables; return the variables.
    """
    content = yaml.safe_load(profile.read_text())
    environ = {name: content[section][key] for name, (section, key) in _VARIABLES.items()}
    for name, (section, key) in _VARIABLES.items():
        content[section][key] = f"${{{name}}}"
    profile.write_text(yaml.safe_dump(content))
    return environ
