"""
Play one failure of the real services: `make scenario NAME=...`; without a name, list them.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from tempfile import mkdtemp

from livekit_conformance.environments.spelling import did_you_mean
from tests.scenarios.failures import SCENARIOS
from tests.scenarios.failures.scenario import play

_USAGE = 4


def main(names: list[str]) -> int:
    """
    Play the failure of that name and print the report of the suites.
    """
    if not names:
        for scenario in SCENARIOS.values():
            sys.stdout.write(f"{scenario.name:<36} {scenario.story}\n")
        return 0
    (name,) = names
    if name not in SCENARIOS:
        sys.stderr.write(f"no such scenario: {name}{did_you_mean(name, SCENARIOS)}\n")
        return _USAGE
    scenario = SCENARIOS[name]
    sys.stdout.write(f"{scenario.story}\nThe services are started and broken; then -m chain.\n")
    sys.stdout.flush()
    folder = Path(mkdtemp(prefix=f"scenario-{name}-"))
    told = asyncio.run(play(scenario, folder))
    sys.stdout.write(told.output)
    sys.stdout.write(f"expected first: {scenario.cause} at {scenario.link}\n")
    sys.stdout.write(f"logs and configurations of the services: {folder / 'stack'}\n")
    return 0 if told.causes[:1] == (scenario.cause,) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
