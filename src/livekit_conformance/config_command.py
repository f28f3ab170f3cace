"""
`livekit-conformance config`: what is done with configuration files.
"""

from __future__ import annotations

import argparse

from livekit_conformance.config_doctor import check_command
from livekit_conformance.config_fixer import command as fix_command


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """
    Add the command and what it can do.
    """
    config = commands.add_parser("config", help="check and fix livekit.yaml and livekit-sip.yaml")
    actions = config.add_subparsers(required=True, metavar="ACTION")
    check_command.add_parser(actions)
    fix_command.add_parser(actions)
