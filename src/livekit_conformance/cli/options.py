"""
Options that several sub-commands share: each means the same wherever it stands.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from livekit_conformance.environments.language import language_of
from livekit_conformance.environments.places import CONFIG, ENV_FILE, env_file_in
from livekit_conformance.wording import LANGUAGES, Language

# The folder of the profiles that `--env` names.
CONFIG_DIR = Path(CONFIG)
# `--json` without a file.
STDOUT = Path("-")


def add_environment(parser: argparse.ArgumentParser) -> None:
    """
    Declare `--env` and `--env-file`.
    """
    add_environment_name(parser, help="environment: config/NAME.yaml or a file", required=True)
    parser.add_argument(
        "--env-file",
        type=Path,
        default=env_file_in(Path()),
        metavar="FILE",
        help=f"file with variables (default: {ENV_FILE} if present)",
    )


def add_environment_name(parser: argparse.ArgumentParser, **settings: Any) -> None:
    """
    Declare `--env`.
    """
    parser.add_argument("--env", metavar="NAME|PATH", **settings)


def add_language(parser: argparse.ArgumentParser, default: Language | None = None) -> None:
    """
    Declare `--lang`; without a `default` it is the language of the locale.
    """
    usual = default or "that of the locale"
    parser.add_argument(
        "--lang",
        choices=LANGUAGES,
        default=default or language_of(os.environ),
        help=f"language of the texts (default: {usual})",
    )


def add_json(parser: argparse.ArgumentParser, *, file: bool = False) -> None:
    """
    Declare `--json`: one object instead of lines; with `file`, in a file beside the lines, too.
    """
    words = "one JSON object instead of lines"
    if file:
        parser.add_argument(
            "--json",
            type=Path,
            nargs="?",
            const=STDOUT,
            metavar="FILE",
            help=f"{words}; with FILE, the object goes there and the lines stay",
        )
    else:
        parser.add_argument("--json", action="store_true", help=words)
