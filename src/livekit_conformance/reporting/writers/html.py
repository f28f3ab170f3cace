"""
The part of report.html that needs no script, and a whole page for runs that were killed.

Every value is escaped; the page refers to nothing outside itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from livekit_conformance.catalogue.text import Text
from livekit_conformance.diagnosis import Diagnosis
from livekit_conformance.reporting import phrases, words
from livekit_conformance.reporting.model import Result
from livekit_conformance.reporting.writers.timelines import file_name
from livekit_conformance.timeline.ladder import as_text
from livekit_conformance.verdict import CheckRecord

STYLE = """
.lkc { font-family: Helvetica, Arial, sans-serif; font-size: 14px; color: #222; }
.lkc h2 { margin: 1.2em 0 .4em; } .lkc table { border-collapse: collapse; }
.lkc th, .lkc td { border: 1px solid #ccc; padding: 4px 8px; text-align: left;
  vertical-align: top; }
.lkc-verdict { font-size: 30px; font-weight: bold; padding: 12px 16px; color: #fff;
  background: #8a5a00; }
.lkc-CONFORMANT { background: #1a7f37; } .lkc-NOT-CONFORMANT { background: #b42318; }
.lkc-cause { border-left: 6px solid #b42318; padding: 2px 12px; margin: 10px 0; }
.lkc-cause th, .lkc-cause td { border: none; padding: 2px 8px 2px 0; }
.lkc-cause th { white-space: nowrap; }
.lkc-word { font-weight: bold; white-space: nowrap; }
.lkc-FAIL { color: #b42318; } .lkc-ERROR, .lkc-BLOCKED { color: #8a5a00; }
.lkc-WARN, .lkc-KNOWN { color: #6b5b00; } .lkc-PASS { color: #1a7f37; }
"""
# pytest counts tests, we count claims: its own figures stay out of sight.
_HIDE = """
.run-count, .filter, .filters { display: none; }
body { display: flex; flex-direction: column; align-items: stretch; }
#results-table, #results-table th, #environment td { color: #222; }
#title { order: -3; } body > p { order: -2; } .summary { order: -1; }
"""


def write(result: Result, path: Path) -> None:
    """
    Write a page without scripts that says everything the result says.
    """
    language = result.language
    title = escape(phrases.TITLE.say(language, environment=result.run.environment))
    rows = "".join(_check_row(check) for check in result.checks)
    columns = (
        *(phrases.REQUIREMENT, phrases.CHECK, phrases.VERDICT),
        *(phrases.CAUSE_OR_CLAIM, phrases.SECONDS),
    )
    page = (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>{_body(result)}"
        f'<div class="lkc">{_head(result, phrases.HEAD_ENVIRONMENT)}'
        f"{_table(('', ''), environment(result).items())}{_head(result, phrases.HEAD_CHECKS)}"
        f"<table><tr>{''.join(f'<th>{text.say(language)}</th>' for text in columns)}</tr>"
        f"{rows}</table></div></body></html>\n"
    )
    path.write_text(page, encoding="utf-8")


def summary(result: Result) -> str:
    """
    Verdict, figures, causes, failures and requirements as static HTML with its own style.
    """
    return f"<style>{STYLE}{_HIDE}</style>{_body(result)}"


def _body(result: Result) -> str:
    return "".join(_sections(result))


def environment(result: Result) -> dict[str, str]:
    """
    What the environment table shows: these values and no others.
    """
    run = result.run
    return {
        "Environment": run.environment,
        "Kind": run.kind,
        "Target": run.url or "unknown",
        "livekit-server": run.versions.get("livekit_server") or "unknown",
        "livekit-sip": run.versions.get("livekit_sip") or "unknown",
        "Suite version": run.suite_version,
        "Run": run.id,
        "Started": run.started,
        "Variables": words.variables(run.variables),
    }


def _head(result: Result, text: Text) -> str:
    return f"<h2>{escape(text.say(result.language))}</h2>"


def _sections(result: Result) -> Iterator[str]:
    total, language = result.summary, result.language
    yield (
        f'<div class="lkc"><div class="lkc-verdict lkc-{result.verdict.replace(" ", "-")}">'
        f"{result.verdict}</div><p><b>{escape(words.figures(total, language))}</b><br>"
        f"{escape(words.counted(total, language))}</p>"
    )
    if result.run.interrupted:
        told = phrases.INTERRUPTED.say(language, why=result.run.interrupted)
        yield f"<p><b>{escape(told)}</b></p>"
    if result.diagnoses:
        yield _head(result, phrases.HEAD_DIAGNOSIS)
        yield "".join(f"<p><b>{escape(line)}</b></p>" for line in words.chain_lines(result))
        yield "".join(_cause(result, d) for d in result.diagnoses)
    if roots := result.roots():
        yield _head(result, phrases.HEAD_FINDINGS)
        rows = "".join(_root_row(result, root) for root in roots)
        of_findings = (phrases.VERDICT, phrases.CHECK, phrases.FOUND)
        head = "".join(f"<th>{text.say(language)}</th>" for text in of_findings)
        yield f"<table><tr>{head}</tr>{rows}</table>"
    yield from _story(result)
    yield _head(result, phrases.HEAD_REQUIREMENTS)
    columns = (phrases.REQUIREMENT, phrases.VERDICT, phrases.FIGURES_HEAD, phrases.COUNTS)
    yield _table([text.say(language) for text in columns], words.requirement_rows(result))
    if left := list(words.skipped_lines(result)):
        items = "".join(f"<li>{escape(line)}</li>" for line in left)
        yield f"{_head(result, phrases.HEAD_NOT_LOOKED_AT)}<ul>{items}</ul>"
    yield "</div>"


def _story(result: Result) -> Iterator[str]:
    if result.timelines and result.verdict != "CONFORMANT":
        story, language = result.timelines[0], result.language
        path = f"evidence/{file_name(story)}"
        told = phrases.STORIES.say(language, count=len(result.timelines), path=path)
        yield (
            f"{_head(result, phrases.HEAD_STORY)}<pre>{escape(as_text(story, language))}</pre>"
            f"<p>{escape(told)}</p>"
        )


def _cause(result: Result, diagnosis: Diagnosis) -> str:
    title, parts = words.cause_parts(result, diagnosis)
    rows = "".join(
        f"<tr><th>{escape(label)}</th><td>{escape(text)}</td></tr>" for label, text in parts
    )
    return f'<div class="lkc-cause"><h3>{escape(title)}</h3><table>{rows}</table></div>'


def _root_row(result: Result, root: CheckRecord) -> str:
    message = escape(root.message or root.statement)
    _, *folded = words.problem_lines(result, root)
    more = "".join(f"<br>{escape(line.strip())}" for line in folded)
    return f"<tr>{verdict_cell(root)}<td>{escape(root.id)}</td><td>{message}{more}</td></tr>"


def _check_row(check: CheckRecord) -> str:
    return (
        f"<tr><td>{escape(check.requirement)}</td><td>{escape(check.id)}</td>"
        f"{verdict_cell(check)}<td>{escape(check.message or check.statement)}</td>"
        f"<td>{check.duration_s:.2f}</td></tr>"
    )


def verdict_cell(check: CheckRecord) -> str:
    """
    A table cell with the verdict of a check.
    """
    return f'<td class="col-verdict lkc-word lkc-{check.verdict}">{check.verdict}</td>'


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    first = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><tr>{first}</tr>{body}</table>"
