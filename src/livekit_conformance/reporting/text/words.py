"""
Lines that a person reads first, the same on the terminal and in summary.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause_words import CLAUSE_WORDS
from livekit_conformance.catalogue.finding_words import has_words, said
from livekit_conformance.catalogue.link_words import WORDS
from livekit_conformance.diagnosis.matching import short
from livekit_conformance.diagnosis.model import UNKNOWN, Diagnosis
from livekit_conformance.observations import clock_time
from livekit_conformance.outages import Outage
from livekit_conformance.reporting.result.model import Group, Result, never_ran
from livekit_conformance.reporting.text import phrases
from livekit_conformance.verdict import ACCEPTED, CheckRecord, Verdict
from livekit_conformance.wording import Language

# Nobody reads more than this in a line; `livekit-conformance list` has all.
_NAMED = 8


def variables(origins: Mapping[str, str], language: Language = "en") -> str:
    """
    Return each variable that the profile asks for, with the place where its value was found.
    """
    not_set = phrases.NOT_SET.say(language)
    found = (f"{name} ({not_set if o == 'missing' else o})" for name, o in origins.items())
    return ", ".join(found) or phrases.NO_VARIABLES.say(language)


def headline(result: Result) -> str:
    """
    Return the headline: whether calls work, where the chain breaks, how many checks could run.

    A service that stopped or was restarted during the run stands in place of the broken link.
    """
    language, figures = result.language, result.summary.tally
    sentences = [phrases.CALLS[result.calls].say(language)]
    first = next(iter(result.diagnoses), None)
    if first is not None and (outage := result.outages.get(first.id)) is not None:
        sentences.append(_outage(first, outage, language))
    elif (broken := result.chain.first_broken) is not None:
        sentences.append(phrases.FIRST_BROKEN.say(language, title=_title(broken, language)))
    if blocked := figures.counts[Verdict.BLOCKED]:
        ran = figures.attempted - blocked
        sentences.append(phrases.COULD_RUN.say(language, ran=ran, attempted=figures.attempted))
    return " ".join(sentences)


def _outage(diagnosis: Diagnosis, outage: Outage, language: Language) -> str:
    """
    Return which service stopped or was restarted, with the times.
    """
    title, _, _ = diagnosis.texts(language)
    until = clock_time(outage.until)
    if outage.is_over:
        return phrases.RESTARTED.say(
            language, title=title, until=until, back=clock_time(outage.back)
        )
    failed = clock_time(outage.failed.at) if outage.failed is not None else until
    return phrases.STOPPED.say(language, title=title, until=until, failed=failed)


def verdict_line(result: Result) -> str:
    """
    Return the verdict of the deployment with its counts, and with the coverage if not complete.
    """
    summary, language = result.summary, result.language
    return f"{with_coverage(summary, language)}: {counted(summary, language)}"


def reasons(result: Result) -> Iterator[str]:
    """
    Yield the reasons for the exit status 1 that the verdict alone does not show.
    """
    if result.verdict not in ACCEPTED:
        return
    if not result.has_required_coverage:
        yield phrases.TOO_LITTLE.say(
            result.language,
            coverage=f"{result.summary.coverage:.1f}",
            required=f"{result.run.required_coverage:g}",
        )
    if not result.client_holds:
        yield phrases.CLIENT_FAILS.say(result.language)


def client_line(result: Result) -> str:
    """
    Return the figures of our own client, which do not count for the deployment.
    """
    client, language = result.client, result.language
    text = f"{verdict_of(client, language)}: {counted(client, language)}"
    return f"{phrases.CLIENT.say(language)}: {text}"


def figures(group: Group, language: Language = "en") -> str:
    """
    Return success rate and coverage with their counts, always together.
    """
    tally = group.tally
    return phrases.FIGURES.say(
        language,
        rate="n/a" if group.success_rate is None else f"{group.success_rate:.1f} %",
        passed=tally.counts[Verdict.PASS],
        attempted=tally.attempted,
        coverage=f"{group.coverage:.1f}",
        decided=tally.decided,
        applicable=tally.applicable,
    )


def success(group: Group) -> str:
    """
    Return the success rate with its counts, as in `71.4 % (5/7)`, for a cell under that heading.
    """
    if group.success_rate is None:
        return "n/a"
    figures = group.tally
    return f"{group.success_rate:.1f} % ({figures.counts[Verdict.PASS]}/{figures.attempted})"


def covered(group: Group) -> str:
    """
    Return the coverage with its counts, for a cell under that heading.
    """
    figures = group.tally
    if not figures.applicable:
        return "n/a"
    return f"{group.coverage:.1f} % ({figures.decided}/{figures.applicable})"


def counted(group: Group, language: Language = "en") -> str:
    """
    Return the counts of the verdicts that occurred, as in `19 PASS, 1 FAIL`.
    """
    counts = group.tally.counts
    text = ", ".join(f"{counts[v]} {v}" for v in Verdict if counts[v])
    return text or phrases.NOTHING_CHECKED.say(language)


def verdict_of(group: Group, language: Language = "en") -> str:
    """
    Return the verdict to show: with its coverage if not complete, or that nothing was checked.
    """
    figures = group.tally
    if not figures.counts.total():
        return phrases.NOT_CHECKED.say(language)
    if not figures.applicable:
        return phrases.NOT_APPLICABLE.say(language)
    return with_coverage(group, language)


def with_coverage(group: Group, language: Language) -> str:
    """
    Return the verdict, with its coverage if that is not complete.
    """
    if group.tally.decided == group.tally.applicable:
        return group.verdict
    return phrases.WITH_COVERAGE.say(
        language, verdict=group.verdict, coverage=f"{group.coverage:.1f}"
    )


def chain_lines(result: Result) -> Iterator[str]:
    """
    Yield the last link seen working and the first seen broken; nothing if none was broken.
    """
    chain, language = result.chain, result.language
    if chain.first_broken is None:
        return
    if (working := chain.last_working) is not None:
        yield phrases.WORKED_UNTIL.say(language, working=working, title=_title(working, language))
    broken = chain.first_broken
    yield phrases.BROKEN_AT.say(language, broken=broken, title=_title(broken, language))


def _title(link: Link, language: Language) -> str:
    return WORDS[link].title.say(language)


def explained(result: Result, diagnosis: Diagnosis) -> str:
    """
    Return the checks that a diagnosis explains, with those merely blocked folded into a number.
    """
    roots = {root.id for root in result.roots()}
    named = [check for check in diagnosis.checks if check in roots]
    folded = len(diagnosis.checks) - len(named)
    also = [phrases.FOLDED.say(result.language, count=folded)] if folded else []
    return ", ".join([*named, *also])


def cause_parts(result: Result, diagnosis: Diagnosis) -> tuple[str, list[tuple[str, str]]]:
    """
    Return a title with its confidence, and its parts as label and text: cause, fix, evidence.
    """
    language = result.language
    title, cause, _ = diagnosis.texts(language)
    sure = phrases.CONFIDENCE[diagnosis.confidence].say(language)
    parts = [(phrases.CAUSE.say(language), cause), remedy(diagnosis, language)]
    parts += [(phrases.EVIDENCE.say(language), line) for line in _evidence(result, diagnosis)]
    parts.append((phrases.EXPLAINS.say(language), explained(result, diagnosis)))
    return f"{title} [{sure}]", parts


def _evidence(result: Result, diagnosis: Diagnosis) -> Iterator[str]:
    """
    Yield the evidence of a cause; what a check found, in the language of the report.
    """
    language = result.language
    told = {}
    if language != "en":
        told = {
            short(f"{check.id}: {check.beside_statement}"): f"{check.id}: {seen(check, language)}"
            for check in result.checks
        }
    for line in diagnosis.evidence:
        yield short(told.get(line, line))


def remedy(diagnosis: Diagnosis, language: Language) -> tuple[str, str]:
    """
    Return the fix of a cause as label and text; for an unknown cause, where to look next.
    """
    label = phrases.LOOK if diagnosis.id == UNKNOWN else phrases.FIX
    _, _, fix = diagnosis.texts(language)
    return label.say(language), fix


def diagnosis_lines(result: Result, diagnosis: Diagnosis) -> Iterator[str]:
    """
    Yield the lines of a cause, its fix and its evidence.
    """
    title, parts = cause_parts(result, diagnosis)
    yield title
    width = max(len(label) for label, _ in parts)
    for label, text in parts:
        yield f"  {label:<{width}}  {text}"


def message(check: CheckRecord, language: Language) -> str:
    """
    Return the message of a check in a language.
    """
    if language == "en":
        return check.message or check.statement
    told = seen(check, language)
    is_after_claim = check.seen and translated(check, language) is None
    return f"{statement(check, language)}; {told}" if is_after_claim else told


def seen(check: CheckRecord, language: Language) -> str:
    """
    Return what a check saw, or why it saw nothing; its statement if there is no more to say.
    """
    if (told := translated(check, language)) is not None:
        return told
    is_claim_alone = check.beside_statement == check.statement
    return statement(check, language) if is_claim_alone else check.beside_statement


def statement(check: CheckRecord, language: Language) -> str:
    """
    Return the statement of a check in a language.
    """
    words = CLAUSE_WORDS.get(check.id.partition("[")[0])
    return check.statement if language == "en" or words is None else words.statement


def translated(check: CheckRecord, language: Language) -> str | None:
    """
    Return the findings of a check in words of another language than English; None without words.
    """
    if language == "en" or not check.findings or not all(map(has_words, check.findings)):
        return None
    return "; ".join(said(found, language) for found in check.findings)


def problem_lines(result: Result, root: CheckRecord, *, named: int | None = None) -> Iterator[str]:
    """
    Yield the lines of an undecided or violated check, with those that it blocks folded into one.

    That line names the first `named` checks only; all of them by default.
    """
    yield f"{root.verdict:<8}{root.id}: {message(root, result.language)}"
    if blocked := [check.id for check in result.blocked_by(root.id)]:
        names = ", ".join(blocked[:named])
        more = len(blocked) - len(blocked[:named])
        say = phrases.BLOCKS_SOME if more else phrases.BLOCKS
        text = say.say(result.language, count=len(blocked), names=names, more=more)
        yield f"        {text}"


def skipped_lines(result: Result, *, named: int | None = None) -> Iterator[str]:
    """
    Yield one line for each reason why checks were not made, with the first `named` of them.
    """
    reasons: dict[tuple[Verdict, str], list[str]] = {}
    for check in result.checks:
        if check.verdict is Verdict.SKIPPED or never_ran(check):
            why = seen(check, result.language) if check.message else ""
            why = f"{check.reason}: {why}" if check.reason else why
            reasons.setdefault((check.verdict, why), []).append(check.id)
    for (verdict, why), checks in reasons.items():
        more = ["..."] if len(checks) > len(checks[:named]) else []
        yield f"{verdict} {len(checks)}, {why} ({', '.join([*checks[:named], *more])})"
    if left := result.not_selected:
        first = left[: named or _NAMED]
        names = ", ".join(first) + (", ..." if len(left) > len(first) else "")
        yield phrases.NOT_SELECTED.say(result.language, count=len(left), names=names)


def others_lines(result: Result) -> Iterator[str]:
    """
    Yield one line for each kind of warning about other users of the deployment.
    """
    for seen in result.others:
        text = phrases.OTHERS_CALLS if seen.calls else phrases.OTHERS_LINES
        yield text.say(
            result.language,
            lines=seen.lines,
            calls=seen.calls,
            service=seen.service,
            message=seen.message,
        )


def requirement_rows(result: Result) -> list[tuple[str, str, str, str]]:
    """
    Return for each requirement: id and title, verdict, figures, counts.
    """
    language = result.language
    return [
        (
            f"{group.id} {phrases.REQUIREMENTS[group.id].say(language)}",
            verdict_of(group, language),
            figures(group, language),
            counted(group, language),
        )
        for group in result.requirements
    ]
