"""
The parts of report.html that are pictures: what happened to a call, and how the last runs went.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from livekit_conformance.catalogue.text import Language
from livekit_conformance.reporting import page_phrases, phrases
from livekit_conformance.reporting.model import Result
from livekit_conformance.reporting.pictures.ladder import ladder, step_words, stop_words
from livekit_conformance.reporting.pictures.time_bar import time_bar
from livekit_conformance.reporting.pictures.trend_chart import trend_chart
from livekit_conformance.reporting.trend import Point
from livekit_conformance.reporting.writers import markup
from livekit_conformance.reporting.writers.markup import Column
from livekit_conformance.reporting.writers.timelines import file_name
from livekit_conformance.timeline.model import Timeline

# Of an answer or an error that is a page long, so much is told; the rest is in the evidence.
_DETAIL = 400


def call_section(result: Result) -> Iterator[tuple[str, str]]:
    """
    The call that tells most: the probe call when it went wrong, else the first one that a check was
    not happy with, else the probe call. Nothing when there was no call.
    """
    if not result.timelines:
        return
    language = result.language
    first, *unhappy = result.timelines
    story = unhappy[0] if unhappy and not _went_wrong(first) else first
    path = f"evidence/{file_name(story)}"
    title = phrases.HEAD_STORY.say(language)
    label = page_phrases.SCROLLS.say(language, title=title)
    before, _, after = phrases.STORIES.say(
        language, count=len(result.timelines), path="\0"
    ).partition("\0")
    told = f"{escape(before)}{markup.link(path, path)}{escape(after)}"
    if story.left_out:
        told += f" {escape(page_phrases.LEFT_OUT.say(language, count=story.left_out))}"
    body = (
        f"<p>{escape(page_phrases.LADDER_LEGEND.say(language))}</p>"
        f"{markup.scrolling('ladder', label, ladder(story, language))}"
    )
    if waits := time_bar(story, language):
        body += f"<h3>{escape(page_phrases.HEAD_TIME.say(language))}</h3>{waits}"
    body += (
        f"<details open><summary>{escape(page_phrases.STEPS.say(language))}</summary>"
        f"{_steps(story, language)}</details><p>{told}</p>"
    )
    yield "call", markup.section("call", title, body)


def trend_section(points: Sequence[Point], language: Language) -> Iterator[tuple[str, str]]:
    """
    How the last runs went, with this one; nothing when it is the first.
    """
    if not (chart := trend_chart(points, language)):
        return
    title = page_phrases.HEAD_TREND.say(language, count=len(points))
    columns = (
        Column(page_phrases.STARTED.say(language)),
        Column(phrases.VERDICT.say(language)),
        Column(page_phrases.SUCCESS_RATE.say(language)),
        Column(page_phrases.COVERAGE.say(language)),
        Column(page_phrases.VERSIONS.say(language)),
    )
    unknown = page_phrases.UNKNOWN.say(language)
    rows = (
        (
            escape(point.started),
            escape(point.verdict),
            "n/a" if point.success_rate is None else f"{point.success_rate:.1f} %",
            f"{point.coverage:.1f} %",
            escape(f"{point.livekit_server or unknown}, {point.livekit_sip or unknown}"),
        )
        for point in reversed(points)
    )
    body = (
        f"{chart}<p>{escape(page_phrases.TREND_LEGEND.say(language))}</p>"
        f"<details open><summary>{escape(page_phrases.RUNS.say(language))}</summary>"
        f"{markup.table(title, columns, rows)}</details>"
    )
    yield "trend", markup.section("trend", title, body)


def _went_wrong(story: Timeline) -> bool:
    return story.stop is not None or any(step.is_problem for step in story.steps)


def _steps(story: Timeline, language: Language) -> str:
    columns = (
        Column(page_phrases.TIME.say(language)),
        Column(page_phrases.WHO.say(language)),
        Column(page_phrases.WHAT.say(language)),
    )
    rows: list[tuple[str, str, str]] = []
    for step in story.steps:
        source, target = (
            page_phrases.LANES[lane].say(language) for lane in (step.source, step.target)
        )
        who = source if source == target else f"{source} → {target}"
        what = step_words(step, language)
        cut = f"{what[:_DETAIL]} …" if len(what) > _DETAIL else what
        kind = ' class="lkc-FAIL"' if step.is_problem else ""
        rows.append((f"{step.at_s:+.3f}", escape(who), f"<span{kind}>{escape(cut)}</span>"))
    if story.stop is not None:
        words = f'<b class="lkc-FAIL">{escape(stop_words(story.stop, language))}</b>'
        who = escape(page_phrases.LANES[story.stop.lane].say(language))
        rows.insert(story.stop.before, ("-", who, words))
    return markup.table(page_phrases.CAPTION_STEPS.say(language), columns, rows, kind="lkc-steps")
