"""
The command `livekit-conformance list`: list the clauses of the catalogue.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from livekit_conformance.catalogue.clause import REQUIREMENTS
from livekit_conformance.catalogue.clauses import CLAUSES
from livekit_conformance.layout import write_folded

_OK = 0


def add_parser(commands: Any, summary: str) -> None:
    """
    Declare the command.
    """
    commands.add_parser("list", help=summary).set_defaults(run=run)


def run(_options: argparse.Namespace) -> int:
    """
    Print each clause below its requirement: 0.
    """
    write_folded(sys.stdout, _catalogue())
    return _OK


def _catalogue() -> Iterator[str]:
    for number, title in REQUIREMENTS.items():
        yield f"{number} {title}"
        for clause in CLAUSES:
            if clause.requirement == number:
                needs = f", needs {', '.join(clause.needs)}" if clause.needs else ""
                yield f"  {clause.id} ({clause.level}, {clause.area}, {clause.effect}{needs})"
                yield f"    {clause.statement}"
