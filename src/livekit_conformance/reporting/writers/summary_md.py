"""
summary.md: the page that goes into a ticket or a job summary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from livekit_conformance.reporting import words
from livekit_conformance.reporting.model import Result, figures

# Characters that Markdown or HTML inside it would act on.
_ACTIVE = re.compile(r"([\\`*_{}\[\]<>#|~])")


def write(result: Result, path: Path) -> None:
    """
    Write the summary.
    """
    path.write_text("\n".join(_lines(result)) + "\n", encoding="utf-8")


def _lines(result: Result) -> Iterator[str]:
    run = result.run
    yield f"# {_text(words.headline(result))}"
    yield ""
    yield _text(figures(result.summary))
    yield ""
    target = run.url or "a target that was never reached"
    yield f"{_text(run.environment)} ({run.kind}) at {_text(target)}, run {_text(run.id)}"
    if run.interrupted:
        yield f"\nThe run did not come to its end: {_text(run.interrupted)}"
    for diagnosis in result.diagnoses:
        yield f"\n## {_text(diagnosis.title)} ({diagnosis.confidence})\n"
        yield f"- Cause: {_text(diagnosis.cause)}"
        yield f"- Fix: {_text(diagnosis.fix)}"
        yield from (f"- Evidence: {_text(line)}" for line in diagnosis.evidence)
    if roots := result.roots():
        yield "\n## Findings\n"
        for root in roots:
            first, *more = words.problem_lines(result, root)
            yield f"- {_text(first)}"
            yield from (f"  - {_text(line.strip())}" for line in more)
    yield "\n## Requirements\n"
    yield "| Requirement | Verdict | Figures | Counts |"
    yield "| --- | --- | --- | --- |"
    for row in words.requirement_rows(result):
        yield f"| {' | '.join(_text(cell) for cell in row)} |"
    if left := list(words.skipped_lines(result)):
        yield "\n## Not looked at\n"
        yield from (f"- {_text(line)}" for line in left)


def _text(plain: str) -> str:
    return _ACTIVE.sub(r"\\\1", " ".join(plain.split()))
