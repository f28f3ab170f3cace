"""
Section of the report with the story of one call.
"""

from __future__ import annotations

from collections.abc import Iterator

from livekit_conformance.reporting.page.model import (
    Cell,
    ColouredWord,
    Column,
    FileLink,
    Fold,
    Heading,
    Paragraph,
    Part,
    Picture,
    Row,
    Section,
    Table,
)
from livekit_conformance.reporting.pictures.ladder import (
    NARROW,
    WIDE,
    ladder,
    step_words,
    stop_words,
)
from livekit_conformance.reporting.pictures.quality_bar import quality_bar
from livekit_conformance.reporting.pictures.time_bar import time_bar
from livekit_conformance.reporting.result.evidence_files import timeline_file
from livekit_conformance.reporting.result.model import Result
from livekit_conformance.reporting.text import page_phrases, phrases
from livekit_conformance.timeline.model import Step, Timeline
from livekit_conformance.verdict import Verdict
from livekit_conformance.wording import Language

# Characters shown of a long answer or error; the rest is in the evidence.
_DETAIL = 400


def call_sections(result: Result) -> Iterator[Section]:
    """
    Yield the section of the most telling call; nothing if there was no call.

    That is the probe call if it went wrong, else the first call of an unhappy check, else the probe
    call.
    """
    if not result.timelines:
        return
    language = result.language
    first, *unhappy = result.timelines
    story = unhappy[0] if unhappy and not _went_wrong(first) else first
    title = phrases.HEAD_STORY.say(language)
    yield Section("call", title, tuple(_parts(story, title, len(result.timelines), language)))


def _parts(story: Timeline, title: str, stories: int, language: Language) -> Iterator[Part]:
    yield Paragraph(page_phrases.LADDER_LEGEND.say(language))
    yield Picture(
        ladder(story, language, WIDE),
        ladder(story, language, NARROW),
        page_phrases.SCROLLS.say(language, title=title),
    )
    if waits := time_bar(story, language):
        yield Heading(page_phrases.HEAD_TIME.say(language))
        yield Picture(waits)
    if story.quality is not None:
        yield Heading(page_phrases.HEAD_QUALITY.say(language))
        yield Picture(quality_bar(story.quality, language))
    yield Fold(page_phrases.STEPS.say(language), (_steps(story, language),))
    path = f"evidence/{timeline_file(story)}"
    others = phrases.STORIES.say(language, count=stories)
    yield Paragraph((f"{others} ", FileLink(path, path)))
    if story.left_out:
        yield Paragraph(page_phrases.LEFT_OUT.say(language, count=story.left_out))


def _went_wrong(story: Timeline) -> bool:
    return story.stop is not None or any(step.is_problem for step in story.steps)


def _steps(story: Timeline, language: Language) -> Table:
    columns = (
        Column(page_phrases.TIME.say(language)),
        Column(page_phrases.WHO.say(language)),
        Column(page_phrases.WHAT.say(language)),
    )
    rows = [_step(step, language) for step in story.steps]
    if story.stop is not None:
        who = page_phrases.LANES[story.stop.lane].say(language)
        stop = ColouredWord(stop_words(story.stop, language), Verdict.FAIL)
        rows.insert(story.stop.before, ("-", who, stop))
    return Table(page_phrases.CAPTION_STEPS.say(language), columns, tuple(rows), style="steps")


def _step(step: Step, language: Language) -> Row:
    source, target = (page_phrases.LANES[lane].say(language) for lane in (step.source, step.target))
    who = source if source == target else f"{source} → {target}"
    what = step_words(step, language)
    cut = f"{what[:_DETAIL]} …" if len(what) > _DETAIL else what
    cell: Cell = ColouredWord(cut, Verdict.FAIL) if step.is_problem else cut
    return f"{step.at_s:+.3f}", who, cell
