"""
The command `livekit-conformance`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from livekit_conformance import __version__
from livekit_conformance.catalogue.clause import REQUIREMENTS
from livekit_conformance.catalogue.clauses import CLAUSES
from livekit_conformance.cli.options import add_language
from livekit_conformance.layout import write_folded
from livekit_conformance.reporting.result import journal
from livekit_conformance.reporting.run.report_folder import problem_of
from livekit_conformance.reporting.text import phrases, words
from livekit_conformance.reporting.writers import write_all

_OK, _NOT_CONFORMANT, _INTERNAL_ERROR, _USAGE = 0, 1, 3, 4
# Commands with a module of their own, which is imported on demand: LiveKit's client alone takes
# half a second, in which `diagnose` reads 200 MB.
_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "run": "livekit_conformance.cli.run",
        "sweep": "livekit_conformance.cli.sweep",
        "doctor": "livekit_conformance.cli.doctor",
        "diagnose": "livekit_conformance.cli.diagnose",
        "config": "livekit_conformance.cli.config",
        "compare": "livekit_conformance.cli.compare",
        "trend": "livekit_conformance.cli.trend",
        "explain": "livekit_conformance.cli.explain",
        "init": "livekit_conformance.cli.init",
    }
)
_SHELLS = ("bash", "zsh", "tcsh")
_CLOSED_PIPE = 128 + signal.SIGPIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run a sub-command and return the exit status.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser(arguments[0] if arguments else "").parse_args(arguments)
    run = options.run
    try:
        status: int = run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (`| head`) has closed the pipe. Discard the rest of the output, or the
        # interpreter would report an error at exit; return the status of a death by SIGPIPE.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _CLOSED_PIPE
    return status


def _parser(command: str) -> argparse.ArgumentParser:
    parser = _Parser(prog="livekit-conformance", description=__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    catalogue = commands.add_parser("list", help="list the clauses of the catalogue")
    catalogue.set_defaults(run=_list)

    report = commands.add_parser("report", help="write all reports from the journal of a run")
    report.add_argument("--from", dest="journal", type=Path, required=True, metavar="JOURNAL")
    report.add_argument("--to", type=Path, metavar="DIR", help="default: beside the journal")
    add_language(report, default="en")
    report.set_defaults(run=_report)

    completion = commands.add_parser("completion", help="print a completion script for a shell")
    completion.add_argument("shell", choices=_SHELLS, help='bash: eval "$(... completion bash)"')
    completion.set_defaults(run=_completion)

    for name, module in _MODULES.items():
        if name == command or command not in {*_MODULES, *commands.choices}:
            import_module(module).add_parser(commands)
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]  # 4, not argparse's 2
        self.print_usage(sys.stderr)
        self.exit(_USAGE, f"{self.prog}: {message}\n")


def _list(_options: argparse.Namespace) -> int:
    write_folded(sys.stdout, _catalogue())
    return _OK


def _completion(options: argparse.Namespace) -> int:
    import shtab  # noqa: PLC0415  # no other command needs it

    sys.stdout.write(f"{shtab.complete(_parser(''), shell=options.shell)}\n")
    return _OK


def _catalogue() -> Iterator[str]:
    for number, title in REQUIREMENTS.items():
        yield f"{number} {title}"
        for clause in CLAUSES:
            if clause.requirement == number:
                needs = f", needs {', '.join(clause.needs)}" if clause.needs else ""
                yield f"  {clause.id} ({clause.level}, {clause.area}, {clause.effect}{needs})"
                yield f"    {clause.statement}"


def _report(options: argparse.Namespace) -> int:
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
