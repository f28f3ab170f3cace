"""
report.html: the page for people. It needs no script, and nothing outside itself but the evidence.

Every value is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from livekit_conformance.catalogue.clause import AREAS
from livekit_conformance.diagnosis import Diagnosis
from livekit_conformance.reporting import page_phrases, phrases, words
from livekit_conformance.reporting.again import command
from livekit_conformance.reporting.model import Group, Result
from livekit_conformance.reporting.trend import before
from livekit_conformance.reporting.writers import markup
from livekit_conformance.reporting.writers.calls import call_section, trend_section
from livekit_conformance.reporting.writers.markup import Column
from livekit_conformance.reporting.writers.stylesheet import BESIDE_PYTEST_HTML, STYLE
from livekit_conformance.verdict import CheckRecord, Verdict, tally

# Characters of one message, and of all that are long: the page stays below 1 MB, and a message is
# told in up to four places. The rest is in results.json.
_LONG, _LONGEST, _ALL = 500, 4000, 125_000


def write(result: Result, path: Path) -> None:
    """
    Write the page of the run whose folder `path` is in.
    """
    language = result.language
    title = escape(phrases.TITLE.say(language, environment=result.run.environment))
    trend = before(result, path.parent.parent)
    sections = [*_sections(result), *trend_section(trend.points, language), *_checks(result)]
    page = (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<title>{result.verdict}: {title}</title><style>{STYLE}</style></head><body class="lkc">'
        f"<header><h1>{title}</h1>{_first_words(result)}{_facts(result)}</header>"
        f"{_contents(sections, result)}"
        f"<main>{''.join(section for _, section in sections)}</main></body></html>\n"
    )
    path.write_text(page, encoding="utf-8")


def summary(result: Result) -> str:
    """
    The same without the single checks, with its own style: for the page of pytest-html.
    """
    told = "".join(section for _, section in _sections(result))
    return (
        f'<style>{STYLE}{BESIDE_PYTEST_HTML}</style><div class="lkc">'
        f"{_first_words(result)}{told}</div>"
    )


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


def verdict_cell(check: CheckRecord) -> str:
    """
    A table cell with the verdict of a check.
    """
    return f'<td class="col-verdict lkc-word lkc-{check.verdict}">{check.verdict}</td>'


def _first_words(result: Result) -> str:
    total, language = result.summary, result.language
    verdict = f"<strong>{result.verdict}</strong>"
    if total.partly_verified:
        verdict += f" <small>{escape(page_phrases.PARTLY.say(language))}</small>"
    told = (
        f'<p class="lkc-verdict lkc-{result.verdict.replace(" ", "-")}">{verdict}</p>'
        f'<p class="lkc-figures">{escape(words.figures(total, language))}</p>'
        f"<p>{escape(words.counted(total, language))}. "
        f"{escape(page_phrases.ANSWER[result.verdict].say(language))}</p>"
    )
    if result.run.interrupted:
        why = phrases.INTERRUPTED.say(language, why=result.run.interrupted)
        told += f"<p><b>{escape(why[0].upper() + why[1:])}</b></p>"
    return told


def _facts(result: Result) -> str:
    rows = "".join(
        f"<div{' class=lkc-long' if name == 'Variables' else ''}><dt>{escape(name)}</dt>"
        f"<dd>{escape(value)}</dd></div>"
        for name, value in environment(result).items()
    )
    return f'<dl class="lkc-facts">{rows}</dl>'


def _contents(sections: Sequence[tuple[str, str]], result: Result) -> str:
    label = escape(page_phrases.SECTIONS.say(result.language))
    links = "".join(
        f'<li><a href="#{name}">{heading}</a></li>'
        for name, heading in ((name, _heading_of(section)) for name, section in sections)
    )
    return f'<nav aria-label="{label}"><ul>{links}</ul></nav>'


def _heading_of(section: str) -> str:
    return section.partition("<h2")[2].partition(">")[2].partition("</h2>")[0]


def _sections(result: Result) -> Iterator[tuple[str, str]]:
    language = result.language
    if result.diagnoses:
        told = "".join(f"<p><b>{escape(line)}</b></p>" for line in words.chain_lines(result))
        told += "".join(_cause(result, found) for found in result.diagnoses)
        yield _section("diagnosis", phrases.HEAD_DIAGNOSIS.say(language), told)
    yield _section("requirements", phrases.HEAD_REQUIREMENTS.say(language), _requirements(result))
    yield _section("areas", page_phrases.HEAD_AREAS.say(language), _areas(result))
    if roots := result.roots():
        yield _section("findings", phrases.HEAD_FINDINGS.say(language), _findings(result, roots))
    if known := [check for check in result.checks if check.verdict is Verdict.KNOWN]:
        yield _section("known", page_phrases.HEAD_KNOWN.say(language), _known(result, known))
    if left := list(_not_tested(result)):
        yield _section(
            "not-tested", page_phrases.HEAD_NOT_TESTED.say(language), _left(result, left)
        )
    yield from call_section(result)


def _section(name: str, heading: str, body: str) -> tuple[str, str]:
    return name, markup.section(name, heading, body)


def _cause(result: Result, diagnosis: Diagnosis) -> str:
    title, parts = words.cause_parts(result, diagnosis)
    rows = "".join(
        f"<div><dt>{escape(label)}</dt><dd>{_cut(text, result)}</dd></div>" for label, text in parts
    )
    return f'<div class="lkc-cause"><h3>{escape(title)}</h3><dl>{rows}</dl></div>'


def _findings(result: Result, roots: Sequence[CheckRecord]) -> str:
    say = result.language
    columns = (
        Column(phrases.CHECK.say(say)),
        Column(phrases.VERDICT.say(say), "lkc-short"),
        Column(phrases.FOUND.say(say)),
    )
    rows = []
    for root in roots:
        _, *folded = words.problem_lines(result, root)
        more = "".join(f"<br>{escape(line.strip())}" for line in folded)
        found = f"{_cut(root.message or root.statement, result)}{more}"
        rows.append((escape(root.id), _word(root.verdict), found))
    return markup.table(phrases.HEAD_FINDINGS.say(say), columns, rows)


def _requirements(result: Result) -> str:
    titled = (
        (group, f"{group.id} {phrases.REQUIREMENTS[group.id].say(result.language)}")
        for group in result.requirements
    )
    return _figures(result, phrases.REQUIREMENT.say(result.language), titled)


def _areas(result: Result) -> str:
    checked = {group.id: group for group in result.areas}
    none = tally(())
    titled = ((checked.get(area) or Group(area, area, "INCOMPLETE", none), area) for area in AREAS)
    return _figures(result, page_phrases.AREA.say(result.language), titled)


def _figures(result: Result, head: str, titled: Iterator[tuple[Group, str]]) -> str:
    say = result.language
    columns = (
        Column(head),
        Column(phrases.VERDICT.say(say), "lkc-whole"),
        Column(page_phrases.SUCCESS_RATE.say(say), "lkc-whole"),
        Column(page_phrases.COVERAGE.say(say), "lkc-whole"),
        Column(phrases.COUNTS.say(say)),
    )
    rows = (
        (
            escape(title),
            _group_word(group, result),
            words.success(group),
            words.covered(group),
            escape(words.counted(group, say)),
        )
        for group, title in titled
    )
    return markup.table(f"{head}: {phrases.FIGURES_HEAD.say(say)}", columns, rows)


def _group_word(group: Group, result: Result) -> str:
    kind = {"CONFORMANT": "PASS", "NOT CONFORMANT": "FAIL"}.get(group.verdict, "BLOCKED")
    told = escape(words.verdict_of(group, result.language))
    applies = group.tally.counts.total() > group.tally.not_applicable
    return f'<b class="lkc-{kind if applies else "SKIPPED"}">{told}</b>'


def _known(result: Result, known: Sequence[CheckRecord]) -> str:
    say = result.language
    columns = (Column(phrases.CHECK.say(say)), Column(page_phrases.CLAIM.say(say)))
    rows = (
        (escape(check.id), f"{escape(check.statement)}<br>{_cut(check.message or '', result)}")
        for check in known
    )
    return markup.table(page_phrases.CAPTION_KNOWN.say(say), columns, rows)


def _not_tested(result: Result) -> Iterator[tuple[str, str, list[str]]]:
    """
    Verdict, reason and the ids that have both.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for check in result.checks:
        if check.verdict not in {Verdict.SKIPPED, Verdict.BLOCKED, Verdict.ERROR}:
            continue
        why = check.message or ""
        if check.blocked_by:
            why = page_phrases.OF_BLOCKED.say(result.language, root=check.blocked_by)
        elif check.reason:
            why = f"{check.reason}: {check.message}"
        found.setdefault((check.verdict, why), []).append(check.id)
    yield from ((verdict, why, ids) for (verdict, why), ids in found.items())
    if result.not_selected:
        yield "", page_phrases.NOT_SELECTED.say(result.language), list(result.not_selected)


