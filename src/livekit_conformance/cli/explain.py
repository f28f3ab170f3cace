"""
`livekit-conformance explain`: explain an id or a word of a report, and the remedy.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from livekit_conformance.catalogue import causes, glossary
from livekit_conformance.catalogue.cause import Cause
from livekit_conformance.catalogue.chain import CALL_PATH, Link
from livekit_conformance.catalogue.clause import Clause
from livekit_conformance.catalogue.clause_words import CLAUSE_WORDS
from livekit_conformance.catalogue.clauses import BY_ID, CLAUSES
from livekit_conformance.catalogue.hosting import Hosting, fitting, look_at
from livekit_conformance.catalogue.link_words import WORDS as LINK_WORDS
from livekit_conformance.cli.options import add_language
from livekit_conformance.environments.needs import LINES
from livekit_conformance.environments.spelling import did_you_mean
from livekit_conformance.layout import beside, columns, folded, padded, width_of
from livekit_conformance.reporting.text.phrases import REQUIREMENTS
from livekit_conformance.wording import Language, Text

_OK, _USAGE = 0, 4
# For a terminal without a width.
_WIDTH = 80

_MEANS = Text(en="means", ru="значит")
_CHECKED = Text(en="checked", ru="проверка")
_NEEDS = Text(en="needs", ru="нужно")
_FIX = Text(en="fix", ru="что делать")
_CAUSES = Text(en="causes", ru="причины")
_SHOWN = Text(en="shown by", ru="улики")
_CHAIN = Text(en="chain", ru="цепочка")
_CLAUSES = Text(en="clauses", ru="пункты")
_NONE_KNOWN = Text(en="none is known at this link", ru="для этого звена не известны")
_KNOWN = Text(
    en="{ids} (`livekit-conformance explain CAUSE` explains each)",
    ru="{ids} (каждую объяснит `livekit-conformance explain CAUSE`)",
)
_CLAUSE = Text(
    en="clause, {level}, area {area}, requirement {number}",
    ru="пункт, {level}, область {area}, требование {number}",
)
_CASE = Text(
    en="; [{case}] is the case that was checked",
    ru="; [{case}] — проверяемый случай",
)
_EFFECT = Text(
    en="with the effect {effect}: {does} It checks the link {link} ({title}).",
    ru="с воздействием {effect}: {does} Проверяет звено {link} ({title}).",
)
_CROSSES = Text(
    en=" It is BLOCKED while one of these is broken: {links}.",
    ru=" BLOCKED, пока сломано одно из звеньев: {links}.",
)
_NO_NEEDS = Text(en="nothing but livekit: of the profile", ru="только livekit: из профиля")
_CAUSE = Text(en="cause at the link {link} ({title})", ru="причина в звене {link} ({title})")
_LINK = Text(en="link of the chain: {title}", ru="звено цепочки: {title}")
_IN_CALL = Text(
    en="number {place} of {count} on the path of a call",
    ru="{place}-е из {count} на пути вызова",
)
_BESIDE = Text(
    en="not on the path of a call: it is checked in addition",
    ru="в стороне от пути вызова: проверяется дополнительно",
)
_REQUIREMENT = Text(en="requirement", ru="требование")
_UNKNOWN = Text(
    en="{name}: not a clause, check, cause, link, verdict or reason{hint}\n"
    "`livekit-conformance list` lists the clauses.\n",
    ru="{name}: нет такого пункта, проверки, причины, звена или вердикта{hint}\n"
    "Пункты перечисляет `livekit-conformance list`.\n",
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    One meaning of a name: its kind, and labelled paragraphs about it.
    """

    kind: str
    paragraphs: tuple[tuple[Text, str], ...]


