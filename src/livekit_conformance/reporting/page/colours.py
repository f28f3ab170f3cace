"""
Verdicts in their colours: the same in every table and banner.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from livekit_conformance.reporting.page.model import ColouredWord, Tone
from livekit_conformance.reporting.result.model import Group
from livekit_conformance.reporting.text import words
from livekit_conformance.verdict import RunVerdict, Verdict
from livekit_conformance.wording import Language

# The worst first.
TONES: Mapping[RunVerdict, Tone] = MappingProxyType(
    {
        "NOT CONFORMANT": "bad",
        "INCOMPLETE": "undecided",
        "PARTIALLY CONFORMANT": "undecided",
        "CONFORMANT": "good",
    }
)
# Verdict of a check that has the same colour as the verdict of a run.
_LIKE: Mapping[RunVerdict, Verdict] = MappingProxyType(
    {
        "CONFORMANT": Verdict.PASS,
        "PARTIALLY CONFORMANT": Verdict.WARN,
        "NOT CONFORMANT": Verdict.FAIL,
        "INCOMPLETE": Verdict.BLOCKED,
    }
)


def of_check(verdict: Verdict) -> ColouredWord:
    """
    Return the verdict of a check as a word.
    """
    return ColouredWord(verdict, verdict)


def of_run(verdict: RunVerdict) -> ColouredWord:
    """
    Return the verdict of a run as a word.
    """
    return ColouredWord(verdict, _LIKE[verdict])


def of_worst(verdicts: Collection[RunVerdict]) -> Tone:
    """
    Return the tone of the worst verdict of several runs.
    """
    return next(tone for verdict, tone in TONES.items() if verdict in verdicts)


def of_group(group: Group, language: Language) -> ColouredWord:
    """
    Return the verdict of a group as a word, in a quiet colour if none of it was checked.
    """
    tone = _LIKE[group.verdict] if group.tally.attempted else Verdict.SKIPPED
    return ColouredWord(words.verdict_of(group, language), tone)
