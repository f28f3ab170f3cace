"""
Bring up one deployment and keep it up: `make field NAME=...`; without a name, list them.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from livekit_conformance.environments.spelling import did_you_mean
from tests.field import nat
from tests.field.nodes import SICK_SERVER, SICK_SIP, pairs
from tests.scenarios.harness import write_profile
from tests.scenarios.real_stack import Scene

_USAGE = 4
_NAT = "nat-"


@dataclass(frozen=True, slots=True)
class Deployment:
    """
    A deployment that a person may try the suite on.
    """

    story: str
    running: Callable[[Path], AbstractAsyncContextManager[Scene]]


DEPLOYMENTS = {
    "nodes": Deployment("two livekit-server and two livekit-sip on one Redis", pairs),
    "nodes-sick-sip": Deployment(
        "the same, and one livekit-sip has another secret",
        lambda folder: pairs(folder, second_sip=SICK_SIP),
    ),
    "nodes-sick-server": Deployment(
        "the same, and nobody reaches the media of one livekit-server",
        lambda folder: pairs(folder, second_server=SICK_SERVER),
    ),
}


def main(names: list[str]) -> int:
    """
    Run the deployment of that name until it is interrupted.
    """
    if not names:
        for name, deployment in DEPLOYMENTS.items():
            sys.stdout.write(f"{name:<20} {deployment.story}\n")
        sys.stdout.write(f"{_NAT}VARIANT          behind NAT: {', '.join(nat.VARIANTS)}\n")
        return 0
    (name,) = names
    if name.removeprefix(_NAT) in nat.VARIANTS:
        nat.stay(name.removeprefix(_NAT), Path(mkdtemp(prefix=f"field-{name}-")))
    if name not in DEPLOYMENTS:
        sys.stderr.write(f"no such deployment: {name}{did_you_mean(name, DEPLOYMENTS)}\n")
        return _USAGE
    try:
        asyncio.run(_stay(DEPLOYMENTS[name], Path(mkdtemp(prefix=f"field-{name}-"))))
    except KeyboardInterrupt:
        sys.stdout.write("stopped\n")
    return 0


async def _stay(deployment: Deployment, folder: Path) -> None:
    async with deployment.running(folder) as up:
        up.stack.webhook_listener.close()
        env = write_profile(up.peaceful().profile, folder / "profile.yaml")
        sys.stdout.write(
            f"{deployment.story}\nlogs and configurations: {folder / 'stack'}\n"
            f"Check it from another terminal, and end it with Ctrl-C:\n"
            f"  pytest suites/ --env={env}\n"
        )
        sys.stdout.flush()
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