def add_parser(commands: Any, summary: str) -> None:
    """
    Declare the command and its options.
    """
    parser = commands.add_parser(
        "explain",
        help=summary,
        description="Explain a clause, check, cause, link, verdict, reason, effect or requirement: "
        "what it means, how it is checked and how to fix it.",
        epilog="Exit status: 0 explained, 4 there is no such id.",
    )
    parser.add_argument(
        "name",
        nargs="+",
        metavar="ID",
        help="for example 1.1-key-is-accepted, sip-bus-has-no-server, bus or BLOCKED",
    )
    add_language(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Print the meanings of the name: 0, or 4 if nothing has that name.
    """
    language: Language = options.lang
    # "NOT CONFORMANT" may come without quotes.
    name = " ".join(options.name)
    found = [*explanations(name, language)]
    if not found:
        hint = did_you_mean(name, names())
        sys.stderr.write(_UNKNOWN.say(language, name=name, hint=hint))
        return _USAGE
    width = width_of(sys.stdout) or _WIDTH
    sections = ("\n".join(_lines(name, one, language, width)) for one in found)
    sys.stdout.write("\n\n".join(sections) + "\n")
    return _OK


def names() -> list[str]:
    """
    Return every name that is explained, except the parameters of checks.
    """
    return [*BY_ID, *causes.BY_ID, *Link, *glossary.WORDS, *REQUIREMENTS]


def explanations(name: str, language: Language) -> Iterator[Explanation]:
    """
    Yield each meaning of a name; some words name a link and an effect.
    """
    clause, _, case = name.partition("[")
    if clause in BY_ID:
        yield _clause(BY_ID[clause], case.removesuffix("]"), language)
    if name in causes.BY_ID:
        yield _cause(causes.BY_ID[name], language)
    if name in {*Link}:
        yield _link(Link(name), language)
    if word := _either_case(name, glossary.WORDS):
        means, do = word.means.say(language), word.do.say(language)
        yield Explanation(word.kind.say(language), ((_MEANS, means), (_FIX, do)))
    if name in REQUIREMENTS:
        members = ", ".join(clause.id for clause in CLAUSES if clause.requirement == name)
        title = REQUIREMENTS[name].say(language)
        yield Explanation(_REQUIREMENT.say(language), ((_MEANS, title), (_CLAUSES, members)))


def _either_case(
    name: str, words: Mapping[str, glossary.GlossaryWord]
) -> glossary.GlossaryWord | None:
    return words.get(name) or words.get(name.upper())


def _clause(clause: Clause, case: str, language: Language) -> Explanation:
    kind = _CLAUSE.say(
        language, level=clause.level, area=clause.area, number=clause.requirement
    ) + (_CASE.say(language, case=case) if case else "")
    said, words = CLAUSE_WORDS[clause.id], LINK_WORDS[clause.link]
    checked = _EFFECT.say(
        language,
        effect=clause.effect.value,
        does=glossary.WORDS[clause.effect].means.say(language),
        link=clause.link.value,
        title=words.title.say(language),
    )
    if clause.crosses:
        checked += _CROSSES.say(language, links=", ".join(clause.crosses))
    needs = "; ".join(LINES[need] for need in clause.needs) or _NO_NEEDS.say(language)
    return Explanation(
        kind,
        (
            (_MEANS, clause.statement if language == "en" else said.statement),
            (_CHECKED, checked),
            (_NEEDS, needs),
            (_FIX, fitting(said.advice, clause.link).say(language)),
            (_CAUSES, _causes_at(clause.link, language)),
        ),
    )


def _cause(cause: Cause, language: Language) -> Explanation:
    title = LINK_WORDS[cause.link].title.say(language)
    signs = dict.fromkeys(sign.kind for sign in (*cause.proofs, *cause.shows))
    return Explanation(
        _CAUSE.say(language, link=cause.link.value, title=title),
        (
            (_MEANS, f"{cause.title.say(language)}. {cause.cause.say(language)}"),
            (_SHOWN, ", ".join(signs)),
            (_FIX, fitting(cause.fix, cause.link).say(language)),
        ),
    )


def _link(link: Link, language: Language) -> Explanation:
    words = LINK_WORDS[link]
    place = (
        _IN_CALL.say(language, place=CALL_PATH.index(link) + 1, count=len(CALL_PATH))
        if link in CALL_PATH
        else _BESIDE.say(language)
    )
    members = ", ".join(clause.id for clause in CLAUSES if clause.link is link)
    return Explanation(
        _LINK.say(language, title=words.title.say(language)),
        (
            (_CHAIN, place),
            *(((_CHECKED, members),) if members else ()),
            (_FIX, look_at(link, Hosting.SELF).say(language)),
            (_CAUSES, _causes_at(link, language)),
        ),
    )


def _causes_at(link: Link, language: Language) -> str:
    ids = ", ".join(cause.id for cause in causes.CAUSES if link in (cause.link, *cause.breaks))
    return _KNOWN.say(language, ids=ids) if ids else _NONE_KNOWN.say(language)


def _lines(name: str, one: Explanation, language: Language, width: int) -> Iterator[str]:
    yield from folded(f"{name}: {one.kind}", width)
    labels = [label.say(language) for label, _ in one.paragraphs]
    longest = max(map(columns, labels))
    for label, (_, text) in zip(labels, one.paragraphs, strict=True):
        yield from beside(f"  {padded(label, longest)}  ", text, width)
