"""
The part of report.html that needs no script, and a whole page for runs that were killed.

Every value is escaped; the page refers to nothing outside itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from livekit_conformance.diagnosis import Diagnosis
from livekit_conformance.reporting import words
from livekit_conformance.reporting.model import Result, counted, figures
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
.lkc-cause pre { white-space: pre-wrap; background: #f6f6f6; padding: 6px; }
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
    title = f"LiveKit conformance: {escape(result.run.environment)}"
    rows = "".join(_check_row(check) for check in result.checks)
    page = (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body><h1>{title}</h1>{_body(result)}"
        f'<div class="lkc"><h2>Environment</h2>{_table(("", ""), environment(result).items())}'
        "<h2>Checks</h2><table><tr><th>Requirement</th><th>Check</th><th>Verdict</th>"
        "<th>Cause, or the claim that holds</th><th>Seconds</th></tr>"
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
        "Variables": ", ".join(f"{n} from {origin}" for n, origin in run.variables.items())
        or "none",
    }


def _sections(result: Result) -> Iterator[str]:
    total = result.summary
    yield (
        f'<div class="lkc"><div class="lkc-verdict lkc-{result.verdict.replace(" ", "-")}">'
        f"{result.verdict}</div>"
        f"<p><b>{escape(figures(total))}</b><br>{escape(counted(total))}</p>"
    )
    if result.run.interrupted:
        yield f"<p><b>Did not come to its end:</b> {escape(result.run.interrupted)}</p>"
    if result.diagnoses:
        yield "<h2>Diagnosis</h2>" + "".join(_cause(result, d) for d in result.diagnoses)
    if roots := result.roots():
        yield "<h2>Findings</h2><table><tr><th>Verdict</th><th>Check</th><th>Cause</th></tr>"
        yield "".join(_root_row(result, root) for root in roots) + "</table>"
    yield "<h2>Requirements</h2>"
    yield _table(("Requirement", "Verdict", "Figures", "Counts"), words.requirement_rows(result))
    if left := list(words.skipped_lines(result)):
        yield f"<h2>Not looked at</h2><ul>{''.join(f'<li>{escape(x)}</li>' for x in left)}</ul>"
    yield "</div>"


def _cause(result: Result, diagnosis: Diagnosis) -> str:
    evidence = "\n".join(escape(line) for line in diagnosis.evidence)
    return (
        f'<div class="lkc-cause"><h3>{escape(diagnosis.title)} '
        f"({escape(diagnosis.confidence)})</h3><p><b>Cause:</b> {escape(diagnosis.cause)}</p>"
        f"<p><b>Fix:</b> {escape(diagnosis.fix)}</p>"
        + (f"<p><b>Evidence:</b></p><pre>{evidence}</pre>" if evidence else "")
        + f"<p>Explains {escape(words.explained(result, diagnosis))}</p></div>"
    )


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