def _left(result: Result, left: Sequence[tuple[str, str, list[str]]]) -> str:
    say = result.language
    columns = (
        Column(page_phrases.WHY.say(say)),
        Column(phrases.VERDICT.say(say), "lkc-short"),
        Column(page_phrases.CHECKS_OF_IT.say(say)),
    )
    rows = (
        (
            _cut(why, result),
            _word(verdict) if verdict else escape(phrases.NOT_CHECKED.say(say)),
            f"{len(ids)}: {escape(', '.join(ids))}",
        )
        for verdict, why, ids in left
    )
    return markup.table(page_phrases.HEAD_NOT_TESTED.say(say), columns, rows)


def _checks(result: Result) -> Iterator[tuple[str, str]]:
    say = result.language
    columns = (
        Column(phrases.CHECK.say(say)),
        Column(phrases.VERDICT.say(say), "lkc-short"),
        Column(page_phrases.CLAIM.say(say)),
        Column(phrases.SECONDS.say(say), "lkc-short"),
        Column(page_phrases.EVIDENCE.say(say)),
    )
    parts = []
    for group in result.requirements:
        checks = [check for check in result.checks if check.requirement == group.id]
        if not checks:
            continue
        title = f"{group.id} {phrases.REQUIREMENTS[group.id].say(say)}"
        caption = page_phrases.CAPTION_CHECKS.say(
            say, number=group.id, counts=words.counted(group, say)
        )
        rows = (_check_row(check, result) for check in checks)
        told = markup.table(caption, columns, rows, kind="lkc-checks")
        parts.append(f"<h3>{escape(title)}</h3>{told}")
    yield _section("checks", phrases.HEAD_CHECKS.say(say), "".join(parts))


