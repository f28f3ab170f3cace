"""
The command `livekit-conformance compare`: report the changes from one run to another.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from livekit_conformance.cli.options import STDOUT, add_json, add_language
from livekit_conformance.comparison import comparison_page, past_run
from livekit_conformance.comparison.changes import compare
from livekit_conformance.comparison.document import (
    ComparisonDocument,
    as_html,
    as_lines,
    as_markdown,
)
from livekit_conformance.errors import in_system_words
from livekit_conformance.layout import width_of
from livekit_conformance.reporting.result.results_file import ResultsError
from livekit_conformance.wording import Language

_OK, _REGRESSION, _INTERNAL_ERROR, _USAGE = 0, 1, 3, 4


def add_parser(commands: Any, summary: str) -> None:
    """
    Declare the command and its options.
    """
    parser = commands.add_parser(
        "compare",
        help=summary,
        epilog="Exit status: 0 no regression, 1 a check that was PASS, WARN or KNOWN in A is FAIL, "
        "BLOCKED or ERROR in B, 3 a file cannot be written, 4 A or B cannot be read.",
    )
    for name in ("before", "after"):
        parser.add_argument(
            name,
            type=Path,
            metavar="AB"[name == "after"],
            help=f"the run {name}: its folder, its results.json or its journal.jsonl",
        )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="count lost coverage as a regression: claims decided in A and skipped or gone in B",
    )
    add_output_options(parser, markdown=True)
    parser.set_defaults(run=run)


def add_output_options(parser: argparse.ArgumentParser, *, markdown: bool = False) -> None:
    """
    Declare the options for output files, besides the terminal, and for the language.
    """
    parser.add_argument("--html", type=Path, metavar="FILE", help="write one self-contained page")
    if markdown:
        parser.add_argument(
            "--markdown", type=Path, metavar="FILE", help="write Markdown for a ticket"
        )
    add_json(parser, file=True)
    add_language(parser)


def run(options: argparse.Namespace) -> int:
    """
    Compare two runs: 0 no regression, 1 a regression, 4 one of them cannot be read.

    A regression is a check that was PASS, WARN or KNOWN and is FAIL, BLOCKED or ERROR; with
    `--strict` also one that was decided (those, or FAIL) and is now absent, or SKIPPED although it
    may apply. Everything else is reported without changing the status: slower steps, a WARN instead
    of a PASS, a new check that fails, a check that fails for another cause. 3 means that a file
    could not be written.
    """
    language: Language = options.lang
    try:
        before, after = past_run.load(options.before), past_run.load(options.after)
    except ResultsError as error:
        sys.stderr.write(f"{error}\n")
        return _USAGE
    comparison = compare(before.result, after.result)
    strict: bool = options.strict
    page = comparison_page.document(comparison, before, after, language, strict=strict)
    data = comparison_page.as_json(comparison, before, after, strict=strict)
    files = {options.html: as_html(page), options.markdown: as_markdown(page)}
    if not written(files) or not shown(page, data, options.json):
        return _INTERNAL_ERROR
    return _REGRESSION if data["regression"] else _OK


def as_json_text(data: Any) -> str:
    """
    Return data as the text of a JSON file.
    """
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def shown(page: ComparisonDocument, data: Any, json_file: Path | None) -> bool:
    """
    Write the page to the terminal as lines, or as JSON; return whether the file could be written.
    """
    if json_file == STDOUT:
        sys.stdout.write(as_json_text(data))
        return True
    if not written({json_file: as_json_text(data)}):
        return False
    sys.stdout.writelines(f"{line}\n" for line in as_lines(page, width_of(sys.stdout)))
    return True


def written(files: dict[Path | None, str]) -> bool:
    """
    Write the texts to the requested files; return whether all succeeded, and report a failure.
    """
    for path, text in files.items():
        if path is None:
            continue
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            sys.stderr.write(f"{path}: cannot be written: {in_system_words(error)}\n")
            return False
    return True
