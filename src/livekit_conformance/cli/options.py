"""
Options that several sub-commands share: each means the same wherever it stands.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from livekit_conformance.catalogue.text import LANGUAGES

# `--json` without a file.
STDOUT = Path("-")


def add_environment(parser: argparse.ArgumentParser) -> None:
    """
    Declare `--env` and `--env-file`.
    """
    parser.add_argument("--env", required=True, metavar="NAME|PATH", help="the environment")
    parser.add_argument("--env-file", type=Path, metavar="FILE", help="file with variables")


def add_language(parser: argparse.ArgumentParser) -> None:
    """
    Declare `--lang`.
    """
    parser.add_argument(
        "--lang",
        choices=LANGUAGES,
        help="language of the texts (default: that of the environment's locale)",
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
            help=f"{words}; with a FILE, there and the lines as well",
        )
    else:
        parser.add_argument("--json", action="store_true", help=words)
