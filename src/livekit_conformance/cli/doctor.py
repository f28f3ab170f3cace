"""
The command `livekit-conformance doctor`: examine the whole chain without changing anything.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

from livekit_conformance.catalogue.hosting import Hosting
from livekit_conformance.cli.options import CONFIG_DIR, add_environment, add_json, add_language
from livekit_conformance.doctor import printing, settings
from livekit_conformance.doctor.findings import LinkFinding, has_problem, in_order
from livekit_conformance.environments import loader
from livekit_conformance.environments.hosting import hosting_of
from livekit_conformance.environments.open_files import problem_with_open_files
from livekit_conformance.environments.problems import ProfileError
from livekit_conformance.environments.scrubbing import scrubber_of
from livekit_conformance.layout import width_of
from livekit_conformance.secrets.scrubber import Scrubber
from livekit_conformance.wording import Language

_OK, _PROBLEM, _USAGE = 0, 1, 4
# The command takes ten seconds in all; starting and printing need part of the last one.
_WHOLE_S = 9.0


def add_parser(commands: Any, summary: str) -> None:
    """
    Declare the command and its options.
    """
    parser = commands.add_parser("doctor", help=summary)
    add_environment(parser)
    add_language(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Examine the chain and report the findings: 0 nothing is wrong, 1 something is, 4 the profile is
    unusable.
    """
    if (problem := problem_with_open_files()) is not None:
        sys.stderr.write(f"{problem}\n")
        return _USAGE
    began = time.monotonic()
    env_file: Path | None = options.env_file
    clean = Scrubber()
    findings: list[LinkFinding]
    try:
        loaded = loader.load(
            options.env, environ=os.environ, env_file=env_file, config_dir=CONFIG_DIR
        )
    except ProfileError as error:
        path = settings.path_of(options.env, CONFIG_DIR)
        findings = [*settings.judge_unusable(path, error, os.environ, env_file)]
        status, hosting = _USAGE, Hosting.SELF
    else:
        clean = scrubber_of(loaded.profile)
        found = _examined(loaded, clean, until=began + _WHOLE_S)
        findings = in_order([*settings.judge_loaded(loaded, env_file), *found])
        status = _PROBLEM if has_problem(findings) else _OK
        hosting = hosting_of(loaded.profile)
    _write(options, findings, hosting, status, time.monotonic() - began, clean)
    return status


def _examined(loaded: loader.Loaded, clean: Scrubber, *, until: float) -> list[LinkFinding]:
    # The drivers and their libraries: a profile that cannot be used is reported without them.
    import asyncio  # noqa: PLC0415

    from livekit_conformance.doctor.examination import examine  # noqa: PLC0415
    from livekit_conformance.observations import Recorder  # noqa: PLC0415

    return asyncio.run(
        examine(
            loaded.profile,
            Recorder(clean),
            environ=os.environ,
            whole=until - time.monotonic(),
            left_out=loaded.left_out,
        )
    )


def _write(
    options: argparse.Namespace,
    findings: list[LinkFinding],
    hosting: Hosting,
    status: int,
    seconds: float,
    clean: Scrubber,
) -> None:
    language: Language = options.lang
    if options.json:
        text = printing.as_json(
            findings,
            environment=options.env,
            language=language,
            hosting=hosting,
            seconds=seconds,
            exit_status=status,
            clean=clean,
        )
        sys.stdout.write(f"{text}\n")
        return
    width = width_of(sys.stdout)
    lines = printing.lines(
        findings, language=language, hosting=hosting, seconds=seconds, clean=clean, width=width
    )
    sys.stdout.writelines(f"{line}\n" for line in lines)
