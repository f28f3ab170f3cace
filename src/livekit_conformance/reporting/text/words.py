"""
What a person reads first, as lines of text: the terminal and summary.md say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.link_words import WORDS
from livekit_conformance.catalogue.text import Language
from livekit_conformance.diagnosis import UNKNOWN, Diagnosis, texts
from livekit_conformance.reporting.result.model import Group, Result, never_ran
from livekit_conformance.reporting.text import phrases
from livekit_conformance.verdict import ACCEPTED, CheckRecord, Verdict

# More than this nobody reads in a line; `livekit-conformance list` has all.
_NAMED = 8


def variables(origins: Mapping[str, str], language: Language = "en") -> str:
    """
    Return each variable that the profile asks for with where its value was found.
    """
    not_set = phrases.NOT_SET.say(language)
    told = (f"{name} ({not_set if o == 'missing' else o})" for name, o in origins.items())
    return ", ".join(told) or phrases.NO_VARIABLES.say(language)


def headline(result: Result) -> str:
    """
    Return what matters first: whether calls work, where the chain breaks, how much could run.
    """
    language, figures = result.language, result.summary.tally
    told = [phrases.CALLS[result.calls].say(language)]
    if (broken := result.chain.first_broken) is not None:
        told.append(phrases.FIRST_BROKEN.say(language, title=_title(broken, language)))
    if blocked := figures.counts[Verdict.BLOCKED]:
        ran = figures.attempted - blocked
        told.append(phrases.COULD_RUN.say(language, ran=ran, attempted=figures.attempted))
    return " ".join(told)


def verdict_line(result: Result) -> str:
    """
    Return the verdict of the deployment with its counts, never without how much was looked at.
    """
    summary, language = result.summary, result.language
    return f"{with_coverage(summary, language)}: {counted(summary, language)}"


def reasons(result: Result) -> Iterator[str]:
    """
    Yield why the exit status is 1 where the verdict alone does not say so.
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
    Return the figures of our own client, which are not those of the deployment.
    """
    client, language = result.client, result.language
    told = f"{verdict_of(client, language)}: {counted(client, language)}"
    return f"{phrases.CLIENT.say(language)}: {told}"


def figures(group: Group, language: Language = "en") -> str:
    """
    Success rate and coverage with their counts, always together.
    """
    told = group.tally
    return phrases.FIGURES.say(
        language,
        rate="n/a" if group.success_rate is None else f"{group.success_rate:.1f} %",
        passed=told.counts[Verdict.PASS],
        attempted=told.attempted,
        coverage=f"{group.coverage:.1f}",
        decided=told.decided,
        applicable=told.applicable,
    )


def success(group: Group) -> str:
    """
    The success rate with its counts: `71.4 % (5/7)`, for a cell under that heading.
    """
    if group.success_rate is None:
        return "n/a"
    figures = group.tally
    return f"{group.success_rate:.1f} % ({figures.counts[Verdict.PASS]}/{figures.attempted})"


def covered(group: Group) -> str:
    """
    The coverage with its counts, for a cell under that heading.
    """
    figures = group.tally
    if not figures.applicable:
        return "n/a"
    return f"{group.coverage:.1f} % ({figures.decided}/{figures.applicable})"


def counted(group: Group, language: Language = "en") -> str:
    """
    The counts of the verdicts that occurred: `19 PASS, 1 FAIL`.
    """
    counts = group.tally.counts
    told = ", ".join(f"{counts[v]} {v}" for v in Verdict if counts[v])
    return told or phrases.NOTHING_CHECKED.say(language)


def verdict_of(group: Group, language: Language = "en") -> str:
    """
    Return the verdict as it is shown: never without saying that it is only part of the truth.
    """
    figures = group.tally
    if not figures.counts.total():
        return phrases.NOT_CHECKED.say(language)
    if not figures.applicable:
        return phrases.NOT_APPLICABLE.say(language)
    return with_coverage(group, language)


def with_coverage(group: Group, language: Language) -> str:
    """
    Return the verdict, with its coverage where that is not the whole.
    """
    if group.tally.decided == group.tally.applicable:
        return group.verdict
    return phrases.WITH_COVERAGE.say(
        language, verdict=group.verdict, coverage=f"{group.coverage:.1f}"
    )


def chain_lines(result: Result) -> Iterator[str]:
    """
    The last link that was seen working and the first that was seen broken; nothing when none was.
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
    The checks that a diagnosis explains, those that are only blocked folded into a number.
    """
    roots = {root.id for root in result.roots()}
    named = [check for check in diagnosis.checks if check in roots]
    folded = len(diagnosis.checks) - len(named)
    also = [phrases.FOLDED.say(result.language, count=folded)] if folded else []
    return ", ".join([*named, *also])


def cause_parts(result: Result, diagnosis: Diagnosis) -> tuple[str, list[tuple[str, str]]]:
    """
    A title with its confidence, and below it label and text: cause, fix, evidence.
    """
    language = result.language
    title, cause, _ = texts(diagnosis.id, diagnosis.link, language)
    sure = phrases.CONFIDENCE[diagnosis.confidence].say(language)
    parts = [(phrases.CAUSE.say(language), cause), remedy(diagnosis, language)]
    parts += [(phrases.EVIDENCE.say(language), line) for line in diagnosis.evidence]
    parts.append((phrases.EXPLAINS.say(language), explained(result, diagnosis)))
    return f"{title} [{sure}]", parts


def remedy(diagnosis: Diagnosis, language: Language) -> tuple[str, str]:
    """
    Return what to do about a cause as label and text; of an unknown one, where to look next.
    """
    label = phrases.LOOK if diagnosis.id == UNKNOWN else phrases.FIX
    _, _, fix = texts(diagnosis.id, diagnosis.link, language)
    return label.say(language), fix


def diagnosis_lines(result: Result, diagnosis: Diagnosis) -> Iterator[str]:
    """
    A cause, its fix and its evidence.
    """
    title, parts = cause_parts(result, diagnosis)
    yield title
    width = max(len(label) for label, _ in parts)
    for label, text in parts:
        yield f"  {label:<{width}}  {text}"


def problem_lines(result: Result, root: CheckRecord, *, named: int | None = None) -> Iterator[str]:
    """
    One undecided or violated check, with what it blocks folded into one line.

    That names the first `named` checks only; all of them unless told otherwise.
    """
    yield f"{root.verdict:<8}{root.id}: {root.message or root.statement}"
    if blocked := [check.id for check in result.blocked_by(root.id)]:
        names = ", ".join(blocked[:named])
        more = len(blocked) - len(blocked[:named])
        say = phrases.BLOCKS_SOME if more else phrases.BLOCKS
        told = say.say(result.language, count=len(blocked), names=names, more=more)
        yield f"        {told}"


def skipped_lines(result: Result, *, named: int | None = None) -> Iterator[str]:
    """
    What was not looked at and why, one line for each reason, with the first `named` checks.
    """
    reasons: dict[tuple[Verdict, str], list[str]] = {}
    for check in result.checks:
        if check.verdict is Verdict.SKIPPED or never_ran(check):
            why = f"{check.reason}: {check.message}" if check.reason else check.message or ""
            reasons.setdefault((check.verdict, why), []).append(check.id)
    for (verdict, why), checks in reasons.items():
        more = ["..."] if len(checks) > len(checks[:named]) else []
        yield f"{verdict} {len(checks)}, {why} ({', '.join([*checks[:named], *more])})"
    if left := result.not_selected:
        first = left[: named or _NAMED]
        names = ", ".join(first) + (", ..." if len(left) > len(first) else "")
        yield phrases.NOT_SELECTED.say(result.language, count=len(left), names=names)


def requirement_rows(result: Result) -> list[tuple[str, str, str, str]]:
    """
    For each requirement: id and title, verdict, figures, counts.
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
