"""
The command `livekit-conformance sweep`: remove what dead runs have left on a deployment.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from livekit_conformance.cli.options import CONFIG_DIR, add_environment
from livekit_conformance.drivers.api.livekit_api import ApiRefused, LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.ownership.ledger import past_runs
from livekit_conformance.drivers.sweeper import Sweeper, TooManyLeftovers
from livekit_conformance.environments import loader
from livekit_conformance.environments.places import environment_name
from livekit_conformance.environments.problems import ProfileError
from livekit_conformance.environments.profile import Profile
from livekit_conformance.environments.scrubbing import scrubber_of
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.scrubber import Scrubber

_CLEAN, _LEFT, _USAGE = 0, 1, 4


def add_parser(commands: Any, summary: str) -> None:
    """
    Declare the command and its options.
    """
    parser = commands.add_parser("sweep", help=summary)
    add_environment(parser)
    parser.add_argument(
        "--reports",
        type=Path,
        default=Path("reports"),
        metavar="DIR",
        help="where the ledgers of the runs are (default: reports/)",
    )
    parser.add_argument("--dry-run", action="store_true", help="list what would be deleted")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Delete the leftovers and report them: 0 nothing is left, 1 something is, 4 the profile is
    unusable.
    """
    try:
        profile = loader.load(
            options.env,
            environ=os.environ,
            env_file=options.env_file,
            config_dir=CONFIG_DIR,
        ).profile
    except ProfileError as error:
        sys.stderr.write(f"{error}\n")
        return _USAGE
    if profile.kind != "live":
        _print(f"nothing to sweep: a deployment of kind {profile.kind} ends with its run")
        return _CLEAN
    clean = scrubber_of(profile)
    try:
        status, lines = asyncio.run(_sweep(profile, options, clean))
    except (ApiRefused, Unreachable, TooManyLeftovers) as error:
        sys.stderr.write(f"{clean(str(error))}\n")
        return _LEFT
    for line in lines:
        _print(clean(line))
    return status


async def _sweep(
    profile: Profile, options: argparse.Namespace, clean: Scrubber
) -> tuple[int, list[str]]:
    """
    Return the exit status and what there is to report.
    """
    secret = profile.livekit.api_secret.get_secret_value()
    client = LiveKitClient(
        profile.livekit.url,
        api_key=profile.livekit.api_key,
        api_secret=secret,
        # A past run may have been allowed more than the profile itself allows.
        permit=Permit(profile.allow | profile.may_raise),
        recorder=Recorder(clean),
    )
    async with client:
        sweeper = Sweeper(
            client,
            secret=secret,
            environment=environment_name(options.env),
            past=past_runs(options.reports),
        )
        leftovers = await sweeper.find()
        if options.dry_run:
            found = (f"would delete {leftover}" for leftover in leftovers)
            return _CLEAN, [*found, f"{len(leftovers)} would be deleted"]
        swept = await sweeper.delete(leftovers)
    lines = [
        *(f"deleted {leftover}" for leftover in swept.deleted),
        *(f"left {leftover}; {reason}" for leftover, reason in swept.left),
        f"{len(swept.deleted)} deleted, {len(swept.left)} left",
    ]
    return _LEFT if swept.left else _CLEAN, lines


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