def _check_row(check: CheckRecord, result: Result) -> tuple[str, ...]:
    claim = escape(check.statement)
    if check.message and check.message != check.statement:
        claim += f"<p>{_cut(check.message, result)}</p>"
    if line := command(result.run, check):
        again = escape(page_phrases.AGAIN.say(result.language))
        claim += f'<p class="lkc-again">{again} <code>{escape(line, quote=False)}</code></p>'
    evidence = "<br>".join(markup.link(path, Path(path).name) for path in check.evidence)
    return (
        escape(check.id),
        _word(check.verdict),
        claim,
        f"{check.duration_s:.2f}",
        evidence or escape(page_phrases.NO_EVIDENCE.say(result.language)),
    )


def _word(verdict: str) -> str:
    return f'<span class="lkc-word lkc-{verdict}">{verdict}</span>'


def _cut(message: str, result: Result) -> str:
    told = escape(message, quote=False)
    if len(told) <= _LONG:
        return told
    many = sum(len(check.message or "") > _LONG for check in result.checks)
    most = max(_LONG, min(_LONGEST, _ALL // max(many, 1)))
    if len(told) <= most:
        return told
    # What is made of markup grows when it is escaped.
    kept = message[: most * len(message) // len(told)]
    return escape(f"{kept}{page_phrases.MORE.say(result.language)}", quote=False)
