"""
The command `livekit-conformance trend`: show how the runs of a reports folder developed.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from livekit_conformance.cli.compare import add_output_options, shown, written
from livekit_conformance.cli.options import add_environment_name
from livekit_conformance.comparison import past_run, trend_page, words
from livekit_conformance.comparison.document import as_html
from livekit_conformance.comparison.past_run import PastRun
from livekit_conformance.comparison.series import series_of
from livekit_conformance.environments.places import environment_name
from livekit_conformance.reporting.result import journal
from livekit_conformance.reporting.result.results_file import ResultsError
from livekit_conformance.reporting.result.trend import LAST, environment_in, run_folders
from livekit_conformance.wording import Language

_OK, _INTERNAL_ERROR, _USAGE = 0, 3, 4


def add_parser(commands: Any, summary: str) -> None:
    """
    Declare the command and its options.
    """
    parser = commands.add_parser(
        "trend",
        help=summary,
        epilog="Exit status: 0, or 3 a file cannot be written, 4 no run can be read.",
    )
    parser.add_argument("directory", type=Path, metavar="DIR", help="the reports folder")
    add_environment_name(parser, help="only runs of this environment")
    parser.add_argument(
        "--last",
        type=_at_least_one,
        default=LAST,
        metavar="N",
        help=f"only the last N runs of each environment (default: {LAST})",
    )
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Report the trend: 0, or 3 if a file cannot be written, 4 if no run can be read.

    Runs that cannot be read are skipped and named.
    """
    language: Language = options.lang
    environment = environment_name(options.env) if options.env else None
    runs, unread = read(
        options.directory, environment=environment, last=options.last, language=language
    )
    several = series_of(runs, last=options.last)
    if not several:
        for name, why in unread:
            sys.stderr.write(f"{words.UNREAD.say(language, name=name, why=why)}\n")
        sys.stderr.write(f"{words.NO_RUNS.say(language, path=options.directory)}\n")
        return _USAGE
    page = trend_page.document(several, unread, language)
    data = trend_page.as_json(several, unread)
    if not written({options.html: as_html(page)}) or not shown(page, data, options.json):
        return _INTERNAL_ERROR
    return _OK


def read(
    directory: Path, *, environment: str | None, last: int, language: Language
) -> tuple[Sequence[PastRun], Sequence[tuple[str, str]]]:
    """
    Return the runs in a reports folder, and the folders whose run cannot be read, each with the
    reason.

    For each environment, at most the `last` runs are read.
    """
    runs: list[PastRun] = []
    unread: list[tuple[str, str]] = []
    found: Counter[str] = Counter()
    for folder in reversed(run_folders(directory, environment=environment)):
        if found[environment or environment_in(folder) or ""] >= last:
            continue
        try:
            past = past_run.load(folder)
        except ResultsError as error:
            unread.append((folder.name, str(error)))
            continue
        if environment in (None, past.result.run.environment):
            runs.append(past)
            found[past.result.run.environment] += 1
    unread += _without_results(directory, language)
    return runs, unread


def _without_results(directory: Path, language: Language) -> Iterator[tuple[str, str]]:
    finished = set(run_folders(directory))
    for path in sorted(directory.glob(f"*/{journal.NAME}")):
        if path.parent not in finished and not path.parent.is_symlink():
            yield path.parent.name, words.KILLED.say(language, path=path)


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it must be at least 1")
    return number
