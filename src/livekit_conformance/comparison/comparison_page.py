"""
Present a comparison: as a document for people, as JSON for machines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from livekit_conformance.catalogue.causes import BY_ID as CAUSES
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.comparison import words
from livekit_conformance.comparison.changes import (
    SLOWER_BY_S,
    SLOWER_TIMES,
    Change,
    ChangeKind,
    Comparison,
    Slowdown,
)
from livekit_conformance.comparison.document import (
    SHOWN,
    ComparisonDocument,
    ComparisonSection,
    Row,
)
from livekit_conformance.comparison.past_run import PastRun
from livekit_conformance.diagnosis.model import UNKNOWN, Diagnosis
from livekit_conformance.reporting.page import colours
from livekit_conformance.reporting.page.model import ColouredWord
from livekit_conformance.reporting.result.model import Group, Result, record_as_json
from livekit_conformance.reporting.text import phrases
from livekit_conformance.reporting.text import words as report_words
from livekit_conformance.verdict import CheckRecord
from livekit_conformance.wording import Language, Text, same

SCHEMA = 1
_NAMED = 8
_ALL = 10**6


def document(
    comparison: Comparison,
    before: PastRun,
    after: PastRun,
    language: Language,
    *,
    strict: bool = False,
) -> ComparisonDocument:
    """
    Return the document that people read, the worst first.
    """
    regressions = comparison.regressions(strict=strict)
    frame = words.REGRESSION if regressions else words.NO_REGRESSION
    first, second = comparison.before, comparison.after
    return ComparisonDocument(
        language,
        words.COMPARED.say(language, before=_called(first), after=_called(second)),
        frame.say(language, changes=counted(comparison, language)),
        "bad" if regressions else "good",
        tuple(_notes(comparison, language)),
        (
            *_changed(comparison, language),
            *_causes(comparison, language),
            *_paces(comparison, language),
            _requirements(first, second, language),
            _runs(before, after, language),
        ),
    )


def counted(comparison: Comparison, language: Language) -> str:
    """
    Return how many checks changed in each way, as in `3 broken, 1 fixed`.
    """
    counts = [
        f"{len(found)} {words.KINDS[kind].say(language)}"
        for kind in ChangeKind
        if (found := comparison.of(kind))
    ]
    paces = ((comparison.slower, words.SLOWER), (comparison.faster, words.FASTER))
    counts += [f"{len(found)} {text.say(language)}" for found, text in paces if found]
    return ", ".join(counts) or words.NOTHING_CHANGED.say(language)


def as_json(
    comparison: Comparison, before: PastRun, after: PastRun, *, strict: bool = False
) -> dict[str, Any]:
    """
    Return the comparison as plain JSON values; runs and records are as in the result file.
    """
    regressions = {change.id for change in comparison.regressions(strict=strict)}
    return {
        "schema": SCHEMA,
        "regression": bool(regressions),
        "strict": strict,
        "before": _run_as_json(before),
        "after": _run_as_json(after),
        "counts": {str(kind): len(comparison.of(kind)) for kind in ChangeKind}
        | {"slower": len(comparison.slower), "faster": len(comparison.faster)},
        "changes": [
            {
                "id": change.id,
                "kind": str(change.kind),
                "regression": change.id in regressions,
                "loses_coverage": change.loses_coverage,
                "before": change.before and record_as_json(change.before),
                "after": change.after and record_as_json(change.after),
                "cause_before": change.cause_before and change.cause_before.id,
                "cause_after": change.cause_after and change.cause_after.id,
            }
            for change in comparison.changes
        ],
        "slower": [_slowdown_as_json(slowdown) for slowdown in comparison.slower],
        "faster": [_slowdown_as_json(slowdown) for slowdown in comparison.faster],
        "causes": {
            "new": [_cause_as_json(found) for found in comparison.causes_new],
            "gone": [_cause_as_json(found) for found in comparison.causes_gone],
            "kept": [_cause_as_json(found) for found in comparison.causes_kept],
        },
    }


def _run_as_json(run: PastRun) -> dict[str, Any]:
    content = run.result.as_json()
    return {name: content[name] for name in ("run", "summary", "requirements", "client")} | {
        "answered_s": run.answered_s
    }


def _slowdown_as_json(slowdown: Slowdown) -> dict[str, Any]:
    return {"id": slowdown.id, "before_s": slowdown.before_s, "after_s": slowdown.after_s}


def _cause_as_json(found: Diagnosis) -> dict[str, Any]:
    return {
        "id": found.id,
        "link": found.link,
        "title": found.title,
        "fix": found.fix,
        "confidence": found.confidence,
    }


def _called(result: Result) -> str:
    run = result.run
    versions = [f"{name} {version}" for name, version in run.versions.items() if version]
    return ", ".join([run.environment, *(each.replace("_", "-") for each in versions)])


def _notes(comparison: Comparison, language: Language) -> Iterator[str]:
    for text, result in ((words.BEFORE, comparison.before), (words.AFTER, comparison.after)):
        counts = report_words.counted(result.summary, language)
        figures = report_words.figures(result.summary, language)
        verdict = report_words.with_coverage(result.summary, language)
        yield f"{text.say(language)}: {verdict}: {counts}; {figures}"
    old, new = comparison.before.run, comparison.after.run
    if old.id == new.id:
        yield words.SAME_RUN.say(language, run=old.id)
    if old.environment != new.environment:
        yield words.OTHER_ENVIRONMENT.say(language, before=old.environment, after=new.environment)
    elif old.started > new.started:
        yield words.OTHER_ORDER.say(language)
    if old.suite_version != new.suite_version:
        yield words.OTHER_SUITE.say(language, before=old.suite_version, after=new.suite_version)
    if lost := [change.id for change in comparison.changes if change.loses_coverage]:
        yield words.LOST.say(language, count=len(lost), names=_named(lost))


def _runs(before: PastRun, after: PastRun, language: Language) -> ComparisonSection:
    sides = (dict(_facts(before, language)), dict(_facts(after, language)))
    rows = [
        (name.say(language), *(side.get(name, "") for side in sides))
        for name in dict.fromkeys([*sides[0], *sides[1]])
    ]
    columns = (words.MEASURE, words.BEFORE, words.AFTER)
    head = tuple(text.say(language) for text in columns)
    return ComparisonSection(words.RUNS.say(language), head=head, rows=tuple(rows), shown=_ALL)


def _facts(past: PastRun, language: Language) -> Iterator[tuple[Text, str | ColouredWord]]:
    result, run, unknown = past.result, past.result.run, words.UNKNOWN.say(language)
    yield words.VERDICT, colours.of_group(result.summary, language)
    yield words.FIGURES, report_words.figures(result.summary, language)
    yield words.COUNTS, report_words.counted(result.summary, language)
    yield words.CLIENT, report_words.counted(result.client, language)
    yield words.ENVIRONMENT, f"{run.environment} ({run.kind})"
    yield words.TARGET, run.url or phrases.NEVER_REACHED.say(language)
    for name, key in (("livekit-server", "livekit_server"), ("livekit-sip", "livekit_sip")):
        yield same(name), run.versions.get(key) or unknown
    yield words.SUITE, run.suite_version
    yield words.RUN, run.id
    yield words.STARTED, run.started
    yield words.DURATION, words.seconds(run.duration_s, language)
    if past.answered_s is not None:
        yield words.ANSWER, words.seconds(past.answered_s, language)
    if (broken := result.chain.first_broken) is not None:
        yield words.BROKEN_LINK, str(broken)
    if run.interrupted:
        yield words.INTERRUPTED, run.interrupted


def _requirements(before: Result, after: Result, language: Language) -> ComparisonSection:
    columns = (words.BEFORE, words.AFTER)
    head = (
        words.REQUIREMENT.say(language),
        *(f"{words.VERDICT.say(language)}: {text.say(language).lower()}" for text in columns),
        *(f"{words.COUNTS.say(language)}: {text.say(language).lower()}" for text in columns),
    )
    rows = tuple(
        (
            f"{old.id} {phrases.REQUIREMENTS[old.id].say(language)}",
            colours.of_group(old, language),
            colours.of_group(new, language),
            _rate(old, language),
            _rate(new, language),
        )
        for old, new in zip(before.requirements, after.requirements, strict=True)
    )
    return ComparisonSection(words.REQUIREMENTS.say(language), head=head, rows=rows, shown=_ALL)


def _rate(group: Group, language: Language) -> str:
    if not group.tally.counts.total():
        return report_words.counted(group, language)
    rate = "" if group.success_rate is None else f"{group.success_rate:.1f} %, "
    return f"{rate}{report_words.counted(group, language)}"


def _changed(comparison: Comparison, language: Language) -> Iterator[ComparisonSection]:
    columns = (words.CHECK, words.BEFORE, words.AFTER, words.WHY)
    head = tuple(text.say(language) for text in columns)
    for kind in ChangeKind:
        if found := comparison.of(kind):
            blocked = _blocked(found)
            folded = {change.id for changes in blocked.values() for change in changes}
            rows = tuple(
                _row(change, blocked.get(change.id, []), comparison, language)
                for change in found
                if change.id not in folded
            )
            title = f"{_capital(words.KINDS[kind].say(language))} ({len(found)})"
            shown = _ALL if kind is ChangeKind.BROKEN else SHOWN
            yield ComparisonSection(title, head=head, rows=rows, shown=shown)


def _blocked(found: Sequence[Change]) -> dict[str, list[Change]]:
    """
    Return the changes of checks that are merely blocked, grouped by the check that blocks them.

    If that check did not change in the same way, the first of its blocked checks takes its place.
    """
    roots = {change.id for change in found if _root(change) is None}
    blocked: dict[str, list[Change]] = {}
    first: dict[str, str] = {}
    for change in found:
        if (root := _root(change)) is None:
            continue
        carrier = root if root in roots else first.setdefault(root, change.id)
        if carrier != change.id:
            blocked.setdefault(carrier, []).append(change)
    return blocked


def _root(change: Change) -> str | None:
    return change.after.blocked_by if change.after else None


def _row(change: Change, blocked: list[Change], comparison: Comparison, language: Language) -> Row:
    why = _why(change, language)
    if blocked:
        is_root = any(_root(one) == change.id for one in blocked)
        frame = words.BLOCKS if is_root else words.LIKEWISE
        names = _named([one.id for one in blocked])
        why = frame.say(language, why=why, count=len(blocked), names=names)
    absent_before = change.id in comparison.before.not_selected
    absent_after = change.id in comparison.after.not_selected
    return (
        change.id,
        _verdict(change.before, words.NOT_SELECTED if absent_before else words.NOT_THERE, language),
        _verdict(change.after, words.NOT_SELECTED if absent_after else words.NO_LONGER, language),
        why,
    )


def _verdict(record: CheckRecord | None, absent: Text, language: Language) -> str | ColouredWord:
    return absent.say(language) if record is None else colours.of_check(record.verdict)


def _why(change: Change, language: Language) -> str:
    """
    Return on one line what the later run saw; for a changed cause, the causes before and now.
    """
    if change.kind is ChangeKind.CAUSE:
        unknown = words.UNKNOWN.say(language)
        titles = [
            _texts(found, language)[0] if found else unknown
            for found in (change.cause_before, change.cause_after)
        ]
        return words.WAS.say(language, after=titles[1], before=titles[0])
    record = change.after or change.before
    text = "" if record is None else report_words.message(record, language)
    if change.kind in (ChangeKind.FIXED, ChangeKind.BETTER) and change.before is not None:
        text = words.WAS.say(
            language,
            after=text,
            before=report_words.message(change.before, language)
            if change.before.message
            else change.before.verdict,
        )
    elif record is not None and record.reason:
        text = f"{record.reason}: {text}"
    return " ".join(text.split())


def _paces(comparison: Comparison, language: Language) -> Iterator[ComparisonSection]:
    head = tuple(text.say(language) for text in (words.CHECK, words.BEFORE, words.AFTER))
    note = words.PACE_NOTE.say(language, times=SLOWER_TIMES, seconds=SLOWER_BY_S)
    for found, text in ((comparison.slower, words.SLOWER), (comparison.faster, words.FASTER)):
        if found:
            rows = tuple(
                (
                    slowdown.id,
                    words.seconds(slowdown.before_s, language),
                    words.seconds(slowdown.after_s, language),
                )
                for slowdown in found
            )
            title = f"{_capital(text.say(language))} ({len(found)})"
            yield ComparisonSection(title, (note,) if text is words.SLOWER else (), head, rows)


def _causes(comparison: Comparison, language: Language) -> Iterator[ComparisonSection]:
    states = (
        (words.CAUSE_NEW, comparison.causes_new),
        (words.CAUSE_GONE, comparison.causes_gone),
        (words.CAUSE_KEPT, comparison.causes_kept),
    )
    rows = tuple(
        (state.say(language), *_cause(found, language)) for state, many in states for found in many
    )
    if rows:
        columns = (words.STATE, words.CAUSE, words.WHAT_TO_DO)
        head = tuple(text.say(language) for text in columns)
        yield ComparisonSection(words.CAUSES.say(language), head=head, rows=rows, shown=_ALL)


def _cause(found: Diagnosis, language: Language) -> tuple[str, str]:
    title, _, fix = _texts(found, language)
    sure = phrases.CONFIDENCE.get(found.confidence)
    return f"{title} [{sure.say(language) if sure else found.confidence}]", fix


def _texts(found: Diagnosis, language: Language) -> tuple[str, str, str]:
    """
    Return title, cause and fix, taken from the file if this version does not know the cause.
    """
    if found.id in CAUSES or (found.id == UNKNOWN and found.link in set(Link)):
        return found.texts(language)
    return found.title, found.cause, found.fix


def _named(ids: Sequence[str]) -> str:
    return ", ".join(ids[:_NAMED]) + (", ..." if len(ids) > _NAMED else "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
