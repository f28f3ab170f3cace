"""
Chain as a run saw it: pure functions over its result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from livekit_conformance.catalogue.chain import CALL_PATH, CALL_STAGES, Link
from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.catalogue.hosting import Hosting, look_at
from livekit_conformance.catalogue.link_words import BESIDE, STAGES, WORDS
from livekit_conformance.diagnosis.model import UNKNOWN, Diagnosis
from livekit_conformance.reporting.page.model import (
    CauseBox,
    ChainLink,
    ChainPicture,
    ChainStage,
    ChainState,
    LinkState,
)
from livekit_conformance.reporting.result.model import Result, clause_of, never_ran
from livekit_conformance.reporting.text import page_phrases, phrases, words
from livekit_conformance.verdict import Verdict
from livekit_conformance.wording import Text

LINK_STATES: Mapping[LinkState, Text] = MappingProxyType(
    {
        LinkState.WORKING: Text(en="working", ru="работает"),
        LinkState.BROKEN: Text(en="broken", ru="сломано"),
        LinkState.BLOCKED: Text(en="blocked", ru="заблокировано"),
        LinkState.UNSEEN: Text(en="not checked", ru="не проверено"),
    }
)
# Our own client is not a link of the deployment.
_BESIDE = tuple(link for link in Link if link not in CALL_PATH and link is not Link.CLIENT)


def link_states(result: Result) -> Mapping[Link, LinkState]:
    """
    Return the state of each link as the run saw it.
    """
    states = dict.fromkeys(Link, LinkState.UNSEEN)
    for check in result.checks:
        clause = BY_ID.get(clause_of(check.id))
        if clause and check.verdict is Verdict.BLOCKED and not never_ran(check):
            states[clause.link] = LinkState.BLOCKED
    states |= dict.fromkeys(result.chain.working, LinkState.WORKING)
    return states | dict.fromkeys(result.chain.broken, LinkState.BROKEN)


def chain_picture(result: Result) -> ChainPicture:
    """
    Return the chain as it is drawn, with the cause of its first broken link.
    """
    language = result.language
    states = link_states(result)
    first = result.chain.first_broken

    def row(title: str, links: Iterable[Link], *, is_path: bool) -> ChainStage:
        drawn = (
            ChainLink(WORDS[link].title.say(language), states[link], link is first)
            for link in links
        )
        return ChainStage(title, tuple(drawn), is_path)

    stages = [
        row(STAGES[stage].say(language), links, is_path=True)
        for stage, links in CALL_STAGES.items()
    ]
    stages.append(row(BESIDE.say(language), _BESIDE, is_path=False))
    counts = Counter(link.state for stage in stages for link in stage.links)
    return ChainPicture(
        page_phrases.CHAIN.say(language),
        tuple(
            ChainState(state, text.say(language), counts[state])
            for state, text in LINK_STATES.items()
        ),
        tuple(stages),
        None if first is None else _cause(result, first),
    )


def _cause(result: Result, first: Link) -> CauseBox:
    """
    Return the cause of the first broken link, and its fix.

    That is the most certain known cause of this link, else the most certain cause of all.
    """
    language = result.language
    title = page_phrases.FIRST_BROKEN.say(language, link=WORDS[first].title.say(language))
    found = _diagnosis(result, first)
    if found is None:
        look = look_at(first, Hosting(result.run.hosting))
        return CauseBox(title, ((phrases.LOOK.say(language), look.say(language)),))
    name, _ = words.cause_parts(result, found)
    return CauseBox(title, ((phrases.CAUSE.say(language), name), words.remedy(found, language)))


def _diagnosis(result: Result, first: Link) -> Diagnosis | None:
    of_link = (each for each in result.diagnoses if each.link == first and each.id != UNKNOWN)
    return next(of_link, next(iter(result.diagnoses), None))
