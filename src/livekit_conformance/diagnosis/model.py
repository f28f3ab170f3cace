"""
Diagnosis: a cause that explains checks of a run, and its texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from livekit_conformance.catalogue.causes import BY_ID as CAUSE_BY_ID
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.hosting import Hosting, fitting, look_at
from livekit_conformance.catalogue.link_words import WORDS
from livekit_conformance.wording import Language, Text

# `unknown`: the link is certainly broken, but no observation explains why.
Confidence = Literal["certain", "likely", "possible", "unknown"]
UNKNOWN = "cause-unknown"
RANK: Mapping[Confidence, int] = {"certain": 0, "likely": 1, "possible": 2, "unknown": 3}
_UNKNOWN_TITLE = Text(
    en="Cause unknown: broken at {link}", ru="Причина неизвестна: сломано звено «{link}»"
)
_UNKNOWN_CAUSE = Text(
    en="The checks below prove that it is broken. No known cause fits what was seen.",
    ru="Проверки ниже доказывают, что звено не работает. Ни одна известная причина не подходит.",
)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """
    Cause that explains checks of this run, with the fields of the result file.

    The texts are in English; `texts` returns them in every language. `link` is the broken link. An
    unknown cause has the id `cause-unknown`; its fix names the next thing to look at.
    """

    id: str
    link: str
    title: str
    cause: str
    fix: str
    confidence: Confidence
    requirements: tuple[str, ...]
    checks: tuple[str, ...]
    evidence: tuple[str, ...]
    # The fix as it fits the hosting, in each language; not in the result file.
    advice: Text | None = None

    def texts(self, language: Language) -> tuple[str, str, str]:
        """
        Return title, cause and fix in `language`.
        """
        title, cause, fix = texts(self.id, self.link, language)
        if language == "en":
            return title, cause, self.fix
        return title, cause, fix if self.advice is None else self.advice.say(language)


def texts(diagnosis_id: str, link: str, language: Language) -> tuple[str, str, str]:
    """
    Return title, cause and fix of a diagnosis in `language`.
    """
    if (cause := CAUSE_BY_ID.get(diagnosis_id)) is not None:
        return (
            cause.title.say(language),
            cause.cause.say(language),
            fitting(cause.fix, cause.link).say(language),
        )
    words = WORDS[Link(link)]
    return (
        _UNKNOWN_TITLE.say(language, link=words.title.say(language)),
        _UNKNOWN_CAUSE.say(language),
        look_at(Link(link), Hosting.SELF).say(language),
    )
