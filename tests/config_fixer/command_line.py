"""
Run `livekit-conformance config fix` in this process.
"""

from __future__ import annotations

import argparse

from livekit_conformance.cli import config_fix


def run_fix(*arguments: object) -> int:
    """
    Run the command with these arguments and return its exit status.
    """
    parser = argparse.ArgumentParser()
    config_fix.add_parser(parser.add_subparsers())
    options = parser.parse_args(["fix", *map(str, arguments)])
    status: int = options.run(options)
    return status
