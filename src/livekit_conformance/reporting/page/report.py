"""
Report of a run as a page: pure functions from its result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import PurePosixPath

from livekit_conformance.reporting.page import colours
from livekit_conformance.reporting.page.calls import call_sections
from livekit_conformance.reporting.page.chain import chain_picture
from livekit_conformance.reporting.page.model import (
    Banner,
    CauseBox,
    Column,
    Command,
    FileLink,
    Fold,
    Page,
    Paragraph,
    Part,
    Row,
    Section,
    Table,
)
from livekit_conformance.reporting.page.trend import trend_sections
from livekit_conformance.reporting.result.model import Group, Result, is_root
from livekit_conformance.reporting.result.trend import Point
from livekit_conformance.reporting.text import page_phrases, phrases, words
from livekit_conformance.reporting.text.rerun_command import command
from livekit_conformance.verdict import WORST_FIRST, CheckRecord, Verdict

# Characters of one message, and of all that are long: the page stays below 1 MB, and a message is
# shown in up to four places. The rest is in results.json.
_LONG, _LONGEST, _ALL = 500, 4000, 125_000


def report_page(result: Result, points: Sequence[Point] = ()) -> Page:
    """
    Return the whole report; `points` are the runs up to this one.
    """
    language = result.language
    title = phrases.TITLE.say(language, environment=result.run.environment)
    return Page(
        language,
        f"{result.verdict}: {title}",
        title,
        tuple(_lead(result)),
        (*_sections(result), *trend_sections(points, language), _checks(result)),
        chain_picture(result),
        tuple(facts(result).items()),
        page_phrases.SECTIONS.say(language),
    )


def summary_page(result: Result) -> Page:
    """
    Return the report without trend, facts and single checks, for the page of pytest-html.
    """
    return Page(
        result.language,
        "",
        "",
        tuple(_lead(result)),
        tuple(_sections(result)),
        chain_picture(result),
    )


def facts(result: Result) -> dict[str, str]:
    """
    Return the values of the environment table, which shows no others.
    """
    run, language = result.run, result.language
    unknown = page_phrases.UNKNOWN.say(language)
    values = {
        "environment": run.environment,
        "kind": run.kind,
        "target": run.url or unknown,
        "livekit_server": run.versions.get("livekit_server") or unknown,
        "livekit_sip": run.versions.get("livekit_sip") or unknown,
        "suite_version": run.suite_version,
        "run": run.id,
        "started": run.started,
        "variables": words.variables(run.variables, language),
    }
    return {page_phrases.FACTS[name].say(language): value for name, value in values.items()}


def _lead(result: Result) -> Iterator[Part]:
    total, language = result.summary, result.language
    yield Paragraph(words.headline(result), is_strong=True)
    yield Banner(words.with_coverage(total, language), colours.TONES[result.verdict])
    yield Paragraph(words.figures(total, language), is_strong=True)
    answer = page_phrases.ANSWER[result.verdict].say(language)
    yield Paragraph(f"{words.counted(total, language)}. {answer}")
    yield from (Paragraph(reason, is_strong=True) for reason in words.reasons(result))
    if result.run.interrupted:
        why = phrases.INTERRUPTED.say(language, why=result.run.interrupted)
        yield Paragraph(why[0].upper() + why[1:], is_strong=True)


def _sections(result: Result) -> Iterator[Section]:
    language = result.language
    if result.diagnoses:
        lines = (Paragraph(line, is_strong=True) for line in words.chain_lines(result))
        heading = phrases.HEAD_DIAGNOSIS.say(language)
        yield Section("diagnosis", heading, (*lines, *_causes(result)))
    if roots := _worst_first(result.roots()):
        heading = phrases.HEAD_FINDINGS.say(language)
        yield Section("findings", heading, (_findings(result, heading, roots),))
    heading = phrases.HEAD_REQUIREMENTS.say(language)
    yield Section("requirements", heading, (_requirements(result), *_client(result)))
    heading = page_phrases.HEAD_AREAS.say(language)
    yield Section("areas", heading, (_areas(result),), is_folded=True)
    if known := [check for check in result.checks if check.verdict is Verdict.KNOWN]:
        heading = page_phrases.HEAD_KNOWN.say(language)
        yield Section("known", heading, (_known(result, known),))
    if parts := tuple(_not_tested(result)):
        yield Section("not-tested", page_phrases.HEAD_NOT_CHECKED.say(language), parts)
    if result.others:
        heading = phrases.HEAD_OTHERS.say(language)
        parts = tuple(Paragraph(line) for line in words.others_lines(result))
        yield Section("others", heading, (Paragraph(page_phrases.OTHERS.say(language)), *parts))
    yield from call_sections(result)


def _worst_first(checks: Iterable[CheckRecord]) -> list[CheckRecord]:
    return sorted(checks, key=lambda check: WORST_FIRST.index(check.verdict))


def _causes(result: Result) -> Iterator[CauseBox]:
    for diagnosis in result.diagnoses:
        title, parts = words.cause_parts(result, diagnosis)
        yield CauseBox(title, tuple((label, _cut(text, result)) for label, text in parts))


def _findings(result: Result, caption: str, roots: Sequence[CheckRecord]) -> Table:
    say = result.language
    columns = (
        Column(phrases.CHECK.say(say)),
        Column(phrases.VERDICT.say(say), "short"),
        Column(phrases.SEEN.say(say)),
    )
    return Table(caption, columns, tuple(_finding(root, result) for root in roots))


def _finding(root: CheckRecord, result: Result) -> Row:
    seen: tuple[Part, ...] = (_cut(words.message(root, result.language), result),)
    if blocked := [check.id for check in result.blocked_by(root.id)]:
        count = page_phrases.BLOCKS.say(result.language, count=len(blocked))
        seen += (Fold(count, (", ".join(blocked),)),)
    return root.id, colours.of_check(root.verdict), seen


def _requirements(result: Result) -> Table:
    titled = (
        (group, f"{group.id} {phrases.REQUIREMENTS[group.id].say(result.language)}")
        for group in result.requirements
    )
    return _figures(result, phrases.REQUIREMENT.say(result.language), titled)


def _client(result: Result) -> Iterator[Paragraph]:
    if result.client_checks:
        yield Paragraph(words.client_line(result))


def _areas(result: Result) -> Table:
    titled = ((group, group.id) for group in result.areas)
    return _figures(result, page_phrases.AREA.say(result.language), titled)


def _figures(result: Result, head: str, titled: Iterable[tuple[Group, str]]) -> Table:
    say = result.language
    columns = (
        Column(head),
        Column(phrases.VERDICT.say(say), "whole"),
        Column(page_phrases.SUCCESS_RATE.say(say), "whole"),
        Column(page_phrases.COVERAGE.say(say), "whole"),
        Column(phrases.COUNTS.say(say)),
    )
    rows = (
        (
            title,
            colours.of_group(group, say),
            words.success(group),
            words.covered(group),
            words.counted(group, say),
        )
        for group, title in titled
    )
    return Table(f"{head}: {phrases.FIGURES_HEAD.say(say)}", columns, tuple(rows))


def _known(result: Result, known: Sequence[CheckRecord]) -> Table:
    say = result.language
    columns = (Column(phrases.CHECK.say(say)), Column(page_phrases.CLAIM.say(say)))
    rows = (
        (check.id, (words.statement(check, say), Paragraph(_cut(check.beside_statement, result))))
        for check in known
    )
    return Table(page_phrases.CAPTION_KNOWN.say(say), columns, tuple(rows))


def _not_tested(result: Result) -> Iterator[Part]:
    say = result.language
    heading = page_phrases.HEAD_NOT_CHECKED.say(say)
    columns = (
        Column(page_phrases.WHY.say(say)),
        Column(phrases.VERDICT.say(say), "short"),
        Column(page_phrases.CHECKS_OF_IT.say(say)),
    )
    not_applicable, undecided = _left(result)
    rows: list[Row] = [
        (_cut(why, result), colours.of_check(verdict), _counted(ids))
        for (why, verdict), ids in _by_reason(undecided, result).items()
    ]
    if result.not_selected:
        why = page_phrases.NOT_SELECTED.say(say)
        rows.append((why, phrases.NOT_CHECKED.say(say), _counted(result.not_selected)))
    if rows:
        yield Table(heading, columns, tuple(rows))
    if not_applicable:
        count = page_phrases.NOT_APPLICABLE.say(say, count=len(not_applicable))
        rows = [
            (_cut(why, result), colours.of_check(verdict), ", ".join(ids))
            for (why, verdict), ids in _by_reason(not_applicable, result).items()
        ]
        yield Fold(count, (Table(count, columns, tuple(rows)),))


def _left(result: Result) -> tuple[list[CheckRecord], list[CheckRecord]]:
    """
    Return the checks that do not apply and the other undecided ones, without the findings.
    """
    undecided = (Verdict.BLOCKED, Verdict.SKIPPED)
    left = [check for check in result.checks if check.verdict in undecided and not is_root(check)]
    return (
        [check for check in left if check.reason == "not-applicable"],
        _worst_first(check for check in left if check.reason != "not-applicable"),
    )


def _by_reason(
    checks: Iterable[CheckRecord], result: Result
) -> dict[tuple[str, Verdict], list[str]]:
    """
    Group the ids of checks by reason and verdict.
    """
    found: dict[tuple[str, Verdict], list[str]] = {}
    for check in checks:
        why = words.seen(check, result.language) if check.message else ""
        if check.blocked_by:
            why = page_phrases.OF_BLOCKED.say(result.language, root=check.blocked_by)
        elif check.reason:
            why = f"{check.reason}: {why}"
        found.setdefault((why, check.verdict), []).append(check.id)
    return found


def _counted(ids: Sequence[str]) -> Fold:
    return Fold(str(len(ids)), (", ".join(ids),))


def _checks(result: Result) -> Section:
    say = result.language
    columns = (
        Column(phrases.CHECK.say(say)),
        Column(phrases.VERDICT.say(say), "short"),
        Column(page_phrases.CLAIM.say(say)),
        Column(phrases.SECONDS.say(say), "short"),
        Column(page_phrases.EVIDENCE.say(say)),
    )
    folds = []
    for group, title, caption, checks in _grouped(result):
        if not checks:
            continue
        rows = tuple(_check(check, result) for check in _worst_first(checks))
        summary = f"{title}: {words.counted(group, say)}"
        table = Table(caption, columns, rows, style="checks")
        folds.append(Fold(summary, (table,), is_heading=True))
    return Section("checks", phrases.HEAD_CHECKS.say(say), tuple(folds))


def _grouped(result: Result) -> Iterator[tuple[Group, str, str, Sequence[CheckRecord]]]:
    """
    Yield each group of checks with title and caption: the requirements, then our own client.
    """
    say = result.language
    for group in result.requirements:
        checks = [check for check in result.deployment_checks if check.requirement == group.id]
        title = f"{group.id} {phrases.REQUIREMENTS[group.id].say(say)}"
        yield group, title, page_phrases.CAPTION_CHECKS.say(say, number=group.id), checks
    title = phrases.CLIENT.say(say)
    yield result.client, title, title, result.client_checks


def _check(check: CheckRecord, result: Result) -> Row:
    claim: list[Part] = [words.statement(check, result.language)]
    if check.message and check.message != check.statement:
        claim.append(Paragraph(_cut(words.seen(check, result.language), result)))
    if line := command(result.run, check):
        claim.append(Command(page_phrases.AGAIN.say(result.language), line))
    evidence = tuple(FileLink(path, PurePosixPath(path).name) for path in check.evidence)
    return (
        check.id,
        colours.of_check(check.verdict),
        tuple(claim),
        f"{check.duration_s:.2f}",
        evidence or page_phrases.NO_EVIDENCE.say(result.language),
    )


def _cut(message: str, result: Result) -> str:
    # Text that contains markup grows when it is escaped.
    size = len(escape(message, quote=False))
    if size <= _LONG:
        return message
    many = sum(len(check.message or "") > _LONG for check in result.checks)
    most = max(_LONG, min(_LONGEST, _ALL // max(many, 1)))
    if size <= most:
        return message
    kept = message[: most * len(message) // size]
    return f"{kept}{page_phrases.MORE.say(result.language)}"
