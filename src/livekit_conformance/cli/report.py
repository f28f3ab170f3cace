"""
The command `livekit-conformance report`: write all reports from the journal of a run.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from livekit_conformance.cli.options import add_language
from livekit_conformance.layout import write_folded
from livekit_conformance.reporting.result import journal
from livekit_conformance.reporting.run.report_folder import problem_of
from livekit_conformance.reporting.text import phrases, words
from livekit_conformance.reporting.writers import write_all

_OK, _NOT_CONFORMANT, _INTERNAL_ERROR, _USAGE = 0, 1, 3, 4


def add_parser(commands: Any, summary: str) -> None:
    """
    Declare the command and its options.
    """
    parser = commands.add_parser("report", help=summary)
    parser.add_argument("--from", dest="journal", type=Path, required=True, metavar="JOURNAL")
    parser.add_argument("--to", type=Path, metavar="DIR", help="default: beside the journal")
    add_language(parser, default="en")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Write the reports: the status of the run, or 3 if a file cannot be written, 4 if the journal
    cannot be read.
    """
    try:
        lives = journal.is_held(options.journal)
        result = replace(journal.read(options.journal, lives=lives), language=options.lang)
    except (OSError, UnicodeDecodeError, journal.JournalError) as error:
        sys.stderr.write(f"{error}\n")
        return _USAGE
    directory = options.to or options.journal.parent
    try:
        write_all(result, directory)
    except OSError as error:
        sys.stderr.write(f"{problem_of('a report', error)}\n")
        return _INTERNAL_ERROR
    place = phrases.REPORT.say(result.language, path=directory / "report.html")
    lines = (
        words.headline(result),
        words.verdict_line(result),
        words.figures(result.summary, result.language),
        *words.reasons(result),
        place,
    )
    write_folded(sys.stdout, lines)
    return _OK if result.is_accepted else _NOT_CONFORMANT
