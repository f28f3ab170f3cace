"""
summary.md: the page that goes into a ticket, a pull request or a job summary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from livekit_conformance.reporting.result.evidence_files import timeline_file
from livekit_conformance.reporting.result.model import Result
from livekit_conformance.reporting.result.whole_files import write_whole
from livekit_conformance.reporting.text import phrases, words

# GitHub takes 65,536 characters in a comment.
LIMIT = 65_000
# A longer line is cut; report.html has all of it.
_LONGEST = 1_000
# Characters that Markdown, or HTML inside it, would interpret.
_ACTIVE = re.compile(r"([\\`*_{}\[\]<>#|~&$])")
# Invisible characters: control characters, lone surrogates, and those that change the direction of
# the text after them.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def write(result: Result, path: Path) -> None:
    """
    Write the summary.
    """
    write_whole(path, text(result))


def text(result: Result) -> str:
    """
    Return verdict, requirements, causes with their fix, and failures, cut to fit into a comment.
    """
    lines = list(_lines(result))
    kept = _fitting(lines, LIMIT)
    if left := len(lines) - kept:
        lines[kept:] = [f"\n{phrases.CUT_SHORT.say(result.language, count=left)}"]
    return "\n".join(lines) + "\n"


def _fitting(lines: list[str], limit: int) -> int:
    """
    Return how many lines fit, with room for the line that counts the others.
    """
    size = 0
    for number, line in enumerate(lines):
        size += len(line) + 1
        if size > limit - _LONGEST:
            return number
    return len(lines)


def _lines(result: Result) -> Iterator[str]:
    run = result.run
    yield f"# {_text(words.headline(result))}"
    yield ""
    yield f"**{_text(words.verdict_line(result))}**"
    yield ""
    yield _text(words.figures(result.summary, result.language))
    yield ""
    for reason in words.reasons(result):
        yield f"{_text(reason)}\n"
    target = run.url or phrases.NEVER_REACHED.say(result.language)
    yield f"{_text(run.environment)} ({run.kind}): {_text(target)}, {_text(run.id)}"
    if run.interrupted:
        why = phrases.INTERRUPTED.say(result.language, why=run.interrupted)
        yield f"\n{_text(why[0].upper() + why[1:])}"
    yield f"\n## {phrases.HEAD_REQUIREMENTS.say(result.language)}\n"
    head = (phrases.REQUIREMENT, phrases.VERDICT, phrases.FIGURES_HEAD, phrases.COUNTS)
    yield f"| {' | '.join(text.say(result.language) for text in head)} |"
    yield "| --- | --- | --- | --- |"
    for row in words.requirement_rows(result):
        yield f"| {' | '.join(_text(cell) for cell in row)} |"
    if result.client_checks:
        yield f"\n{_text(words.client_line(result))}"
    yield from (f"\n{_text(line[0].upper() + line[1:])}." for line in words.chain_lines(result))
    for diagnosis in result.diagnoses:
        title, parts = words.cause_parts(result, diagnosis)
        yield f"\n## {_text(title)}\n"
        yield from (f"- {label.capitalize()}: {_text(text)}" for label, text in parts)
    if roots := result.roots():
        yield f"\n## {phrases.HEAD_FINDINGS.say(result.language)}\n"
        for root in roots:
            first, *more = words.problem_lines(result, root)
            yield f"- {_text(first)}"
            yield from (f"  - {_text(line.strip())}" for line in more)
    yield from _beside(result)


def _beside(result: Result) -> Iterator[str]:
    """
    Yield the stories of calls, what was not checked, and what is not ours.
    """
    if result.timelines:
        yield f"\n## {phrases.HEAD_STORY.say(result.language)}\n"
        yield from (
            f"- {_text(story.purpose)}: {_text(story.outcome)}, [step by step](evidence/{file})"
            for story in result.timelines
            if (file := timeline_file(story))
        )
    if left := list(words.skipped_lines(result)):
        yield f"\n## {phrases.HEAD_NOT_CHECKED.say(result.language)}\n"
        yield from (f"- {_text(line)}" for line in left)
    if result.others:
        yield f"\n## {phrases.HEAD_OTHERS.say(result.language)}\n"
        yield from (f"- {_text(line)}" for line in words.others_lines(result))


def _text(plain: str) -> str:
    one_line = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", " ".join(plain.split()))
    if len(one_line) > _LONGEST:
        one_line = f"{one_line[: _LONGEST - 3]}..."
    return _ACTIVE.sub(r"\\\1", one_line)
