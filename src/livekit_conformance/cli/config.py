"""
The command `livekit-conformance config`: check and fix configuration files.
"""

from __future__ import annotations

from typing import Any

from livekit_conformance.cli import config_check
from livekit_conformance.cli import config_fix as fix_command


def add_parser(commands: Any, summary: str) -> None:
    """
    Declare the command and its actions.
    """
    config = commands.add_parser("config", help=summary)
    actions = config.add_subparsers(required=True, metavar="ACTION")
    config_check.add_parser(actions)
    fix_command.add_parser(actions)
