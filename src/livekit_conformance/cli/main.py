"""
The command `livekit-conformance`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Container, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType

from livekit_conformance import __version__

_OK, _USAGE = 0, 4
# The commands and what they do. Each is a module of this package, which is imported on demand:
# LiveKit's client alone takes half a second, in which `diagnose` reads 200 MB.
_COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "list": "list the clauses of the catalogue",
        "report": "write all reports from the journal of a run",
        "run": "run the checks: all arguments are pytest's, such as --env=prod -m smoke",
        "sweep": "delete the rooms, trunks and rules that dead runs left behind, and nothing else",
        "doctor": "check each link of a call within 10 s: what is wrong, how to fix it; changes "
        "nothing",
        "diagnose": "find known causes in logs of livekit-sip and livekit-server; needs no network",
        "config": "check and fix livekit.yaml and livekit-sip.yaml",
        "compare": "what changed from run A to run B: fixed, broken, new, gone, slower, other "
        "causes",
        "trend": "success rate, times and flake rate over the runs of a reports folder",
        "explain": "explain an id or a word of a report, and how to fix it",
        "init": "write a profile from existing settings or your answers, and check it",
    }
)
_SHELLS = ("bash", "zsh", "tcsh")
_CLOSED_PIPE = 128 + signal.SIGPIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run a sub-command and return the exit status.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    command = next((each for each in arguments if not each.startswith("-")), "")
    options = _parser({command}).parse_args(arguments)
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


def _parser(wanted: Container[str]) -> argparse.ArgumentParser:
    """
    Return the parser of the command line, with the options of the wanted commands only.
    """
    parser = _Parser(prog="livekit-conformance", description=__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    for name, summary in _COMMANDS.items():
        if name in wanted:
            import_module(f"{__package__}.{name}").add_parser(commands, summary)
        else:
            commands.add_parser(name, help=summary)

    completion = commands.add_parser("completion", help="print a completion script for a shell")
    completion.add_argument("shell", choices=_SHELLS, help='bash: eval "$(... completion bash)"')
    completion.set_defaults(run=_completion)
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]  # 4, not argparse's 2
        self.print_usage(sys.stderr)
        self.exit(_USAGE, f"{self.prog}: {message}\n")


def _completion(options: argparse.Namespace) -> int:
    import shtab  # noqa: PLC0415  # no other command needs it

    sys.stdout.write(f"{shtab.complete(_parser(_COMMANDS), shell=options.shell)}\n")
    return _OK
