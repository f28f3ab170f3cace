"""
`livekit-conformance config fix`, run in this process.
"""

from __future__ import annotations

import argparse

from livekit_conformance.config_fixer import command


def run_fix(*arguments: object) -> int:
    """
    Run the command with these arguments; answers with its exit status.
    """
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    options = parser.parse_args(["fix", *map(str, arguments)])
    status: int = options.run(options)
    return status
