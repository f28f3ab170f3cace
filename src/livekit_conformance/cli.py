"""
The command `livekit-conformance`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from livekit_conformance import __version__, sweep
from livekit_conformance.catalogue.clause import REQUIREMENTS
from livekit_conformance.catalogue.clauses import CLAUSES
from livekit_conformance.reporting import journal, words
from livekit_conformance.reporting.model import figures
from livekit_conformance.reporting.writers import write_all

_OK, _NOT_CONFORMANT, _INTERNAL_ERROR, _USAGE = 0, 1, 3, 4
_CLOSED_PIPE = 128 + signal.SIGPIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run a sub-command and return the exit status.
    """
    options = _parser().parse_args(arguments)
    run = options.run
    try:
        status: int = run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (`| head`) has seen enough. What is left goes nowhere, or the interpreter
        # would complain about it when it ends; the status is that of a program ended by SIGPIPE.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _CLOSED_PIPE
    return status


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="livekit-conformance", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    catalogue = commands.add_parser("list", help="list the clauses of the catalogue")
    catalogue.set_defaults(run=_list)

    report = commands.add_parser("report", help="write all reports from the journal of a run")
    report.add_argument("--from", dest="journal", type=Path, required=True, metavar="JOURNAL")
    report.add_argument("--to", type=Path, metavar="DIR", help="default: beside the journal")
    report.set_defaults(run=_report)

    sweep.add_parser(commands)
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]  # 4, not argparse's 2
        self.print_usage(sys.stderr)
        self.exit(_USAGE, f"{self.prog}: {message}\n")


def _list(_options: argparse.Namespace) -> int:
    for number, title in REQUIREMENTS.items():
        sys.stdout.write(f"{number} {title}\n")
        for clause in CLAUSES:
            if clause.requirement == number:
                needs = f", needs {', '.join(clause.needs)}" if clause.needs else ""
                sys.stdout.write(
                    f"  {clause.id} ({clause.level}, {clause.area}, {clause.effect}{needs})\n"
                    f"    {clause.statement}\n"
                )
    return _OK


def _report(options: argparse.Namespace) -> int:
    try:
        result = journal.read(options.journal)
    except (OSError, UnicodeDecodeError, journal.JournalError) as error:
        sys.stderr.write(f"{error}\n")
        return _USAGE
    directory = options.to or options.journal.parent
    try:
        write_all(result, directory)
    except OSError as error:
        sys.stderr.write(f"a report could not be written: {error}\n")
        return _INTERNAL_ERROR
    sys.stdout.write(f"{words.headline(result)}\n{figures(result.summary)}\n")
    sys.stdout.write(f"report: {directory / 'report.html'}\n")
    return _OK if result.verdict == "CONFORMANT" else _NOT_CONFORMANT


if __name__ == "__main__":
    sys.exit(main())
